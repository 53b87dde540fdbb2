import { describe, expect, it } from "vitest";
import { quantile } from "../quantile";
import { random } from "../random";
import { bootstrapMeans, forEachResample, interval95 } from "./bootstrap";
import { pairedTest } from "./overSeeds";
import { retention, summarise } from "./summary";
import { METRIC_KEYS, type MetricKey, type PerQuery } from "./types";

const OPTIONS = { samples: 1000, seed: 7 };

/** The same column for every measure. */
function perQuery(values: (number | null)[]): PerQuery {
  return Object.fromEntries(METRIC_KEYS.map((key) => [key, values])) as Record<MetricKey, (number | null)[]>;
}
const draw = (n: number, stream: string, f: (u: () => number) => number) => {
  const source = random(3, stream);
  return Array.from({ length: n }, () => f(source.next));
};

describe("resamples", () => {
  it("draw as many queries as there are and depend on the seed alone", () => {
    const drawn = (seed: number) => {
      const all: number[][] = [];
      forEachResample(50, { samples: 20, seed }, (counts) => {
        expect(counts.reduce((a, b) => a + b)).toBe(50);
        all.push([...counts]);
      });
      return all;
    };
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it("average over the queries that have a value", () => {
    const [whole, part] = bootstrapMeans(
      [
        [1, 1, 1, 1],
        [1, null, 1, null],
      ],
      { samples: 200, seed: 1 },
    );
    expect(new Set(whole)).toEqual(new Set([1]));
    // A resample of four may draw neither of the two.
    expect([...part!].every((value) => value === 1 || Number.isNaN(value))).toBe(true);
    expect([...part!].some(Number.isNaN)).toBe(true);
  });

  it("refuse columns of different lengths", () => {
    expect(() => bootstrapMeans([[1], [1, 2]], OPTIONS)).toThrow(RangeError);
  });

  it("give quantiles as NumPy does", () => {
    expect(quantile(Float64Array.of(1, 2, 3, 4), 0.25)).toBe(1.75);
    expect(quantile(Float64Array.of(5), 0.975)).toBe(5);
    expect(interval95(Float64Array.of(1, Number.NaN))).toBeNull();
    expect(interval95(new Float64Array())).toBeNull();
  });
});

describe("intervals", () => {
  it("hold the true mean in about 95 of 100 samples", () => {
    let inside = 0;
    const trials = 300;
    for (let trial = 0; trial < trials; trial++) {
      const values = draw(100, `coverage ${trial}`, (u) => Number(u() < 0.4));
      const interval = interval95(bootstrapMeans([values], { samples: 400, seed: trial })[0]!)!;
      if (interval.low <= 0.4 && 0.4 <= interval.high) inside++;
    }
    // Three standard errors of a share of .94 in 300 trials.
    expect(inside / trials).toBeGreaterThan(0.9);
    expect(inside / trials).toBeLessThan(0.985);
  });

  it("have the width that theory gives a mean", () => {
    const values = draw(1000, "width", (u) => u());
    const { low, high } = summarise(perQuery(values), OPTIONS)["recall@10"];
    const theory = (2 * 1.96 * Math.sqrt(1 / 12)) / Math.sqrt(1000);
    expect((high! - low!) / theory).toBeGreaterThan(0.88);
    expect((high! - low!) / theory).toBeLessThan(1.12);
  });

  it("are narrower paired than unpaired where the systems agree on what is hard", () => {
    const hardness = draw(500, "hardness", (u) => u());
    const a = perQuery(hardness.map((h) => h + 0.02));
    const noise = draw(500, "noise", (u) => (u() - 0.5) * 0.1);
    const b = perQuery(hardness.map((h, i) => h + noise[i]!));
    const paired = pairedTest([{ a: a["recall@10"], b: b["recall@10"] }], OPTIONS).difference;
    const apart = [a, b].map((x, i) => summarise(x, { ...OPTIONS, seed: i })["recall@10"]);
    const unpairedWidth = Math.hypot(...apart.map(({ low, high }) => high! - low!));
    expect(paired.high! - paired.low!).toBeLessThan(unpairedWidth / 5);
    expect(paired.low).toBeGreaterThan(0);
  });

  it("are the same again with the same seed", () => {
    const values = perQuery(draw(200, "again", (u) => u()));
    expect(summarise(values, OPTIONS)).toEqual(summarise(values, OPTIONS));
    expect(summarise(values, OPTIONS)).not.toEqual(summarise(values, { ...OPTIONS, seed: 8 }));
  });
});

describe("figures", () => {
  it("say why there is none", () => {
    const nothing = summarise(perQuery([null, null]), { ...OPTIONS, reasons: { map: "because" } });
    expect(nothing.map).toEqual({ value: null, low: null, high: null, reason: "because" });
    expect(nothing.auc.reason).toContain("both sides");
    expect(summarise(perQuery([]), OPTIONS).ndcg.value).toBeNull();
    const sparse = summarise(perQuery([1, ...Array<null>(99).fill(null)]), OPTIONS).auc;
    expect(sparse).toMatchObject({ value: 1, low: null });
    expect(sparse.reason).toBeTruthy();
  });

  it("compare over the queries that both have", () => {
    const a = perQuery([1, 0.5, null]);
    const b = perQuery([0, null, 1]);
    const both = (x: PerQuery, y: PerQuery) => pairedTest([{ a: x.auc, b: y.auc }], { samples: 5, seed: 1 });
    expect(both(a, b).difference.value).toBe(1);
    expect(() => both(a, perQuery([1]))).toThrow(RangeError);
  });

  it("give retention as the ratio of the means, paired", () => {
    const teacher = draw(400, "teacher", (u) => 0.2 + 0.8 * u());
    const kept = retention(perQuery(teacher.map((t) => 0.9 * t)), perQuery(teacher), OPTIONS);
    expect(kept.value).toBeCloseTo(0.9, 12);
    // A student that keeps exactly nine tenths of every query keeps them in every resample.
    expect(kept.low).toBeCloseTo(0.9, 12);
    expect(kept.high).toBeCloseTo(0.9, 12);
    expect(retention(perQuery([1, 1]), perQuery([0, 0]), OPTIONS)).toMatchObject({ value: null });
    expect(retention(perQuery([1, 1, 0]), perQuery([1, 0, 0]), OPTIONS)).toMatchObject({ value: 2, low: null });
  });
});
