/** `lab sweep`: an experiment over settings and seeds. One trial is one line of JSON; what was done is not done again. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { studentsTogether } from "../core/config/together";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { SYSTEMS, type SystemName } from "../core/formats/result";
import { createControl } from "../core/pipeline/control";
import { testBeforeRun } from "../core/pipeline/selfTest";
import { type Job, planJobs, type Shard, workOf } from "../core/pipeline/sweep/queue";
import { runSweep, type SweepListener, type SweepProgress } from "../core/pipeline/sweep/runSweep";
import { readSweep, type Sweep } from "../core/pipeline/sweep/spec";
import { sweepTable } from "../core/pipeline/sweep/table";
import { sweepTrials, wordsOf } from "../core/pipeline/sweep/trials";
import { codeVersion } from "../version";
import { parseFlags, seeHelp, size, whole } from "./arguments";
import { parseAxis } from "./axes";
import { cacheStore, settleHere } from "./cache";
import { folderCheckpoint } from "./checkpointFolder";
import { folderStore } from "./folderStore";
import { openNodeGpu } from "./gpu";
import { checkFolder } from "./out";
import { printReady, readySweep } from "./ready";
import { collection, settle } from "./settings";
import { printAgainst, printTable } from "./sweepTable";
import { trialFile } from "./trialFile";

export const SWEEP_USAGE = `Usage: npm run lab -- sweep --axis key=a,b,c --out DIR [options]
       npm run lab -- sweep --ready a|b|c… [--full] [--seeds N] --out DIR
       npm run lab -- sweep --ready list

  --axis key=a,b,c   values of a setting; may be repeated, then every combination is run
  --out DIR          where trials.jsonl goes, a line a trial, and store/ with towers and vectors; a sweep that was cut off
                     goes on with the same command
  --ready KEY        a ready-made experiment, in its small form: list says which there are, what to expect and what each takes
  --full             its full form, for a GPU
  --random N         N draws in place of every combination: from the values, from key=low..high, or, for key alone, from
                     the setting's range (rates in ratios)
  --seeds N          every trial with N seeds, from the experiment's on; 1 unless given, 3 of a ready-made one
  --systems a,b      what is measured of ${SYSTEMS.join(", ")};
                     teacher,scalingnote unless given
  --config F         a sweep as JSON: name, preset, base, mode, axes, list, seeds, systems; the flags above change it
  --preset, --set, --seed, --data
                     as in lab run
  --stack K          students trained side by side as one step, as far as memory allows; 1: one by one. Unless given 16,
                     and 1 where a CPU stands in for a GPU, for there side by side each takes as long or longer
  --shard i/n        the i-th of n parts; each writes a file of its own, and a last run without it prints the whole table
  --limit SIZE       what store/ may take, such as 2GB; what was used least recently goes
  --latency          measure what a query costs, too
  --retry            run trials again that failed
  --plan             print the trials, their FLOPs and what is stored of them, run nothing
  -h, --help         this text

Prints means over seeds with 95 % intervals at the end, the best row and which rows are tied with it (paired bootstrap,
Holm's correction).`;

const FLAGS = {
  axis: { type: "string", multiple: true, default: [] as string[] },
  random: { type: "string" },
  seeds: { type: "string" },
  systems: { type: "string" },
  config: { type: "string" },
  ready: { type: "string" },
  full: { type: "boolean", default: false },
  preset: { type: "string" },
  set: { type: "string", multiple: true, default: [] as string[] },
  seed: { type: "string" },
  data: { type: "string" },
  out: { type: "string" },
  stack: { type: "string" },
  shard: { type: "string", default: "1/1" },
  limit: { type: "string" },
  latency: { type: "boolean", default: false },
  retry: { type: "boolean", default: false },
  plan: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

export type SweepValues = ReturnType<typeof parseFlags<typeof FLAGS>>;

const bad = (message: string, remedy = seeHelp("sweep")) => new LabError("bad-setting", message, remedy);

/**
 * Runs the command.
 *
 * @returns the exit code: 0 all trials done, 1 some failed
 * @throws LabError bad-setting or bad-input for bad usage or a bad collection, found before anything is computed; what
 * `runSweep` throws
 */
export async function sweepCommand(args: string[]): Promise<number> {
  const values = parseFlags("sweep", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${SWEEP_USAGE}\n`);
    return 0;
  }
  if (values.ready === "list") {
    await printReady();
    return 0;
  }
  const sweep = values.ready === undefined ? await sweepOf(values) : readySweep(values);
  const trials = sweepTrials(sweep); // what does not fit together is refused here
  const shard = shardOf(values.shard);
  const wanted = values.stack === undefined ? null : whole("sweep", "stack", values.stack, 1, 1000);
  const limit = values.limit === undefined ? undefined : size("sweep", "limit", values.limit);
  const { out } = values;
  if (!out) throw bad("--out DIR is missing: where the trials go.");
  const datasets = collections(values.data);
  if (values.plan) {
    await printPlan(sweep, shard, datasets, trialFile(out, shard));
    return 0;
  }
  await checkFolder(out);
  const store = folderStore(join(out, "store"));
  await folderStore(out).write("sweep.json", new TextEncoder().encode(`${JSON.stringify(sweep, null, 1)}\n`));

  const { gpu, ops } = await openNodeGpu("fused");
  const control = createControl();
  const stop = () => control.stop();
  process.once("SIGINT", stop);
  try {
    const adapter = { ...gpu.adapter, host: "node" };
    console.log(`${trials.length} ${trials.length === 1 ? "trial" : "trials"}`);
    console.log(`adapter: ${adapter.description}${adapter.software ? " (a CPU: times are not latencies)" : ""}`);
    const remembered = cacheStore();
    const records = await runSweep({
      gpu,
      ops,
      adapter,
      codeVersion,
      sweep,
      store,
      log: trialFile(out, shard),
      collection: datasets,
      checkpoints: { open: folderCheckpoint },
      async prepare(experiment) {
        const engine = await settleHere({ gpu, ops, experiment }, remembered);
        await testBeforeRun({ gpu, ops, experiment, codeVersion, store: remembered });
        return engine;
      },
      control,
      listener: printer(),
      now: Date.now,
      stack: wanted ?? studentsTogether(adapter),
      shard,
      ...(limit === undefined ? {} : { limit }),
      retry: values.retry,
      latency: values.latency,
    });
    const { evaluation, seed } = sweep.base;
    const table = sweepTable(records, "recall@10", { samples: evaluation.bootstrap, seed });
    printTable(table);
    printAgainst(records, { samples: evaluation.bootstrap, seed });
    return table.failed.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof LabError) || error.kind !== "stopped") throw error;
    throw new LabError("stopped", "The sweep was stopped.", "The same command goes on with it.", { cause: error });
  } finally {
    process.removeListener("SIGINT", stop);
    gpu.dispose();
  }
}

/** The sweep that file and flags together ask for. */
async function sweepOf(values: SweepValues): Promise<Sweep> {
  if (values.full) throw bad("--full is the full form of a ready-made experiment.", "Name it: --ready c --full.");
  const file = values.config === undefined ? {} : await readConfig(values.config);
  if (values.config !== undefined && (values.preset !== undefined || values.set.length > 0))
    throw bad("--config and --preset or --set exclude each other.", "Write preset and base in the file.");
  const base =
    values.config === undefined
      ? { base: settle(values.preset ?? "quick", [...values.set], values.seed, values.data !== undefined) }
      : {};
  const random = values.random === undefined ? null : whole("sweep", "random", values.random, 1, 10_000);
  const axes = values.axis.map((axis) => parseAxis("sweep", axis, random !== null));
  const read = readSweep({
    ...file,
    ...base,
    ...(axes.length > 0 ? { axes } : {}),
    ...(random === null ? {} : { mode: "random", samples: random }),
    ...(values.systems === undefined ? {} : { systems: systemsOf(values.systems) }),
  });
  if (values.config !== undefined && (read.base.data.source === "files") !== (values.data !== undefined))
    throw bad("The file's data.source and --data do not fit together.", "data.source=files goes with --data DIR.");
  const given = typeof file === "object" && file !== null && "seeds" in file;
  if (values.seeds === undefined && given) return read;
  const first = values.config !== undefined && values.seed !== undefined ? Number(values.seed) : read.base.seed;
  const count = whole("sweep", "seeds", values.seeds ?? "1", 1, 1000);
  return readSweep({ ...read, seeds: Array.from({ length: count }, (_, i) => first + i) });
}

async function readConfig(path: string): Promise<object> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new LabError("bad-input", `${path} cannot be read (${cause.code ?? cause.message}).`, "Name a JSON file.", {
      cause,
    });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError("bad-input", `${path} is not JSON: ${(cause as Error).message}.`, "Mend the file.", { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new LabError("bad-input", `${path} holds no JSON object.`, "Give base, axes, seeds and systems.");
  return json;
}

function systemsOf(text: string): SystemName[] {
  return text.split(",").map((name) => {
    if (SYSTEMS.includes(name as SystemName)) return name as SystemName;
    throw bad(`There is no system "${name.slice(0, 60)}".`, `Choose from ${SYSTEMS.join(", ")}.`);
  });
}

function shardOf(text: string): Shard {
  const found = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, of] = [Number(found?.[1]), Number(found?.[2])];
  if (found && index >= 1 && index <= of) return { index, of };
  throw bad(`--shard wants a part such as 2/4, not "${text.slice(0, 60)}".`);
}

/** The collection of an experiment; of files the one last read is kept, for trials that differ in nothing of it. */
function collections(folder: string | undefined): (experiment: Sweep["base"]) => Promise<Dataset> {
  let last: { key: string; made: Promise<Dataset> } | null = null;
  return (experiment) => {
    if (folder === undefined) return collection(experiment, undefined);
    const key = JSON.stringify([experiment.data, experiment.seed]);
    if (last?.key !== key) last = { key, made: collection(experiment, folder) };
    return last.made;
  };
}

async function printPlan(
  sweep: Sweep,
  shard: Shard,
  datasets: (experiment: Sweep["base"]) => Promise<Dataset>,
  log: ReturnType<typeof trialFile>,
): Promise<void> {
  const jobs = await planJobs(sweep, { codeVersion, collection: datasets }, shard);
  const stored = new Map((await log.read()).map(({ key, status }) => [key, status]));
  const made = new Set<string>();
  const trials = jobs.map((job) => ({
    ...job.trial.assignments,
    seed: job.trial.seed,
    key: job.key,
    stored: stored.get(job.key) ?? null,
    flops: stored.has(job.key) ? 0 : workOf(job, sweep.systems, made, false).flops,
  }));
  const flops = trials.reduce((sum, trial) => sum + trial.flops, 0);
  console.log(JSON.stringify({ trials, flops }, null, 1));
}

const minutes = (seconds: number) =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** One line a trial, and now and then what goes on. */
function printer(): SweepListener {
  let progress: SweepProgress | null = null;
  let last = 0;
  const now = (words: string) => {
    if (performance.now() - last < 5000) return;
    last = performance.now();
    console.log(`  ${words}`);
  };
  const ended = new Map<string, Job>();
  return {
    trial(job) {
      if (job.status === "done" || job.status === "failed") ended.set(job.key, { ...job });
    },
    progress(news) {
      progress = news;
      for (const { trial, status, words } of ended.values()) {
        const { done, failed, skipped, total, etaSeconds } = news;
        const rest = etaSeconds === null || etaSeconds === 0 ? "" : `; ${minutes(etaSeconds)} to go`;
        const name = `${wordsOf(trial.assignments)} seed=${trial.seed}`.trim();
        console.log(
          `[${done + failed + skipped}/${total}] ${name}: ${status === "failed" ? `failed: ${words}` : "done"}${rest}`,
        );
      }
      ended.clear();
    },
    stage(stage) {
      if (stage.status === "running") now(`${stage.name} ${stage.done}/${stage.total}`);
    },
    stack: (students, done, total) => now(`${students} students side by side, step ${done} of ${total}`),
    doing(words) {
      if (words && progress) now(words);
    },
  };
}
