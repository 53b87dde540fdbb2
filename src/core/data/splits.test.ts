import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeSplits, type Pools } from "./splits";
import type { Qrels, Query } from "./types";

const queries = (n: number, from = 0): Query[] =>
  Array.from({ length: n }, (_, i) => ({ id: `q${from + i}`, text: `question ${from + i}` }));
const judged = (list: Query[], grade = 1): Qrels => new Map(list.map(({ id }) => [id, new Map([["d", grade]])]));
const sizes = (s: ReturnType<typeof makeSplits>) =>
  [s.train, s.validation, s.test].map((split) => split.queries.length);
const ids = (split: { queries: Query[] }) => split.queries.map(({ id }) => id);

describe("splits", () => {
  const all = queries(1000);
  const part = (from: number, to: number) => judged(all.slice(from, to));
  it.each<[string, Pools, number[], RegExp]>([
    [
      "all named",
      { train: part(0, 600), validation: part(600, 700), test: part(700, 1000) },
      [600, 100, 300],
      /^Training 600/,
    ],
    [
      "no validation",
      { train: part(0, 700), test: part(700, 1000) },
      [630, 70, 300],
      /^No validation split: 70 queries of the 700 queries .* seed 7/,
    ],
    [
      "no split named",
      { all: part(0, 1000) },
      [630, 70, 300],
      /^The judgements name no split: the 1,000 queries are split with seed 7/,
    ],
    [
      "training only",
      { train: part(0, 1000) },
      [630, 70, 300],
      /^No test split: 300 queries of 1,000 queries were cut off/,
    ],
    ["test only", { test: part(0, 1000) }, [630, 70, 300], /do not compare with published ones/],
    [
      "validation only",
      { validation: part(0, 1000) },
      [630, 70, 300],
      /^No training split: the 1,000 queries of the validation/,
    ],
    [
      "validation and test",
      { validation: part(0, 500), test: part(500, 1000) },
      [450, 50, 500],
      /^No training split: the 500 queries/,
    ],
    [
      "training and validation",
      { train: part(0, 500), validation: part(500, 1000) },
      [350, 500, 150],
      /^No test split: 150/,
    ],
    [
      "named ones beside unnamed",
      { all: part(0, 1000), train: part(0, 500), test: part(500, 1000) },
      [450, 50, 500],
      /^Judgements of no named split are not used/,
    ],
  ])("with %s", (_, pools, expected, notice) => {
    const splits = makeSplits(all, pools, 1, 7);
    expect(sizes(splits)).toEqual(expected);
    expect(splits.notices).toContainEqual(expect.stringMatching(notice));
    for (const split of [splits.train, splits.validation, splits.test])
      expect([...split.qrels.keys()]).toEqual(ids(split));
    if (pools.test && (pools.train || pools.validation))
      expect(new Set(ids(splits.test))).toEqual(new Set(pools.test.keys()));
  });

  it("cap what is cut", () => {
    const many = queries(20_000);
    expect(sizes(makeSplits(many, { all: judged(many) }, 1, 1))).toEqual([17_500, 500, 2000]);
  });

  it("depend on the seed and not on the order of the queries", () => {
    const run = (list: Query[], seed: number) => new Set(ids(makeSplits(list, { all: judged(list) }, 1, seed).test));
    expect(run(all, 7)).toEqual(run([...all].reverse(), 7));
    expect(run(all, 7)).not.toEqual(run(all, 8));
  });

  it("take queries that are test queries, by id or text, out of training", () => {
    const list = [...queries(10), { id: "twin", text: " QUESTION  9" }];
    const splits = makeSplits(
      list,
      { train: judged(list.filter(({ id }) => id !== "q9")), test: judged(list.slice(8, 10)) },
      1,
      7,
    );
    // q8 is in both; "twin" asks what q9 asks.
    expect([...ids(splits.train), ...ids(splits.validation)].sort()).toEqual([
      "q0",
      "q1",
      "q2",
      "q3",
      "q4",
      "q5",
      "q6",
      "q7",
    ]);
    expect(splits.notices).toContain("2 queries taken out of training: the same or one of equal text is a test query.");
  });

  it("leave out queries without a relevant document, text or judgement, and say so", () => {
    const list = [...queries(10), { id: "blank", text: " " }];
    const qrels = judged(list.slice(0, 8));
    qrels.set("q8", new Map([["d", 0.5]]));
    qrels.set("blank", new Map([["d", 1]]));
    const splits = makeSplits(list, { all: qrels }, 1, 7);
    expect(sizes(splits).reduce((a, b) => a + b)).toBe(8);
    expect(splits.notices.slice(0, 3)).toEqual([
      "1 query left out: no document with a score of 1 or more.",
      "1 query left out: the text is empty.",
      "1 query left out: no judgements.",
    ]);
  });

  it.each<[string, Query[], RegExp]>([
    ["none", [], /none has a document/],
    ["one", queries(1), /1 query cannot be split into training and test/],
    ["two", queries(2), /1 query for training cannot be split/],
    ["many of one text", queries(9).map(({ id }) => ({ id, text: "the same" })), /9 queries cannot be split/],
  ])("are refused with too few queries: %s", (_, list, message) => {
    expect(() => makeSplits(list, { all: judged(list) }, 1, 7)).toThrow(message);
  });

  it("never share a query or a text, whatever is given", () => {
    const word = fc.constantFrom("a", "A ", "b", "c", "d", "e", "f", "g");
    const names = ["train", "validation", "test", "all"] as const;
    const query = fc.record({ text: word, in: fc.subarray([...names]), grade: fc.constantFrom(0, 1, 2) });
    fc.assert(
      fc.property(fc.array(query, { minLength: 3, maxLength: 40 }), fc.integer(), (list, seed) => {
        const all = list.map(({ text }, i) => ({ id: `q${i}`, text }));
        const pools: Pools = {};
        for (const name of names) {
          const qrels: Qrels = new Map();
          list.forEach((entry, i) => {
            if (entry.in.includes(name)) qrels.set(`q${i}`, new Map([["d", entry.grade]]));
          });
          if (qrels.size > 0) pools[name] = qrels;
        }
        let splits: ReturnType<typeof makeSplits>;
        try {
          splits = makeSplits(all, pools, 1, seed);
        } catch (error) {
          expect((error as Error).message).toMatch(/^There are too few judged queries/);
          return;
        }
        const texts = [splits.train, splits.validation, splits.test].map(
          (split) => new Set(split.queries.map(({ text }) => text.toLowerCase().trim())),
        );
        for (const set of texts) expect(set.size).toBeGreaterThan(0);
        expect([...texts[0]!].every((t) => !texts[2]!.has(t))).toBe(true);
        expect([...texts[1]!].every((t) => !texts[2]!.has(t))).toBe(true);
        expect([...texts[0]!].every((t) => !texts[1]!.has(t))).toBe(true);
      }),
    );
  });
});
