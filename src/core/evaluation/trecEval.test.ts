/** Every value that trec_eval publishes for its own test inputs and that we report, to the 4 decimals it prints. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readQrels, readRun } from "../formats/trec";
import { type EvaluationOptions, evaluate, mean } from "./metrics";

const FOLDER = "../shared/data/trec_eval/orig";
/** All lines of P_*, recall_*, ndcg_cut_*, map_cut_*, map, ndcg, recip_rank and num_q (of all) in those outputs. */
const COMPARED = 724;
const available = existsSync(FOLDER);
const read = (name: string) => readFileSync(`${FOLDER}/${name}`);

/** Our name of a measure of trec_eval's; null for those we do not report. irrelevant@k is 1 - P_k. */
function ourName(name: string): string | null {
  const cut = /^(P|recall|ndcg_cut|map_cut)_(\d+)$/.exec(name);
  if (cut) return `${{ P: "p", recall: "recall", ndcg_cut: "ndcg", map_cut: "map" }[cut[1]!]}@${cut[2]}`;
  return { map: "map", recip_rank: "mrr", ndcg: "ndcg" }[name] ?? null;
}

const DEFAULTS: EvaluationOptions = { style: "trec", relevanceLevel: 1, onlyRetrieved: true };

/** Compares one published output; returns how many values were compared. */
function check(output: string, qrelsName: string, runName: string, options: Partial<EvaluationOptions> = {}): number {
  const qrels = readQrels(read(qrelsName), qrelsName);
  const run = readRun(read(runName), runName);
  const published = read(output)
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split("\t").map((part) => part.trim()))
    .map(([name, query, value]) => ({ name: name!, query: query!, value: value! }));
  const keys = [...new Set(published.map(({ name }) => ourName(name)).filter((name) => name !== null))];
  const evaluation = evaluate(qrels, run, { ...DEFAULTS, ...options }, keys);
  let compared = 0;
  for (const { name, query, value } of published) {
    if (name === "num_q" && query === "all") {
      expect(evaluation.numQueries, output).toBe(Number(value));
      compared++;
    }
    const key = ourName(name);
    if (!key) continue;
    const column = evaluation.perQuery[key]!;
    const ours = query === "all" ? mean(column) : column[evaluation.queryIds.indexOf(query)];
    expect(ours?.toFixed(4), `${output}: ${name} of ${query}`).toBe(value);
    compared++;
  }
  return compared;
}

describe(`trec_eval's published outputs (from ${FOLDER})`, () => {
  it.skipIf(!available && !process.env.CI)("are reproduced to 4 decimals", () => {
    let compared = 0;
    compared += check("out.test", "qrels.test", "results.test");
    compared += check("out.test", "qrels.test.with-comments", "results.test");
    compared += check("out.test.a", "qrels.test", "results.test");
    compared += check("out.test.aq", "qrels.test", "results.test");
    compared += check("out.test.aqc", "qrels.test", "results.trunc", { onlyRetrieved: false });
    compared += check("out.test.aqcM", "qrels.test", "results.trunc", { onlyRetrieved: false, depth: 100 });
    compared += check("out.test.aql", "qrels.rel_level", "results.test", { relevanceLevel: 2 });
    compared += check("out.test.meas_params", "qrels.test", "results.test");
    // So that a parser gone wrong cannot make the test compare nothing.
    expect(compared).toBe(COMPARED);
  });

  it.skipIf(!available && !process.env.CI)("hold for irrelevant@20, which is 1 - P_20 where 20 are retrieved", () => {
    const qrels = readQrels(read("qrels.test"), "qrels.test");
    const { perQuery } = evaluate(qrels, readRun(read("results.test"), "results.test"), DEFAULTS);
    expect(mean(perQuery["irrelevant@20"])?.toFixed(4)).toBe("0.6333");
  });
});
