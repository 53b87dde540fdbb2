import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../random";
import { holm, meanOverSeeds, pairedTest, tiedWithBest } from "./overSeeds";
import { compare } from "./summary";
import type { PerQuery } from "./types";

const OPTIONS = { samples: 1000, seed: 7 };
const noise = (seed: number, n: number, middle = 0) => {
  const r = random(seed, "noise");
  return Array.from({ length: n }, () => middle + r.normal());
};

describe("Holm's correction", () => {
  it("is as computed by hand", () => {
    // 4 x .01, 3 x .03 = .09, 2 x .04 = .08 but not under .09, 1 x .5
    expect(holm([0.04, 0.01, 0.5, 0.03])).toEqual([0.09, 0.04, 0.5, 0.09]);
    expect(holm([0.4, 0.6, 0.7])).toEqual([1, 1, 1]);
    expect(holm([null, 0.02, null])).toEqual([null, 0.02, null]);
    expect(holm([])).toEqual([]);
  });

  it("never lowers a p-value, keeps their order, and is Bonferroni for the smallest", () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(p, { minLength: 1, maxLength: 12 }), (values) => {
        const corrected = holm(values) as number[];
        values.forEach((value, i) => {
          expect(corrected[i]).toBeGreaterThanOrEqual(value);
          expect(corrected[i]).toBeLessThanOrEqual(Math.min(1, value * values.length));
          values.forEach((other, j) => {
            if (value < other) expect(corrected[i]).toBeLessThanOrEqual(corrected[j]!);
          });
        });
        const least = values.indexOf(Math.min(...values));
        expect(corrected[least]).toBe(Math.min(1, values[least]! * values.length));
      }),
    );
  });
});

describe("over seeds", () => {
  it("with one seed is the plain paired bootstrap over queries", () => {
    const [a, b] = [noise(1, 200, 0.2), noise(2, 200)];
    const { difference, seeds } = pairedTest([{ a, b }], OPTIONS);
    const as = (values: number[]) => ({ "recall@10": values }) as unknown as PerQuery;
    expect(difference).toEqual(compare(as(a), as(b), "recall@10", OPTIONS));
    expect(seeds).toBe(1);
  });

  it("is wider where seeds differ than queries alone would say", () => {
    const apart = [0, 0.5, 1].map((middle, i) => noise(i, 400, middle));
    const alike = [0.5, 0.5, 0.5].map((middle, i) => noise(i, 400, middle));
    const width = (columns: number[][]) => {
      const { low, high } = meanOverSeeds(columns, OPTIONS);
      return high! - low!;
    };
    expect(width(apart)).toBeGreaterThan(4 * width(alike));
    const all = apart.flat();
    expect(meanOverSeeds(apart, OPTIONS).value).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 9);
  });

  it("finds a difference that is there, and none where there is none", () => {
    const base = [1, 2, 3].map((s) => noise(s, 300));
    const pairs = (shift: number) =>
      base.map((b, i) => ({ a: b.map((x, q) => x + shift + 0.2 * noise(10 + i, 300)[q]!), b }));
    expect(pairedTest(pairs(0.2), OPTIONS).p).toBeLessThan(0.01);
    expect(
      pairedTest(
        base.map((b) => ({ a: b, b })),
        OPTIONS,
      ).p,
    ).toBe(1);
    // Under no difference p is about uniform: of 200 made-up comparisons about 10 are below .05.
    let found = 0;
    for (let i = 0; i < 200; i++) {
      const p = pairedTest([{ a: noise(1000 + i, 100), b: noise(5000 + i, 100) }], { samples: 400, seed: i }).p!;
      if (p < 0.05) found++;
    }
    expect(found).toBeGreaterThan(2);
    expect(found).toBeLessThan(22);
  });

  it("leaves out queries without a value, and says why there is no figure", () => {
    const { difference } = pairedTest([{ a: [1, null, 3], b: [0, 5, null] }], OPTIONS);
    expect(difference.value).toBe(1);
    expect(pairedTest([{ a: [null], b: [1] }], OPTIONS)).toMatchObject({ p: null, difference: { value: null } });
    expect(meanOverSeeds([[null]], OPTIONS).reason).toBeTruthy();
    expect(() => pairedTest([{ a: [1], b: [1, 2] }], OPTIONS)).toThrow(RangeError);
  });
});

describe("tied with the best", () => {
  const base = noise(1, 400);
  const runs = (shift: number, own: number, hash = "h") => [
    { seed: 1, testSetHash: hash, values: base.map((x, q) => x + shift + own * noise(99, 400)[q]!) },
  ];

  it("are those that no corrected comparison tells from it", () => {
    const found = tiedWithBest(
      [
        { name: "low", runs: runs(-0.5, 0.3) },
        { name: "near", runs: runs(-0.01, 0.3) },
        { name: "best", runs: runs(0, 0) },
        { name: "elsewhere", runs: runs(-0.01, 0.3, "another test set") },
      ],
      OPTIONS,
    )!;
    expect(found.best).toBe("best");
    expect(found.others.map(({ name, tied }) => [name, tied])).toEqual([
      ["low", false],
      ["near", true],
      ["elsewhere", false],
    ]);
    expect(found.others[2]).toMatchObject({ p: null, corrected: null, difference: { value: null } });
    // The one that could not be paired is not counted: two comparisons.
    expect(found.others[0]!.corrected).toBeCloseTo(2 * found.others[0]!.p!, 12);
  });

  it("needs the same seed, too, and a value", () => {
    const a = { name: "a", runs: [{ seed: 1, testSetHash: "h", values: [1, 1] }] };
    const b = { name: "b", runs: [{ seed: 2, testSetHash: "h", values: [0, 0] }] };
    expect(tiedWithBest([a, b], OPTIONS)!.others[0]).toMatchObject({ seeds: 0, tied: false });
    expect(tiedWithBest([], OPTIONS)).toBeNull();
    expect(tiedWithBest([{ name: "c", runs: [] }], OPTIONS)).toBeNull();
  });

  it("can be told apart however many are compared", () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ name: `low ${i}`, runs: runs(-1, 0.1) }));
    const { others } = tiedWithBest([{ name: "best", runs: runs(0, 0) }, ...many], { samples: 100, seed: 1 })!;
    expect(others.every(({ tied }) => !tied)).toBe(true);
  });
});
