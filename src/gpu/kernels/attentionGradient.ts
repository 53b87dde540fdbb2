/** Attention's way back as a shader; its equations are in attention.ts. */
import { groupNumber, linearGrid, readBinding, writeBinding } from "../dispatch";
import {
  type AttentionSizes,
  blocksOf,
  counts,
  dotProduct,
  each,
  guarded,
  head,
  headsOfGroup,
  lanes,
  lastToken,
  number,
  numbers,
  ownTokens,
  readCounts,
  seen,
  within,
} from "./attentionShader";
import { rotaryFunctions, rotateLanes } from "./rotary";
import { laneType, threadHead, unroll } from "./wgsl";

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
/**
 * Queries that a workgroup has room for: the next power of two, so that towers of other lengths share a pipeline. What is
 * too much is dear, for all of it is made zero first.
 */
export const queriesOfGroup = (sizes: AttentionSizes): number =>
  2 ** Math.ceil(Math.log2(headsOfGroup(sizes) * (sizes.heads / sizes.kvHeads) * sizes.tokens));
/** Whether a workgroup owns whole heads and passes delta on; else every query and every key is a thread by itself. */
export const inWorkgroups = (sizes: AttentionSizes): boolean => queriesOfGroup(sizes) <= MOST_QUERIES;

/**
 * WGSL: whether one of a head's vectors `name0 ..` is not all zeros. To padding's queries nothing comes back, so they need not
 * look at the keys, nor keys at those of them that end a text.
 */
function someOf(sizes: AttentionSizes, name: string): string {
  const u = lanes(sizes) === 4 ? "vec4u" : "u32";
  const bits = Array.from({ length: sizes.size / lanes(sizes) }, (_, k) => `bitcast<${u}>(${name}${k})`).join(" | ");
  const some = `((${bits}) << ${u}(1u)) != ${u}(0u)`; // without the sign: -0 is zero too
  return lanes(sizes) === 4 ? `any(${some})` : some;
}

/** Reads q and k, [q, k, v], mask, lse, dy, o; writes the gradient of [q, k, v]. */
export function attentionGradCode(sizes: AttentionSizes): string {
  const { heads, kvHeads, size, causal, block } = sizes;
  const type = laneType(lanes(sizes));
  const w = size / lanes(sizes);
  const array = `array<${type}>`;
  const stored = inWorkgroups(sizes);
  const all = heads + 2 * kvHeads;
  const n = numbers(block);
  const seesSome = causal && block > 1;
  const dots = (a: string, b: (k: number) => string) => each(block, (i) => dotProduct(w, (k) => `${a}${i}_${k}`, b));
  const delta = (y: string, at: string) =>
    dotProduct(
      w,
      (k) => `${y}${k}`,
      (k) => `b5[${at} + ${k}u]`,
    );
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${readBinding(4, array)}${readBinding(5, array)}${writeBinding(6, array)}${readCounts(sizes, 7)}
${head(sizes)}
${sizes.ropeTheta === undefined ? "" : rotaryFunctions(lanes(sizes))}
${
  stored
    ? `/** Of each query, and 1 where something is owed to it. */
var<workgroup> deltas: array<vec2f, ${queriesOfGroup(sizes)}>;`
    : ""
}
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
  let delta = ${each(block, (q) => delta(`y${q}_`, `out${q}`))};
  ${lastToken(`base + ${causal ? `min(t + ${block}u, T)` : "T"}`)}
${unroll(block, (q) => `let owed${q} = ${someOf(sizes, `y${q}_`)};`)}
  if (!(${Array.from({ length: block }, (_, q) => `owed${q}`).join(" | ")})) { end = base; }
  for (var row = base; row < end; row++) {
    let key = kAt(row, g);
    let value = vAt(row, g);
${unroll(w, (k) => `let k${k} = b0[key + ${k}u];\nlet v${k} = b1[value + ${k}u];`)}
    let z = ${dots("q", (k) => `k${k}`)};
    let dp = ${dots("y", (k) => `v${k}`)};
    let token = isToken(row);
    ${seesSome ? seen(block, (q) => `token & (row <= base + t + ${q}u)`) : "let seen = token;"}
    let dz = select(${n}(0.0), exp(z - lse), seen) * (dp - delta) * SCALE;
${unroll(block, (q) => unroll(w, (k) => `d${q}_${k} += ${number("dz", block, q)} * k${k};`))}
  }
${unroll(block, (q) =>
  guarded(
    "t",
    q,
    sizes,
    `let to = ((base + t + ${q}u) * ${all}u + h) * ${w}u;
${storeTurnedBack(sizes, 6, `d${q}_`, `t${q}`)}
  ${stored ? `deltas[slots + n * T + t + ${q}u] = vec2f(${number("delta", block, q)}, select(0.0, 1.0, owed${q}));` : ""}`,
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
    var end = base + T;
    ${stored ? "while (end > base && deltas[slots + n * T + end - 1u - base].y == 0.0) { end--; }" : ""}
    for (var row = ${causal ? "base + s" : "base"}; row < end; row++) {
      let t = row - base;
      let other = qAt(row, h);
      let out = oAt(row, h);
${unroll(w, (k) => `let q${k} = b0[other + ${k}u];\nlet y${k} = b4[out + ${k}u];`)}
      ${seesSome ? seen(block, (j) => `token.${"xyzw"[j]} & (t >= s + ${j}u)`) : ""}
      let p = ${block === 1 ? "" : `select(${n}(0.0), `}exp(${dots("k", (k) => `q${k}`)} - b3[lses + t])${block === 1 ? "" : `, ${seesSome ? "seen" : "token"})`};
      let dp = ${dots("v", (k) => `y${k}`)};
      let dz = p * (dp - ${stored ? "deltas[slots + n * T + t].x" : delta("y", "out")}) * SCALE;
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
export const threadsOfGradient = (sizes: AttentionSizes): number =>
  sizes.batch * (sizes.heads + sizes.kvHeads) * blocksOf(sizes);
