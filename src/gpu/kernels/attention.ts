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
import {
  dispatch,
  groupNumber,
  linearGrid,
  readBinding,
  uniformBinding,
  workgroupGrid,
  writeBinding,
} from "../dispatch";
import type { AttentionShape } from "../ops";
import { registerOp } from "./op";
import { ropeKey, rotary, rotaryFunctions, rotaryLanes, rotateLanes } from "./rotary";
import { variantsOf } from "./variants";
import { float, type Lanes, laneSum, lanesOf, laneType, threadHead, unroll } from "./wgsl";

/** Everything the code depends on. */
export interface AttentionSizes extends AttentionShape {
  /** Width of a head. */
  size: number;
  /** Texts that the mask is for; `batch`, or fewer where several models share them (models.ts). */
  masks: number;
  /** Queries, and on the way back keys, that a thread has at once. */
  block: 1 | 2 | 4;
  /** The numbers of texts and tokens are read, not baked in: towers that differ in them alone share pipelines. */
  reads: boolean;
}

/** WGSL of what may be read: tokens and blocks of them, texts, and key/value heads of a workgroup. */
function counts(sizes: AttentionSizes) {
  const values = [sizes.tokens, blocksOf(sizes), sizes.batch, headsOfGroup(sizes)];
  const [tokens, blocks, batch, own] = values.map((value, i) =>
    sizes.reads ? `attended[0].${"xyzw"[i]}` : `${value}u`,
  ) as [string, string, string, string];
  return { tokens, blocks, batch, own, values };
}
const blocksOf = ({ tokens, block }: AttentionSizes): number => Math.ceil(tokens / block);
const readCounts = ({ reads }: AttentionSizes, binding: number): string =>
  reads ? uniformBinding(binding, "attended", 1) : "";

/*
 * What a thread loads serves as many queries or keys as it has at once. Where register tiles are the faster way to multiply,
 * loads are dear; elsewhere threads are what is wanted, and it has one. Milliseconds of a CPU's threads, 32 texts of 48
 * tokens, 4 heads of 32, by 1, 2, 4 at once: forward 11, 8, 5 on lavapipe and 68, 40, 29 on SwiftShader; and back 30, 19, 13
 * and 143, 105, 82. But SwiftShader compiles the way back for .26, .8 and 1.9 s, forward for .05, .1 and .2.
 */
function inBlocks(backend: WebGPUBackend, whole: WholeSizes, back: boolean): AttentionSizes {
  const { size, tokens } = whole;
  const registers = variantsOf(backend).matmul === "registers";
  const reads = registers && whole.masks === whole.batch;
  if (!registers || tokens === 1) return { ...whole, block: 1, reads };
  if (back) return { ...whole, block: size <= 32 ? 2 : 1, reads };
  return { ...whole, block: size <= 32 && tokens >= 4 ? 4 : size <= 64 ? 2 : 1, reads };
}

const lanes = ({ size, ropeTheta }: Pick<AttentionSizes, "size" | "ropeTheta">): Lanes =>
  ropeTheta === undefined ? lanesOf(size) : rotaryLanes(size);

/**
 * Constants, and where a head's first value is, given the row of its token: `qAt(row, h)` and `kAt(row, g)` in what is
 * attended with (turned by position, q and k alone, where there are rotary positions), `vAt(row, g)` in q, k, v side by
 * side, `oAt(row, h)`; and whether a row is a token: `isToken(row)`.
 */
function head(sizes: AttentionSizes): string {
  const { batch, masks, heads, kvHeads, size, ropeTheta } = sizes;
  const { tokens } = counts(sizes);
  const w = size / lanes(sizes);
  const all = heads + 2 * kvHeads;
  const turned = ropeTheta === undefined ? all : heads + kvHeads;
  return `${laneSum(lanes(sizes))}
${sizes.reads ? "" : `const T = ${tokens};`}
const H = ${heads}u;
const G = ${kvHeads}u;
const GROUP = ${heads / kvHeads}u;
const SCALE = ${float(1 / Math.sqrt(size))};
fn qAt(row: u32, h: u32) -> u32 { return (row * ${turned}u + h) * ${w}u; }
fn kAt(row: u32, g: u32) -> u32 { return (row * ${turned}u + H + g) * ${w}u; }
fn vAt(row: u32, g: u32) -> u32 { return (row * ${all}u + H + G + g) * ${w}u; }
fn oAt(row: u32, h: u32) -> u32 { return (row * H + h) * ${w}u; }
fn isToken(row: u32) -> bool { return b2[${masks === batch ? "row" : `row % ${masks * sizes.tokens}u`}] != 0.0; }`;
}

/** `total(a0 * b0 + a1 * b1 ...)` over the vectors of a head. */
const dotProduct = (w: number, a: (k: number) => string, b: (k: number) => string): string =>
  `total(${Array.from({ length: w }, (_, k) => `${a(k)} * ${b(k)}`).join(" + ")})`;

/** WGSL of so many numbers at once, one a query or key of a block, and of number i of them. */
const numbers = (block: number): string => (block === 1 ? "f32" : `vec${block}f`);
const number = (name: string, block: number, i: number): string => (block === 1 ? name : `${name}.${"xyzw"[i]}`);
/** WGSL: the numbers of a block. */
const each = (block: number, one: (i: number) => string): string =>
  `${numbers(block)}(${Array.from({ length: block }, (_, i) => one(i)).join(", ")})`;
/** WGSL `seen`: which of a block see what is looked at, by position. */
const seen = (block: number, one: (i: number) => string): string =>
  `let seen = vec${block}<bool>(${Array.from({ length: block }, (_, i) => one(i)).join(", ")});`;
/** WGSL: the i-th of a block, another one twice where the last block overhangs. */
const within = (first: string, i: number, { block, tokens }: AttentionSizes): string =>
  tokens % block === 0 ? `${first} + ${i}u` : `min(${first} + ${i}u, T - 1u)`;
/** WGSL: a statement for the i-th of a block, left out where that overhangs. */
const guarded = (first: string, i: number, { block, tokens }: AttentionSizes, statement: string): string =>
  tokens % block === 0 || i === 0 ? `{ ${statement} }` : `if (${first} + ${i}u < T) { ${statement} }`;

const threadsForward = (sizes: AttentionSizes): number => sizes.batch * sizes.heads * blocksOf(sizes);
/** WGSL of T within a function, where it is not a constant. */
const ownTokens = (sizes: AttentionSizes): string => (sizes.reads ? `let T = ${counts(sizes).tokens};` : "");

/** Reads q and k, [q, k, v], mask; writes o and, per (batch, head, token), lse. A thread a block of queries. */
export function attentionCode(sizes: AttentionSizes): string {
  const { size, causal, block } = sizes;
  const { batch, blocks } = counts(sizes);
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const array = `array<${type}>`;
  const n = numbers(block);
  const seesSome = causal && block > 1;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}
${writeBinding(3, array)}${writeBinding(4, "array<f32>")}${readCounts(sizes, 5)}
${head(sizes)}
${threadHead(linearGrid(threadsForward(sizes)).index, `${batch} * H * ${blocks}`)}
  ${ownTokens(sizes)}
  let t = (i % ${blocks}) * ${block}u;
  let h = (i / ${blocks}) % H;
  let b = i / (${blocks} * H);
  let base = b * T;
${unroll(
  block,
  (q) => `let at${q} = qAt(base + ${within("t", q, sizes)}, h);
${unroll(w, (k) => `let q${q}_${k} = b0[at${q} + ${k}u] * SCALE;\nvar o${q}_${k} = ${type}(0);`)}`,
)}
  var top = ${n}(-3.0e38); // the largest scores so far; the sums are relative to them
  var sum = ${n}(0.0);
  for (var s = 0u; s < ${causal ? `min(t + ${block}u, T)` : "T"}; s++) {
    if (!isToken(base + s)) { continue; }
    let key = kAt(base + s, h / GROUP);
    let value = vAt(base + s, h / GROUP);
${unroll(w, (k) => `let k${k} = b0[key + ${k}u];`)}
    let scores = ${each(block, (q) =>
      dotProduct(
        w,
        (k) => `q${q}_${k}`,
        (k) => `k${k}`,
      ),
    )};
    ${seesSome ? seen(block, (q) => `s <= t + ${q}u`) : ""}
    let z = ${seesSome ? `select(${n}(-3.0e38), scores, seen)` : "scores"};
    let next = max(top, z);
    let keep = exp(top - next);
    let p = ${seesSome ? `select(${n}(0.0), exp(z - next), seen)` : "exp(z - next)"};
    sum = sum * keep + p;
    top = next;
${unroll(w, (k) => `let v${k} = b1[value + ${k}u];`)}
${unroll(block, (q) => unroll(w, (k) => `o${q}_${k} = o${q}_${k} * ${number("keep", block, q)} + ${number("p", block, q)} * v${k};`))}
  }
${unroll(block, (q) =>
  guarded(
    "t",
    q,
    sizes,
    `var share = 0.0;
  var lse = 0.0;
  if (${number("sum", block, q)} > 0.0) {
    share = 1.0 / ${number("sum", block, q)};
    lse = ${number("top", block, q)} + log(${number("sum", block, q)});
  }
  let to = oAt(base + t + ${q}u, h);
${unroll(w, (k) => `b3[to + ${k}u] = o${q}_${k} * share;`)}
  b4[(b * H + h) * T + t + ${q}u] = lse;`,
  ),
)}
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
/** Key/value heads of one workgroup: as many as fill its 64 threads with blocks of keys. */
const headsOfGroup = ({ tokens, block }: AttentionSizes): number =>
  Math.max(1, Math.floor(64 / Math.ceil(tokens / block)));

/** Whether a workgroup owns whole heads and passes delta on; else every query and every key is a thread by itself. */
const inWorkgroups = (sizes: AttentionSizes): boolean =>
  headsOfGroup(sizes) * (sizes.heads / sizes.kvHeads) * sizes.tokens <= MOST_QUERIES;

/** Reads q and k, [q, k, v], mask, lse, dy, o; writes the gradient of [q, k, v]. */
export function attentionGradCode(sizes: AttentionSizes): string {
  const { tokens, heads, kvHeads, size, causal, block } = sizes;
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const array = `array<${type}>`;
  const stored = inWorkgroups(sizes);
  const all = heads + 2 * kvHeads;
  const n = numbers(block);
  const seesSome = causal && block > 1;
  const dots = (a: string, b: (k: number) => string) => each(block, (i) => dotProduct(w, (k) => `${a}${i}_${k}`, b));
  const delta = (at: string) =>
    dotProduct(
      w,
      (k) => `b4[${at} + ${k}u]`,
      (k) => `b5[${at} + ${k}u]`,
    );
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${readBinding(4, array)}${readBinding(5, array)}${writeBinding(6, array)}${readCounts(sizes, 7)}
${head(sizes)}
${sizes.ropeTheta === undefined ? "" : rotaryFunctions(lanes(sizes))}
${stored ? `var<workgroup> deltas: array<f32, ${sizes.reads ? MOST_QUERIES : headsOfGroup(sizes) * (heads / kvHeads) * tokens}>;` : ""}
// A block of queries of head n of a group, whose deltas begin at slots.
fn query(pair: u32, n: u32, t: u32, slots: u32) {
  ${ownTokens(sizes)}
  let g = pair % G;
  let h = g * GROUP + n;
  let b = pair / G;
  let base = b * T;
${unroll(
  block,
  (q) => `let t${q} = ${within("t", q, sizes)};
let at${q} = qAt(base + t${q}, h);
let out${q} = oAt(base + t${q}, h);
${unroll(w, (k) => `let q${q}_${k} = b0[at${q} + ${k}u] * SCALE;\nlet y${q}_${k} = b4[out${q} + ${k}u];\nvar d${q}_${k} = ${type}(0);`)}`,
)}
  let lse = ${each(block, (q) => `b3[(b * H + h) * T + t${q}]`)};
  let delta = ${each(block, (q) => delta(`out${q}`))};
  for (var s = 0u; s < ${causal ? `min(t + ${block}u, T)` : "T"}; s++) {
    if (!isToken(base + s)) { continue; }
    let key = kAt(base + s, g);
    let value = vAt(base + s, g);
${unroll(w, (k) => `let k${k} = b0[key + ${k}u];\nlet v${k} = b1[value + ${k}u];`)}
    let z = ${dots("q", (k) => `k${k}`)};
    let dp = ${dots("y", (k) => `v${k}`)};
    ${seesSome ? seen(block, (q) => `s <= t + ${q}u`) : ""}
    let dz = ${seesSome ? `select(${n}(0.0), exp(z - lse), seen)` : "exp(z - lse)"} * (dp - delta) * SCALE;
${unroll(block, (q) => unroll(w, (k) => `d${q}_${k} += ${number("dz", block, q)} * k${k};`))}
  }
${unroll(block, (q) =>
  guarded(
    "t",
    q,
    sizes,
    `let to = ((base + t + ${q}u) * ${all}u + h) * ${w}u;
${storeTurnedBack(sizes, 6, `d${q}_`, `t${q}`)}
  ${stored ? `deltas[slots + n * T + t + ${q}u] = ${number("delta", block, q)};` : ""}`,
  ),
)}
}
// A block of keys and values, whose queries' deltas begin at slots.
fn keyAndValue(pair: u32, s: u32, slots: u32) {
  ${ownTokens(sizes)}
  let g = pair % G;
  let b = pair / G;
  let base = b * T;
${unroll(
  block,
  (j) => `let s${j} = ${within("s", j, sizes)};
let at${j} = kAt(base + s${j}, g);
let value${j} = vAt(base + s${j}, g);
${unroll(w, (k) => `let k${j}_${k} = b0[at${j} + ${k}u] * SCALE;\nlet v${j}_${k} = b1[value${j} + ${k}u];\nvar d${j}_${k} = ${type}(0);\nvar e${j}_${k} = ${type}(0);`)}`,
)}
  let token = ${block === 1 ? "isToken(base + s)" : `vec${block}<bool>(${Array.from({ length: block }, (_, j) => `isToken(base + s${j})`).join(", ")})`};
  for (var n = 0u; ${block === 1 ? "token" : "any(token)"} && n < GROUP; n++) {
    let h = g * GROUP + n;
    let lses = (b * H + h) * T;
    for (var t = ${causal ? "s" : "0u"}; t < T; t++) {
      let other = qAt(base + t, h);
      let out = oAt(base + t, h);
${unroll(w, (k) => `let q${k} = b0[other + ${k}u];\nlet y${k} = b4[out + ${k}u];`)}
      ${seesSome ? seen(block, (j) => `token.${"xyzw"[j]} && t >= s + ${j}u`) : ""}
      let p = ${block === 1 ? "" : `select(${n}(0.0), `}exp(${dots("k", (k) => `q${k}`)} - b3[lses + t])${block === 1 ? "" : `, ${seesSome ? "seen" : "token"})`};
      let dp = ${dots("v", (k) => `y${k}`)};
      let dz = p * (dp - ${stored ? "deltas[slots + n * T + t]" : delta("out")}) * SCALE;
${unroll(block, (j) => unroll(w, (k) => `d${j}_${k} += ${number("dz", block, j)} * q${k};\ne${j}_${k} += ${number("p", block, j)} * y${k};`))}
    }
  }
${unroll(block, (j) =>
  guarded(
    "s",
    j,
    sizes,
    `{
    let to = ((base + s${j}) * ${all}u + H + g) * ${w}u;
${storeTurnedBack(sizes, 6, `d${j}_`, `s${j}`)}
  }
  let to = ((base + s${j}) * ${all}u + H + G + g) * ${w}u;
${unroll(w, (k) => `b6[to + ${k}u] = e${j}_${k};`)}`,
  ),
)}
}
${stored ? mainInWorkgroups(sizes) : mainByThreads(sizes)}`;
}

/** dq and delta of whole heads, then their dk and dv. */
function mainInWorkgroups(sizes: AttentionSizes): string {
  const { block } = sizes;
  const { batch, blocks, own } = counts(sizes);
  return `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  ${ownTokens(sizes)}
  let first = (${groupNumber("group")}) * ${own};
  for (var i = thread; i < ${own} * GROUP * ${blocks}; i += 64u) {
    let own = i / (GROUP * ${blocks});
    if (first + own < ${batch} * G) {
      query(first + own, (i / ${blocks}) % GROUP, (i % ${blocks}) * ${block}u, own * GROUP * T);
    }
  }
  workgroupBarrier();
  for (var i = thread; i < ${own} * ${blocks}; i += 64u) {
    let own = i / ${blocks};
    if (first + own < ${batch} * G) { keyAndValue(first + own, (i % ${blocks}) * ${block}u, own * GROUP * T); }
  }
}`;
}

/** A thread a block of queries, then a thread a block of keys, which makes its queries' delta anew. */
function mainByThreads(sizes: AttentionSizes): string {
  const { block } = sizes;
  const { batch, blocks } = counts(sizes);
  return `${threadHead(linearGrid(threadsOfGradient(sizes)).index, `${batch} * (H + G) * ${blocks}`)}
  let queries = ${batch} * H * ${blocks};
  if (i < queries) { query(i / (GROUP * ${blocks}), (i / ${blocks}) % GROUP, (i % ${blocks}) * ${block}u, 0u); }
  else {
    let k = i - queries;
    keyAndValue(k / ${blocks}, (k % ${blocks}) * ${block}u, 0u);
  }
}`;
}
const threadsOfGradient = (sizes: AttentionSizes): number =>
  sizes.batch * (sizes.heads + sizes.kvHeads) * blocksOf(sizes);

/** What does not hang on how a thread goes about it. */
type WholeSizes = Omit<AttentionSizes, "block" | "reads">;
type Inputs = Record<"qkv" | "mask", TensorInfo>;

/** @param extent what of the grid or of a workgroup's memory is baked in all the same, where the counts are read */
function key(name: string, sizes: AttentionSizes, extent: string): string {
  const { batch, masks, tokens, heads, kvHeads, size, causal, ropeTheta, block, reads } = sizes;
  const many = reads
    ? `any${tokens % block === 0 ? "" : " overhanging"} ${extent}`
    : `${batch === masks ? "" : `${masks} shared by `}${batch}x${tokens}`;
  return `${name} ${many} heads ${heads}/${kvHeads} of ${size}${causal ? " causal" : ""}${ropeTheta === undefined ? "" : ` rope ${ropeKey(sizes)}`}${block === 1 ? "" : ` by ${block}`}`;
}

function forward(backend: WebGPUBackend, qk: TensorInfo, { qkv, mask }: Inputs, whole: WholeSizes): TensorInfo[] {
  const { batch, tokens, heads, size } = whole;
  const sizes = inBlocks(backend, whole, false);
  const grid = linearGrid(threadsForward(sizes));
  return dispatch(
    backend,
    {
      key: key("attention", sizes, grid.index),
      workgroups: grid.workgroups,
      code: () => attentionCode(sizes),
      ...(sizes.reads && { uniforms: counts(sizes).values }),
    },
    [qk, qkv, mask],
    [{ shape: [batch * tokens, heads * size] }, { shape: [batch * heads * tokens] }],
  );
}

const gradOp = registerOp<Record<"qk" | "qkv" | "mask" | "lse" | "dy" | "o", TensorInfo>, WholeSizes>({
  name: "LabAttentionGrad",
  run(backend, { qk, qkv, mask, lse, dy, o }, whole) {
    const sizes = inBlocks(backend, whole, true);
    const { batch, kvHeads } = sizes;
    const groups = Math.ceil((batch * kvHeads) / headsOfGroup(sizes));
    const grid = inWorkgroups(sizes)
      ? { workgroups: workgroupGrid(groups), index: "groups" }
      : linearGrid(threadsOfGradient(sizes));
    return dispatch(
      backend,
      {
        key: key("attention-grad", sizes, grid.index),
        workgroups: grid.workgroups,
        code: () => attentionGradCode(sizes),
        ...(sizes.reads && { uniforms: counts(sizes).values }),
      },
      [qk, qkv, mask, lse, dy, o],
      [{ shape: qkv.shape }],
    )[0]!;
  },
});

const attentionOp = registerOp<Inputs, WholeSizes>({
  name: "LabAttention",
  saveInputs: ["qkv", "mask"],
  saveOutputs: [true, true],
  run: (backend, inputs, sizes) => forward(backend, inputs.qkv, inputs, sizes),
  gradient: ({ dy, saved, attributes }) => {
    const [qkv, mask, o, lse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return { qkv: () => gradOp({ qk: qkv, qkv, mask, lse, dy, o }, attributes)[0]! };
  },
});

const rotaryAttentionOp = registerOp<Inputs, WholeSizes>({
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
