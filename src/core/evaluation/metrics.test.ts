import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve, measureOf } from "./measures";
import { type EvaluationOptions, evaluate, mean } from "./metrics";
import { bestOf, compareIds } from "./order";
import type { RankedList, Rankings } from "./types";

const TREC: EvaluationOptions = { style: "trec", relevanceLevel: 1 };
const ST: EvaluationOptions = { style: "sentence-transformers", relevanceLevel: 1 };
const list = (...entries: [string, number][]): RankedList => ({
  ids: entries.map(([id]) => id),
  scores: Float32Array.from(entries, ([, score]) => score),
});
const grades = (object: Record<string, Record<string, number>>) =>
  new Map(Object.entries(object).map(([q, g]) => [q, new Map(Object.entries(g))]));
/** The values of one query. */
function one(judged: Record<string, number>, ranking: RankedList, options: EvaluationOptions, ...keys: string[]) {
  const { perQuery } = evaluate(grades({ q: judged }), new Map([["q", ranking]]), options, keys);
  return keys.map((key) => perQuery[key]![0]);
}

describe("one query, by hand", () => {
  // Ranked: b (grade 2), x (not judged), a (grade 1), n (judged 0), u (-1). c (grade 3) was not retrieved.
  const judged = { a: 1, b: 2, c: 3, n: 0, u: -1 };
  const ranking = list(["b", 0.9], ["x", 0.8], ["a", 0.7], ["n", 0.6], ["u", 0.5]);
  const log3 = Math.log2(3);

  it("follows trec_eval: gain is the grade, AP over all relevant documents", () => {
    expect(one(judged, ranking, TREC, "recall@1", "recall@3", "p@3", "p@10", "mrr", "irrelevant@20")).toEqual([
      1 / 3,
      2 / 3,
      2 / 3,
      2 / 10,
      1,
      3 / 5,
    ]);
    const [ap, ap2, ndcg, ndcg2] = one(judged, ranking, TREC, "map", "map@2", "ndcg", "ndcg@2");
    expect(ap).toBeCloseTo((1 + 2 / 3) / 3, 12);
    expect(ap2).toBeCloseTo(1 / 3, 12);
    expect(ndcg).toBeCloseTo((2 + 1 / 2) / (3 + 2 / log3 + 1 / 2), 12);
    expect(ndcg2).toBeCloseTo(2 / (3 + 2 / log3), 12);
  });

  it("follows sentence-transformers: binary gain, AP@k over min(k, relevant)", () => {
    const [ap2, ap, ndcg2] = one(judged, ranking, ST, "map@2", "map", "ndcg@2");
    expect(ap2).toBeCloseTo(1 / 2, 12);
    expect(ap).toBeCloseTo((1 + 2 / 3) / 3, 12);
    expect(ndcg2).toBeCloseTo(1 / (1 + 1 / log3), 12);
  });

  it("counts from the level on, nDCG by the grades", () => {
    const two = { ...TREC, relevanceLevel: 2 };
    expect(one(judged, ranking, two, "recall@5", "mrr", "p@5", "irrelevant@20")).toEqual([1 / 2, 1, 1 / 5, 4 / 5]);
    expect(one(judged, ranking, two, "ndcg")).toEqual(one(judged, ranking, TREC, "ndcg"));
    expect(one(judged, list(["a", 3], ["b", 2]), two, "mrr")).toEqual([1 / 2]);
    expect(one(judged, list(["a", 3], ["b", 2]), two, "mrr@1")).toEqual([0]);
  });

  it("orders ties by id, each style its way, and sees scores as 32-bit floats", () => {
    const ties = list(["a", 1], ["z", 1]);
    expect(one({ z: 1 }, ties, TREC, "mrr")).toEqual([1]);
    expect(one({ z: 1 }, ties, ST, "mrr")).toEqual([1 / 2]);
    const nearly = list(["a", 1 + 1e-9], ["z", 1]);
    expect(one({ z: 1 }, nearly, TREC, "mrr")).toEqual([1]);
    expect(one({ z: 1 }, list(["z", 1], ["a", 2]), TREC, "mrr")).toEqual([1 / 2]);
  });

  it("cuts at a depth and drops the query's own document", () => {
    expect(one({ b: 1 }, list(["a", 2], ["b", 1]), { ...TREC, depth: 1 }, "map")).toEqual([0]);
    const self = list(["q", 2], ["b", 1]);
    expect(one({ b: 1 }, self, TREC, "mrr")).toEqual([1 / 2]);
    expect(one({ b: 1 }, self, { ...TREC, dropSelf: true }, "mrr")).toEqual([1]);
  });

  it("refuses a measure that does not exist", () => {
    for (const name of ["recall", "recall@0", "recall@1.5", "hits@3", ""])
      expect(() => measureOf(name, "trec"), name).toThrow(RangeError);
  });
});

describe("averages", () => {
  const qrels = grades({ hit: { a: 1 }, absent: { a: 1 }, none: { a: 0, b: -1 } });
  const run: Rankings = new Map([
    ["none", list(["a", 1])],
    ["hit", list(["a", 1])],
    ["unknown", list(["a", 1])],
  ]);

  it("run over all judged queries: those not in the run or without a relevant document count 0", () => {
    const { perQuery, numQueries, missing, withoutRelevant, queryIds } = evaluate(qrels, run, TREC);
    expect(queryIds).toEqual(["hit", "absent", "none"]);
    expect({ numQueries, missing, withoutRelevant }).toEqual({ numQueries: 3, missing: 1, withoutRelevant: 1 });
    for (const key of ["recall@10", "ndcg", "mrr", "map"] as const) expect(perQuery[key]).toEqual([1, 0, 0]);
    expect(mean(perQuery["recall@10"])).toBeCloseTo(1 / 3, 12);
    // What was shown for `none` was irrelevant; for `absent` nothing was shown.
    expect(perQuery["irrelevant@20"]).toEqual([0, 0, 1]);
  });

  it("can be over the run's queries alone", () => {
    const { perQuery, numQueries } = evaluate(qrels, run, { ...TREC, onlyRetrieved: true });
    expect(numQueries).toBe(2);
    expect(perQuery.map).toEqual([1, null, 0]);
    expect(mean(perQuery.map)).toBe(1 / 2);
  });

  it("leave out queries without a relevant document in the sentence-transformers style", () => {
    const { perQuery, numQueries, counted } = evaluate(qrels, run, ST);
    expect(numQueries).toBe(2);
    expect(counted).toEqual([true, true, false]);
    expect(perQuery.ndcg).toEqual([1, 0, null]);
  });

  it("take the test set's order where it is given", () => {
    const { perQuery } = evaluate(qrels, run, { ...TREC, queryIds: ["absent", "hit"] });
    expect(perQuery.mrr).toEqual([0, 1]);
  });
});

describe("AUC", () => {
  const judged = { a: 2, b: 0, c: 1, u: -1 };

  it("takes the scores given, or the ranking's where it has them all", () => {
    const qrels = grades({ q: judged });
    const full = new Map([["q", list(["a", 3], ["b", 2], ["c", 1])]]);
    expect(evaluate(qrels, full, TREC).perQuery.auc).toEqual([1 / 2]);
    expect(evaluate(qrels, full, { ...TREC, relevanceLevel: 2 }).perQuery.auc).toEqual([1]);
    const cut = new Map([["q", list(["a", 3], ["u", 2])]]);
    expect(evaluate(qrels, cut, TREC)).toMatchObject({ perQuery: { auc: [null] }, unscored: 1 });
    const scores = new Map([["q", new Map(Object.entries({ a: 3, b: 0, c: 0 }))]]);
    expect(evaluate(qrels, cut, { ...TREC, judgedScores: scores })).toMatchObject({
      perQuery: { auc: [3 / 4] },
      unscored: 0,
    });
  });

  it("is undefined with one side only", () => {
    const run = new Map([["q", list(["a", 1])]]);
    expect(evaluate(grades({ q: { a: 1 } }), run, TREC)).toMatchObject({ perQuery: { auc: [null] }, unscored: 0 });
    // Not judged is not the other side.
    expect(evaluate(grades({ q: { a: 1, b: -1 } }), run, TREC)).toMatchObject({ unscored: 0 });
  });

  it("is the share of pairs in the right order", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(scores, scores, (relevant, others) => {
        let right = 0;
        for (const r of relevant) for (const o of others) right += r > o ? 1 : r === o ? 0.5 : 0;
        expect(areaUnderCurve(relevant, others)).toBeCloseTo(right / (relevant.length * others.length), 12);
      }),
    );
  });
});

describe("order", () => {
  it("compares ids as their UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareIds(a, b))).toBe(expected);
      }),
    );
    // Where UTF-16 units mislead: U+FF01 against U+1F600.
    expect(compareIds("\uFF01", "\u{1F600}")).toBeLessThan(0);
  });

  it("finds the best k as sorting everything does", () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 4 })), {
      selector: ([id]) => id,
    });
    fc.assert(
      fc.property(entries, fc.nat({ max: 12 }), (documents, k) => {
        const sorted = [...documents].sort(([a, x], [b, y]) => y - x || compareIds(b, a));
        const best = bestOf(
          documents.map(([id]) => id),
          documents.map(([, score]) => score),
          k,
        );
        expect(best.ids).toEqual(sorted.slice(0, k).map(([id]) => id));
        expect([...best.scores]).toEqual(sorted.slice(0, k).map(([, score]) => score));
      }),
    );
  });
});
