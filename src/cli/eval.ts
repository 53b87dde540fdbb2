/** `lab eval`: the ranking measures of a run file against judgements. */
import { LabError } from "../core/errors";
import type { MetricStyle } from "../core/evaluation/measures";
import { AUC_ONE_SIDED, type Evaluation, evaluate } from "../core/evaluation/metrics";
import { summarise } from "../core/evaluation/summary";
import { type Figure, METRIC_KEYS, type MetricKey, type PerQuery } from "../core/evaluation/types";
import { readQrels, readRun } from "../core/formats/trec";
import { parseFlags, seeHelp, whole } from "./arguments";
import { bytesOf } from "./read";

export const EVAL_USAGE = `Usage: npm run lab -- eval --qrels FILE --run FILE [options]

Measures a run file (query Q0 document rank score name) against judgements (query 0 document grade).

  --style trec|sentence-transformers   whose definitions; trec_eval's unless given
  --level N                            grade from which a document is relevant; 1 unless given
  --only-retrieved                     average over the run's queries, not over all judged ones
  --drop-self                          leave out a document whose id equals the query's, as BEIR does
  -q, --per-query                      the values of each query as well
  --samples N                          bootstrap samples of the intervals; 1000 unless given
  --seed N                             seed of the bootstrap; 7 unless given
  --json                               one JSON object on standard output, full precision, nothing else
  -h, --help                           this text
`;

function usage(message: string): never {
  throw new LabError("bad-setting", message, seeHelp("eval"));
}

const STYLES: readonly string[] = ["trec", "sentence-transformers"] satisfies MetricStyle[];

interface EvalArgs {
  qrels: string;
  run: string;
  style: MetricStyle;
  level: number;
  perQuery: boolean;
  onlyRetrieved: boolean;
  dropSelf: boolean;
  json: boolean;
  samples: number;
  seed: number;
}

const MOST_SAMPLES = 100_000;
const MOST_SEED = 2 ** 31 - 1;
const MOST_LEVEL = 1_000_000;

const FLAGS = {
  qrels: { type: "string" },
  run: { type: "string" },
  style: { type: "string", default: "trec" },
  level: { type: "string", default: "1" },
  "per-query": { type: "boolean", short: "q", default: false },
  "only-retrieved": { type: "boolean", default: false },
  "drop-self": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  samples: { type: "string", default: "1000" },
  seed: { type: "string", default: "7" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The arguments, or null where the usage text is asked for. */
function parse(args: string[]): EvalArgs | null {
  const values = parseFlags("eval", args, FLAGS);
  if (values.help) return null;
  if (!values.qrels) usage("--qrels FILE is missing: the judgements.");
  if (!values.run) usage("--run FILE is missing: the rankings to measure.");
  if (!STYLES.includes(values.style)) usage(`--style is trec or sentence-transformers, not "${values.style}".`);
  return {
    qrels: values.qrels,
    run: values.run,
    style: values.style as MetricStyle,
    level: whole("eval", "level", values.level, 1, MOST_LEVEL),
    perQuery: values["per-query"],
    onlyRetrieved: values["only-retrieved"],
    dropSelf: values["drop-self"],
    json: values.json,
    samples: whole("eval", "samples", values.samples, 1, MOST_SAMPLES),
    seed: whole("eval", "seed", values.seed, 0, MOST_SEED),
  };
}

/** AUC over the queries that happen to have all scores would be a figure of a chosen few: then there is none. */
function withoutPartialAuc(evaluation: Evaluation): { perQuery: PerQuery; reason: string } {
  const { perQuery, unscored } = evaluation;
  if (unscored === 0) return { perQuery, reason: AUC_ONE_SIDED };
  return {
    perQuery: { ...perQuery, auc: perQuery.auc.map(() => null) },
    reason: `AUC needs the score of every judged document; for ${unscored} ${unscored === 1 ? "query" : "queries"} the run lists only some of them.`,
  };
}

/** What a run file cannot give, and why. */
const NOT_FROM_A_RUN = {
  contrastiveEntropy: "It needs the scores of sampled documents, which a run file does not hold.",
  retention: "It compares two systems' runs; this is one.",
};

function toJson(args: EvalArgs, evaluation: Evaluation, figures: Record<MetricKey, Figure>): string {
  const reasons: Record<string, string> = { ...NOT_FROM_A_RUN };
  const intervals: Record<string, [number, number] | null> = {};
  for (const key of METRIC_KEYS) {
    const { low, high, reason } = figures[key];
    intervals[key] = low === null || high === null ? null : [low, high];
    if (reason !== undefined) reasons[key] = reason;
  }
  const perQuery = evaluation.queryIds
    .map((id, i) => [id, Object.fromEntries(METRIC_KEYS.map((key) => [key, evaluation.perQuery[key][i]]))] as const)
    .filter((_, i) => evaluation.counted[i]);
  const output = {
    ...Object.fromEntries(METRIC_KEYS.map((key) => [key, figures[key].value])),
    numQueries: evaluation.numQueries,
    contrastiveEntropy: null,
    retention: null,
    reasons,
    intervals,
    style: args.style,
    relevanceLevel: args.level,
    onlyRetrieved: args.onlyRetrieved,
    dropSelf: args.dropSelf,
    missing: evaluation.missing,
    withoutRelevant: evaluation.withoutRelevant,
    unscored: evaluation.unscored,
    ...(args.perQuery ? { perQuery: Object.fromEntries(perQuery) } : {}),
  };
  return `${JSON.stringify(output, null, 2)}\n`;
}

const four = (value: number | null | undefined) => (value === null || value === undefined ? "–" : value.toFixed(4));

function toText(args: EvalArgs, evaluation: Evaluation, figures: Record<MetricKey, Figure>): string {
  const lines = [`${"measure".padEnd(14)} ${"mean".padStart(8)}   95 % interval`];
  for (const key of METRIC_KEYS) {
    const { value, low, high, reason } = figures[key];
    const interval = low === null ? (reason ?? "") : `${four(low)} to ${four(high)}`;
    lines.push(`${key.padEnd(14)} ${four(value).padStart(8)}   ${interval}`);
  }
  lines.push(
    "",
    `${evaluation.numQueries} queries averaged; ${evaluation.missing} judged queries are not in the run, ` +
      `${evaluation.withoutRelevant} have no document of grade ${args.level} or more.`,
  );
  if (args.perQuery) {
    lines.push("", ["query", ...METRIC_KEYS].join("\t"));
    evaluation.queryIds.forEach((id, i) => {
      if (evaluation.counted[i])
        lines.push([id, ...METRIC_KEYS.map((key) => four(evaluation.perQuery[key][i]))].join("\t"));
    });
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Runs the command.
 *
 * @param args what follows `eval`
 * @returns the exit code
 * @throws LabError bad-input for bad usage or a bad file
 */
export async function evalCommand(args: string[]): Promise<number> {
  const parsed = parse(args);
  if (!parsed) {
    process.stdout.write(EVAL_USAGE);
    return 0;
  }
  const qrels = readQrels(await bytesOf(parsed.qrels), parsed.qrels);
  const run = readRun(await bytesOf(parsed.run), parsed.run);
  if (qrels.size === 0)
    throw new LabError("bad-input", `${parsed.qrels} holds no judgements.`, "Check that it is the right file.");
  const evaluation = evaluate(qrels, run, {
    style: parsed.style,
    relevanceLevel: parsed.level,
    onlyRetrieved: parsed.onlyRetrieved,
    dropSelf: parsed.dropSelf,
  });
  if (evaluation.missing === qrels.size)
    process.stderr.write("Warning: no query of the judgements is in the run. Do the two belong together?\n");
  const { perQuery, reason } = withoutPartialAuc(evaluation);
  const figures = summarise(perQuery, { samples: parsed.samples, seed: parsed.seed, reasons: { auc: reason } });
  process.stdout.write((parsed.json ? toJson : toText)(parsed, evaluation, figures));
  return 0;
}
