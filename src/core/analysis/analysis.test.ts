import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestWords } from "../../charts/ablationWords";
import { leftOut } from "../../charts/sweepWords";
import { ablationReport } from "./ablation";
import { bestOf, twoSided } from "./best";
import { axesOf, groupTrials, isFullGrid, repeats } from "./groups";
import { resampleGroups } from "./hierarchical";
import { classesOf, importanceOf, seedSpread } from "./importance";
import { paretoFront } from "./pareto";
import { entropy, figure, gridTrials, system } from "./synthetic.test-helper";
import { configurationMeans, trialTable } from "./tables";
import { metricsOf, type Trial } from "./trial";

const OPTIONS = { samples: 200, seed: 7 };
const AXES = { "stage2.mseWeight": [0, 25, 50], "stage2.mseOn": ["normalised", "raw"] };
const grid = gridTrials(
  AXES,
  (a) => 0.6 + (a["stage2.mseOn"] === "raw" ? 0.15 : 0) + 0.0002 * Number(a["stage2.mseWeight"]),
);

describe("groups", () => {
  it("are trials that differ by the seed alone; of two equal ones the later stands", () => {
    const again = { ...grid[0]!, testSetHash: "later" };
    const groups = groupTrials([...grid, again]);
    expect(groups).toHaveLength(6);
    expect(groups[0]!.trials.map((t) => [t.seed, t.testSetHash])).toEqual([
      [7, "later"],
      [8, "hash-8"],
      [9, "hash-9"],
    ]);
  });
  it("say how many trials they leave out, and whether these were the same", () => {
    const [first, second] = grid as [Trial, Trial];
    expect(repeats(grid)).toEqual({ again: 0, other: 0 });
    expect(repeats([{ ...first, key: "a" }, second, { ...first, key: "a" }])).toEqual({ again: 1, other: 0 });
    expect(
      leftOut(
        [
          { ...first, key: "a" },
          { ...first, key: "b" },
        ],
        2,
      ),
    ).toEqual([
      "2 more trials failed and are left out.",
      expect.stringMatching(/^1 trial was left out for another of the same swept settings and seed/),
    ]);
  });
  it("have axes where they differ, numbers ascending and words as the schema has them", () => {
    const groups = groupTrials(grid.toReversed());
    expect(axesOf(groups)).toEqual([
      { path: "stage2.mseWeight", values: [0, 25, 50], numeric: true },
      { path: "stage2.mseOn", values: ["raw", "normalised"], numeric: false },
    ]);
    expect(isFullGrid(groups, axesOf(groups))).toBe(true);
    expect(isFullGrid(groups.slice(1), axesOf(groups))).toBe(false);
    expect(axesOf(groups.slice(0, 1))).toEqual([]);
  });
  it("do not depend on the order of keys", () => {
    const turned = { ...grid[0]!, assignments: Object.fromEntries(Object.entries(grid[0]!.assignments).reverse()) };
    expect(groupTrials([grid[0]!, turned])).toHaveLength(1);
  });
});

describe("hierarchical intervals", () => {
  const groups = groupTrials(grid);
  const all = resampleGroups(groups, "scalingnote", "recall@10", OPTIONS);
  it("are of seeds, then queries, and hold their means", () => {
    for (const { estimate } of all) {
      expect(estimate.basis).toBe("seeds, then queries");
      expect(estimate.low!).toBeLessThan(estimate.value!);
      expect(estimate.high!).toBeGreaterThan(estimate.value!);
      expect(estimate.value).toBeCloseTo(estimate.seeds.reduce((s, v) => s + v.value, 0) / 3, 12);
    }
  });
  it("are the same for the same seed and share their resamples", () => {
    expect(resampleGroups(groups, "scalingnote", "recall@10", OPTIONS)).toEqual(all);
    expect(new Set(all.map((r) => r.cohort)).size).toBe(1);
    const twice = resampleGroups([groups[0]!, groups[0]!], "scalingnote", "recall@10", OPTIONS);
    expect(twice[0]!.means).toEqual(twice[1]!.means);
  });
  it("do not shrink with more seeds where all were measured on the same queries", () => {
    // Equal seeds on one test set of 100: the error is that of 100 queries, not of 300.
    const column = Array.from({ length: 100 }, (_, q) => Number(q < 50));
    const equal = (hash: (seed: number) => string) => {
      const trials = [7, 8, 9].map(
        (seed): Trial => ({
          ...grid[0]!,
          seed,
          testSetHash: hash(seed),
          systems: { scalingnote: system({ recall: 0.5, column }) },
        }),
      );
      const options = { samples: 2000, seed: 7 };
      const { estimate } = resampleGroups(groupTrials(trials), "scalingnote", "recall@10", options)[0]!;
      return (estimate.high! - estimate.low!) / (2 * 1.96);
    };
    expect(equal(() => "one set")).toBeCloseTo(0.05, 2);
    expect(equal((seed) => `set ${seed}`)).toBeCloseTo(0.05 / Math.sqrt(3), 2);
  });
  it("are wider than those of one seed where seeds differ", () => {
    const apart = gridTrials({ a: [1] }, () => 0.6).map((t, i) => ({
      ...t,
      systems: {
        scalingnote: system({
          recall: [0.4, 0.6, 0.8][i]!,
          column: Array.from({ length: 100 }, (_, q) => Number(q < [40, 60, 80][i]!)),
        }),
      },
    }));
    const width = (trials: Trial[]) => {
      const { estimate } = resampleGroups(groupTrials(trials), "scalingnote", "recall@10", OPTIONS)[0]!;
      return estimate.high! - estimate.low!;
    };
    expect(width(apart)).toBeGreaterThan(1.5 * width([apart[1]!]));
  });
  it("say what they are of", () => {
    const of = (trials: Trial[]) =>
      resampleGroups(groupTrials(trials), "scalingnote", "recall@10", OPTIONS)[0]!.estimate;
    const bare = (t: Trial, recall: number | null) => ({ ...t, systems: { scalingnote: system({ recall }) } });
    expect(of([grid[0]!]).basis).toBe("queries of one seed");
    expect(of([bare(grid[0]!, 0.5)])).toMatchObject({ basis: "as recorded", low: 0.48, high: 0.52 });
    expect(of([bare(grid[0]!, 0.5), bare(grid[1]!, 0.6), bare(grid[2]!, 0.7)]).basis).toBe("seeds only");
    expect(of([bare(grid[0]!, null)])).toMatchObject({ value: null, basis: "none", reason: "Not measured." });
    expect(of([bare(grid[0]!, Number.NaN)]).value).toBeNull();
  });
  it("leave queries without a value out", () => {
    const column = Array.from({ length: 40 }, (_, q) => (q % 10 === 0 ? null : 0.5));
    const trial = { ...grid[0]!, systems: { scalingnote: system({ recall: 0.5, column }) } };
    const { estimate } = resampleGroups(groupTrials([trial]), "scalingnote", "recall@10", OPTIONS)[0]!;
    expect(estimate).toMatchObject({ value: 0.5, low: 0.5, high: 0.5 });
  });
});

describe("the best", () => {
  const groups = groupTrials(grid);
  it("is tied with what the seeds and queries cannot tell from it", () => {
    const best = bestOf(
      resampleGroups(groups, "scalingnote", "recall@10", { samples: 1000, seed: 7 }),
      false,
      OPTIONS,
    )!;
    expect(groups[best.group]!.assignments["stage2.mseOn"]).toBe("raw");
    for (const rival of best.rivals) {
      const raw = groups[rival.group]!.assignments["stage2.mseOn"] === "raw";
      expect(rival.verdict, groups[rival.group]!.key).toBe(raw ? "tied" : "worse");
      expect(rival.difference).toBeLessThanOrEqual(0);
    }
  });
  it("is compared on equal test sets only", () => {
    const other = grid.map((t, i) => (i < 3 ? { ...t, testSetHash: "another" } : t));
    const best = bestOf(resampleGroups(groupTrials(other), "scalingnote", "recall@10", OPTIONS), false, OPTIONS)!;
    expect(best.rivals.find((r) => r.group === 0)).toMatchObject({ verdict: "not comparable", p: null });
  });
  it("is compared on the seeds that both have, while a sweep is under way", () => {
    const some = grid.filter((t) => !(t.assignments["stage2.mseWeight"] === 0 && t.seed === 9));
    const best = bestOf(resampleGroups(groupTrials(some), "scalingnote", "recall@10", OPTIONS), false, OPTIONS)!;
    const rival = best.rivals.find((r) => r.group === 0)!;
    expect(rival.verdict).not.toBe("not comparable");
    expect(rival.low).not.toBeNull();
  });
  it("is not said to be better than one that beats it on the seeds that both have", () => {
    // Seed 7 is hard for all: whoever has it alone has the lower mean.
    const column = (level: number) => Array.from({ length: 200 }, (_, q) => Number(q < level * 200));
    const at = (weight: number, seed: number, level: number): Trial => ({
      ...grid[0]!,
      assignments: { "stage2.mseWeight": weight },
      seed,
      testSetHash: `hash-${seed}`,
      systems: { scalingnote: system({ recall: level, column: column(level) }) },
    });
    const trials = [at(0, 7, 0.4), at(0, 8, 0.8), at(0, 9, 0.8), at(10, 7, 0.5)];
    const report = ablationReport(trials, "scalingnote", "recall@10", OPTIONS);
    expect(report.best).toMatchObject({ group: 0, rivals: [{ group: 1, verdict: "better" }] });
    expect(bestWords(report)).toContain("1 other is better on the seeds that both have");
    expect(bestWords(report)).not.toContain("beyond chance");
  });
  it("claims nothing of a few seeds without values by query", () => {
    const bare = grid.map((t) => ({
      ...t,
      systems: { scalingnote: system({ recall: 0.5 + 0.1 * Number(t.assignments["stage2.mseOn"] === "raw") }) },
    }));
    const best = bestOf(resampleGroups(groupTrials(bare), "scalingnote", "recall@10", OPTIONS), false, OPTIONS)!;
    expect(new Set(best.rivals.map((r) => r.verdict))).toEqual(new Set(["not comparable"]));
  });
  it("is the least where less is better, and none without values", () => {
    const all = resampleGroups(groups, "scalingnote", "recall@10", OPTIONS);
    expect(all[bestOf(all, true, OPTIONS)!.group]!.estimate.value).toBe(Math.min(...all.map((r) => r.estimate.value!)));
    expect(bestOf([], false, OPTIONS)).toBeNull();
    expect(bestOf(resampleGroups(groups, "twinbert", "recall@10", OPTIONS), false, OPTIONS)).toBeNull();
  });
});

describe("p-values of paired resamples", () => {
  it("are never 0, and 1 for no difference", () => {
    expect(twoSided(new Float64Array(99).fill(1))).toBeCloseTo(0.02);
    expect(twoSided(new Float64Array(99))).toBe(1);
    expect(twoSided(Float64Array.from({ length: 99 }, (_, i) => i - 2))).toBeCloseTo(0.08);
  });
  it("have a resolution beyond the number of resamples where all are on one side", () => {
    const z = (shift: number) => {
      const spread = Float64Array.from({ length: 500 }, (_, i) => Math.sin(i * 7919));
      const sd = Math.sqrt(spread.reduce((sum, v) => sum + v * v, 0) / 499);
      return twoSided(spread.map((v) => v / sd + shift));
    };
    // 2 (1 - Phi(4)) = 6.33e-5, which 500 resamples alone could not say.
    expect(z(4)).toBeGreaterThan(5e-5);
    expect(z(4)).toBeLessThan(8e-5);
  });
});

describe("importance", () => {
  const groups = groupTrials(grid);
  const axes = axesOf(groups);
  it("is the variance of main effects on a full grid, and adds up", () => {
    const values = Float64Array.from(
      groups,
      ({ assignments: a }) => 3 * Number(a["stage2.mseOn"] === "raw") + Number(a["stage2.mseWeight"]) / 25,
    );
    const report = importanceOf(groups, axes, values, null, 7);
    expect(report.method).toMatch(/functional ANOVA/);
    // Variances by hand: 9/4 of the switch, 2/3 of 0, 1, 2.
    expect(report.axes.map((a) => [a.path, Number(a.share.toFixed(6))])).toEqual([
      ["stage2.mseOn", Number((2.25 / (2.25 + 2 / 3)).toFixed(6))],
      ["stage2.mseWeight", Number((2 / 3 / (2.25 + 2 / 3)).toFixed(6))],
    ]);
    expect(report.rest).toBeCloseTo(0);
  });
  it("leaves interactions to the rest", () => {
    const square = groupTrials(gridTrials({ a: [0, 1], b: [0, 1] }, () => 0.5, [7]));
    const xor = Float64Array.from(square, ({ assignments: a }) => Number(a["a"] !== a["b"]));
    expect(importanceOf(square, axesOf(square), xor, null, 7)).toMatchObject({
      rest: 1,
      axes: [{ share: 0 }, { share: 0 }],
    });
  });
  it("of random trials does not take chance for an effect", () => {
    const some = groupTrials(gridTrials({ a: Array.from({ length: 40 }, (_, i) => i), b: [0] }, () => 0.5, [7]));
    const noise = Float64Array.from(
      some,
      (_, i) => Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453),
    );
    const two = some.map((g, i) => ({ ...g, assignments: { ...g.assignments, b: i % 2 } }));
    const report = importanceOf(two, axesOf(two), noise, null, 7);
    expect(report.method).toMatch(/corrected for chance/);
    for (const axis of report.axes) expect(axis.share).toBeLessThanOrEqual(Math.max(axis.chance, 0.3));
    expect(new Set(classesOf(two, axesOf(two)[0]!)).size).toBe(4);
  });
  it("has words where there is nothing to tell", () => {
    expect(importanceOf(groups, axes, new Float64Array(6).fill(0.4), null, 7).reason).toMatch(/same result/);
    expect(importanceOf(groups.slice(0, 2), axes, Float64Array.of(1, 2), null, 7).reason).toMatch(/Only 2/);
    expect(importanceOf(groups, [], new Float64Array(6), null, 7).reason).toMatch(/no axis/);
  });
  it("knows the seeds' part by what sets configurations apart, not by what a seed does to all of them", () => {
    const list = (...values: number[]) => values.map((value, i) => ({ seed: 7 + i, value }));
    expect(seedSpread([list(1)])).toBeNull();
    expect(seedSpread([list(1, 3)])).toBe(1);
    expect(seedSpread([list(0.4, 0.6), list(0.5, 0.7), list(0.1, 0.3)])).toBeCloseTo(0, 12);
    // Residuals of -.5, .5 and .5, -.5 with one degree of freedom: variance 1 of a value, a half of a mean of two.
    expect(seedSpread([list(0, 1), list(1, 0)])).toBeCloseTo(0.5, 12);
    const three = groupTrials(gridTrials({ a: [0, 1, 2] }, () => 0.5, [7, 8]));
    // Two degrees of freedom between three means: all of their variance of 1 by seeds of 1.
    expect(importanceOf(three, axesOf(three), Float64Array.of(0, 1, 2), 0.5, 7).seeds).toBeCloseTo(0.5, 12);
  });
});

describe("the Pareto front", () => {
  const point = fc.record({ cost: fc.integer({ min: 1, max: 20 }), quality: fc.integer({ min: 0, max: 10 }) });
  it("is beaten by nothing, and what is off it is beaten or equalled", () => {
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (points) => {
        const front = paretoFront(points);
        for (const [i, p] of points.entries()) {
          const beaten = points.some(
            (o) => (o.cost <= p.cost && o.quality > p.quality) || (o.cost < p.cost && o.quality >= p.quality),
          );
          if (front.includes(i)) expect(beaten).toBe(false);
          else expect(points.some((o, j) => j !== i && o.cost <= p.cost && o.quality >= p.quality)).toBe(true);
        }
      }),
    );
  });
  it("leaves out what has no place", () => {
    expect(
      paretoFront([
        { cost: 0, quality: 9 },
        { cost: Number.NaN, quality: 1 },
        { cost: 2, quality: Number.NaN },
        { cost: 3, quality: 1 },
      ]),
    ).toEqual([3]);
    expect(
      paretoFront(
        [
          { cost: 1, quality: 1 },
          { cost: 2, quality: 0.5 },
        ],
        true,
      ),
    ).toEqual([0, 1]);
  });
});

it("puts a report of a sweep together", () => {
  const report = ablationReport(grid, "scalingnote", "recall@10", OPTIONS);
  expect(report.configurations).toHaveLength(6);
  expect(report.importance.axes[0]!.path).toBe("stage2.mseOn");
  expect(report.idle).toEqual([]);
  expect(report.gaps!.lost).toBeGreaterThan(0);
  const teacher = ablationReport(grid, "teacher", "recall@10", OPTIONS);
  expect(teacher.idle.map((i) => i.path)).toEqual(["stage2.mseWeight", "stage2.mseOn"]);
});

it("never sets entropies of different negatives beside each other", () => {
  const pools = ["relevant to no test query", "relevant to no test query", "not relevant to this query"];
  const trials = gridTrials({ "stage2.mseWeight": [0, 1, 2] }, () => 0.6, [7]).map((trial, i): Trial => {
    // The odd one out would be the best.
    const contrastiveEntropy = entropy([1.5, 1.4, 0.2][i]!, pools[i]!);
    return { ...trial, systems: { scalingnote: system({ contrastiveEntropy }) } };
  });
  const report = ablationReport(trials, "scalingnote", "contrastive entropy, scaled", OPTIONS);
  expect(report.best).toMatchObject({ group: 1, rivals: [{ group: 0 }] });
  expect(report.configurations[2]!.estimate).toMatchObject({ value: null, basis: "none" });
  expect(bestWords(report)).toContain("1 other has no value: Its negatives come from another pool");
});

it("has the means of every measure by configuration", () => {
  const means = configurationMeans(grid, "scalingnote", ["recall@10", "ndcg@10"]);
  const { configurations } = ablationReport(grid, "scalingnote", "recall@10", OPTIONS);
  for (const { key, estimate } of configurations)
    expect(means.get(key)).toEqual({ "recall@10": expect.closeTo(estimate.value!, 12), "ndcg@10": null });
});

it("writes only the columns that differ", () => {
  const table = trialTable(grid, ["teacher", "scalingnote"]);
  expect(table.columns.slice(0, 4)).toEqual(["stage2.mseWeight", "stage2.mseOn", "seed", "system"]);
  expect(table.rows).toHaveLength(36);
  expect(table.rows.every((row) => row.length === table.columns.length)).toBe(true);
  expect(
    metricsOf(
      [{ ...grid[0]!, systems: { teacher: { ...system(), metrics: { x: figure(null), y: figure(1) } } } }],
      "teacher",
    ),
  ).toEqual(["y"]);
});
