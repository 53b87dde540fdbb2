/** The optimizer's kernels in WGSL: squares of the gradient, its norm, and the update (adamw.ts). */
import { groupNumber, readBinding, writeBinding } from "./dispatch";
import type { Reduction } from "./kernels/reduce";
import { float, type Lanes, laneSum, laneType } from "./kernels/wgsl";

// Words of the table: a chunk is (slot, first value), a slot as in adamw.ts, `tableWords`, a contribution (offset, count).
export const CHUNK_WORDS = 2;
export const SLOT_WORDS = 10;

/** How tensors that share a table are cut. */
export interface ChunkSizes {
  /** Values of a chunk. */
  chunk: number;
  /** Of all models, as those of a segment's runs. */
  chunks: number;
  /** Values that are loaded at once: 4 where every tensor is of a multiple of 4, as all then begin at one. */
  lanes: Lanes;
}

/** What the update has in its code: `AdamWOptions`, all of them given. */
export interface UpdateConstants {
  beta1: number;
  beta2: number;
  clip: number;
  eps: number;
}

/** The WGSL type that values are bound as. */
const array = ({ lanes }: Pick<ChunkSizes, "lanes">) => `array<${laneType(lanes)}>`;

/**
 * WGSL of the table b1 and the gradients b0: `slotOf(chunk)`, and `gradient(e, stride, at, count)`, the sum of one
 * contribution's partial sums at lanes e. Nearly every tensor has one contribution, so what says where it lies is read
 * once a chunk, and `more(slot, e)` adds the others.
 */
const tableCode = (segment: Pick<ChunkSizes, "lanes" | "chunks">): string => {
  const { lanes, chunks } = segment;
  const type = laneType(lanes);
  return `${readBinding(0, array(segment))}${readBinding(1, "array<i32>")}
fn word(k: u32) -> u32 { return u32(b1[k]); }
fn slotOf(chunk: u32) -> u32 { return ${chunks * CHUNK_WORDS}u + word(chunk * ${CHUNK_WORDS}u) * ${SLOT_WORDS}u; }
fn gradient(e: u32, stride: u32, at: u32, count: u32) -> ${type} {
  var sum = b0[at + e];
  for (var s = 1u; s < count; s++) { sum += b0[at + s * stride + e]; }
  return sum;
}
fn more(slot: u32, e: u32) -> ${type} {
  let first = word(slot + 5u);
  var sum = ${type}(0.0);
  for (var c = 1u; c < word(slot + 6u); c++) {
    sum += gradient(e, word(slot + 7u) / ${lanes}u, word(first + 2u * c) / ${lanes}u, word(first + 2u * c + 1u));
  }
  return sum;
}`;
};

/** The head of a kernel's loop over its chunk: thread t has every 64th lanes `e` and their gradient `g`. */
const chunkLoop = (number: string, { lanes, chunk }: Pick<ChunkSizes, "lanes" | "chunk">): string => `
  let slot = slotOf(${number});
  let start = word(${number} * ${CHUNK_WORDS}u + 1u);
  let size = word(slot + 2u);
  let stride = word(slot + 7u) / ${lanes}u;
  let end = min(start + ${chunk}u, size) / ${lanes}u;
  let at = word(word(slot + 5u)) / ${lanes}u;
  let count = word(word(slot + 5u) + 1u);
  let several = word(slot + 6u) > 1u;
  for (var e = start / ${lanes}u + t; e < end; e += 64u) {
    var g = gradient(e, stride, at, count);
    if (several) { g += more(slot, e); }`;

// Of a kernel whose threads add nothing up together.
const ALONE = { parameters: "", begin: "" };

const workgroupHead = (
  chunks: number,
  { parameters, begin }: Pick<Reduction, "parameters" | "begin"> = ALONE,
): string => `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32${parameters}) {
  ${begin}
  let own = ${groupNumber("w")};
  if (own >= ${chunks}u) { return; }`;

/** squares[model, k] = sum of squares of the model's chunk k. */
export function squaresCode(segment: ChunkSizes, reduction: Reduction): string {
  const { lanes, chunk, chunks } = segment;
  return `${reduction.enable}${tableCode(segment)}
${writeBinding(2, "array<f32>")}
${laneSum(lanes)}
${reduction.overWorkgroup(64)}
${workgroupHead(chunks, reduction)}
  var s = ${laneType(lanes)}(0.0);
${chunkLoop("own", segment)}
    s += g * g;
  }
  let sum = sumOf(t, total(s));
  if (t == 0u) { b2[word(slot + 9u) + start / ${chunk}u] = sum; }
}`;
}

/** norm[model] = sqrt(sum of its squares), by one workgroup. */
export function normCode(count: number, reduction: Reduction): string {
  return `${reduction.enable}${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
${reduction.overWorkgroup(64)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32${reduction.parameters}) {
  ${reduction.begin}
  var s = 0.0;
  for (var i = t; i < ${count}u; i += 64u) { s += b0[w.x * ${count}u + i]; }
  let sum = sumOf(t, s);
  if (t == 0u) { b1[w.x] = sqrt(sum); }
}`;
}

/** Reads gradients, table, norm, hyper; updates parameters, m, v of `count` chunks from `first` on. */
export function updateCode(segment: ChunkSizes, first: number, count: number, o: UpdateConstants): string {
  const { lanes } = segment;
  const clipped =
    o.clip > 0 ? `min(1.0, ${float(o.clip)} / max(b2[model], 1e-30))` : "select(1.0, 1.0, b2[model] >= 0.0)";
  return `${tableCode(segment)}
${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${writeBinding(4, array(segment))}${writeBinding(5, array(segment))}${writeBinding(6, array(segment))}
${workgroupHead(count)}
  let chunk = own + ${first}u;
  let model = word(slotOf(chunk) + 8u);
  let scale = ${clipped};
  let parameters = word(slotOf(chunk)) / ${lanes}u;
  let moments = word(slotOf(chunk) + 1u) / ${lanes}u;
  let rate = b3[4u * model + word(slotOf(chunk) + 3u)];
  let decay = bitcast<f32>(b1[slotOf(chunk) + 4u]);
  let c1 = b3[4u * model + 2u];
  let c2 = b3[4u * model + 3u];
${chunkLoop("chunk", segment)}
    let p = parameters + e;
    let j = moments + e;
    g *= scale;
    let m = ${float(o.beta1)} * b5[j] + ${float(1 - o.beta1)} * g;
    let v = ${float(o.beta2)} * b6[j] + ${float(1 - o.beta2)} * g * g;
    b5[j] = m;
    b6[j] = v;
    b4[p] -= rate * (m * c1 / (sqrt(v * c2) + ${o.eps.toExponential()}) + decay * b4[p]);
  }
}`;
}
