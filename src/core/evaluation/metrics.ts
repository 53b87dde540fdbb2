/**
 * Per-query values of every measure. By default they are trec_eval's: documents by score (as 32-bit floats) descending
 * and ties by id descending, nDCG with the grade as its gain over the best order of all judged documents, everything
 * else from the grade `relevanceLevel` on, averages over all judged queries (its option -c). A document without a
 * judgement, or with one below 0, is not relevant and does not count as judged.
 *
 * The "sentence-transformers" style has binary gain, AP@k over min(k, |relevant|), ties by id ascending, and leaves out
 * queries without a relevant document.
 *
 * A query that the run lacks counts 0 in every measure. One without a relevant document at the level has 0 in recall,
 * MRR, AP and precision; its nDCG still goes by lower grades, as trec_eval's does, and its irrelevant@k is what was
 * shown: all of it.
 */
import type { Qrels } from "../data/types";
import { areaUnderCurve, type JudgedRanking, type MetricStyle, measureOf } from "./measures";
import { inRankOrder } from "./order";
import { METRIC_KEYS, type MetricKey, type RankedList, type Rankings } from "./types";

export interface EvaluationOptions {
  style: MetricStyle;
  /** The grade from which a document counts as relevant. */
  relevanceLevel: number;
  /** Average over the queries that the run has, not over all judged ones. */
  onlyRetrieved?: boolean;
  /** Leave out a document whose id equals the query's, as BEIR does. */
  dropSelf?: boolean;
  /** Look at the first so many documents of each list (trec_eval's -M). All of them where it is not given. */
  depth?: number;
  /** The test set's queries in their order. The queries of the judgements in theirs where it is not given. */
  queryIds?: readonly string[];
  /** Score of every judged document by query, for AUC. From the ranking where it is not given. */
  judgedScores?: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Values by query. Null: not counted in the average (left out by the style or an option, or undefined: AUC). */
export interface Evaluation<K extends string = MetricKey> {
  queryIds: readonly string[];
  perQuery: Record<K, (number | null)[]>;
  /** Whether the query is averaged over, by query. */
  counted: boolean[];
  /** How many are averaged over. */
  numQueries: number;
  /** Judged queries that the run lacks. */
  missing: number;
  /** Judged queries without a relevant document at the level. */
  withoutRelevant: number;
  /** Queries whose AUC is null because a judged document's score is not known. */
  unscored: number;
}

/** Why AUC may have no value anywhere. */
export const AUC_ONE_SIDED =
  "No query has judged documents on both sides of the relevance level, so there is nothing to tell apart.";

const NO_GRADES: ReadonlyMap<string, number> = new Map();

function judge(list: RankedList, grades: ReadonlyMap<string, number>, options: EvaluationOptions): JudgedRanking {
  const { style, relevanceLevel } = options;
  const gainOf = (grade: number) => (style === "trec" ? Math.max(grade, 0) : grade >= relevanceLevel ? 1 : 0);
  const gains: number[] = [];
  const hits: boolean[] = [];
  for (const id of list.ids) {
    const grade = grades.get(id) ?? -1;
    gains.push(gainOf(grade));
    hits.push(grade >= relevanceLevel);
  }
  const ideal: number[] = [];
  let relevant = 0;
  for (const grade of grades.values()) {
    if (grade >= relevanceLevel) relevant++;
    if (gainOf(grade) > 0) ideal.push(gainOf(grade));
  }
  ideal.sort((a, b) => b - a);
  return { gains, hits, relevant, ideal };
}

/** The list as the options want it: in rank order, without the query's own document, cut. */
function prepare(queryId: string, ranking: RankedList, options: EvaluationOptions): RankedList {
  let list = inRankOrder(ranking, options.style === "trec" ? "descending" : "ascending");
  if (options.dropSelf && list.ids.includes(queryId)) {
    const kept = list.ids.map((_, i) => i).filter((i) => list.ids[i] !== queryId);
    list = { ids: kept.map((i) => list.ids[i]!), scores: Float32Array.from(kept, (i) => list.scores[i]!) };
  }
  const depth = options.depth ?? list.ids.length;
  return depth < list.ids.length ? { ids: list.ids.slice(0, depth), scores: list.scores.slice(0, depth) } : list;
}

/** AUC of one query: null where one side is empty, "unscored" where a judged document's score is not known. */
function auc(
  list: RankedList,
  grades: ReadonlyMap<string, number>,
  level: number,
  known: ReadonlyMap<string, number> | undefined,
): number | null | "unscored" {
  const sides: [number[], number[]] = [[], []];
  const scores = known ?? new Map(list.ids.map((id, i) => [id, list.scores[i]!]));
  let unscored = false;
  let relevant = 0;
  let judged = 0;
  for (const [id, grade] of grades) {
    if (grade < 0) continue;
    judged++;
    if (grade >= level) relevant++;
    const score = scores.get(id);
    if (score === undefined) unscored = true;
    else sides[grade >= level ? 1 : 0].push(score);
  }
  if (relevant === 0 || relevant === judged) return null;
  return unscored ? "unscored" : areaUnderCurve(sides[1], sides[0]);
}

/**
 * Evaluates one system's rankings.
 *
 * @param keys the measures; METRIC_KEYS where not given. Any cut-off may be asked for ("recall@37").
 * @throws RangeError for a measure that does not exist
 */
export function evaluate<K extends string = MetricKey>(
  qrels: Qrels,
  rankings: Rankings,
  options: EvaluationOptions,
  keys: readonly K[] = METRIC_KEYS as readonly string[] as readonly K[],
): Evaluation<K> {
  const measures = keys.map((key) => (key === "auc" ? null : measureOf(key, options.style)));
  const columns = keys.map((): (number | null)[] => []);
  const queryIds = options.queryIds ?? [...qrels.keys()];
  const counted: boolean[] = [];
  let missing = 0;
  let withoutRelevant = 0;
  let unscored = 0;
  for (const queryId of queryIds) {
    const grades = qrels.get(queryId) ?? NO_GRADES;
    const ranking = rankings.get(queryId);
    const list = prepare(queryId, ranking ?? { ids: [], scores: new Float32Array() }, options);
    const judged = judge(list, grades, options);
    if (!ranking) missing++;
    if (judged.relevant === 0) withoutRelevant++;
    const dropped =
      (options.onlyRetrieved && !ranking) || (options.style === "sentence-transformers" && judged.relevant === 0);
    counted.push(!dropped);
    measures.forEach((measure, m) => {
      let value: number | null = null;
      if (!dropped && measure) value = measure(judged);
      else if (!dropped) {
        const area = auc(list, grades, options.relevanceLevel, options.judgedScores?.get(queryId));
        if (area === "unscored") unscored++;
        else value = area;
      }
      columns[m]!.push(value);
    });
  }
  return {
    queryIds,
    perQuery: Object.fromEntries(keys.map((key, m) => [key, columns[m]!])) as Record<K, (number | null)[]>,
    counted,
    numQueries: counted.filter(Boolean).length,
    missing,
    withoutRelevant,
    unscored,
  };
}

/** Mean over the values that there are; null where there are none. */
export function mean(values: readonly (number | null)[]): number | null {
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    n++;
  }
  return n > 0 ? sum / n : null;
}
