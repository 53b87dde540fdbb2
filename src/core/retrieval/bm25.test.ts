import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Doc, documentText } from "../data/types";
import { evaluate, mean } from "../evaluation/metrics";
import { readQrels } from "../formats/trec";
import { BM25, bm25Index, words } from "./bm25";

const doc = (id: string, text: string, title = ""): Doc => ({ id, title, text });

/** The formula of bm25.ts, written out. */
function reference(docs: Doc[], query: string): number[] {
  const texts = docs.map((d) => words(documentText(d)));
  const average = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  return texts.map((text) => {
    let score = 0;
    for (const word of words(query)) {
      const n = texts.filter((other) => other.includes(word)).length;
      const f = text.filter((w) => w === word).length;
      const idf = Math.log(1 + (docs.length - n + 0.5) / (n + 0.5));
      const { k, b } = BM25;
      if (f > 0) score += (idf * f * (k + 1)) / (f + k * (1 - b + (b * text.length) / average));
    }
    return score;
  });
}

describe("words", () => {
  it("are runs of letters, marks and digits in lower case", () => {
    expect(words("White-walls, 3 m²; l'Été (ÜBER)\n日本語 नमस्ते")).toEqual([
      "white",
      "walls",
      "3",
      "m²",
      "l",
      "été",
      "über",
      "日本語",
      "नमस्ते",
    ]);
    expect(words(" .,;- ")).toEqual([]);
  });
});

describe("BM25", () => {
  it("equals its formula", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d", "E", "constructor", "__proto__"), { maxLength: 8 });
    const texts = fc.array(
      text.map((list) => list.join(" ")),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(texts, text, (bodies, query) => {
        const docs = bodies.map((body, i) => doc(`d${i}`, body, i % 2 ? "b a" : ""));
        const index = bm25Index(docs);
        const expected = reference(docs, query.join(" "));
        const scores = index.score(
          query.join(" "),
          docs.map(({ id }) => id),
        );
        docs.forEach(({ id }, i) => {
          expect(scores.get(id)).toBeCloseTo(expected[i]!, 9);
        });
        const found = index.search(query.join(" "), 10);
        expect([...found.ids].sort()).toEqual(docs.filter((_, i) => expected[i]! > 0).map(({ id }) => id));
        found.ids.forEach((id, i) => {
          expect(found.scores[i]).toBe(Math.fround(scores.get(id)!));
        });
      }),
    );
  });

  it("lists the best first, ties by id descending, at most k", () => {
    const index = bm25Index([doc("a", "oven"), doc("b", "oven"), doc("c", "oven oven"), doc("d", "sofa")]);
    expect(index.search("oven", 10).ids).toEqual(["c", "b", "a"]);
    expect(index.search("oven", 2).ids).toEqual(["c", "b"]);
    expect(index.search("chair", 10).ids).toEqual([]);
    expect(index.search("", 10).ids).toEqual([]);
  });

  it("scores any document asked for: 0 for one without a common word or one that is not there", () => {
    const index = bm25Index([doc("a", "oven"), doc("b", "sofa")]);
    const scores = index.score("oven", ["b", "a", "x"]);
    expect(scores.get("a")).toBeGreaterThan(0);
    expect(scores.get("b")).toBe(0);
    expect(scores.get("x")).toBe(0);
  });

  it("takes an empty collection", () => {
    expect(bm25Index([]).search("oven", 3).ids).toEqual([]);
  });
});

const SCIFACT = "../shared/data/scifact";

describe(`BM25 on scifact (from ${SCIFACT})`, () => {
  it.skipIf(!existsSync(SCIFACT) && !process.env.CI)("has plain BM25's nDCG@10 of .669 within .02", () => {
    const read = (name: string) =>
      readFileSync(`${SCIFACT}/${name}`, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { _id: string; title?: string; text: string });
    const index = bm25Index(read("corpus.jsonl").map(({ _id, title, text }) => doc(_id, text, title)));
    const qrels = readQrels(readFileSync(`${SCIFACT}/qrels/test.tsv`), "qrels/test.tsv");
    const queries = read("queries.jsonl").filter(({ _id }) => qrels.has(_id));
    const run = new Map(queries.map(({ _id, text }) => [_id, index.search(text, 1000)]));
    const { perQuery, numQueries } = evaluate(qrels, run, { style: "trec", relevanceLevel: 1 });
    expect(numQueries).toBe(300);
    // Measured: .6634.
    expect(Math.abs(mean(perQuery["ndcg@10"])! - 0.669)).toBeLessThan(0.02);
  });
});
