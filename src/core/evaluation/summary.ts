/** Figures with intervals from per-query values: of one system, and how much of one another keeps. Differences: overSeeds.ts. */
import { type BootstrapOptions, bootstrapMeans, type Column, interval95 } from "./bootstrap";
import { AUC_ONE_SIDED, mean } from "./metrics";
import { type Figure, METRIC_KEYS, type MetricKey, type PerQuery } from "./types";

export interface SummaryOptions extends BootstrapOptions {
  /** Why a measure has no value anywhere, in plain words; for AUC the usual reason is known. */
  reasons?: Partial<Record<MetricKey, string>>;
}

const NO_QUERIES = "No query has a value.";
const SPARSE = "Too few queries have a value: some resamples have none.";

const none = (reason: string): Figure => ({ value: null, low: null, high: null, reason });

function figure(value: number, resampled: Float64Array, reason: string): Figure {
  const interval = interval95(resampled);
  return interval ? { value, ...interval } : { value, low: null, high: null, reason };
}

/**
 * Means of every measure over the queries that have a value, with 95 % bootstrap intervals.
 *
 * @param perQuery values of one system, all columns in the order of the test queries
 */
export function summarise(perQuery: PerQuery, options: SummaryOptions): Record<MetricKey, Figure> {
  const resampled = bootstrapMeans(
    METRIC_KEYS.map((key) => perQuery[key]),
    options,
  );
  const figures = METRIC_KEYS.map((key, m): [MetricKey, Figure] => {
    const value = mean(perQuery[key]);
    const reason = options.reasons?.[key] ?? (key === "auc" ? AUC_ONE_SIDED : NO_QUERIES);
    return [key, value === null ? none(reason) : figure(value, resampled[m]!, SPARSE)];
  });
  return Object.fromEntries(figures) as Record<MetricKey, Figure>;
}

/** Both columns over the queries for which both have a value. */
function pair(a: PerQuery, b: PerQuery, metric: MetricKey): [Column, Column] {
  if (a[metric].length !== b[metric].length)
    throw new RangeError("Only results on the same test queries can be compared.");
  const both = a[metric].map((value, i) => value !== null && b[metric][i] !== null);
  return [a[metric].map((value, i) => (both[i] ? value : null)), b[metric].map((value, i) => (both[i] ? value : null))];
}

/**
 * Retention: the student's mean over the teacher's, with a paired 95 % interval. Null where the teacher's mean is 0; no
 * interval where a resample's is.
 */
export function retention(
  student: PerQuery,
  teacher: PerQuery,
  options: BootstrapOptions,
  metric: MetricKey = "recall@10",
): Figure {
  const [s, t] = pair(student, teacher, metric);
  const top = mean(s);
  const bottom = mean(t);
  if (top === null || bottom === null) return none("No query has a value for both.");
  if (bottom === 0) return none("The teacher's mean is 0, so there is nothing to keep.");
  const [tops, bottoms] = bootstrapMeans([s, t], options);
  const ratios = tops!.map((value, i) => value / bottoms![i]!);
  return figure(top / bottom, ratios, "The teacher finds so little that its mean is 0 in some resamples.");
}
