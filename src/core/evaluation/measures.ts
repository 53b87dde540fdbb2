/**
 * The measures of one ranked list. A measure is named as in METRIC_KEYS, with any cut-off: recall@37, ndcg, map@5.
 * Definitions are trec_eval 9's (its set of m_*.c files); the sentence-transformers style follows
 * InformationRetrievalEvaluator 6.0.
 */

export type MetricStyle = "trec" | "sentence-transformers";

/** One query's ranking seen through its judgements. */
export interface JudgedRanking {
  /** By rank: the document's gain in nDCG. Not judged, or below 0: 0. */
  gains: readonly number[];
  /** By rank: whether the document counts as relevant. */
  hits: readonly boolean[];
  /** Number of relevant documents that the query has, retrieved or not. */
  relevant: number;
  /** Gains of all judged documents that have one, largest first. */
  ideal: readonly number[];
}

type Measure = (ranking: JudgedRanking) => number;

const countHits = (hits: readonly boolean[], depth: number) => {
  let n = 0;
  for (let i = 0; i < depth; i++) if (hits[i]) n++;
  return n;
};

function discountedGain(gains: readonly number[], k: number): number {
  let sum = 0;
  const depth = Math.min(k, gains.length);
  for (let i = 0; i < depth; i++) if (gains[i]! > 0) sum += gains[i]! / Math.log2(i + 2);
  return sum;
}

/** hits in the first k over the number of relevant documents. */
const recall =
  (k: number): Measure =>
  ({ hits, relevant }) =>
    relevant > 0 ? countHits(hits, Math.min(k, hits.length)) / relevant : 0;

/** hits in the first k over k, also where fewer documents were retrieved. */
const precision =
  (k: number): Measure =>
  ({ hits }) =>
    countHits(hits, Math.min(k, hits.length)) / k;

/** Share of the first k that is not relevant; of those retrieved where they are fewer than k. */
const irrelevant =
  (k: number): Measure =>
  ({ hits }) => {
    const shown = Math.min(k, hits.length);
    return shown > 0 ? (shown - countHits(hits, shown)) / shown : 0;
  };

/** 1 over the rank of the first relevant document; 0 where none is among the first k. */
const reciprocalRank =
  (k: number): Measure =>
  ({ hits }) => {
    const first = hits.indexOf(true);
    return first >= 0 && first < k ? 1 / (first + 1) : 0;
  };

/** DCG@k = sum of gain/log2(rank+1), over that of the best possible order of all judged documents. */
const ndcg =
  (k: number): Measure =>
  ({ gains, ideal }) => {
    const best = discountedGain(ideal, k);
    return best > 0 ? discountedGain(gains, k) / best : 0;
  };

/** Sum of the precisions at the hits among the first k, over |relevant| (trec) or min(k, |relevant|). */
const averagePrecision =
  (k: number, style: MetricStyle): Measure =>
  ({ hits, relevant }) => {
    if (relevant === 0) return 0;
    let found = 0;
    let sum = 0;
    const depth = Math.min(k, hits.length);
    for (let i = 0; i < depth; i++) if (hits[i]) sum += ++found / (i + 1);
    return sum / (style === "trec" ? relevant : Math.min(k, relevant));
  };

/**
 * The measure of a name: recall@k, p@k, irrelevant@k, and ndcg, mrr, map with or without @k.
 *
 * @throws RangeError for any other name
 */
export function measureOf(name: string, style: MetricStyle): Measure {
  const match = /^([a-z]+)(?:@([1-9]\d*))?$/.exec(name);
  const k = match?.[2] ? Number(match[2]) : Number.POSITIVE_INFINITY;
  const cut = Number.isFinite(k);
  if (match?.[1] === "ndcg") return ndcg(k);
  if (match?.[1] === "mrr") return reciprocalRank(k);
  if (match?.[1] === "map") return averagePrecision(k, style);
  if (match?.[1] === "recall" && cut) return recall(k);
  if (match?.[1] === "p" && cut) return precision(k);
  if (match?.[1] === "irrelevant" && cut) return irrelevant(k);
  throw new RangeError(`There is no measure named ${name}.`);
}

/**
 * Area under the ROC curve: the chance that a relevant document scores above one judged not relevant, equal scores
 * counting half. Scores are compared as 32-bit floats.
 *
 * @returns null where one of the two sides is empty
 */
export function areaUnderCurve(relevant: readonly number[], others: readonly number[]): number | null {
  if (relevant.length === 0 || others.length === 0) return null;
  const all = [
    ...relevant.map((score) => ({ score: Math.fround(score), relevant: true })),
    ...others.map((score) => ({ score: Math.fround(score), relevant: false })),
  ].sort((a, b) => a.score - b.score);
  // Mann and Whitney: from the ranks of the relevant ones, tied ranks being averaged.
  let rankSum = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]!.score === all[from]!.score) to++;
    const rank = (from + to + 1) / 2;
    for (let i = from; i < to; i++) if (all[i]!.relevant) rankSum += rank;
    from = to;
  }
  const n = relevant.length;
  return (rankSum - (n * (n + 1)) / 2) / (n * others.length);
}
