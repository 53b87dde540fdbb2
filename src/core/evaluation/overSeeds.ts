/**
 * One configuration trained with several seeds, against others: means over seeds with intervals, paired tests with Holm's
 * correction, and which configurations cannot be told from the best.
 *
 * The bootstrap is hierarchical: a resample draws seeds with replacement, and for each of them queries with replacement.
 * With one seed it draws queries only, and the interval says nothing about other seeds. Values of two configurations are
 * paired query by query, and only on test sets of equal hash.
 */
import { random } from "../random";
import { type BootstrapOptions, bootstrapMeans, type Column, interval95 } from "./bootstrap";
import { mean } from "./metrics";
import type { Figure } from "./types";

/** The level below which a corrected p-value tells two configurations apart. */
export const LEVEL = 0.05;

/** Resampled means of each seed made into resampled means over seeds. */
function drawSeeds(perSeed: readonly Float64Array[], { samples, seed }: BootstrapOptions): Float64Array {
  const [only] = perSeed;
  if (perSeed.length === 1) return only!;
  const source = random(seed, "seeds", perSeed.length);
  return Float64Array.from({ length: samples }, (_, s) => {
    let sum = 0;
    for (let i = 0; i < perSeed.length; i++) sum += perSeed[source.int(perSeed.length)]![s]!;
    return sum / perSeed.length;
  });
}

const none = (reason: string): Figure => ({ value: null, low: null, high: null, reason });

/** A column's mean, and its resamples; with weights the values count by them. Null where it has no value at all. */
function ofSeed(column: Column, weights: readonly number[] | null, options: BootstrapOptions) {
  if (!weights) return { value: mean(column), resampled: bootstrapMeans([column], options)[0]! };
  const sums = column.map((value, i) => (value === null ? null : value * weights[i]!));
  const counted = column.map((value, i) => (value === null ? null : weights[i]!));
  const [tops, bottoms] = bootstrapMeans([sums, counted], options);
  const [top, bottom] = [mean(sums), mean(counted)];
  return { value: top !== null && bottom ? top / bottom : null, resampled: tops!.map((v, i) => v / bottoms![i]!) };
}

/** Mean over seeds, and its resamples. Columns may be of different test sets. Null where a seed has no value at all. */
function overSeeds(
  columns: readonly Column[],
  options: BootstrapOptions,
  weights: readonly (readonly number[] | null)[] = [],
): { value: number; resampled: Float64Array } | null {
  const found = columns.map((column, i) => ofSeed(column, weights[i] ?? null, options));
  const means = found.map(({ value }) => value);
  if (columns.length === 0 || means.includes(null)) return null;
  const perSeed = found.map(({ resampled }) => resampled);
  const value = means.reduce((sum: number, one) => sum + one!, 0) / columns.length;
  return { value, resampled: drawSeeds(perSeed, options) };
}

const figureOf = (found: { value: number; resampled: Float64Array }): Figure => {
  const interval = interval95(found.resampled);
  return interval
    ? { value: found.value, ...interval }
    : { value: found.value, low: null, high: null, reason: "Too few queries have a value: some resamples have none." };
};

/** Mean over seeds of a measure with its 95 % interval. @param columns the queries' values, one column a seed */
export function meanOverSeeds(columns: readonly Column[], options: BootstrapOptions): Figure {
  const found = overSeeds(columns, options);
  return found ? figureOf(found) : none("No query has a value.");
}

/** a minus b, and how likely a difference as large would be were there none. */
export interface PairedTest {
  difference: Figure;
  /** Two-sided, from the bootstrap's own distribution: twice the share of resamples on the other side of 0. */
  p: number | null;
  seeds: number;
}

/** Two configurations' values on the same test set in the same order, and how much each query counts: alike unless given. */
export interface ColumnPair {
  a: Column;
  b: Column;
  weights?: readonly number[] | null;
}

/**
 * Paired bootstrap of two configurations over the seeds they share.
 *
 * @param pairs for each seed both columns
 * @throws RangeError where a pair's columns are of different lengths
 */
export function pairedTest(pairs: readonly ColumnPair[], options: BootstrapOptions): PairedTest {
  const seeds = pairs.length;
  const differences = pairs.map(({ a, b }): Column => {
    if (a.length !== b.length) throw new RangeError("Only results on the same test queries can be compared.");
    return a.map((value, i) => (value === null || b[i] === null ? null : value - b[i]!));
  });
  const weights = pairs.map((pair) => pair.weights ?? null);
  const found = overSeeds(differences, options, weights);
  if (!found) return { difference: none("No query has a value for both."), p: null, seeds };
  const difference = figureOf(found);
  if (difference.low === null) return { difference, p: null, seeds };
  let [below, above] = [0, 0];
  for (const value of found.resampled) {
    if (value <= 0) below++;
    if (value >= 0) above++;
  }
  const p = Math.min(1, (2 * (1 + Math.min(below, above))) / (found.resampled.length + 1));
  return { difference, p, seeds };
}

/**
 * Holm's step-down correction (1979): p-values of several comparisons, so that the chance of even one false finding
 * among them stays at the level. Comparisons without a p-value stay so and are not counted.
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const order = values
    .map((p, i) => ({ p, i }))
    .filter((one): one is { p: number; i: number } => one.p !== null)
    .sort((x, y) => x.p - y.p);
  const corrected: (number | null)[] = values.map(() => null);
  let largest = 0;
  order.forEach(({ p, i }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (order.length - rank)));
    corrected[i] = largest;
  });
  return corrected;
}

/** One configuration's runs, one a seed. */
export interface Contender {
  name: string;
  runs: readonly { seed: number; testSetHash: string; values: Column }[];
}

export interface Standing extends PairedTest {
  name: string;
  /** The best one's mean is not significantly higher, by Holm's correction at 5 %. Never where they cannot be paired. */
  tied: boolean;
  /** Corrected by Holm over all that were compared with the best. */
  corrected: number | null;
}

/** Resamples a comparison: with m of them Holm multiplies by up to m, and a p-value cannot be under 2 / (samples + 1). */
const SAMPLES_EACH = 100;

/**
 * The contender of the highest mean over seeds, and how each other one stands to it: best minus other, paired on the seeds
 * for which both were measured on the same test set.
 *
 * @returns null where no contender has a value
 */
export function tiedWithBest(
  contenders: readonly Contender[],
  options: BootstrapOptions,
): { best: string; others: Standing[] } | null {
  const scored = contenders.flatMap((one) => {
    const means = one.runs.map(({ values }) => mean(values));
    if (means.length === 0 || means.includes(null)) return [];
    return [{ one, value: means.reduce((sum: number, x) => sum + x!, 0) / means.length }];
  });
  const [first] = scored;
  if (!first) return null;
  const best = scored.reduce((top, next) => (next.value > top.value ? next : top), first).one;
  const rest = contenders.filter((one) => one !== best);
  const samples = Math.max(options.samples, SAMPLES_EACH * rest.length);
  const tests = rest.map((other): PairedTest => {
    const pairs = best.runs.flatMap(({ seed, testSetHash, values }) => {
      const match = other.runs.find((run) => run.seed === seed && run.testSetHash === testSetHash);
      return match ? [{ a: values, b: match.values }] : [];
    });
    if (pairs.length > 0) return pairedTest(pairs, { ...options, samples });
    return { difference: none("No seed was measured on the same test set for both."), p: null, seeds: 0 };
  });
  const corrected = holm(tests.map(({ p }) => p));
  return {
    best: best.name,
    others: rest.map(({ name }, i) => ({
      name,
      ...tests[i]!,
      corrected: corrected[i]!,
      tied: corrected[i] !== null && corrected[i]! >= LEVEL,
    })),
  };
}
