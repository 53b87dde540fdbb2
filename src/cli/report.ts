/** `lab report`: a sweep's trials as one HTML page. */
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { reportHtml } from "../charts/report";
import { ablationReport } from "../core/analysis/ablation";
import { readTrials } from "../core/analysis/readTrials";
import { scalingReport, variedForms } from "../core/analysis/scaling";
import { ENTROPY_MEASURES, metricsOf, systemsOf, type Trial } from "../core/analysis/trial";
import { bytesEntry, openFiles } from "../core/data/files";
import { LabError } from "../core/errors";
import { SYSTEMS } from "../core/formats/result";
import { readSweep } from "../core/pipeline/sweep/spec";
import { LAW_NAMES } from "../core/scaling/laws";
import { codeVersion } from "../version";
import { parseFlags, seeHelp, whole } from "./arguments";
import { bytesOf } from "./read";

const USAGE = `Usage: npm run lab -- report --trials FILE --out FILE.html [options]

Writes a sweep's trials as one HTML page that opens offline: best configuration and what is tied with it, charts, scaling
laws where contrastive entropies were recorded, tables, settings, seeds, versions.

  --trials FILE    trials.jsonl, one trial a line; may be given more than once
  --out FILE.html  where to write the page
  --title TEXT     its title
  --config F       the sweep as JSON that lab sweep was given: what was not swept
  --system NAME    teacher, scalingnote, scalingdoc, twinbert or bm25; the student, or the first that the trials have
  --metric NAME    a measure of the records; may be given more than once; recall@10 unless given
  --form FORM      a law to fit: N, D, ND or chinchilla; may be given more than once; those that the sweep varies
  --hold-out K     largest sizes held out of a fit; 1 unless given
  --samples N      bootstrap samples; 1000 unless given
  --seed N         seed of the bootstrap; 7 unless given
  -h, --help       this text
`;

const FLAGS = {
  trials: { type: "string", multiple: true },
  out: { type: "string" },
  title: { type: "string", default: "A sweep" },
  config: { type: "string" },
  system: { type: "string" },
  metric: { type: "string", multiple: true },
  form: { type: "string", multiple: true },
  "hold-out": { type: "string", default: "1" },
  samples: { type: "string", default: "1000" },
  seed: { type: "string", default: "7" },
  help: { type: "boolean", short: "h", default: false },
} as const;

function usage(message: string): never {
  throw new LabError("bad-setting", message, seeHelp("report"));
}

/** One of a list. @throws LabError bad-setting naming flag and list */
function oneOf<T extends string>(flag: string, text: string, list: readonly T[]): T {
  const found = list.find((name) => name === text);
  return found ?? usage(`--${flag} is one of ${list.join(", ") || "none here"}, not "${text.slice(0, 60)}".`);
}

/** The experiment that a sweep's trials start from. @throws LabError bad-input or bad-setting: no sweep */
async function baseOf(file: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await bytesOf(file)));
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError("bad-input", `${file} is not JSON.`, "Give the sweep's own file.", { cause });
  }
  return { ...readSweep(value).base };
}

/**
 * @param args what follows `report`
 * @throws LabError bad-setting or bad-input for bad usage or a bad file
 */
export async function reportCommand(args: string[]): Promise<number> {
  const values = parseFlags("report", args, FLAGS);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const files = values.trials ?? [];
  if (files.length === 0) usage("--trials FILE is missing: the trials to report.");
  if (!values.out) usage("--out FILE.html is missing: where to write the page.");
  const base = values.config === undefined ? null : await baseOf(values.config);
  const trials: Trial[] = [];
  let failed = 0;
  for (const file of files) {
    const read = await readTrials((await openFiles([bytesEntry(file, await bytesOf(file))]))[0]!);
    failed += read.failed;
    for (const trial of read.trials) trials.push(base ? { ...trial, config: trial.config ?? base } : trial);
  }
  const systems = systemsOf(trials, SYSTEMS);
  const usual = systems.includes("scalingnote") ? "scalingnote" : (systems[0] ?? usage("No trial has a system."));
  const system = values.system === undefined ? usual : oneOf("system", values.system, systems);
  const known = metricsOf(trials, system);
  const wanted = values.metric ?? [
    known.includes("recall@10") ? "recall@10" : (known[0] ?? usage("No trial has a measure.")),
  ];
  const metrics = wanted.map((metric) => oneOf("metric", metric, known));
  const options = {
    samples: whole("report", "samples", values.samples, 10, 100_000),
    seed: whole("report", "seed", values.seed, 0, 2 ** 31 - 1),
  };
  const holdOut = whole("report", "hold-out", values["hold-out"], 0, 100);
  // Laws are of the pair whose towers are swept: the first system with entropies.
  const fitted = systems.find((s) => metricsOf(trials, s).some((m) => m.startsWith("contrastive")));
  const forms =
    values.form?.map((form) => oneOf("form", form, LAW_NAMES)) ?? (fitted ? variedForms(trials, fitted) : []);
  if (values.form && !fitted) usage("--form: no trial has a contrastive entropy to fit a law to.");
  const measure = Object.values(ENTROPY_MEASURES).find((m) => fitted && metricsOf(trials, fitted).includes(m));
  const html = reportHtml({
    title: values.title,
    source: files.map((file) => basename(file)).join(", "),
    trials,
    failed,
    ablations: metrics.map((metric) => ablationReport(trials, system, metric, options)),
    laws:
      fitted && measure
        ? forms.map((form) =>
            scalingReport(trials, { system: fitted, measure, form, holdOut, budget: null, ...options }),
          )
        : [],
    version: codeVersion,
  });
  try {
    await writeFile(values.out, html);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new LabError(
      "bad-input",
      `${values.out} cannot be written (${code}).`,
      "Name another file: --out FILE.html.",
      { cause },
    );
  }
  process.stderr.write(`${trials.length} ${trials.length === 1 ? "trial" : "trials"} reported in ${values.out}.\n`);
  return 0;
}
