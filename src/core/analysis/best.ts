/**
 * The best configuration and those that these seeds and queries cannot tell from it. Two are compared where they share
 * seeds on test sets of equal hashes, by the paired hierarchical bootstrap; the p-values of all comparisons are corrected
 * after Holm (1979), for with many configurations some would differ by luck.
 */
import { interval95 } from "../evaluation/bootstrap";
import { holm, LEVEL, pairedTest } from "../evaluation/overSeeds";
import { pairsOf, type Resampled, type ResampleOptions } from "./hierarchical";

export interface Rival {
  /** Index of the group. */
  group: number;
  /** This group minus the best, so that below 0 it is worse where more is better. */
  difference: number;
  low: number | null;
  high: number | null;
  /** After Holm. */
  p: number | null;
  /** "better": on the seeds that both have, where its mean over all of its own is still below the best's. */
  verdict: "tied" | "worse" | "better" | "not comparable";
}

export interface Best {
  group: number;
  value: number;
  /** All other groups with a value. */
  rivals: Rival[];
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

/**
 * @param all resampled together: those of one cohort are compared on their common resamples, others on the seeds that they
 * share with the best on equal test sets
 * @returns null where no group has a value
 */
export function bestOf(all: readonly Resampled[], less: boolean, options: ResampleOptions): Best | null {
  let best = -1;
  for (const [i, { estimate }] of all.entries()) {
    if (estimate.value === null) continue;
    const lead = best < 0 ? null : all[best]!.estimate.value!;
    if (lead === null || (less ? estimate.value < lead : estimate.value > lead)) best = i;
  }
  if (best < 0) return null;
  const top = all[best]!;
  const rivals: Rival[] = [];
  for (const [group, one] of all.entries()) {
    if (group === best || one.estimate.value === null) continue;
    rivals.push({ group, verdict: "not comparable", ...against(one, top, options) });
  }
  for (const [i, p] of holm(rivals.map((rival) => rival.p)).entries()) {
    if (p === null) continue;
    const rival = rivals[i]!;
    rival.p = p;
    rival.verdict = p >= LEVEL ? "tied" : rival.difference > 0 === less ? "worse" : "better";
  }
  return { group: best, value: top.estimate.value!, rivals };
}

function against(
  one: Resampled,
  top: Resampled,
  options: ResampleOptions,
): Pick<Rival, "difference" | "low" | "high" | "p"> {
  const none = { difference: one.estimate.value! - top.estimate.value!, low: null, high: null, p: null };
  if (one.cohort !== top.cohort) {
    const pairs = pairsOf(one, top);
    if (pairs.length === 0) return none;
    const { difference, p } = pairedTest(pairs, options);
    return difference.value === null
      ? none
      : { difference: difference.value, low: difference.low, high: difference.high, p };
  }
  if (!one.means || !top.means) return none;
  const paired = one.means.map((v, s) => v - top.means![s]!);
  const interval = interval95(paired);
  // A few seeds alone are too few to draw from: such a difference is shown, but nothing is claimed of it.
  const p = one.estimate.basis === "seeds only" ? null : twoSided(paired);
  return interval ? { ...none, ...interval, p } : none;
}
