/** Everything the Scaling view and a report say of a sweep: points, a law through them, and what it would buy. */
import type { SystemName } from "../formats/result";
import type { LawName } from "../scaling/laws";

export type { LawName };

import { flopsPerParameterPair, type LawReport, lawReport, optimalSplit, type Split } from "./lawReport";
import { type PointSet, type SizedPoint, scalingPoints } from "./scalingPoints";
import type { Trial } from "./trial";

export interface ScalingQuestion {
  system: SystemName;
  measure: string;
  form: LawName;
  /** How many of the largest sizes are kept out of the fit. */
  holdOut: number;
  /** Training FLOPs to split; null: ten times the largest run's. */
  budget: number | null;
  samples: number;
  seed: number;
}

export interface ScalingReport {
  set: PointSet;
  law: LawReport;
  split: Split | null;
  /** Why there is no split; "" where there is one. */
  noSplit: string;
}

/** The forms of which the trials vary the variables, three values or more of each; the first is looked at first. */
export function variedForms(trials: readonly Trial[], system: SystemName): LawName[] {
  const varied = (pick: "queryParams" | "trainingPairs") =>
    new Set(trials.map((t) => t.systems[system]?.[pick]).filter((v) => v !== undefined)).size > 2;
  const [n, d] = [varied("queryParams"), varied("trainingPairs")];
  return [
    ...(n ? (["N"] as const) : []),
    ...(d ? (["D"] as const) : []),
    ...(n && d ? (["ND", "chinchilla"] as const) : []),
  ];
}

/** Values within a percent of each other are one value. */
const rounded = (value: number) => Math.round(Math.log(value) / 0.01);

/**
 * For a law of one variable: the points at one value of the other. Of several values that with the most points, of equal
 * ones the largest.
 */
export function alongOne(points: readonly SizedPoint[], form: LawName): { points: SizedPoint[]; left: string[] } {
  if (form !== "N" && form !== "D") return { points: [...points], left: [] };
  const other = form === "N" ? "d" : "n";
  const byOther = new Map<number, SizedPoint[]>();
  for (const point of points) {
    const key = rounded(point[other]);
    byOther.set(key, [...(byOther.get(key) ?? []), point]);
  }
  const [most] = [...byOther].sort(([ka, a], [kb, b]) => b.length - a.length || kb - ka);
  const kept = most?.[1] ?? [];
  const left = points.length - kept.length;
  if (left === 0) return { points: kept, left: [] };
  const words = `${left} ${left === 1 ? "point" : "points"} of another number of ${other === "d" ? "training pairs" : "parameters"} left out: L(${form}) is along one of them.`;
  return { points: kept, left: [words] };
}

/**
 * @throws LabError "bad-input" where a loss or size is no number above 0
 */
export function scalingReport(trials: readonly Trial[], question: ScalingQuestion): ScalingReport {
  const { form, holdOut, samples, seed } = question;
  const all = scalingPoints(trials, question.system, question.measure);
  const some = alongOne(all.points, form);
  const set = { ...all, points: some.points, left: [...all.left, ...some.left] };
  const options = { samples, seed, holdOut };
  const law = lawReport(form, set.points, options);
  const largest = Math.max(0, ...set.points.map((p) => p.compute));
  // A budget is split by all that was measured: the held-out sizes are the nearest to it.
  const split = law.fit.parameters
    ? optimalSplit(form, set.points, question.budget ?? 10 * largest, { ...options, holdOut: 0 })
    : null;
  const noSplit = split
    ? ""
    : form === "N" || form === "D"
      ? "A budget can be split by a law in both N and D: vary both, and choose one of the two."
      : flopsPerParameterPair(set.points).problem || "There is no law to split a budget by.";
  return { set, law, split, noSplit };
}
