/**
 * The best configuration and those that these seeds and queries cannot tell from it. Two are compared where they share
 * seeds on test sets of equal hashes, by the paired hierarchical bootstrap; the p-values of all comparisons are corrected
 * after Holm (1979), for with many configurations some would differ by luck.
 */
import { interval95 } from "../evaluation/bootstrap";
import type { Resampled } from "./hierarchical";

export interface Rival {
  /** Index of the group. */
  group: number;
  /** This group minus the best, so that below 0 it is worse where more is better. */
  difference: number;
  low: number | null;
  high: number | null;
  /** After Holm. */
  p: number | null;
  verdict: "tied" | "worse" | "not comparable";
}

export interface Best {
  group: number;
  value: number;
  /** All other groups with a value. */
  rivals: Rival[];
}

const LEVEL = 0.05;

/** Holm's step-down correction: each p-value times how many are left, never falling. In the order given. */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
  const out = new Array<number>(p.length);
  let floor = 0;
  for (const [rank, i] of order.entries()) {
    floor = Math.min(1, Math.max(floor, p[i]! * (p.length - rank)));
    out[i] = floor;
  }
  return out;
}

/** Upper tail of the normal distribution (Abramowitz and Stegun 26.2.17, error below 1e-7 of 1). */
function tail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}

/**
 * Two-sided p-value of "no difference" from resampled differences: twice the share of resamples on the other side of 0.
 * Where none is there, that share only says "less than one in so many", and a correction for many comparisons would hide
 * the clearest difference: then the normal distribution with the resamples' spread says how much less.
 */
export function twoSided(differences: Float64Array): number {
  const n = differences.length;
  let below = 0;
  let above = 0;
  let sum = 0;
  for (const d of differences) {
    if (d <= 0) below++;
    if (d >= 0) above++;
    sum += d;
  }
  const counted = Math.min(1, (2 * (Math.min(below, above) + 1)) / (n + 1));
  if (Math.min(below, above) > 0) return counted;
  const mean = sum / n;
  const spread = Math.sqrt(differences.reduce((total, d) => total + (d - mean) ** 2, 0) / Math.max(1, n - 1));
  return spread > 0 ? Math.min(counted, 2 * tail(Math.abs(mean) / spread)) : counted;
}

/** @returns null where no group has a value */
export function bestOf(all: readonly Resampled[], less: boolean): Best | null {
  let best = -1;
  for (const [i, { estimate }] of all.entries()) {
    if (estimate.value === null) continue;
    const lead = best < 0 ? null : all[best]!.estimate.value!;
    if (lead === null || (less ? estimate.value < lead : estimate.value > lead)) best = i;
  }
  if (best < 0) return null;
  const top = all[best]!;
  const rivals: Rival[] = [];
  for (const [group, { estimate, means, cohort }] of all.entries()) {
    if (group === best || estimate.value === null) continue;
    const difference = estimate.value - top.estimate.value!;
    const paired = means && top.means && cohort === top.cohort ? means.map((v, s) => v - top.means![s]!) : null;
    const interval = paired && interval95(paired);
    rivals.push({
      group,
      difference,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
      p: paired && interval ? twoSided(paired) : null,
      verdict: "not comparable",
    });
  }
  const compared = rivals.filter((rival) => rival.p !== null);
  for (const [i, p] of holm(compared.map((rival) => rival.p!)).entries()) {
    compared[i]!.p = p;
    compared[i]!.verdict = p >= LEVEL ? "tied" : "worse";
  }
  return { group: best, value: top.estimate.value!, rivals };
}
