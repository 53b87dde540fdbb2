/**
 * Percentile bootstrap over queries (Efron). A resample draws as many queries as there are, with replacement; a figure is
 * computed again on each, and the middle 95 % of the results is its interval. Resamples depend on (queries, samples,
 * seed) alone, so figures of different systems and measures are computed on the SAME resamples: that is what makes
 * differences and ratios of them paired.
 */
import { quantile } from "../quantile";
import { random } from "../random";

export interface BootstrapOptions {
  /** How many resamples. */
  samples: number;
  seed: number;
}

/** A column of values by query; null: not defined for that query. */
export type Column = readonly (number | null)[];

/** Calls `visit` for each resample with how often each query was drawn. The array is reused. */
export function forEachResample(n: number, options: BootstrapOptions, visit: (counts: Float64Array) => void): void {
  const source = random(options.seed, "bootstrap", n);
  const counts = new Float64Array(n);
  for (let s = 0; s < options.samples; s++) {
    counts.fill(0);
    for (let i = 0; i < n; i++) {
      const drawn = source.int(n);
      counts[drawn] = counts[drawn]! + 1;
    }
    visit(counts);
  }
}

/**
 * Means of each column on each resample, over the queries for which the column is defined.
 *
 * @returns one array a column, [samples]; NaN where a resample drew no query with a value
 * @throws RangeError for columns of different lengths
 */
export function bootstrapMeans(columns: readonly Column[], options: BootstrapOptions): Float64Array[] {
  const n = columns[0]?.length ?? 0;
  if (columns.some((column) => column.length !== n)) throw new RangeError("Columns of different lengths.");
  const values = columns.map((column) => Float64Array.from(column, (value) => value ?? 0));
  // Most columns are whole: their resamples all have n queries.
  const defined = columns.map((column) =>
    column.includes(null) ? Float64Array.from(column, (value) => Number(value !== null)) : null,
  );
  const means = columns.map(() => new Float64Array(options.samples));
  let s = 0;
  forEachResample(n, options, (counts) => {
    for (let c = 0; c < values.length; c++) {
      const mask = defined[c];
      const size = mask ? dot(counts, mask) : n;
      means[c]![s] = size > 0 ? dot(counts, values[c]!) / size : Number.NaN;
    }
    s++;
  });
  return means;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The middle 95 % of resampled figures; null where any of them is not a number or there are none. */
export function interval95(figures: Float64Array): { low: number; high: number } | null {
  if (figures.length === 0 || !figures.every(Number.isFinite)) return null;
  const ascending = figures.toSorted();
  return { low: quantile(ascending, 0.025), high: quantile(ascending, 0.975) };
}
