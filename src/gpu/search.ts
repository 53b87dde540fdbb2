/**
 * Exact search on the GPU: the k documents of the largest cosine for each query of a batch. Documents stay on the GPU in
 * blocks; the scores of a block are computed, looked through and forgotten there, and what comes back is k numbers and
 * scores a query.
 *
 * Three dispatches for a block of 131,072 documents (queries to length 1, scores, best of each chunk) and one that takes
 * the best of the chunks' best.
 */
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "./capture";
import type { Gpu } from "./device";
import { bindingLimit, type FlatTensors, flatTensors } from "./flat";
import { searchOnHost } from "./hostSearch";
import { asTensor, freeIntermediates } from "./kernels/op";
import { GROUP, paddedSize, pairKeys, scoreKeys, scoresOf, sizeWords, unitRows } from "./kernels/scores";
import { bestOf, MOST_K } from "./kernels/topK";
import { type Step, writeValues } from "./step";

/** Documents ready to be searched. */
export interface SearchIndex {
  readonly documents: number;
  /** Values of a vector. */
  readonly size: number;
  /** Number of the document at each place; of equal scores the earlier place ranks first. */
  readonly order: Int32Array;
  readonly blocks: readonly Block[];
  /** Documents of every block but the last. */
  readonly perBlock: number;
  /** Bytes on the GPU. */
  readonly bytes: number;
  dispose(): void;
}

interface Block {
  /** float32 [groups, padded size, 256] */
  vectors: Tensor;
  /** Place of its first document. */
  first: number;
  documents: number;
}

/** Documents of a block at most: scores of 32 queries with one are 16 MiB. */
export const SEARCH_BLOCK = 131_072;
/** Queries that are searched together. */
export const SEARCH_BATCH = 32;

/**
 * Puts document vectors on the GPU, at length 1; a vector of zeros stays.
 * @param vectors float32 [documents, size]
 * @param order numbers of the documents in the order in which equal scores rank
 * @param perBlock documents of a block at most; as many as the device binds at once, up to 131,072, unless given
 */
export function uploadIndex(
  gpu: Gpu,
  vectors: Float32Array,
  size: number,
  order: Int32Array,
  perBlock = SEARCH_BLOCK,
): SearchIndex {
  const documents = order.length;
  if (documents === 0 || vectors.length !== documents * size)
    throw new Error(`an index of ${documents} documents and ${vectors.length} values of ${size} each`);
  const padded = paddedSize(size);
  const fit = Math.floor(bindingLimit(gpu) / (padded * 4 * GROUP)) * GROUP;
  const all = Math.ceil(documents / GROUP) * GROUP;
  const most = Math.max(GROUP, Math.min(all, Math.floor(Math.min(perBlock, fit) / GROUP) * GROUP));
  const starts = Array.from({ length: Math.ceil(documents / most) }, (_, b) => b * most);
  const counts = starts.map((start) => Math.min(most, documents - start));
  const shapes = counts.map((count) => [Math.ceil(count / GROUP), padded, GROUP]);
  const memory: FlatTensors = flatTensors(
    gpu,
    shapes.map((shape) => ({ shape })),
  );
  const blocks = starts.map((start, b): Block => {
    const count = counts[b]!;
    const laid = layOut(vectors, size, order.subarray(start, start + count));
    writeValues(gpu, memory.tensors[b]!, laid);
    return {
      vectors: memory.tensors[b]!,
      first: start,
      documents: count,
    };
  });
  return {
    documents,
    size,
    order,
    blocks,
    perBlock: most,
    bytes: shapes.reduce((sum, [groups]) => sum + groups! * padded * GROUP * 4, 0),
    dispose: memory.dispose,
  };
}

/** Vectors of these documents at length 1, in groups of 256, value by value: [groups, padded size, 256]. */
function layOut(vectors: Float32Array, size: number, order: Int32Array): Float32Array {
  const padded = paddedSize(size);
  const laid = new Float32Array(Math.ceil(order.length / GROUP) * padded * GROUP);
  order.forEach((document, place) => {
    const from = document * size;
    let squares = 0;
    for (let k = 0; k < size; k++) squares += vectors[from + k]! * vectors[from + k]!;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    const to = Math.floor(place / GROUP) * padded * GROUP + (place % GROUP);
    for (let k = 0; k < size; k++) laid[to + k * GROUP] = vectors[from + k]! * scale;
  });
  return laid;
}

/** Documents of a chunk: large enough that few lists are left, small enough that a GPU has workgroups to run. */
function chunkOf({ documents, perBlock }: SearchIndex, batch: number, k: number): number {
  const wanted = Math.max(4096, 16 * k, Math.ceil((documents * batch) / 128), Math.ceil(documents / 64));
  return Math.min(perBlock, Math.ceil(wanted / GROUP) * GROUP);
}

/** What a search leaves on the GPU: read it with `readHits` and `scoresOf`. */
export interface Found {
  /** int32 [batch, 1, k, 2] */
  best: Tensor;
  /** Of the pairs; int32 [pairs]. Null where there are none. */
  scores: Tensor | null;
}

/**
 * Inside a step: searches a batch of queries.
 * @param queries raw vectors [batch, size], on the GPU; a batch of more than 32 takes more memory for scores
 * @param k from 1 to 1,024; at most as many as there are documents are found
 * @param pairs int32 [pairs, 2], query of the batch and place of the document: whose scores are wanted as well
 */
export function searchQueries(gpu: Gpu, index: SearchIndex, queries: Tensor, k: number, pairs?: Tensor): Found {
  const [batch, size] = queries.shape as [number, number];
  if (!(Number.isInteger(k) && k >= 1 && k <= MOST_K)) throw new RangeError(`k is from 1 to ${MOST_K}, not ${k}`);
  if (size !== index.size) throw new Error(`queries of ${size} values, an index of ${index.size}`);
  if (gpu.heap) return searchOnHost(gpu, index, queries, k, pairs);
  if (batch * index.perBlock * 4 > bindingLimit(gpu))
    throw new RangeError(`${batch} queries at once: their scores of a block are more than the GPU binds`);
  const { backend } = gpu;
  const most = Math.min(k, index.documents);
  const chunk = chunkOf(index, batch, most);
  const counts = index.blocks.map(({ documents }) => Math.ceil(documents / chunk));
  const lists = counts.reduce((a, b) => a + b, 0);
  const shared = { batch, size, k: most, pairs: pairs?.shape[0] ?? 0 };
  let listsBefore = 0;
  const tables = index.blocks.map(({ vectors, first, documents }, b) => {
    const groups = vectors.shape[0]!;
    const block = { documents, first, groups, stride: groups * GROUP, fromLists: 0, lists, listsBefore };
    listsBefore += counts[b]!;
    return tf.tensor1d(sizeWords({ ...shared, ...block, chunk, chunks: counts[b]! }), "int32");
  });
  const unit = unitRows(backend, queries, tables[0]!);
  let best: TensorInfo | undefined;
  let scores: TensorInfo | undefined;
  for (const [b, { vectors }] of index.blocks.entries()) {
    const keys = scoreKeys(backend, unit, vectors, tables[b]!);
    best = bestOf(backend, keys, tables[b]!, [batch, lists, most, 2], counts[b]!, best);
    if (pairs) scores = pairKeys(backend, keys, pairs, tables[b]!, scores);
    freeIntermediates(backend, keys);
  }
  freeIntermediates(backend, unit);
  if (lists > 1) {
    const all = lists * most;
    const one = { documents: all, first: 0, groups: 0, stride: 2 * all, fromLists: 1, lists: 1, listsBefore: 0 };
    const table = tf.tensor1d(sizeWords({ ...shared, ...one, chunk: all, chunks: 1 }), "int32");
    const candidates = best!;
    best = bestOf(backend, candidates, table, [batch, 1, most, 2], 1);
    freeIntermediates(backend, candidates);
  }
  return { best: asTensor(best!), scores: scores ? asTensor(scores) : null };
}

/** Documents found for a query, best first. */
export interface Hits {
  /** Numbers of documents. */
  documents: Int32Array;
  scores: Float32Array;
}

/** The hits of each query of a batch, from the bits of `Found.best`. */
export function readHits(index: SearchIndex, values: Float32Array, batch: number): Hits[] {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const k = words.length / batch / 2;
  return Array.from({ length: batch }, (_, q) => {
    const own = words.subarray(q * k * 2, (q + 1) * k * 2);
    return {
      documents: Int32Array.from({ length: k }, (_, i) => index.order[~own[2 * i + 1]!]!),
      scores: scoresOf(Uint32Array.from({ length: k }, (_, i) => own[2 * i]!)),
    };
  });
}

/** The scores of the pairs, from the bits of `Found.scores`. */
export const readScores = (values: Float32Array): Float32Array =>
  scoresOf(new Uint32Array(values.buffer, values.byteOffset, values.length));

/** A search step for a batch of queries of one index: one submit, whatever the size of the index. */
export function searchStep(gpu: Gpu, index: SearchIndex, batch: number, k: number, pairs = 0): Step {
  return captureStep(
    gpu,
    (inputs) => {
      const { best, scores } = searchQueries(gpu, index, inputs["queries"]!, k, inputs["pairs"]);
      return scores ? { best, scores } : { best };
    },
    {
      queries: { shape: [batch, index.size], dtype: "float32" },
      ...(pairs > 0 ? { pairs: { shape: [pairs, 2], dtype: "int32" } as const } : {}),
    },
  );
}

/**
 * Searches any number of queries.
 * @param queries raw vectors, float32 [queries, size]
 * @param wanted by query: numbers of documents whose scores are wanted whether they are found or not
 * @returns by query: its hits, and the scores of its wanted documents in their order, the same bits as in the hits
 */
export async function searchAll(
  gpu: Gpu,
  index: SearchIndex,
  queries: Float32Array,
  k: number,
  wanted: readonly ArrayLike<number>[] = [],
): Promise<{ hits: Hits[]; scores: Float32Array[] }> {
  const { size } = index;
  const count = queries.length / size;
  const batch = Math.min(SEARCH_BATCH, count);
  const hits: Hits[] = [];
  const scores: Float32Array[] = [];
  if (count === 0) return { hits, scores };
  const pairsFrom = (start: number) =>
    wanted.slice(start, start + batch).reduce((sum, documents) => sum + documents.length, 0);
  let most = 0;
  for (let start = 0; start < count; start += batch) most = Math.max(most, pairsFrom(start));
  const placeOf = new Int32Array(index.documents);
  index.order.forEach((document, place) => {
    placeOf[document] = place;
  });
  const step = searchStep(gpu, index, batch, k, most);
  try {
    for (let start = 0; start < count; start += batch) {
      const here = Math.min(batch, count - start);
      // What is left over of the last batch is zeros, and of the pairs the first pair; neither is looked at.
      const values = new Float32Array(batch * size);
      values.set(queries.subarray(start * size, (start + here) * size));
      const pairs = new Int32Array(most * 2);
      let end = 0;
      for (let q = 0; q < here; q++)
        for (const document of Array.from(wanted[start + q] ?? [])) {
          pairs[2 * end] = q;
          pairs[2 * end + 1] = placeOf[document]!;
          end++;
        }
      step.run(most > 0 ? { queries: values, pairs } : { queries: values });
      const [best, found] = await Promise.all([step.read("best"), most > 0 ? step.read("scores") : null]);
      hits.push(...readHits(index, best, batch).slice(0, here));
      let at = 0;
      for (let q = 0; q < here; q++) {
        const length = wanted[start + q]?.length ?? 0;
        scores.push(found ? readScores(found.subarray(at, at + length)) : new Float32Array());
        at += length;
      }
    }
  } finally {
    step.dispose();
  }
  return { hits, scores };
}
