import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Qrels } from "../data/types";
import { LabError } from "../errors";
import { evaluate } from "../evaluation/metrics";
import type { RankedList } from "../evaluation/types";
import { readQrels, readRun, writeQrels, writeRun } from "./trec";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** Ids of any characters that a file can hold; white space and our own escapes more often than chance has them. */
const id = fc
  .oneof(
    fc.string({ minLength: 1, unit: "grapheme" }),
    fc
      .array(fc.constantFrom("%", "20", "25", "2", " ", "\t", "\n", "#", "a", "\u00a0"), { minLength: 1 })
      .map((p) => p.join("")),
  )
  // At the start of a file this is the mark of its encoding.
  .filter((text) => !text.startsWith("\uFEFF"));
const ranking: fc.Arbitrary<RankedList> = fc
  .uniqueArray(fc.tuple(id, fc.float({ noNaN: true })), { selector: ([doc]) => doc, minLength: 1, maxLength: 8 })
  .map((entries) => ({ ids: entries.map(([doc]) => doc), scores: Float32Array.from(entries, ([, score]) => score) }));
const rankings = fc
  .uniqueArray(fc.tuple(id, ranking), { selector: ([query]) => query, maxLength: 5 })
  .map((entries) => new Map(entries));
const qrels: fc.Arbitrary<Qrels> = fc
  .uniqueArray(
    fc.tuple(
      id,
      fc
        .uniqueArray(fc.tuple(id, fc.integer({ min: -1, max: 3 })), {
          selector: ([doc]) => doc,
          minLength: 1,
          maxLength: 8,
        })
        .map((entries) => new Map(entries)),
    ),
    { selector: ([query]) => query, maxLength: 5 },
  )
  .map((entries) => new Map(entries));

describe("run files", () => {
  it("come back as they were written, to the last bit", () => {
    fc.assert(
      fc.property(rankings, (run) => {
        const back = readRun(writeRun(run, "test"), "run");
        expect([...back.keys()]).toEqual([...run.keys()]);
        for (const [query, { ids, scores }] of run) {
          expect(back.get(query)!.ids).toEqual(ids);
          // Adding 0 makes -0 the 0 that it equals.
          expect([...back.get(query)!.scores]).toEqual([...scores].map((score) => score + 0));
        }
      }),
    );
  });

  it("evaluate as the rankings in memory do", () => {
    fc.assert(
      fc.property(rankings, qrels, (run, judged) => {
        const options = { style: "trec", relevanceLevel: 1 } as const;
        // Judge some of what was retrieved, or there is nothing to compare.
        for (const [query, { ids }] of run) judged.set(query, new Map(ids.map((doc, i) => [doc, i % 3])));
        const back = evaluate(readQrels(writeQrels(judged), "qrels"), readRun(writeRun(run, "test"), "run"), options);
        expect(back).toEqual(evaluate(judged, run, options));
      }),
    );
  });

  it("are six columns that other programs read", () => {
    const run = new Map([["q 1", { ids: ["d1", "d2"], scores: Float32Array.of(0.1, -0.25) }]]);
    expect(text(writeRun(run, "bm25"))).toBe("q%201 Q0 d1 1 0.100000001 bm25\nq%201 Q0 d2 2 -0.25 bm25\n");
  });

  it("may have tabs, Windows line ends, blank lines, more columns, and any rank", () => {
    const run = readRun("\uFEFFq\tQ0\td1\t7\t 1.5\tx more junk\r\n\n q Q0 d2 0 -inf x", "run");
    expect(run.get("q")).toEqual({ ids: ["d1", "d2"], scores: Float32Array.of(1.5, Number.NEGATIVE_INFINITY) });
  });

  it.each([
    ["q Q0 d 1 0.5", /run\.txt, line 1: 5 columns/],
    ["q Q0 d 1 0.5 x\nq Q0 e 1 high x", /line 2: the score "high"/],
    ["q Q0 d 1 nan x", /line 1: the score "nan"/],
    ["q Q0 d 1 1,5 x", /line 1: the score/],
    ["q Q0 d 1 2 x\n\nq Q0 d 2 1 x", /line 3: document d is listed a second time for query q/],
  ])("refuse %j", (input, message) => {
    expect(() => readRun(input, "run.txt")).toThrow(message);
    expect(() => readRun(input, "run.txt")).toThrow(LabError);
  });

  it("cannot hold an empty id or a score that is not a number", () => {
    expect(() => writeRun(new Map([["", { ids: ["d"], scores: Float32Array.of(1) }]]), "x")).toThrow(LabError);
    expect(() => writeRun(new Map([["q", { ids: ["d"], scores: Float32Array.of(Number.NaN) }]]), "x")).toThrow(
      LabError,
    );
  });
});

describe("judgements", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(qrels, (judged) => {
        expect(readQrels(writeQrels(judged), "qrels")).toEqual(judged);
      }),
    );
  });

  it("may have grades that are not whole, as collections in BEIR's form do", () => {
    const expected = new Map([
      [
        "q",
        new Map([
          ["d", 0.5],
          ["e", 1],
          ["f", -1],
        ]),
      ],
    ]);
    expect(readQrels("query-id\tcorpus-id\tscore\nq\td\t0.5\nq\te\t1.0\nq\tf\t-1", "qrels")).toEqual(expected);
    expect(readQrels(writeQrels(expected), "qrels")).toEqual(expected);
  });

  it("and runs with a line of a million blanks are read at once", () => {
    const wide = " ".repeat(1e6);
    expect(readQrels(`q${wide}0 d${wide} 1${wide}`, "qrels")).toEqual(new Map([["q", new Map([["d", 1]])]]));
    expect(readRun(`q Q0${wide}d 1 0.5 x${wide}`, "run").get("q")?.ids).toEqual(["d"]);
  });

  it("may have comments, or BEIR's form", () => {
    const expected = new Map([["q 1", new Map([["d 1", 2]])]]);
    expect(readQrels("# a comment of any length\nq%201 0 d%201 2\n# end", "qrels")).toEqual(expected);
    expect(readQrels("query-id\tcorpus-id\tscore\r\nq 1\td 1\t2\r\n", "qrels")).toEqual(expected);
  });

  it.each([
    ["q 0 d", /qrels\.txt, line 1: 3 columns/],
    ["q 0 d 1\nq 0 e high", /line 2: the grade "high" is not a number/],
    ["q 0 d inf", /line 1: the grade "inf"/],
    [`q 0 d ${"x".repeat(1000)}`, /line 1: the grade "x{57}\.\.\."/],
    ["q 0 d 1\nq 0 d 1", /line 2: document d is judged a second time for query q/],
    ["query-id\tcorpus-id\tscore\nq d 1", /line 2: 1 columns/],
  ])("refuse %j", (input, message) => {
    expect(() => readQrels(input, "qrels.txt")).toThrow(message);
  });

  it("of any text are read or refused with a message, never anything else", () => {
    fc.assert(
      fc.property(fc.string(), (input) => {
        for (const read of [readQrels, readRun])
          try {
            read(input, "f");
          } catch (error) {
            expect(error).toBeInstanceOf(LabError);
            expect((error as LabError).message).toMatch(/^f, line \d+: /);
          }
      }),
    );
  });
});
