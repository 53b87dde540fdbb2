/** What an evaluation yields. Definitions: trec_eval's by default; see metrics.ts. */

/** One ranked list: document indices and scores, best first; float32 scores, as trec_eval compares them. */
export interface RankedList {
  ids: string[];
  scores: Float32Array;
}

/** A system's rankings by query id: the top 1,000 (all of a smaller corpus). */
export type Rankings = Map<string, RankedList>;

/** A figure with its 95 % bootstrap interval over queries. Null where it cannot be had: `reason` says why. */
export interface Figure {
  value: number | null;
  low: number | null;
  high: number | null;
  reason?: string;
}

/** The measures reported for every system, in this order. */
export const METRIC_KEYS = [
  "recall@1",
  "recall@5",
  "recall@10",
  "recall@20",
  "recall@50",
  "recall@100",
  "ndcg",
  "ndcg@10",
  "mrr",
  "mrr@10",
  "map",
  "map@100",
  "p@10",
  "irrelevant@20",
  "auc",
] as const;
export type MetricKey = (typeof METRIC_KEYS)[number];

/** One query's values, in the order of the test set's queries. Null: undefined for this query (AUC with one class). */
export type PerQuery = Record<MetricKey, (number | null)[]>;
