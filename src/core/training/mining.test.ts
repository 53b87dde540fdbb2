/** Mined negatives against a search by hand, with vectors that are known. */
import { describe, expect, it } from "vitest";
import { useGpu } from "../../gpu/testGpu";
import type { Encoder } from "./encode";
import { createMiner } from "./mining";
import { pairOrder, type TrainingPairs } from "./pairs";
import { minesAfter, timesMined } from "./schedule";

const gpu = useGpu();
const [DOCUMENTS, SIZE] = [40, 2];
const table = { flat: new Int32Array(), offsets: new Int32Array() };

/** Document d is d degrees away from the queries' direction, query 0's; the others' is at 20.3. */
const at = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
const encoderOf = (degrees: (text: number) => number): Encoder => ({
  encode: async (_, texts) => Float32Array.from(Array.from(texts).flatMap((text) => at(degrees(text)))),
  bytes: 0,
  dispose: () => undefined,
});
/** Query 0 has answers 4 and 9, and 1 is graded for it; query 1 is not labelled; query 2 has answer 30. */
const pairs: TrainingPairs = {
  query: Int32Array.of(0, 0, 2),
  document: Int32Array.of(4, 9, 30),
  graded: [new Set([1, 4, 9]), new Set(), new Set([30])],
  hard: [Int32Array.of(39), Int32Array.of(), Int32Array.of()],
  documents: DOCUMENTS,
};
const miner = (options: { from?: number; to?: number; margin?: number }) =>
  createMiner(
    gpu(),
    pairs,
    { encoder: encoderOf((query) => (query === 0 ? 0 : 20.3)), table },
    { encoder: encoderOf((document) => document), table },
    SIZE,
    { after: 2, every: 0, from: 1, to: 6, margin: -1, ...options },
  );

describe("mining", () => {
  it("takes the ranks asked for, without what is graded, of labelled queries", async () => {
    const found = miner({});
    expect([...found.of(0)]).toEqual([]);
    await found.refresh();
    expect([...found.of(0)]).toEqual([0, 2, 3, 5, 6, 7]);
    expect([...found.of(1)]).toEqual([]);
    expect([...found.of(2)].toSorted((a, b) => a - b)).toEqual([18, 19, 20, 21, 22, 23]);
    const later = miner({ from: 3, to: 5 });
    await later.refresh();
    expect([...later.of(0)]).toEqual([3, 5, 6]);
  });

  it("leaves out what is nearer than the best answer less the margin", async () => {
    // Query 0's best answer is at 4 degrees.
    const none = miner({ margin: 0 });
    await none.refresh();
    expect([...none.of(0)]).toEqual([5, 6, 7]);
    const far = miner({ to: 30, margin: Math.cos((4 * Math.PI) / 180) - Math.cos((12.5 * Math.PI) / 180) });
    await far.refresh();
    expect(far.of(0)[0]).toBe(13);
    // The answer of query 2 is 10 degrees off: none of the 6 nearest is farther.
    expect([...none.of(2)]).toEqual([]);
  });

  it("is restored from a state", async () => {
    const [first, second] = [miner({}), miner({})];
    expect((await second.read()).size).toBe(0);
    await first.refresh();
    second.write(await first.read());
    for (const query of [0, 1, 2]) expect(second.of(query)).toEqual(first.of(query));
  });

  it("gives each query of a batch mined documents after the known near misses; random ones before, never graded ones", async () => {
    const found = miner({});
    const order = pairOrder(pairs, 3, 1, 5, { mined: { count: 2, of: found.of } });
    const plain = pairOrder(pairs, 3, 1, 5);
    const further = (step: number) => {
      const { queries, documents } = order(step);
      return Array.from(queries, (query, b) => [query, ...documents.subarray(3 + 3 * b, 6 + 3 * b)]);
    };
    for (let step = 1; step <= 5; step++) {
      for (const [query, , ...mined] of further(step))
        for (const d of mined) expect(pairs.graded[query!]!.has(d)).toBe(false);
      expect(order(step).queries).toEqual(plain(step).queries);
      // What was drawn before there was mining is drawn still.
      expect(further(step).map(([, known]) => known)).toEqual([...plain(step).documents.subarray(3)]);
    }
    await found.refresh();
    for (let step = 1; step <= 5; step++)
      for (const [query, , ...mined] of further(step)) for (const d of mined) expect(found.of(query!)).toContain(d);
  });

  it("is due after so many steps and then every so many, or once", () => {
    const times = (after: number, every: number, steps: number) =>
      Array.from({ length: steps }, (_, step) => step).filter((step) => minesAfter(step, { after, every }));
    expect(times(10, 5, 26)).toEqual([10, 15, 20, 25]);
    expect(times(10, 0, 26)).toEqual([10]);
    expect(times(0, 10, 26)).toEqual([0, 10, 20]);
    for (const [after, every, steps] of [
      [10, 5, 26],
      [10, 5, 25],
      [10, 0, 26],
      [0, 10, 30],
      [30, 1, 30],
    ] as const)
      expect(timesMined(steps, { after, every })).toBe(times(after, every, steps).length);
  });
});
