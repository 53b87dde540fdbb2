/**
 * Which pairs a step trains on. The order depends on (seed, step) alone, so it is resumed by knowing the step: the
 * training pairs of a split are shuffled anew for every pass, and step t takes the next `batch` of them.
 */
import type { Dataset } from "../data/types";
import { random } from "../random";

/** The training pairs of a collection as indices, and what must not count as a negative. */
export interface TrainingPairs {
  /** Index of the query in dataset.train.queries, for each pair. */
  query: Int32Array;
  /** Index of its positive in dataset.docs. */
  document: Int32Array;
  /** By query: documents graded above 0, which are never its negatives. */
  graded: ReadonlySet<number>[];
  /** By query: documents known to be near misses. */
  hard: Int32Array[];
  documents: number;
}

/**
 * One pair for every labelled training query and document of grade `relevanceLevel` or more.
 *
 * @param labelledShare share of the training queries, drawn by seed, whose judgements are used: of the others nothing is
 *   known but their text, which is all that distillation needs
 */
export function trainingPairs(dataset: Dataset, labelledShare: number, seed: number): TrainingPairs {
  const labelled = labelledQueries(dataset.train.queries.length, labelledShare, seed);
  const index = new Map(dataset.docs.map((doc, i) => [doc.id, i]));
  const query: number[] = [];
  const document: number[] = [];
  const graded: Set<number>[] = [];
  const hard: Int32Array[] = [];
  dataset.train.queries.forEach((q, i) => {
    const known = labelled.has(i);
    const judged = known ? dataset.train.qrels.get(q.id) : undefined;
    const above = new Set<number>();
    const near = new Set<number>();
    for (const [id, grade] of judged ?? []) {
      const d = index.get(id);
      if (d === undefined) continue;
      if (grade > 0) above.add(d);
      if (grade === 0) near.add(d);
      if (grade >= dataset.relevanceLevel) {
        query.push(i);
        document.push(d);
      }
    }
    for (const id of (known && q.negatives) || []) {
      const d = index.get(id);
      if (d !== undefined && !above.has(d)) near.add(d);
    }
    graded.push(above);
    hard.push(Int32Array.from(near));
  });
  return {
    query: Int32Array.from(query),
    document: Int32Array.from(document),
    graded,
    hard,
    documents: dataset.docs.length,
  };
}

function labelledQueries(count: number, share: number, seed: number): ReadonlySet<number> {
  const all = Array.from({ length: count }, (_, i) => i);
  if (share >= 1) return new Set(all);
  return new Set(
    random(seed, "labelled")
      .shuffle(all)
      .slice(0, Math.max(1, Math.round(share * count))),
  );
}

/** One step's pairs. */
export interface PairBatch {
  /** [batch] indices of queries. */
  queries: Int32Array;
  /** [batch * (1 + hard)] indices of documents: the positives, then the hard negatives of query 0, of query 1, ... */
  documents: Int32Array;
  /**
   * float32 [batch, batch * (1 + hard)]: 1 where the column counts for the row's query (its positive, on the diagonal,
   * and its negatives), 0 where it is another document graded above 0 for it.
   */
  mask: Float32Array;
}

/** Gives the pairs of any step, in any order of asking. */
export function pairOrder(
  pairs: TrainingPairs,
  batch: number,
  hard: number,
  seed: number,
): (step: number) => PairBatch {
  const n = pairs.query.length;
  let pass = -1;
  let order = new Int32Array(0);
  const at = (i: number) => {
    const p = Math.floor(i / n);
    if (p !== pass) {
      pass = p;
      order = Int32Array.from(random(seed, "order", p).shuffle(Array.from({ length: n }, (_, k) => k)));
    }
    return order[i % n]!;
  };
  return (step) => {
    const queries = new Int32Array(batch);
    const documents = new Int32Array(batch * (1 + hard));
    const first = (step - 1) * batch;
    for (let b = 0; b < batch; b++) {
      const pair = at(first + b);
      queries[b] = pairs.query[pair]!;
      documents[b] = pairs.document[pair]!;
    }
    const r = random(seed, "negatives", step);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < hard; h++) documents[batch + b * hard + h] = hardNegative(pairs, queries[b]!, r);
    return { queries, documents, mask: batchMask(pairs, queries, documents) };
  };
}

/** A known near miss of the query; where there is none, any document that is not graded for it. */
function hardNegative(pairs: TrainingPairs, query: number, r: ReturnType<typeof random>): number {
  const known = pairs.hard[query]!;
  if (known.length > 0) return known[r.int(known.length)]!;
  const graded = pairs.graded[query]!;
  for (let tries = 0; tries < 20; tries++) {
    const d = r.int(pairs.documents);
    if (!graded.has(d)) return d;
  }
  return r.int(pairs.documents); // nearly everything is graded: the mask takes it out again
}

function batchMask(pairs: TrainingPairs, queries: Int32Array, documents: Int32Array): Float32Array {
  const columns = documents.length;
  const mask = new Float32Array(queries.length * columns).fill(1);
  queries.forEach((query, row) => {
    const graded = pairs.graded[query]!;
    for (let column = 0; column < columns; column++)
      if (column !== row && graded.has(documents[column]!)) mask[row * columns + column] = 0;
  });
  return mask;
}

/** The queries of any step of stage 2: a seeded pass over all training queries after another. */
export function queryOrder(count: number, batch: number, seed: number): (step: number) => Int32Array {
  let pass = -1;
  let order: number[] = [];
  return (step) =>
    Int32Array.from({ length: batch }, (_, b) => {
      const i = (step - 1) * batch + b;
      const p = Math.floor(i / count);
      if (p !== pass) {
        pass = p;
        order = random(seed, "queries", p).shuffle(Array.from({ length: count }, (_, k) => k));
      }
      return order[i % count]!;
    });
}
