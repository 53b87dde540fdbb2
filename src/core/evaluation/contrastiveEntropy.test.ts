import { describe, expect, it } from "vitest";
import { random } from "../random";
import { CHANCE, contrastiveEntropy, fitTemperature, type Vectors } from "./contrastiveEntropy";

const OPTIONS = { samples: 200, seed: 7, relevanceLevel: 1, temperature: 0.05 };

function vectors(n: number, prefix: string, f: (i: number) => number[]): Vectors {
  const rows = Array.from({ length: n }, (_, i) => f(i));
  return { ids: rows.map((_, i) => `${prefix}${i}`), values: Float32Array.from(rows.flat()), size: rows[0]!.length };
}
const ones = (n: number, prefix: string) => vectors(n, prefix, () => [1, 0]);
const pairsOf = (n: number, docs = n) =>
  new Map(Array.from({ length: n }, (_, i) => [`q${i}`, new Map([[`d${i % docs}`, 1]])]));

describe("contrastive entropy", () => {
  it("is ln 257 where nothing is told apart", () => {
    const { raw, scaled, pairs } = contrastiveEntropy(ones(3, "q"), ones(400, "d"), pairsOf(3), OPTIONS);
    expect(CHANCE).toBeCloseTo(5.549, 3);
    for (const figure of [raw, scaled]) {
      expect(figure.value).toBeCloseTo(CHANCE, 9);
      expect(figure.low).toBeCloseTo(CHANCE, 9);
    }
    expect(pairs).toBe(3);
  });

  it("is what the formula gives where all negatives score alike", () => {
    // The relevant document scores 1, every other 0.
    const docs = vectors(300, "d", (i) => (i === 0 ? [1, 0] : [0, 1]));
    const { raw, scaled } = contrastiveEntropy(ones(2, "q"), docs, pairsOf(2, 1), OPTIONS);
    expect(raw.value).toBeCloseTo(Math.log(1 + 256 * Math.exp(-1)), 9);
    expect(scaled.value).toBeCloseTo(Math.log(1 + 256 * Math.exp(-20)), 9);
  });

  it("takes the documents relevant to no query where 2,560 remain, else those not relevant to this one", () => {
    const n = 40;
    // Each query's own document scores 1. From the official pool nobody else's relevant document is drawn; here those
    // all score 1 as well, so that drawing them would show.
    const queries = vectors(n, "q", () => [1, 0]);
    const docs = (total: number) => vectors(total, "d", (i) => (i < n ? [1, 0] : [0, 1]));
    const official = contrastiveEntropy(queries, docs(2560 + n), pairsOf(n), OPTIONS);
    expect(official.pool).toBe("relevant to no test query");
    expect(official.raw.value).toBeCloseTo(Math.log(1 + 256 * Math.exp(-1)), 9);
    const own = contrastiveEntropy(queries, docs(2559 + n), pairsOf(n), OPTIONS);
    expect(own.pool).toBe("not relevant to this query");
    expect(own.raw.value).toBeGreaterThan(official.raw.value! + 0.001);
  });

  it("is the same again, and another with another seed", () => {
    const source = random(1, "entropy test");
    const row = () => [source.normal(), source.normal(), source.normal()];
    const [queries, docs] = [vectors(20, "q", row), vectors(500, "d", row)];
    const of = (seed: number) => contrastiveEntropy(queries, docs, pairsOf(20), { ...OPTIONS, seed });
    expect(of(1)).toEqual(of(1));
    expect(of(2).raw.value).not.toBe(of(1).raw.value);
    expect(of(1).raw.low).toBeLessThan(of(1).raw.value!);
    expect(of(1).raw.high).toBeGreaterThan(of(1).raw.value!);
    // The seeds differ in the negatives alone, ten draws a pair.
    expect(Math.abs(of(2).raw.value! - of(1).raw.value!)).toBeLessThan(0.1);
  });

  it("weighs pairs alike, not queries", () => {
    const docs = vectors(400, "d", (i) => (i < 3 ? [1, 0] : [0, 0]));
    const queries = vectors(2, "q", (i) => [i, 0]);
    // q0 tells nothing apart and has 1 pair; q1 has 3, of entropy e.
    const qrels = new Map([
      ["q0", new Map([["d0", 1]])],
      ["q1", new Map([0, 1, 2].map((i) => [`d${i}`, 1] as const))],
    ]);
    const e = Math.log(1 + 256 * Math.exp(-1));
    const { raw, byQuery } = contrastiveEntropy(queries, docs, qrels, OPTIONS);
    expect(raw.value).toBeCloseTo((CHANCE + 3 * e) / 4, 9);
    expect(byQuery!.raw[0]).toBeCloseTo(CHANCE, 9);
    expect(byQuery!.raw[1]).toBeCloseTo(e, 9);
    expect(byQuery!.pairs).toEqual([1, 3]);
  });

  it("has no value for a query without a relevant document, and such a query takes no part", () => {
    const { raw, byQuery } = contrastiveEntropy(ones(3, "q"), ones(400, "d"), pairsOf(2), OPTIONS);
    expect(byQuery!.raw).toEqual([expect.any(Number), expect.any(Number), null]);
    expect(byQuery!.scaled[2]).toBeNull();
    expect(byQuery!.pairs).toEqual([1, 1, 0]);
    expect(raw.value).toBeCloseTo(CHANCE, 9);
  });

  it("is not reported with fewer than 257 candidates, or without a pair", () => {
    const of = (docs: number) => contrastiveEntropy(ones(1, "q"), ones(docs, "d"), pairsOf(1), OPTIONS);
    expect(of(257).raw.value).not.toBeNull();
    expect(of(256)).toMatchObject({ raw: { value: null }, scaled: { value: null }, pool: null });
    expect(of(256).raw.reason).toContain("257");
    expect(contrastiveEntropy(ones(1, "q"), ones(300, "d"), new Map(), OPTIONS).raw.reason).toBeTruthy();
  });
});

describe("a fitted temperature", () => {
  const source = random(3, "temperature test");
  const row = () => [source.normal(), source.normal(), source.normal()];
  const docs = vectors(600, "d", row);
  // A query is its document and noise: told apart fairly well.
  const queries = vectors(60, "q", (i) => [0, 1, 2].map((d) => docs.values[3 * i + d]! + 0.5 * source.normal()));
  const qrels = pairsOf(60);
  const entropy = (temperature: number) =>
    contrastiveEntropy(queries, docs, qrels, { ...OPTIONS, samples: 100, temperature }).scaled.value!;

  it("is where the entropy is lowest", () => {
    const fitted = fitTemperature(queries, docs, qrels, { relevanceLevel: 1, seed: 7 })!;
    expect(fitted).toBeGreaterThan(0.01);
    expect(fitted).toBeLessThan(5);
    for (const factor of [0.5, 0.8, 1.25, 2]) expect(entropy(fitted * factor)).toBeGreaterThan(entropy(fitted));
  });

  it("follows the vectors' scale, so that the entropy does not", () => {
    const longer = { ...queries, values: queries.values.map((x) => 4 * x) };
    const fitted = fitTemperature(queries, docs, qrels, { relevanceLevel: 1, seed: 7 })!;
    const of4 = fitTemperature(longer, docs, qrels, { relevanceLevel: 1, seed: 7 })!;
    expect(of4 / fitted).toBeCloseTo(4, 1);
  });

  it("is not there with too few candidates", () => {
    expect(fitTemperature(ones(1, "q"), ones(200, "d"), pairsOf(1), { relevanceLevel: 1, seed: 7 })).toBeNull();
  });
});
