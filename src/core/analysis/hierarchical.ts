/**
 * Means over seeds with intervals from a hierarchical bootstrap: seeds are drawn with replacement, and for each one drawn
 * its test queries. Seeds that were measured on one test set are given the same queries: drawn apart, what queries are in
 * the set would seem to average out over seeds, and the interval would be too narrow. What is drawn depends on (seeds, test sets, samples, seed) alone, so all configurations with the same
 * seeds on the same test sets are computed on the SAME resamples: their differences are paired. With one seed the
 * interval is over the queries only, and says nothing of the luck of a seed.
 */
import { interval95 } from "../evaluation/bootstrap";
import type { ColumnPair } from "../evaluation/overSeeds";
import type { SystemName } from "../formats/result";
import { hashString, random } from "../random";
import type { Group } from "./groups";
import { figureOf, type QueryValues, type Trial, valuesOf } from "./trial";

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
  columns: ({ seed: number; testSetHash: string } & QueryValues)[];
}

interface Source {
  trial: Trial;
  value: number;
  column: QueryValues | null;
}

/** Seeds of a group that have a figure, with their values by query where all of them have some. */
function sources(group: Group, system: SystemName, metric: string): Source[] {
  const found = group.trials.flatMap((trial): Source[] => {
    const value = figureOf(trial.systems[system], metric)?.value ?? null;
    if (value === null || !Number.isFinite(value)) return [];
    return [{ trial, value, column: valuesOf(trial.systems[system], metric) }];
  });
  return found.every(({ column }) => column) ? found : found.map((source) => ({ ...source, column: null }));
}

const cohortOf = (list: readonly Source[]) =>
  list.map(({ trial, column }) => `${trial.seed}:${trial.testSetHash}:${column?.values.length ?? "-"}`).join(" ");

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
          column ? [{ seed: trial.seed, testSetHash: trial.testSetHash, ...column }] : [],
        ),
      };
  }
  return out;
}

/** Both configurations' values on the seeds that they share, where the test sets are the same. */
export function pairsOf(a: Resampled, b: Resampled): ColumnPair[] {
  return a.columns.flatMap(({ seed, testSetHash, values, weights }) => {
    const match = b.columns.find(
      (other) => other.seed === seed && other.testSetHash === testSetHash && other.values.length === values.length,
    );
    return match ? [{ a: values, b: match.values, weights }] : [];
  });
}

/** Means on each resample of groups that share seeds and test sets; null where nothing can be drawn. */
function drawn(lists: readonly Source[][], cohort: string, options: ResampleOptions): Float64Array[] | null {
  const first = lists[0]!;
  const seeds = first.length;
  const byQuery = first[0]?.column != null;
  if (seeds === 0 || (seeds === 1 && !byQuery)) return null;
  const sizes = first.map(({ column }) => column?.values.length ?? 0);
  const columns = lists.map((list) => list.map(({ column }) => weighted(column)));
  const whole = columns.every((list) => list.every(({ weights }) => weights.every((w) => w === 1)));
  const means = lists.map(() => new Float64Array(options.samples));
  const source = random(options.seed, "hierarchical", hashString(cohort));
  const sets = first.map(({ trial }, t) => `${trial.testSetHash} ${sizes[t]}`);
  const shared = sets.map((set) => sets.filter((other) => other === set).length > 1);
  const picksOf = new Map(sets.map((set, t) => [set, { picks: new Int32Array(sizes[t]!), sample: -1 }]));
  for (let s = 0; s < options.samples; s++) {
    for (let slot = 0; slot < seeds; slot++) {
      const t = seeds === 1 ? 0 : source.int(seeds);
      const n = sizes[t]!;
      const queries = picksOf.get(sets[t]!)!;
      const { picks } = queries;
      if (!shared[t] || queries.sample !== s) for (let q = 0; q < n; q++) picks[q] = source.int(n);
      queries.sample = s;
      for (let g = 0; g < lists.length; g++) {
        let mean: number;
        if (!byQuery) mean = lists[g]![t]!.value;
        else {
          const { sums, weights } = columns[g]![t]!;
          let sum = 0;
          let weight = whole ? n : 0;
          for (let q = 0; q < n; q++) sum += sums[picks[q]!]!;
          if (!whole) for (let q = 0; q < n; q++) weight += weights[picks[q]!]!;
          mean = weight > 0 ? sum / weight : Number.NaN;
        }
        means[g]![s] = means[g]![s]! + mean / seeds;
      }
    }
  }
  return means;
}

/** Values times their weights, and the weights: 0 where there is no value. */
function weighted(column: QueryValues | null): { sums: Float64Array; weights: Float64Array } {
  const values = column?.values ?? [];
  const weights = Float64Array.from(values, (v, i) => (v === null ? 0 : (column?.weights?.[i] ?? 1)));
  return { sums: weights.map((w, i) => w * (values[i] ?? 0)), weights };
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
