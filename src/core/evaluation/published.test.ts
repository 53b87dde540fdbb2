/**
 * The measures on worked examples of others: textbooks, documentation and the tests of other evaluation programs. Each
 * names where its figures were published. trec_eval's own outputs are in trecEval.test.ts.
 */
import { describe, expect, it } from "vitest";
import { readQrels, readRun } from "../formats/trec";
import { areaUnderCurve } from "./measures";
import { type EvaluationOptions, evaluate, mean } from "./metrics";
import type { RankedList } from "./types";

const TREC: EvaluationOptions = { style: "trec", relevanceLevel: 1 };

type Judged = Record<string, Record<string, number>>;
const maps = (object: Judged) => new Map(Object.entries(object).map(([q, g]) => [q, new Map(Object.entries(g))]));
const lists = (object: Judged) =>
  new Map(
    Object.entries(object).map(([q, scores]): [string, RankedList] => [
      q,
      { ids: Object.keys(scores), scores: Float32Array.from(Object.values(scores)) },
    ]),
  );
const values = (qrels: Judged, run: Judged, key: string, options = TREC) =>
  evaluate(maps(qrels), lists(run), options, [key]).perQuery[key]!;

/** One query from its grades in rank order ("RNR": relevant or not), and grades of documents that were not retrieved. */
function ranked(grades: readonly number[] | string, missed: readonly number[] = []): [Judged, Judged] {
  const list = typeof grades === "string" ? [...grades].map((letter) => Number(letter === "R")) : grades;
  const ids = list.map((_, i) => `d${i}`);
  const judged = Object.fromEntries([...list, ...missed].map((grade, i) => [`d${i}`, grade]));
  return [{ q: judged }, { q: Object.fromEntries(ids.map((id, i) => [id, ids.length - i])) }];
}

describe("Manning, Raghavan, Schütze: Introduction to Information Retrieval (2008), exercises of chapter 8", () => {
  it("8.8: two systems, four relevant documents; the first has the higher MAP", () => {
    expect(values(...ranked("RNRNNNNNRR"), "map")[0]).toBeCloseTo((1 + 2 / 3 + 3 / 9 + 4 / 10) / 4, 12);
    expect(values(...ranked("RNRNNNNNRR"), "map")[0]).toBeCloseTo(0.6, 12);
    expect(values(...ranked("NRNNRRRNNN"), "map")[0]).toBeCloseTo(0.493, 3);
  });

  it("8.9: 20 of 10,000 documents with 6 of 8 relevant ones among them", () => {
    const list = "RRNNNNNNRNRNNNRNNNNR";
    expect(values(...ranked(list, [1, 1]), "p@20")[0]).toBe(0.3);
    expect(values(...ranked(list, [1, 1]), "recall@20")[0]).toBe(0.75);
    expect(values(...ranked(list), "map")[0]).toBeCloseTo(0.555, 3);
    // The two others are next: the largest MAP that the system may have. They never come: the smallest.
    expect(values(...ranked(`${list}RR`), "map")[0]).toBeCloseTo(0.503, 3);
    expect(values(...ranked(list, [1, 1]), "map")[0]).toBeCloseTo(0.416, 3);
  });
});

describe("Wikipedia", () => {
  it("Discounted cumulative gain: grades 3, 2, 3, 0, 1, 2 with a 3 and a 2 not shown have an nDCG at 6 of 0.785", () => {
    const example = ranked([3, 2, 3, 0, 1, 2], [3, 2]);
    const [value] = values(...example, "ndcg@6");
    expect(value).toBeCloseTo(0.785, 3);
    expect(value! * 8.74).toBeCloseTo(6.861, 2);
    // The level is for other measures: nDCG goes by all grades.
    expect(values(...example, "ndcg@6", { ...TREC, relevanceLevel: 3 })[0]).toBe(value);
  });

  it("Mean reciprocal rank: first right answers at ranks 3, 2 and 1 average 11/18", () => {
    const answers = { cat: "catten cati cats", torus: "torii tori toruses", virus: "viruses virii viri" };
    const right = { cat: { cats: 1 }, torus: { tori: 1 }, virus: { viruses: 1 } };
    const run = Object.fromEntries(
      Object.entries(answers).map(([q, words]) => [
        q,
        Object.fromEntries(words.split(" ").map((word, i) => [word, -i])),
      ]),
    );
    expect(mean(values(right, run, "mrr"))).toBeCloseTo(11 / 18, 12);
    expect(mean(values(right, run, "mrr@2"))).toBeCloseTo((1 / 2 + 1) / 3, 12);
  });

  it("Mann-Whitney U test: hares and tortoises come in as THHHHHTTTTTH, so U is 25 for the hares and 11 for the others", () => {
    const order = [..."THHHHHTTTTTH"].map((animal, i) => ({ animal, speed: -i }));
    const speeds = (animal: string) => order.filter((a) => a.animal === animal).map(({ speed }) => speed);
    expect(areaUnderCurve(speeds("H"), speeds("T"))).toBeCloseTo(25 / 36, 12);
    expect(areaUnderCurve(speeds("T"), speeds("H"))).toBeCloseTo(11 / 36, 12);
  });
});

describe("scikit-learn's documentation", () => {
  // ndcg_score: linear gain, ideal over all; its own averaging of ties plays no part where there are none.
  it("ndcg_score", () => {
    const judged = { q: { a: 10, b: 0, c: 0, d: 1, e: 5 } };
    const first = { q: { a: 0.1, b: 0.2, c: 0.3, d: 4, e: 70 } };
    const second = { q: { a: 0.05, b: 1.1, c: 1, d: 0.5, e: 0 } };
    // Printed there as 0.69..., 0.49... and 0.35...
    const shown = (value: number | null | undefined) => String(value).slice(0, 4);
    expect(shown(values(judged, first, "ndcg")[0])).toBe("0.69");
    expect(shown(values(judged, second, "ndcg")[0])).toBe("0.49");
    expect(shown(values(judged, second, "ndcg@4")[0])).toBe("0.35");
    expect(values(judged, { q: judged.q }, "ndcg@4")[0]).toBe(1);
  });

  it("roc_auc_score", () => {
    expect(areaUnderCurve([0.35, 0.8], [0.1, 0.4])).toBe(0.75);
  });
});

describe("pytrec_eval (trec_eval's code, called from Python)", () => {
  const qrels = { q1: { d1: 0, d2: 1, d3: 0 }, q2: { d2: 1, d3: 1 } };

  it("README", () => {
    const run = { q1: { d1: 1, d2: 0, d3: 1.5 }, q2: { d1: 1.5, d2: 0.2, d3: 0.5 } };
    expect(values(qrels, run, "ndcg").map((v) => v!.toFixed(12))).toEqual(["0.500000000000", "0.693426403617"]);
    expect(values(qrels, run, "map").map((v) => v!.toFixed(12))).toEqual(["0.333333333333", "0.583333333333"]);
  });

  it.each<[Record<string, number>, string, number]>([
    [{ d1: 1, d2: 0, d3: 1.5 }, "ndcg", 0.5],
    [{ d1: 1, d2: 2, d3: 1.5 }, "ndcg", 1],
    [{ d1: 4, d2: 2, d3: 1.5 }, "ndcg", 0.6309297535714575],
    [{ d1: 1, d2: 0, d3: 1.5 }, "ndcg@1", 0],
    [{ d1: 1, d2: 0, d3: 1.5 }, "ndcg@2", 0],
    [{ d1: 1, d2: 0, d3: 1.5 }, "ndcg@3", 0.5],
    [{ d1: 1, d2: 0, d3: 1.5 }, "ndcg@1000", 0.5],
  ])("its tests: %j has %s %f", (scores, key, expected) => {
    // The second query retrieves nothing: it is in the run, and counts 0.
    expect(values(qrels, { q1: scores, q2: {} }, key, { ...TREC, onlyRetrieved: true })[0]).toBeCloseTo(expected, 7);
    expect(values(qrels, { q1: scores, q2: {} }, key)[1]).toBe(0);
  });
});

describe("ir_measures' tests of its trec_eval", () => {
  // The ranks in the file are wrong on purpose: scores alone decide. -1 is not judged.
  const qrels = readQrels(
    "0 0 D0 1\n0 0 D1 -1\n0 0 D2 0\n0 0 D3 2\n0 0 D4 0\n1 0 D0 1\n1 0 D3 2\n1 0 D4 -1\n1 0 D5 0",
    "",
  );
  const run = readRun(
    [
      "0 0 D0 1 0.8 run\n0 0 D2 2 0.7 run\n0 0 D1 3 0.3 run\n0 0 D3 4 0.4 run\n0 0 D4 5 0.1 run",
      "1 0 D1 1 0.8 run\n1 0 D4 2 0.7 run\n1 0 D3 3 0.3 run\n1 0 D2 4 0.4 run",
    ].join("\n"),
    "",
  );

  it.each([
    [1, [0.8333, 0.125], 0.4792],
    [2, [0.3333, 0.25], 0.2917],
  ])("AP at level %i", (relevanceLevel, each, all) => {
    const { perQuery } = evaluate(qrels, run, { style: "trec", relevanceLevel }, ["map"]);
    perQuery.map.forEach((value, i) => {
      expect(value).toBeCloseTo(each[i]!, 4);
    });
    expect(mean(perQuery.map)).toBeCloseTo(all, 4);
  });
});

describe("sentence-transformers' test of its InformationRetrievalEvaluator", () => {
  // Documents by the words they share with the query: most scores are 0 and tie.
  const half = Math.SQRT1_2;
  const qrels = { 0: { 0: 1 }, 1: { 1: 1 }, 2: { 2: 1 }, 3: { 3: 1, 4: 1 }, 4: { 4: 1 } };
  const run = {
    0: { 0: 1, 1: 0, 2: 0, 3: 0, 4: 0 },
    1: { 0: 0, 1: 1, 2: 0, 3: 0, 4: 0 },
    2: { 0: 0, 1: 0, 2: 1, 3: 0, 4: 0 },
    3: { 0: 0, 1: 0, 2: 0, 3: 1, 4: half },
    4: { 0: 0, 1: 0, 2: 0, 3: 0, 4: half },
  };

  it.each([
    ["p@1", 1],
    ["p@3", 0.4],
    ["recall@1", 0.9],
    ["recall@3", 1],
    ["ndcg@3", 1],
    ["mrr@3", 1],
    ["map@5", 1],
  ])("%s is %f", (key, expected) => {
    const style = "sentence-transformers";
    expect(mean(values(qrels, run, key, { style, relevanceLevel: 1 }))).toBeCloseTo(expected, 9);
  });
});
