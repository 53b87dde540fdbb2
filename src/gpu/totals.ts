/**
 * Gradients of a batch that comes in pieces: what one piece's kernels wrote (gradients.ts) is added to the total of the
 * pieces before it, so that its place is free for the next. One dispatch for each buffer of gradients.
 *
 *   total[e] = sum over contributions c, partial sums s of g[c, s, e]
 *
 * The total so far is one of the contributions: each value is read and written by one thread.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { dispatch, groupNumber, readBinding, workgroupGrid, writeBinding } from "./dispatch";
import type { Contribution } from "./gradients";
import { disposeOwn, ownTensor } from "./step";

/** A tensor's contributions within one buffer, and where their sum goes. */
export interface Total {
  size: number;
  /** First value of the sum. */
  to: number;
  from: readonly Contribution[];
}

/** Adds up contributions on the GPU; keeps its tables, which differ little from one step function to another. */
export interface Adder {
  add(buffer: GPUBuffer, totals: readonly Total[]): void;
  dispose(): void;
}

// Values of one workgroup of 64 threads.
const CHUNK = 1024;
// Words of the table: a chunk is (first word of its tensor, first value), a tensor (size, to, contributions), each of
// which is (offset, count).
const CHUNK_WORDS = 2;

export function createAdder(gpu: Gpu): Adder {
  const tables = new Map<string, Tensor>();
  return {
    add(buffer, totals) {
      const { words, chunks } = tableWords(totals);
      if (chunks === 0) return;
      const key = words.join(" ");
      let table = tables.get(key);
      if (!table) {
        table = ownTensor(gpu, { shape: [words.length], dtype: "int32" }, words);
        tables.set(key, table);
      }
      dispatch(
        gpu.backend,
        { key: `add-gradients ${chunks}`, workgroups: workgroupGrid(chunks), code: () => addCode(chunks) },
        [table],
        [{ buffer }],
      );
    },
    dispose() {
      for (const table of tables.values()) disposeOwn(gpu, table);
    },
  };
}

function tableWords(totals: readonly Total[]): { words: Int32Array; chunks: number } {
  const chunks = totals.reduce((sum, { size }) => sum + Math.ceil(size / CHUNK), 0);
  const chunkWords: number[] = [];
  const tensorWords: number[] = [];
  for (const { size, to, from } of totals) {
    const at = chunks * CHUNK_WORDS + tensorWords.length;
    for (let start = 0; start < size; start += CHUNK) chunkWords.push(at, start);
    tensorWords.push(size, to, from.length, ...from.flatMap(({ offset, count }) => [offset, count]));
  }
  return { words: Int32Array.from([...chunkWords, ...tensorWords]), chunks };
}

/** Reads the table; reads and writes the buffer. A workgroup a chunk. */
export function addCode(chunks: number): string {
  return `${readBinding(0, "array<i32>")}${writeBinding(1, "array<f32>")}
fn word(k: u32) -> u32 { return u32(b0[k]); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
  let own = ${groupNumber("w")};
  if (own >= ${chunks}u) { return; }
  let tensor = word(own * ${CHUNK_WORDS}u);
  let start = word(own * ${CHUNK_WORDS}u + 1u);
  let size = word(tensor);
  let end = min(start + ${CHUNK}u, size);
  for (var e = start + t; e < end; e += 64u) {
    var sum = 0.0;
    for (var c = 0u; c < word(tensor + 2u); c++) {
      let at = word(tensor + 3u + 2u * c);
      for (var s = 0u; s < word(tensor + 4u + 2u * c); s++) { sum += b1[at + s * size + e]; }
    }
    b1[word(tensor + 1u) + e] = sum;
  }
}`;
}
