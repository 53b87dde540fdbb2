/**
 * Scaled dot-product attention without a [tokens, tokens] matrix in memory (the idea of FlashAttention, Dao et al.,
 * arXiv 2205.14135, at one query a thread):
 *
 *   z_ts = q_t . k_s / sqrt(size),   p_ts = exp(z_ts - lse_t),   o_t = sum_s p_ts v_s
 *   delta_t = dy_t . o_t,            dz_ts = p_ts (dy_t . v_s - delta_t) / sqrt(size)
 *   dq_t = sum_s dz_ts k_s,          dk_s = sum_t dz_ts q_t,     dv_s = sum_t p_ts dy_t
 *
 * s runs over the keys that are tokens (mask 1) and, where causal, not after t. Masked keys are skipped, not given a
 * large negative score; a query that sees no key gives zeros. Grouped queries: key/value head g serves the query heads
 * g * group .. (g + 1) * group - 1. Every sum is one thread's own: no atomics.
 *
 * q, k and v come side by side, as one linear map makes them, and their gradients go back so. Backward is one dispatch:
 * a workgroup owns a key/value head of a text (or of several short ones), makes its dq and delta, and then dk and dv; of
 * long texts every thread owns a query or a key.
 *
 * Rotary positions are applied to q and k once, before (rotary.ts), because turning a key anew for each query would
 * cost more than attending to it; their gradients are turned back as they are stored.
 *
 * Milliseconds on lavapipe (two CPU cores), 32 texts of 48 tokens, 4 heads of 16, against tfjs' ops: forward 4.6 to 57,
 * with all gradients 15 to 118; causal with rotary positions 3.0 to 66 and 9.1 to 130.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, linearGrid, readBinding, workgroupGrid, writeBinding } from "../dispatch";
import type { AttentionShape } from "../ops";
import { registerOp } from "./op";
import { ropeKey, rotary, rotaryFunctions, rotaryLanes, rotateLanes } from "./rotary";
import { float, type Lanes, laneSum, lanesOf, laneType, threadHead, unroll } from "./wgsl";

/** Everything the code depends on. */
export interface AttentionSizes extends AttentionShape {
  /** Width of a head. */
  size: number;
  /** Texts that the mask is for; `batch`, or fewer where several models share them (models.ts). */
  masks: number;
}

const lanes = ({ size, ropeTheta }: AttentionSizes): Lanes =>
  ropeTheta === undefined ? lanesOf(size) : rotaryLanes(size);

/**
 * Constants, and where a head's first value is: `qAt(b, h, t)` and `kAt(b, g, s)` in what is attended with (turned by
 * position, q and k alone, where there are rotary positions), `vAt(b, g, s)` in q, k, v side by side, `oAt(b, h, t)`; and
 * whether a key is one: `isToken(b, s)`.
 */
function head(sizes: AttentionSizes): string {
  const { batch, masks, tokens, heads, kvHeads, size, ropeTheta } = sizes;
  const w = size / lanes(sizes);
  const all = heads + 2 * kvHeads;
  const turned = ropeTheta === undefined ? all : heads + kvHeads;
  return `${laneSum(lanes(sizes))}
const T = ${tokens}u;
const H = ${heads}u;
const G = ${kvHeads}u;
const GROUP = ${heads / kvHeads}u;
const SCALE = ${float(1 / Math.sqrt(size))};
fn qAt(b: u32, h: u32, t: u32) -> u32 { return ((b * T + t) * ${turned}u + h) * ${w}u; }
fn kAt(b: u32, g: u32, s: u32) -> u32 { return ((b * T + s) * ${turned}u + H + g) * ${w}u; }
fn vAt(b: u32, g: u32, s: u32) -> u32 { return ((b * T + s) * ${all}u + H + G + g) * ${w}u; }
fn oAt(b: u32, h: u32, t: u32) -> u32 { return ((b * T + t) * H + h) * ${w}u; }
fn isToken(b: u32, s: u32) -> bool { return b2[${masks === batch ? "b" : `(b % ${masks}u)`} * T + s] != 0.0; }`;
}

/** `total(a0 * b0 + a1 * b1 ...)` over the vectors of a head. */
const dotProduct = (w: number, a: (k: number) => string, b: (k: number) => string): string =>
  `total(${Array.from({ length: w }, (_, k) => `${a(k)} * ${b(k)}`).join(" + ")})`;

/** Reads q and k, [q, k, v], mask; writes o and, per (batch, head, token), lse. */
export function attentionCode(sizes: AttentionSizes): string {
  const { batch, tokens, heads, size, causal } = sizes;
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const threads = batch * heads * tokens;
  const array = `array<${type}>`;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}
${writeBinding(3, array)}${writeBinding(4, "array<f32>")}
${head(sizes)}
${threadHead(linearGrid(threads).index, threads)}
  let t = i % T;
  let h = (i / T) % H;
  let b = i / (T * H);
  let at = qAt(b, h, t);
${unroll(w, (k) => `let q${k} = b0[at + ${k}u] * SCALE;\nvar o${k} = ${type}(0);`)}
  var top = -3.0e38; // the largest score so far; the sums are relative to it
  var sum = 0.0;
  for (var s = 0u; s < ${causal ? "t + 1u" : "T"}; s++) {
    if (!isToken(b, s)) { continue; }
    let key = kAt(b, h / GROUP, s);
    let value = vAt(b, h / GROUP, s);
    let z = ${dotProduct(
      w,
      (k) => `q${k}`,
      (k) => `b0[key + ${k}u]`,
    )};
    let next = max(top, z);
    let keep = exp(top - next);
    let p = exp(z - next);
    sum = sum * keep + p;
    top = next;
${unroll(w, (k) => `o${k} = o${k} * keep + p * b1[value + ${k}u];`)}
  }
  var share = 0.0;
  var lse = 0.0;
  if (sum > 0.0) {
    share = 1.0 / sum;
    lse = top + log(sum);
  }
  let to = oAt(b, h, t);
${unroll(w, (k) => `b3[to + ${k}u] = o${k} * share;`)}
  b4[i] = lse;
}`;
}

/** Stores `${name}0 .. ${name}<w-1>` at `to`, turned back by `position` where there are rotary positions. */
function storeTurnedBack(sizes: AttentionSizes, binding: number, name: string, position: string): string {
  const w = sizes.size / lanes(sizes);
  const plain = unroll(w, (k) => `b${binding}[to + ${k}u] = ${name}${k};`);
  const { ropeTheta } = sizes;
  if (ropeTheta === undefined) return plain;
  return rotateLanes(
    { ...sizes, ropeTheta },
    position,
    -1,
    (k) => `${name}${k}`,
    (k) => `b${binding}[to + ${k}u]`,
  );
}

// Queries that one workgroup answers: 16 a thread. Past that, longer texts want more threads than a workgroup has; and
// lavapipe ends a thread's loops after 65,535 turns in all without a word.
const MOST_QUERIES = 1024;
/** Key/value heads of one workgroup: as many as fill its 64 threads with keys. */
const headsOfGroup = ({ tokens }: AttentionSizes): number => Math.max(1, Math.floor(64 / tokens));

/** Whether a workgroup owns whole heads and passes delta on; else every query and every key is a thread by itself. */
const inWorkgroups = (sizes: AttentionSizes): boolean =>
  headsOfGroup(sizes) * (sizes.heads / sizes.kvHeads) * sizes.tokens <= MOST_QUERIES;

/** Reads q and k, [q, k, v], mask, lse, dy, o; writes the gradient of [q, k, v]. */
export function attentionGradCode(sizes: AttentionSizes): string {
  const { tokens, heads, kvHeads, size, causal } = sizes;
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const array = `array<${type}>`;
  const stored = inWorkgroups(sizes);
  const all = heads + 2 * kvHeads;
  const delta = (at: string) =>
    dotProduct(
      w,
      (k) => `b4[${at} + ${k}u]`,
      (k) => `b5[${at} + ${k}u]`,
    );
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${readBinding(4, array)}${readBinding(5, array)}${writeBinding(6, array)}
${head(sizes)}
${sizes.ropeTheta === undefined ? "" : rotaryFunctions(lanes(sizes))}
${stored ? `var<workgroup> deltas: array<f32, ${headsOfGroup(sizes) * (heads / kvHeads) * tokens}>;` : ""}
fn query(pair: u32, i: u32, slot: u32) {
  let t = i % T;
  let g = pair % G;
  let h = g * GROUP + i / T;
  let b = pair / G;
  let at = qAt(b, h, t);
  let out = oAt(b, h, t);
${unroll(w, (k) => `let q${k} = b0[at + ${k}u] * SCALE;\nlet y${k} = b4[out + ${k}u];\nvar d${k} = ${type}(0);`)}
  let lse = b3[(b * H + h) * T + t];
  let delta = ${delta("out")};
  for (var s = 0u; s < ${causal ? "t + 1u" : "T"}; s++) {
    if (!isToken(b, s)) { continue; }
    let key = kAt(b, g, s);
    let value = vAt(b, g, s);
${unroll(w, (k) => `let k${k} = b0[key + ${k}u];`)}
    let z = ${dotProduct(
      w,
      (k) => `q${k}`,
      (k) => `k${k}`,
    )};
    let dp = ${dotProduct(
      w,
      (k) => `y${k}`,
      (k) => `b1[value + ${k}u]`,
    )};
    let dz = exp(z - lse) * (dp - delta) * SCALE;
${unroll(w, (k) => `d${k} += dz * k${k};`)}
  }
  let to = ((b * T + t) * ${all}u + h) * ${w}u;
${storeTurnedBack(sizes, 6, "d", "t")}
  ${stored ? "deltas[slot] = delta;" : ""}
}
fn keyAndValue(pair: u32, s: u32, first: u32) {
  let g = pair % G;
  let b = pair / G;
  let at = kAt(b, g, s);
  let value = vAt(b, g, s);
${unroll(w, (k) => `let k${k} = b0[at + ${k}u] * SCALE;\nlet v${k} = b1[value + ${k}u];\nvar d${k} = ${type}(0);\nvar e${k} = ${type}(0);`)}
  let seen = isToken(b, s);
  for (var n = 0u; seen && n < GROUP; n++) {
    let h = g * GROUP + n;
    for (var t = ${causal ? "s" : "0u"}; t < T; t++) {
      let other = qAt(b, h, t);
      let out = oAt(b, h, t);
${unroll(w, (k) => `let q${k} = b0[other + ${k}u];\nlet y${k} = b4[out + ${k}u];`)}
      let p = exp(${dotProduct(
        w,
        (k) => `q${k}`,
        (k) => `k${k}`,
      )} - b3[(b * H + h) * T + t]);
      let dp = ${dotProduct(
        w,
        (k) => `y${k}`,
        (k) => `v${k}`,
      )};
      let dz = p * (dp - ${stored ? "deltas[first + n * T + t]" : delta("out")}) * SCALE;
${unroll(w, (k) => `d${k} += dz * q${k};\ne${k} += p * y${k};`)}
    }
  }
  {
    let to = ((b * T + s) * ${all}u + H + g) * ${w}u;
${storeTurnedBack(sizes, 6, "d", "s")}
  }
  let to = ((b * T + s) * ${all}u + H + G + g) * ${w}u;
${unroll(w, (k) => `b6[to + ${k}u] = e${k};`)}
}
${stored ? mainInWorkgroups(sizes) : mainByThreads(sizes)}`;
}

/** dq and delta of whole heads, then their dk and dv. */
function mainInWorkgroups(sizes: AttentionSizes): string {
  const { batch, tokens, heads, kvHeads } = sizes;
  const own = headsOfGroup(sizes);
  const queries = (heads / kvHeads) * tokens;
  return `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = (${groupNumber("group")}) * ${own}u;
  for (var i = thread; i < ${own * queries}u; i += 64u) {
    let pair = first + i / ${queries}u;
    if (pair < ${batch * kvHeads}u) { query(pair, i % ${queries}u, i); }
  }
  workgroupBarrier();
  for (var i = thread; i < ${own * tokens}u; i += 64u) {
    let pair = first + i / T;
    if (pair < ${batch * kvHeads}u) { keyAndValue(pair, i % T, (i / T) * ${queries}u); }
  }
}`;
}

/** A thread a query, then a thread a key, which makes its queries' delta anew. */
function mainByThreads({ batch, tokens, heads, kvHeads }: AttentionSizes): string {
  const queries = (heads / kvHeads) * tokens;
  const all = batch * kvHeads * queries;
  return `${threadHead(linearGrid(all + batch * kvHeads * tokens).index, all + batch * kvHeads * tokens)}
  if (i < ${all}u) { query(i / ${queries}u, i % ${queries}u, 0u); }
  else { keyAndValue((i - ${all}u) / T, (i - ${all}u) % T, 0u); }
}`;
}

type Inputs = Record<"qkv" | "mask", TensorInfo>;

const key = (name: string, sizes: AttentionSizes): string =>
  `${name} ${sizes.batch === sizes.masks ? "" : `${sizes.masks} shared by `}${sizes.batch}x${sizes.tokens} heads ${sizes.heads}/${sizes.kvHeads} of ${sizes.size}${sizes.causal ? " causal" : ""}${sizes.ropeTheta === undefined ? "" : ` rope ${ropeKey(sizes)}`}`;

function forward(backend: WebGPUBackend, qk: TensorInfo, { qkv, mask }: Inputs, sizes: AttentionSizes): TensorInfo[] {
  const { batch, tokens, heads, size } = sizes;
  const threads = batch * heads * tokens;
  return dispatch(
    backend,
    {
      key: key("attention", sizes),
      workgroups: linearGrid(threads).workgroups,
      code: () => attentionCode(sizes),
    },
    [qk, qkv, mask],
    [{ shape: [batch * tokens, heads * size] }, { shape: [threads] }],
  );
}

const gradOp = registerOp<Record<"qk" | "qkv" | "mask" | "lse" | "dy" | "o", TensorInfo>, AttentionSizes>({
  name: "LabAttentionGrad",
  run(backend, { qk, qkv, mask, lse, dy, o }, sizes) {
    const { batch, tokens, heads, kvHeads } = sizes;
    const groups = Math.ceil((batch * kvHeads) / headsOfGroup(sizes));
    const { workgroups } = inWorkgroups(sizes)
      ? { workgroups: workgroupGrid(groups) }
      : linearGrid(batch * tokens * (heads + kvHeads));
    return dispatch(
      backend,
      {
        key: key("attention-grad", sizes),
        workgroups,
        code: () => attentionGradCode(sizes),
      },
      [qk, qkv, mask, lse, dy, o],
      [{ shape: qkv.shape }],
    )[0]!;
  },
});

const attentionOp = registerOp<Inputs, AttentionSizes>({
  name: "LabAttention",
  saveInputs: ["qkv", "mask"],
  saveOutputs: [true, true],
  run: (backend, inputs, sizes) => forward(backend, inputs.qkv, inputs, sizes),
  gradient: ({ dy, saved, attributes }) => {
    const [qkv, mask, o, lse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return { qkv: () => gradOp({ qk: qkv, qkv, mask, lse, dy, o }, attributes)[0]! };
  },
});

const rotaryAttentionOp = registerOp<Inputs, AttentionSizes>({
  name: "LabRotaryAttention",
  saveInputs: ["qkv", "mask"],
  saveOutputs: [true, true, true],
  run(backend, inputs, sizes) {
    const qk = rotary(backend, inputs.qkv, sizes);
    const [o, lse] = forward(backend, qk, inputs, sizes) as [TensorInfo, TensorInfo];
    return [o, lse, qk];
  },
  gradient: ({ dy, saved, attributes }) => {
    const [qkv, mask, o, lse, qk] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return { qkv: () => gradOp({ qk, qkv, mask, lse, dy, o }, attributes)[0]! };
  },
});

/**
 * qkv [batch * tokens, (heads + 2 kvHeads) * size]: queries, keys and values side by side; mask [batch, tokens] of ones
 * and zeros, or of fewer texts where several models share it, batch being a multiple of theirs -> [batch * tokens, heads * size]. Throws where the heads do not divide, or a rotated head has an odd size.
 */
export function attention(qkv: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D {
  const size = headSize(qkv, shape);
  if (shape.ropeTheta !== undefined && size % 2 !== 0)
    throw new Error(`attention: rotary positions need heads of even size, not ${size}`);
  const [masks] = mask.shape;
  if (shape.batch % masks !== 0) throw new Error(`attention: ${shape.batch} texts, but a mask for ${masks}`);
  const op = shape.ropeTheta === undefined ? attentionOp : rotaryAttentionOp;
  return op({ qkv, mask }, { ...shape, size, masks })[0] as Tensor2D;
}

/** Width of a head. Throws where heads and widths do not fit. */
export function headSize(qkv: Tensor2D, { heads, kvHeads }: AttentionShape): number {
  const size = qkv.shape[1] / (heads + 2 * kvHeads);
  if (!Number.isInteger(size) || !Number.isInteger(heads / kvHeads))
    throw new Error(`attention: ${heads} heads over ${kvHeads} do not fit a width of ${qkv.shape[1]}`);
  return size;
}
