/**
 * The best k of many candidates, exactly and in order. A candidate is two words, (key of its score, complement of its
 * place): the larger pair is the better one, so that of equal scores the earlier place wins and no two are equal.
 *
 * One workgroup goes through one list of candidates:
 *   1. for a small k and a long list a bound: the list is dealt out to 256 streams, and at least k candidates are as good as the k-th of
 *      the streams' best. Hardly more than k are, and they go on to 3; if ties make it too many,
 *   2. or radix selection from the top digit down: a histogram of those that agree with the prefix found so
 *      far says in which bin the k-th lies. It ends when the bin and the better ones are few enough to be sorted: with real
 *      scores after two of eight digits,
 *   3. those are gathered in workgroup memory, in any order, and sorted there (bitonic: Batcher, AFIPS 1968).
 *
 * A sort of tiles with merges would need no histogram, but at k = 1000 it sorts everything twice over: 33 comparisons a
 * candidate instead of two or three looks.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, readBinding, workgroupGrid, writeBinding } from "../dispatch";
import { sizeAt, sizesBinding } from "./scores";
import { unroll } from "./wgsl";

/** The largest k: its candidates and the histogram fit into the 16 KiB of workgroup memory that every device has. */
export const MOST_K = 1024;

// More threads are no gain: a batch has many lists, and on SwiftShader a barrier costs by the thread (256: 3 ms a list).
const THREADS = 64;
const ROOM = 256; // candidates that are sorted at least: a third look at all of them costs more
// Up to this k the maxima of 256 streams are a bound: of 25,000 candidates about 180 reach the 128th of them.
const BOUNDED = 128;
const SHORT = 8192; // candidates up to which a bound costs more than it saves, by the barriers of its sort
const BINS = 1024; // 10 bits a digit: 10, 10, 10 and 2 of each word
const COARSE = 32; // bins that one thread adds up

// Loads under way at once, so that a GPU does not wait for each.
const LOADS = 4;

/** WGSL: a statement for every candidate of the list; `stream` is the number of the load. */
const look = (statement: (c: string, stream: number) => string): string => `
  for (var i = t; i < count; i += ${LOADS * THREADS}u) {
    ${unroll(LOADS, (l) => `let c${l} = candidate(start, first, min(i + ${l * THREADS}u, count - 1u));`)}
    ${unroll(LOADS, (l) => `if (i + ${l * THREADS}u < count) { ${statement(`c${l}`, l)} }`)}
  }`;

/** WGSL: gathers the candidates that meet a condition, in any order; `filled` counts them, past `places` too. */
const gather = (condition: (c: string) => string): string => `
  if (t == 0u) { atomicStore(&filled, 0u); }
  for (var e = t; e < places; e += ${THREADS}u) { best[e] = vec2u(0u); }
  workgroupBarrier();
  ${look((c) => `if (${condition(c)}) { let e = atomicAdd(&filled, 1u); if (e < places) { best[e] = ${c}; } }`)}
  workgroupBarrier();`;

/**
 * WGSL of the selection. What it reads are keys of scores, one word a candidate whose place is its index, or with
 * `fromLists` candidates of two words: one kernel for both, since it is the one that takes long to compile.
 */
function selectCode(): string {
  return `${readBinding(0, "array<u32>")}${sizesBinding(1)}${writeBinding(2, "array<vec2u>")}
var<workgroup> bins: array<atomic<u32>, ${BINS}>;
var<workgroup> sums: array<u32, ${COARSE}>;
var<workgroup> chosen: vec3u;
var<workgroup> filled: atomic<u32>;
var<workgroup> best: array<vec2u, ${MOST_K}>;
fn better(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }
fn candidate(start: u32, first: u32, i: u32) -> vec2u {
  if (${sizeAt(1, "fromLists")} != 0u) { return vec2u(b0[start + 2u * i], b0[start + 2u * i + 1u]); }
  return vec2u(b0[start + i], ~(first + i));
}
fn order(count: u32, t: u32) {
  for (var run = 2u; run <= count; run <<= 1u) {
    for (var stride = run >> 1u; stride > 0u; stride >>= 1u) {
      workgroupBarrier();
      for (var e = t; e < count / 2u; e += ${THREADS}u) {
        let i = 2u * e - (e & (stride - 1u));
        let a = best[i];
        let b = best[i + stride];
        if (better(b, a) == ((i & run) == 0u)) { best[i] = b; best[i + stride] = a; }
      }
    }
  }
  workgroupBarrier();
}
@compute @workgroup_size(${THREADS}) fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
  let list = ${groupNumber("w")};
  let chunks = ${sizeAt(1, "chunks")};
  if (list >= ${sizeAt(1, "batch")} * chunks) { return; }
  let k = ${sizeAt(1, "k")};
  let row = list / chunks;
  let skipped = (list % chunks) * ${sizeAt(1, "chunk")};
  let count = min(${sizeAt(1, "chunk")}, ${sizeAt(1, "documents")} - skipped);
  let start = row * ${sizeAt(1, "stride")} + skipped;
  let first = ${sizeAt(1, "first")} + skipped;
  var places = ${ROOM}u;
  while (places < k) { places <<= 1u; }
  var done = false;
  if (count > ${SHORT}u && k <= ${BOUNDED}u) {
    ${unroll(LOADS, (l) => `var m${l} = 0u;`)}
    ${look((c, stream) => `m${stream} = max(m${stream}, ${c}.x);`)}
    ${unroll(LOADS, (l) => `best[t * ${LOADS}u + ${l}u] = vec2u(m${l}, 0u);`)}
    order(${THREADS * LOADS}u, t);
    let bound = workgroupUniformLoad(&best[k - 1u]).x;
    ${gather((c) => `${c}.x >= bound`)}
    if (t == 0u) { chosen = vec3u(atomicLoad(&filled), 0u, 0u); }
    done = workgroupUniformLoad(&chosen).x <= places;
  }
  if (!done) {
    var prefix = vec2u(0u);
    var mask = vec2u(0u);
    var need = k;
    for (var digit = 0u; digit < 8u && count > places; digit++) {
      let low = digit >= 4u;
      let shift = max(22u, 10u * (digit & 3u)) - 10u * (digit & 3u);
      let field = select(${BINS - 1}u, 3u, (digit & 3u) == 3u);
      for (var b = t; b < ${BINS}u; b += ${THREADS}u) { atomicStore(&bins[b], 0u); }
      workgroupBarrier();
      ${look((c) => `if (all((${c} & mask) == prefix)) { atomicAdd(&bins[(select(${c}.x, ${c}.y, low) >> shift) & field], 1u); }`)}
      workgroupBarrier();
      if (t < ${COARSE}u) {
        var sum = 0u;
        for (var b = 0u; b < ${BINS / COARSE}u; b++) { sum += atomicLoad(&bins[t * ${BINS / COARSE}u + b]); }
        sums[t] = sum;
      }
      workgroupBarrier();
      // From the best bin down to the one that holds the k-th: 64 looks, which is quicker than a parallel scan's barriers.
      if (t == 0u) {
        var before = 0u;
        var c = ${COARSE - 1}u;
        while (c > 0u && before + sums[c] < need) { before += sums[c]; c--; }
        var bin = (c + 1u) * ${BINS / COARSE}u - 1u;
        var here = atomicLoad(&bins[bin]);
        while (bin > 0u && before + here < need) { before += here; bin--; here = atomicLoad(&bins[bin]); }
        chosen = vec3u(bin, before, here);
      }
      let found = workgroupUniformLoad(&chosen);
      need -= found.y;
      prefix |= select(vec2u(1u, 0u), vec2u(0u, 1u), low) * (found.x << shift);
      mask |= select(vec2u(1u, 0u), vec2u(0u, 1u), low) * (field << shift);
      if (k - need + found.z <= places) { break; }
    }
    ${gather((c) => `!better(prefix, ${c} & mask)`)}
  }
  order(places, t);
  let slot = row * ${sizeAt(1, "lists")} + ${sizeAt(1, "listsBefore")} + list % chunks;
  for (var e = t; e < k; e += ${THREADS}u) { b2[slot * k + e] = best[e]; }
}`;
}

/**
 * The best k of each chunk of some candidates: keys of scores, int32 [batch, groups * 256], or candidates of lists,
 * int32 [batch, lists, k, 2].
 * @param sizes the table that says which, and how they are cut
 * @param shape of the result
 * @param chunks a query
 * @param into what earlier blocks wrote; made where there is none
 * @returns int32 candidates, the best of each list first; a list of fewer than k ends with (0, 0)
 */
export function bestOf(
  backend: WebGPUBackend,
  candidates: TensorInfo,
  sizes: TensorInfo,
  shape: [batch: number, lists: number, k: number, 2],
  chunks: number,
  into?: TensorInfo,
): TensorInfo {
  const [out] = dispatch(
    backend,
    { key: "search: best k", workgroups: workgroupGrid(shape[0] * chunks), code: selectCode },
    [candidates, sizes],
    [into ?? { shape, dtype: "int32" }],
  );
  return out!;
}
