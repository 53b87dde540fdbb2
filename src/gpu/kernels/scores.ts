/**
 * Scores of a batch of queries with a block of documents: cosines, as whole numbers that compare as the scores do.
 *
 *   unit[q] = query[q] / |query[q]|,   key[q, d] = order(unit[q] . document[d])
 *
 * Documents lie in groups of 256, the first value of all of them, then the second: a thread takes four documents, so that
 * a workgroup reads one piece of memory from end to end, and each value read serves up to eight queries.
 *
 * Sizes are read from a table, not baked in: collections, batches and k come in many sizes that are each used little, and
 * a kernel takes a software adapter up to a second to compile.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, linearGrid, readBinding, workgroupGrid, writeBinding } from "../dispatch";
import { reductionOf } from "./reduce";
import { unroll } from "./wgsl";

/** Documents that lie together; a workgroup scores as many. */
export const GROUP = 256;

/** What the kernels are told of a batch and a block. */
export interface SearchSizes {
  batch: number;
  /** Values of a vector. */
  size: number;
  k: number;
  /** Candidates of a query: documents of the block, or what all lists hold. */
  documents: number;
  /** Whether candidates come from lists, and the words from one query's to the next's. */
  fromLists: number;
  stride: number;
  /** Groups of the block. */
  groups: number;
  /** Place of the block's first document. */
  first: number;
  /** Documents of a chunk: the best k of each are one list. */
  chunk: number;
  /** Chunks of the block. */
  chunks: number;
  /** Lists of a query: of all blocks, and of the blocks before this one. */
  lists: number;
  listsBefore: number;
  pairs: number;
}
const NAMES = [
  "batch",
  "size",
  "k",
  "documents",
  "fromLists",
  "stride",
  "groups",
  "first",
  "chunk",
  "chunks",
  "lists",
  "listsBefore",
  "pairs",
] as const satisfies (keyof SearchSizes)[];

/** The table: int32 [13]. */
export const sizeWords = (sizes: SearchSizes): Int32Array => Int32Array.from(NAMES, (name) => sizes[name]);

/** WGSL: the table at this binding, and `S(name)` of it. */
export const sizesBinding = (index: number): string => readBinding(index, `array<u32, ${NAMES.length}>`);
export const sizeAt = (index: number, name: keyof SearchSizes): string => `b${index}[${NAMES.indexOf(name)}]`;

/** Values of a row where it is padded with zeros to whole vectors. */
export const paddedSize = (size: number): number => Math.ceil(size / 4) * 4;

/**
 * WGSL of `orderKey(score) -> u32`: compares as scores do, the larger the better. Both zeros are one; what is not a number
 * is 0, below all others.
 */
const ORDER_KEY = `fn orderKey(score: f32) -> u32 {
  var bits = bitcast<u32>(score);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0u; }
  if (bits == 0x80000000u) { bits = 0u; }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}`;

/** The scores that keys stand for. */
export function scoresOf(keys: Uint32Array): Float32Array {
  const bits = keys.map((key) => (key === 0 ? 0x7fc00000 : key >= 0x80000000 ? key - 0x80000000 : ~key));
  return new Float32Array(bits.buffer, bits.byteOffset, bits.length);
}

const float = new Float32Array(1);
const bitsOfFloat = new Int32Array(float.buffer);
/** The key that stands for a score: its words compare as the scores do. */
export function keyOf(score: number): number {
  float[0] = score + 0; // -0 is 0
  const bits = bitsOfFloat[0]!;
  return bits < 0 ? ~bits : bits | 0x80000000;
}

/** Rows of `queries` [batch, size] at length 1, padded to whole vectors; a row of zeros stays. */
export function unitRows(backend: WebGPUBackend, queries: TensorInfo, sizes: TensorInfo): TensorInfo {
  const [batch, size] = queries.shape as [number, number];
  const reduction = reductionOf(backend);
  const [unit] = dispatch(
    backend,
    {
      key: `search: queries to length 1${reduction.key}`,
      workgroups: workgroupGrid(batch),
      code: () => `${reduction.enable}${readBinding(0, "array<f32>")}${sizesBinding(1)}${writeBinding(2, "array<f32>")}
${reduction.overWorkgroup(64)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let row = ${groupNumber("w")};
  let size = ${sizeAt(1, "size")};
  if (row >= ${sizeAt(1, "batch")}) { return; }
  var sum = 0.0;
  for (var k = thread; k < size; k += 64u) { let x = b0[row * size + k]; sum += x * x; }
  let squares = sumOf(thread, sum);
  let scale = select(0.0, 1.0 / sqrt(squares), squares > 0.0);
  let padded = (size + 3u) / 4u * 4u;
  for (var k = thread; k < padded; k += 64u) {
    b2[row * padded + k] = select(0.0, b0[row * size + min(k, size - 1u)] * scale, k < size);
  }
}`,
    },
    [queries, sizes],
    [{ shape: [batch, paddedSize(size)] }],
  );
  return unit!;
}

/** Queries of a thread: 8 x 4 sums stay in registers. */
const rowsOf = (batch: number): number => (batch >= 8 ? 8 : batch >= 4 ? 4 : 1);

/** WGSL: keys [batch, groups * 256] of queries [batch, padded] with documents [groups, padded, 256], `rows` at a time. */
export function scoreCode(rows: number): string {
  const store = (i: number) => {
    const keys = ["x", "y", "z", "w"].map((lane) => `orderKey(s${i}.${lane})`).join(", ");
    return `if (row + ${i}u < batch) { b3[((row + ${i}u) * groups + group) * ${GROUP / 4}u + t] = vec4u(${keys}); }`;
  };
  return `${readBinding(0, "array<vec4f>")}${readBinding(1, "array<vec4f>")}${sizesBinding(2)}${writeBinding(3, "array<vec4u>")}
${ORDER_KEY}
@compute @workgroup_size(64) fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
  let number = ${groupNumber("w")};
  let batch = ${sizeAt(2, "batch")};
  let groups = ${sizeAt(2, "groups")};
  let tiles = (batch + ${rows - 1}u) / ${rows}u;
  if (number >= groups * tiles) { return; }
  let group = number / tiles;
  let row = (number % tiles) * ${rows}u;
  let vectors = (${sizeAt(2, "size")} + 3u) / 4u;
  var at = group * vectors * ${GROUP}u + t;
  ${unroll(rows, (i) => `var s${i} = vec4f(0.0);\nlet from${i} = min(row + ${i}u, batch - 1u) * vectors;`)}
  for (var k = 0u; k < vectors; k++) {
    ${unroll(4, (l) => `let y${l} = b1[at + ${l * (GROUP / 4)}u];`)}
    at += ${GROUP}u;
    ${unroll(
      rows,
      (i) => `let x${i} = b0[from${i} + k];
    s${i} += x${i}.x * y0 + x${i}.y * y1 + x${i}.z * y2 + x${i}.w * y3;`,
    )}
  }
  ${unroll(rows, store)}
}`;
}

/** Keys int32 [batch, groups * 256] of unit queries with a block of documents. */
export function scoreKeys(
  backend: WebGPUBackend,
  unit: TensorInfo,
  documents: TensorInfo,
  sizes: TensorInfo,
): TensorInfo {
  const batch = unit.shape[0]!;
  const groups = documents.shape[0]!;
  const rows = rowsOf(batch);
  const [keys] = dispatch(
    backend,
    {
      key: `search: scores, ${rows} queries a thread`,
      workgroups: workgroupGrid(groups * Math.ceil(batch / rows)),
      code: () => scoreCode(rows),
    },
    [unit, documents, sizes],
    [{ shape: [batch, groups * GROUP], dtype: "int32" }],
  );
  return keys!;
}

/**
 * Keys of single pairs, out of those of a block: so they are the very ones that the ranking went by.
 * @param pairs int32 [count, 2]: query of the batch, place of the document
 * @param into what earlier blocks wrote, int32 [count]; made where there is none
 */
export function pairKeys(
  backend: WebGPUBackend,
  keys: TensorInfo,
  pairs: TensorInfo,
  sizes: TensorInfo,
  into?: TensorInfo,
): TensorInfo {
  const count = pairs.shape[0]!;
  const grid = linearGrid(count);
  const [out] = dispatch(
    backend,
    {
      key: `search: scores of pairs, ${grid.index}`,
      workgroups: grid.workgroups,
      code: () => `${readBinding(0, "array<u32>")}${readBinding(1, "array<vec2u>")}${sizesBinding(2)}${writeBinding(3, "array<u32>")}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${grid.index};
  if (i >= ${sizeAt(2, "pairs")}) { return; }
  let pair = b1[i];
  // A place before the block wraps round and is past it as well.
  let place = pair.y - ${sizeAt(2, "first")};
  if (place < ${sizeAt(2, "documents")}) { b3[i] = b0[pair.x * ${sizeAt(2, "groups")} * ${GROUP}u + place]; }
}`,
    },
    [keys, pairs, sizes],
    [into ?? { shape: [count], dtype: "int32" }],
  );
  return out!;
}
