/**
 * Exact search over document vectors by inner product of normalised vectors, which is the cosine. In JavaScript: for
 * samples of some hundred documents, and the reference for the search on the GPU (gpu/search.ts).
 */
import { compareIds } from "../evaluation/order";

/** Vectors with the ids they belong to. */
export interface DocumentIndex {
  ids: readonly string[];
  /** float32 [documents, size], each of length 1. */
  vectors: Float32Array;
  size: number;
}

/** Divides each row by its length; a row of zeros stays. */
export function normaliseRows(vectors: Float32Array, size: number): Float32Array {
  const result = new Float32Array(vectors.length);
  for (let row = 0; row < vectors.length; row += size) {
    let squares = 0;
    for (let k = 0; k < size; k++) squares += vectors[row + k]! * vectors[row + k]!;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let k = 0; k < size; k++) result[row + k] = vectors[row + k]! * scale;
  }
  return result;
}

/** The first `first` values of each row; the rows themselves where that is all of them. */
export function firstValues(vectors: Float32Array, size: number, first: number): Float32Array {
  if (first >= size) return vectors;
  const rows = vectors.length / size;
  const result = new Float32Array(rows * first);
  for (let row = 0; row < rows; row++) result.set(vectors.subarray(row * size, row * size + first), row * first);
  return result;
}

/** Cosine of one normalised query with every document: float32 [documents]. */
export function scoreAll(
  index: DocumentIndex,
  query: Float32Array,
  scores = new Float32Array(index.ids.length),
): Float32Array {
  const { vectors, size } = index;
  for (let d = 0, at = 0; d < scores.length; d++, at += size) {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += vectors[at + k]! * query[k]!;
    scores[d] = sum;
  }
  return scores;
}

/**
 * Numbers of the k highest scores, best first; equal scores by document id descending, as trec_eval ranks them.
 * O(n log k) by a heap whose root is the worst of the best.
 */
export function topK(scores: Float32Array, ids: readonly string[], k: number): Int32Array {
  const count = Math.min(k, scores.length);
  const heap = new Int32Array(count);
  const worse = (a: number, b: number) =>
    scores[a]! < scores[b]! || (scores[a] === scores[b] && compareIds(ids[a]!, ids[b]!) < 0);
  const sink = (from: number, length: number) => {
    let i = from;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= length) return;
      const child = left + 1 < length && worse(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!worse(heap[child]!, heap[i]!)) return;
      const t = heap[i]!;
      heap[i] = heap[child]!;
      heap[child] = t;
      i = child;
    }
  };
  for (let i = 0; i < count; i++) heap[i] = i;
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(i, count);
  for (let d = count; d < scores.length; d++)
    if (worse(heap[0]!, d)) {
      heap[0] = d;
      sink(0, count);
    }
  for (let end = count - 1; end > 0; end--) {
    const t = heap[0]!;
    heap[0] = heap[end]!;
    heap[end] = t;
    sink(0, end);
  }
  return heap;
}

/** Numbers of documents in the order in which equal scores rank: by id descending, as in `topK`. */
export const tieOrder = (ids: readonly string[]): Int32Array =>
  Int32Array.from(ids, (_, i) => i).sort((a, b) => compareIds(ids[b]!, ids[a]!));
