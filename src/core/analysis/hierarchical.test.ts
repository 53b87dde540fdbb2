import { expect, it } from "vitest";
import { pairedTest } from "../evaluation/overSeeds";
import { bestOf } from "./best";
import { groupTrials } from "./groups";
import { resampleGroups } from "./hierarchical";
import { entropy, gridTrials, system } from "./synthetic.test-helper";

const OPTIONS = { samples: 400, seed: 7 };
const MEASURE = "contrastive entropy, scaled";
const QUERIES = 60;
const pairs = Array.from({ length: QUERIES }, (_, i) => (i % 5 === 0 ? 0 : 1 + (i % 3)));
const mean = (values: readonly (number | null)[]) =>
  values.reduce((sum: number, v, i) => sum + pairs[i]! * (v ?? 0), 0) / pairs.reduce((a, b) => a + b, 0);

/** Entropies of queries that are equally hard for all, those of the second configuration `more` higher. */
const trials = (more: number) =>
  gridTrials({ "stage2.mseWeight": [0, 10] }, () => 0.6, [7, 8]).map((trial) => {
    const worse = trial.assignments["stage2.mseWeight"] === 10 ? more : 0;
    const scaled = pairs.map((count, i) => (count === 0 ? null : 0.5 + (i % 7) / 2 + worse * (1 + (i % 2))));
    const figure = { value: mean(scaled), low: null, high: null };
    const contrastiveEntropy = { ...entropy(1), scaled: figure, byQuery: { raw: scaled, scaled, pairs } };
    return { ...trial, systems: { scalingnote: system({ contrastiveEntropy }) } };
  });

it("weighs an entropy's queries by their pairs: the resamples lie around the recorded figure", () => {
  const [one] = resampleGroups(groupTrials(trials(0)), "scalingnote", MEASURE, OPTIONS);
  const { value, low, high, basis } = one!.estimate;
  expect(basis).toBe("seeds, then queries");
  expect(low!).toBeLessThan(value!);
  expect(high!).toBeGreaterThan(value!);
  const middle = one!.means!.reduce((a, b) => a + b, 0) / OPTIONS.samples;
  expect(middle).toBeCloseTo(value!, 1);
  // Weighed alike, the queries would have another mean.
  const plain = one!.columns[0]!.values.filter((v) => v !== null);
  expect(Math.abs(plain.reduce((a, b) => a + b, 0) / plain.length - value!)).toBeGreaterThan(0.02);
});

it("tells entropies apart by pairs of queries, far below what their own intervals could", () => {
  const groups = groupTrials(trials(0.05));
  const resampled = resampleGroups(groups, "scalingnote", MEASURE, OPTIONS);
  expect(resampled[0]!.estimate.high!).toBeGreaterThan(resampled[1]!.estimate.low!);
  expect(bestOf(resampled, true, OPTIONS)).toMatchObject({ group: 0, rivals: [{ group: 1, verdict: "worse" }] });
});

it("pairs weighed columns", () => {
  const a = [1, 2, null, 4];
  const b = [0, 0, 1, 1];
  const { difference } = pairedTest([{ a, b, weights: [1, 3, 5, 0] }], OPTIONS);
  expect(difference.value).toBeCloseTo((1 + 6) / 4, 9);
  expect(pairedTest([{ a, b }], OPTIONS).difference.value).toBeCloseTo(2, 9);
});
