/**
 * Means over seeds with intervals from a hierarchical bootstrap: seeds are drawn with replacement, and for each one drawn
 * its test queries. What is drawn depends on (seeds, test sets, samples, seed) alone, so all configurations with the same
 * seeds on the same test sets are computed on the SAME resamples: their differences are paired. With one seed the
 * interval is over the queries only, and says nothing of the luck of a seed.
 */
import { type Column, interval95 } from "../evaluation/bootstrap";
import type { SystemName } from "../formats/result";
import { hashString, random } from "../random";
import type { Group } from "./groups";
import { figureOf, type Trial } from "./trial";

export interface ResampleOptions {
  samples: number;
  seed: number;
}

/** What an interval says something about. */
export type IntervalBasis =
  | "seeds, then queries"
  | "queries of one seed"
  /** The records have no values by query. */
  | "seeds only"
  /** One seed without values by query: the interval that its own evaluation gave. */
  | "as recorded"
  | "none";

export interface Estimate {
  /** Mean over seeds of each seed's figure; null where no seed has one. */
  value: number | null;
  low: number | null;
  high: number | null;
  basis: IntervalBasis;
  seeds: { seed: number; value: number }[];
  reason?: string;
}

export interface Resampled {
  estimate: Estimate;
  /** [samples]; groups of equal `cohort` share their resamples. Null where there is no interval by resampling. */
  means: Float64Array | null;
  cohort: string;
  /** By seed: the test set and the values of its queries, where there are any. */
  columns: { seed: number; testSetHash: string; values: Column }[];
}

interface Source {
  trial: Trial;
  value: number;
  column: Column | null;
}

/** Seeds of a group that have a figure, with their values by query where all of them have some. */
function sources(group: Group, system: SystemName, metric: string): Source[] {
  const found = group.trials.flatMap((trial): Source[] => {
    const value = figureOf(trial.systems[system], metric)?.value ?? null;
    if (value === null || !Number.isFinite(value)) return [];
    const column = trial.systems[system]?.perQuery?.[metric];
    return [{ trial, value, column: column && column.length > 0 ? column : null }];
  });
  return found.every(({ column }) => column) ? found : found.map((source) => ({ ...source, column: null }));
}

const cohortOf = (list: readonly Source[]) =>
  list.map(({ trial, column }) => `${trial.seed}:${trial.testSetHash}:${column?.length ?? "-"}`).join(" ");

/**
 * Resamples several groups at once.
 * @returns one for each group, in their order
 */
export function resampleGroups(
  groups: readonly Group[],
  system: SystemName,
  metric: string,
  options: ResampleOptions,
): Resampled[] {
  const all = groups.map((group) => sources(group, system, metric));
  const cohorts = new Map<string, number[]>();
  for (const [i, list] of all.entries()) {
    const cohort = cohortOf(list);
    cohorts.set(cohort, [...(cohorts.get(cohort) ?? []), i]);
  }
  const out = new Array<Resampled>(groups.length);
  for (const [cohort, members] of cohorts) {
    const means = drawn(
      members.map((i) => all[i]!),
      cohort,
      options,
    );
    for (const [m, i] of members.entries())
      out[i] = {
        cohort,
        means: means?.[m] ?? null,
        estimate: estimate(groups[i]!, all[i]!, means?.[m], system, metric),
        columns: all[i]!.flatMap(({ trial, column }) =>
          column ? [{ seed: trial.seed, testSetHash: trial.testSetHash, values: column }] : [],
        ),
      };
  }
  return out;
}

/** Both configurations' values on the seeds that they share, where the test sets are the same. */
export function pairsOf(a: Resampled, b: Resampled): { a: Column; b: Column }[] {
  return a.columns.flatMap(({ seed, testSetHash, values }) => {
    const match = b.columns.find(
      (other) => other.seed === seed && other.testSetHash === testSetHash && other.values.length === values.length,
    );
    return match ? [{ a: values, b: match.values }] : [];
  });
}

/** Means on each resample of groups that share seeds and test sets; null where nothing can be drawn. */
function drawn(lists: readonly Source[][], cohort: string, options: ResampleOptions): Float64Array[] | null {
  const first = lists[0]!;
  const seeds = first.length;
  const byQuery = first[0]?.column != null;
  if (seeds === 0 || (seeds === 1 && !byQuery)) return null;
  const sizes = first.map(({ column }) => column?.length ?? 0);
  const values = lists.map((list) => list.map(({ column }) => Float64Array.from(column ?? [], (v) => v ?? Number.NaN)));
  const whole = values.every((list) => list.every((column) => !column.some(Number.isNaN)));
  const means = lists.map(() => new Float64Array(options.samples));
  const source = random(options.seed, "hierarchical", hashString(cohort));
  const picks = new Int32Array(Math.max(1, ...sizes));
  for (let s = 0; s < options.samples; s++) {
    for (let slot = 0; slot < seeds; slot++) {
      const t = seeds === 1 ? 0 : source.int(seeds);
      const n = sizes[t]!;
      for (let q = 0; q < n; q++) picks[q] = source.int(n);
      for (let g = 0; g < lists.length; g++) {
        let mean: number;
        if (!byQuery) mean = lists[g]![t]!.value;
        else {
          const column = values[g]![t]!;
          let sum = 0;
          let count = 0;
          if (whole) {
            for (let q = 0; q < n; q++) sum += column[picks[q]!]!;
            count = n;
          } else
            for (let q = 0; q < n; q++) {
              const v = column[picks[q]!]!;
              if (!Number.isNaN(v)) {
                sum += v;
                count++;
              }
            }
          mean = count > 0 ? sum / count : Number.NaN;
        }
        means[g]![s] = means[g]![s]! + mean / seeds;
      }
    }
  }
  return means;
}

function estimate(
  group: Group,
  list: readonly Source[],
  means: Float64Array | undefined,
  system: SystemName,
  metric: string,
): Estimate {
  const seeds = list.map(({ trial, value }) => ({ seed: trial.seed, value }));
  if (seeds.length === 0) {
    const figure = group.trials.map((trial) => figureOf(trial.systems[system], metric)).find((f) => f?.reason);
    return { value: null, low: null, high: null, basis: "none", seeds, reason: figure?.reason ?? "Not measured." };
  }
  const value = seeds.reduce((sum, seed) => sum + seed.value, 0) / seeds.length;
  const byQuery = list[0]!.column !== null;
  if (!means) {
    const own = figureOf(list[0]!.trial.systems[system], metric);
    if (own?.low != null && own.high != null)
      return { value, low: own.low, high: own.high, basis: "as recorded", seeds };
    return { value, low: null, high: null, basis: "none", seeds, reason: "One seed, and no values by query." };
  }
  const interval = interval95(means);
  if (!interval)
    return { value, low: null, high: null, basis: "none", seeds, reason: "Some resamples have no query with a value." };
  const basis = seeds.length === 1 ? "queries of one seed" : byQuery ? "seeds, then queries" : "seeds only";
  return { value, ...interval, basis, seeds };
}

/** What an interval is of, in words for a caption. */
export const BASIS_WORDS: Record<IntervalBasis, string> = {
  "seeds, then queries": "95 % intervals: seeds drawn anew, then their queries",
  "queries of one seed": "95 % intervals over the queries of one seed: they say nothing of the luck of a seed",
  "seeds only": "95 % intervals over seeds alone: the records have no values by query",
  "as recorded": "95 % intervals as each run recorded them, over queries: they say nothing of the luck of a seed",
  none: "no intervals",
};
