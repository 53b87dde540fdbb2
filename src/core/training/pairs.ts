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
   * float32 [batch, batch * (1 + hard) + queue]: 1 where the column counts for the row's query (its positive, on the diagonal,
   * and its negatives), 0 where it is another document graded above 0 for it, or a place of the queue that is empty yet.
   */
  mask: Float32Array;
}

/** Where a batch's negatives come from beside the batch itself. */
export interface FurtherNegatives {
  /** Mined ones a query, after the known near misses: drawn from what `of` answers for a query. */
  mined?: { count: number; of: (query: number) => ArrayLike<number> };
  /** Positives of so many earlier steps: step t's are in place (t - 1) mod `batches` of the queue. */
  queue?: { batches: number };
}

/** Gives the pairs of any step, in any order of asking. @param hard known near misses a query */
export function pairOrder(
  pairs: TrainingPairs,
  batch: number,
  hard: number,
  seed: number,
  { mined, queue }: FurtherNegatives = {},
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
  /** Positives of steps that may be in the queue. */
  const recent = new Map<number, Int32Array>();
  const positivesOf = (step: number): Int32Array => {
    let known = recent.get(step);
    if (!known) {
      known = Int32Array.from({ length: batch }, (_, b) => pairs.document[at((step - 1) * batch + b)]!);
      recent.set(step, known);
    }
    return known;
  };
  const queued = (step: number): Int32Array => {
    const batches = queue?.batches ?? 0;
    const documents = new Int32Array(batches * batch).fill(-1);
    for (let t = Math.max(1, step - batches); t < step; t++) documents.set(positivesOf(t), ((t - 1) % batches) * batch);
    for (const t of recent.keys()) if (t < step - batches || t > step) recent.delete(t);
    return documents;
  };
  const further = hard + (mined?.count ?? 0);
  return (step) => {
    const queries = new Int32Array(batch);
    const documents = new Int32Array(batch * (1 + further));
    const earlier = queued(step);
    const first = (step - 1) * batch;
    for (let b = 0; b < batch; b++) {
      const pair = at(first + b);
      queries[b] = pairs.query[pair]!;
      documents[b] = pairs.document[pair]!;
    }
    const r = random(seed, "negatives", step);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < hard; h++)
        documents[batch + b * further + h] = oneOf(pairs, queries[b]!, pairs.hard[queries[b]!]!, r);
    if (mined) {
      const own = random(seed, "mined", step);
      for (let b = 0; b < batch; b++)
        for (let m = 0; m < mined.count; m++)
          documents[batch + b * further + hard + m] = oneOf(pairs, queries[b]!, mined.of(queries[b]!), own);
    }
    return { queries, documents, mask: batchMask(pairs, queries, joined(documents, earlier)) };
  };
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  if (b.length === 0) return a;
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** One of these near misses of the query; where there is none, any document that is not graded for it. */
function oneOf(pairs: TrainingPairs, query: number, known: ArrayLike<number>, r: ReturnType<typeof random>): number {
  if (known.length > 0) return known[r.int(known.length)]!;
  const graded = pairs.graded[query]!;
  for (let tries = 0; tries < 20; tries++) {
    const d = r.int(pairs.documents);
    if (!graded.has(d)) return d;
  }
  return r.int(pairs.documents); // nearly everything is graded: the mask takes it out again
}

/**
 * float32 [queries, documents]: 0 where a document other than the row's own, at its own column, is graded for the query or
 * is no document (-1), else 1. A query may be -1: nothing is known of it.
 */
export function batchMask(pairs: TrainingPairs, queries: Int32Array, documents: Int32Array): Float32Array {
  const columns = documents.length;
  const mask = new Float32Array(queries.length * columns).fill(1);
  queries.forEach((query, row) => {
    const graded = pairs.graded[query];
    for (let column = 0; column < columns; column++) {
      const document = documents[column]!;
      if (column !== row && (document < 0 || graded?.has(document))) mask[row * columns + column] = 0;
    }
  });
  return mask;
}

/** The texts of any step of stage 2: a seeded pass over all of them after another. @param stream tells orders of one seed apart */
export function queryOrder(
  count: number,
  batch: number,
  seed: number,
  stream = "queries",
): (step: number) => Int32Array {
  let pass = -1;
  let order: number[] = [];
  return (step) =>
    Int32Array.from({ length: batch }, (_, b) => {
      const i = (step - 1) * batch + b;
      const p = Math.floor(i / count);
      if (p !== pass) {
        pass = p;
        order = random(seed, stream, p).shuffle(Array.from({ length: count }, (_, k) => k));
      }
      return order[i % count]!;
    });
}
