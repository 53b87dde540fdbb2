import { describe, expect, it } from "vitest";
import { turnWords } from "../../charts/ablationWords";
import type { SettingValue } from "../config/paths";
import { random } from "../random";
import { ablationReport } from "./ablation";
import { axesOf, groupTrials } from "./groups";
import { system } from "./synthetic.test-helper";
import { systemGap } from "./systemGap";
import type { Trial } from "./trial";

const OPTIONS = { samples: 300, seed: 7 };
const QUERIES = 400;

/** Trials in which ScalingNote hits a share of the queries, and ScalingDoc others, on the same queries. */
const trialsOf = (cells: { at: Record<string, SettingValue>; note: number; doc: number }[]): Trial[] =>
  cells.flatMap(({ at, note, doc }) =>
    [7, 8, 9].map((seed): Trial => {
      const difficulty = random(seed, "difficulty");
      const hard = Array.from({ length: QUERIES }, () => difficulty.next());
      const column = (level: number) => system({ recall: level, column: hard.map((d) => Number(d < level)) });
      return {
        assignments: at,
        seed,
        testSetHash: `hash-${seed}`,
        systems: { scalingnote: column(note), scalingdoc: column(doc) },
      };
    }),
  );

const width = (w: number) => ({ "student.width": w });
const sizes = trialsOf([
  { at: width(28), note: 0.55, doc: 0.45 },
  { at: width(8), note: 0.1, doc: 0.25 },
  { at: width(16), note: 0.4, doc: 0.4 },
]);

const gapOf = (trials: readonly Trial[], metric = "recall@10", less = false) => {
  const groups = groupTrials(trials);
  return systemGap(groups, axesOf(groups), "scalingnote", metric, less, OPTIONS);
};

describe("one system against another", () => {
  it("is paired query by query, seed by seed", () => {
    const gap = gapOf(sizes)!;
    expect(gap.other).toBe("scalingdoc");
    expect(gap.differences.map(({ verdict }) => verdict)).toEqual(["better", "worse", "tied"]);
    const [first, , none] = gap.differences;
    expect(first!.seeds.map(({ seed }) => seed)).toEqual([7, 8, 9]);
    const mean = first!.seeds.reduce((sum, s) => sum + s.difference, 0) / 3;
    expect(first!.difference).toBeCloseTo(mean, 12);
    expect(first!.low).toBeGreaterThan(0);
    // Equal on every query: no width at all, which two unpaired intervals would not show.
    expect(none).toMatchObject({ difference: 0, low: 0, high: 0 });
  });

  it("turns where the sign of neighbouring values changes", () => {
    const near = trialsOf([
      { at: width(8), note: 0.1, doc: 0.25 },
      { at: width(28), note: 0.55, doc: 0.45 },
      { at: width(16), note: 0.41, doc: 0.4 },
    ]);
    expect(gapOf(near)!.turns).toMatchObject([
      { path: "student.width", from: 8, to: 16, above: "better", certain: expect.any(Boolean) },
    ]);
    expect(gapOf(near.filter((t) => t.assignments["student.width"] !== 16))!.turns).toMatchObject([
      { from: 8, to: 28, above: "better", certain: true },
    ]);
    // In between they are equal to the last digit: it turns all the same.
    expect(gapOf(sizes)!.turns).toMatchObject([{ from: 8, to: 28, above: "better", certain: true }]);
    // Where less is better the same figures mean the opposite.
    expect(gapOf(near, "recall@10", true)!.turns).toMatchObject([{ above: "worse" }]);
  });

  it("compares along a setting only where the others are alike", () => {
    const mixed = trialsOf([
      { at: { "student.width": 8, "stage2.infoNceWeight": 0 }, note: 0.1, doc: 0.2 },
      { at: { "student.width": 28, "stage2.infoNceWeight": 1 }, note: 0.5, doc: 0.4 },
    ]);
    expect(gapOf(mixed)!.turns).toEqual([]);
  });

  it("is said in words", () => {
    const words = (trials: readonly Trial[]) => turnWords(ablationReport(trials, "scalingnote", "recall@10", OPTIONS));
    expect(words(sizes.filter((t) => t.assignments["student.width"] !== 16))).toBe(
      "Between student width 8 and 28 it turns: from the larger one on ScalingNote is better than ScalingDoc.",
    );
    expect(words(sizes.filter((t) => t.assignments["student.width"] === 8))).toBe(
      "ScalingNote is worse than ScalingDoc in every configuration.",
    );
    expect(words(sizes.filter((t) => t.assignments["student.width"] === 16))).toBe(
      "ScalingNote cannot be told from ScalingDoc in any configuration.",
    );
  });

  it("is not there without another system, or values by query", () => {
    expect(gapOf(sizes.map((t) => ({ ...t, systems: { scalingnote: t.systems.scalingnote! } })))).toBe(null);
    expect(gapOf(sizes, "retention")).toBe(null);
  });
});
