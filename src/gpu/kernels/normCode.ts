/**
 * The shaders of RMS norm and layer norm (norm.ts has their equations): forward, forward followed by pooling, and back. A
 * row's mean and length are one thread's, or made by the lanes of a subgroup (reduce.ts).
 */
import { groupNumber, readBinding, writeBinding } from "../dispatch";
import type { Reduction } from "./reduce";
import { float, laneSum, lanesOf, laneType } from "./wgsl";

export type Kind = "rms" | "layer";

/** WGSL `statsOf(row)`: (m, r) of a row of b0, for all who have the row. */
function statsCode(kind: Kind, width: number, eps: number, { alongRow, rowSum }: Reduction): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const w = `${width / lanes}u`;
  const mean =
    kind === "layer"
      ? `var sum = ${type}(0);
  ${alongRow("k", w)} { sum += b0[at + k]; }
  let m = ${rowSum("total(sum)")} / ${float(width)};`
      : "let m = 0.0;";
  return `${laneSum(lanes)}
fn statsOf(row: u32) -> vec2f {
  let at = row * ${w};
  ${mean}
  var squares = ${type}(0);
  ${alongRow("k", w)} { let d = b0[at + k] - m; squares += d * d; }
  return vec2f(m, 1.0 / sqrt(${rowSum("total(squares)")} / ${float(width)} + ${float(eps)}));
}`;
}

/** WGSL: where the gain and bias of the model begin that owns a row (or what else each has `count` of). */
const firstGain = (models: number, index: string, count: number, w: number): string =>
  models === 1 ? "0u" : `(${index} / ${count}u) * ${w}u`;

/** Rows of a workgroup of 64 threads: one each, or so many that the smallest subgroups have one each. */
export const normRows = ({ key }: Reduction): number => (key === "" ? 64 : 16);

/** Reads x [rows, width], gain and, in a layer norm, bias; writes y and (m, r) of each row. */
export function normCode(
  kind: Kind,
  models: number,
  rows: number,
  width: number,
  eps: number,
  reduction: Reduction,
): string {
  const lanes = lanesOf(width);
  const array = `array<${laneType(lanes)}>`;
  const w = width / lanes;
  const [y, stats] = kind === "layer" ? [3, 4] : [2, 3];
  const own = normRows(reduction);
  return `${reduction.enable}${readBinding(0, array)}${readBinding(1, array)}${kind === "layer" ? readBinding(2, array) : ""}
${writeBinding(y, array)}${writeBinding(stats, "array<vec2f>")}
${statsCode(kind, width, eps, reduction)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let first = (${groupNumber("group")}) * ${own}u;
  if (first >= ${rows}u) { return; }
  ${reduction.rows("n", `min(${own}u, ${rows}u - first)`, 64)} {
    let row = first + n;
    let at = row * ${w}u;
    let gains = ${firstGain(models, "row", rows / models, w)};
    let s = statsOf(row);
    ${reduction.alongRow("k", `${w}u`)} { b${y}[at + k] = (b0[at + k] - s.x) * s.y * b1[gains + k]${kind === "layer" ? " + b2[gains + k]" : ""}; }
    ${reduction.once(`b${stats}[row] = s;`)}
  }
}`;
}

/**
 * Reads x [models * batch * tokens, width], gain, (bias,) weights [batch, tokens]; writes y [models * batch, width] and
 * stats. A workgroup a text of a model.
 */
export function normPoolCode(
  kind: Kind,
  models: number,
  batch: number,
  tokens: number,
  width: number,
  eps: number,
  reduction: Reduction,
): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  const layer = kind === "layer";
  const [weights, y, stats] = layer ? [3, 4, 5] : [2, 3, 4];
  return `${reduction.enable}${readBinding(0, array)}${readBinding(1, array)}${layer ? readBinding(2, array) : ""}${readBinding(weights, "array<f32>")}
${writeBinding(y, array)}${writeBinding(stats, "array<vec2f>")}
${statsCode(kind, width, eps, reduction)}
var<workgroup> own: array<vec2f, ${tokens}>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let text = ${groupNumber("group")};
  if (text >= ${models * batch}u) { return; }
  let first = ${firstGain(models, "text", batch, w)};
  let inBatch = ${models === 1 ? "text" : `text % ${batch}u`} * ${tokens}u;
  ${reduction.rows("t", `${tokens}u`, 64)} {
    let s = statsOf(text * ${tokens}u + t);
    ${reduction.once(`own[t] = s; b${stats}[text * ${tokens}u + t] = s;`)}
  }
  workgroupBarrier();
  for (var c = thread; c < ${w}u; c += 64u) {
    var sum = ${type}(0);
    ${layer ? "var share = 0.0;" : ""}
    for (var t = 0u; t < ${tokens}u; t++) {
      let row = text * ${tokens}u + t;
      sum += b${weights}[inBatch + t] * own[t].y * (b0[row * ${w}u + c] - own[t].x);
      ${layer ? `share += b${weights}[inBatch + t];` : ""}
    }
    b${y}[text * ${w}u + c] = sum * b1[first + c]${layer ? " + share * b2[first + c]" : ""};
  }
}`;
}

// Pairs of f32 in what WebGPU promises a workgroup, 16 KiB.
export const MOST_POOLED_TOKENS = 2048;

export interface NormGradSizes {
  kind: Kind;
  models: number;
  /** Of one model. */
  rows: number;
  width: number;
  /** Rows of a workgroup; a multiple of `parts`. */
  block: number;
  /** Threads that share a column's sum, each with its own partial result. */
  parts: number;
  /** Tokens a text where dy is the gradient of the pooled vectors; 0: dy has a row for each of x. */
  pooled: number;
  /** Whether dx is wanted, and whether it is to be added to something. */
  dx: "no" | "yes" | "added";
  /** Whether the parameters' gradients are wanted. */
  parameters: boolean;
}

/**
 * Reads x, gain, stats, dy (with pooling also the weights), what to add; writes dx and, [blocks * parts, models, width]
 * each, the partial sums of dg and db.
 */
export function normGradCode(sizes: NormGradSizes, reduction: Reduction): string {
  const { kind, models, rows, width, block, parts, pooled, dx, parameters } = sizes;
  const blocks = Math.ceil(rows / block);
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  const layer = kind === "layer";
  const declared: string[] = [];
  const bind = (make: typeof readBinding, as: string) => {
    declared.push(make(declared.length, as));
    return `b${declared.length - 1}`;
  };
  const x = bind(readBinding, array);
  const gain = dx === "no" ? "" : bind(readBinding, array);
  const stats = bind(readBinding, "array<vec2f>");
  const dy = bind(readBinding, array);
  const weights = pooled > 0 ? bind(readBinding, "array<f32>") : "";
  const other = dx === "added" ? bind(readBinding, array) : "";
  const toX = dx === "no" ? "" : bind(writeBinding, array);
  const toGain = parameters ? bind(writeBinding, array) : "";
  const toBias = parameters && layer ? bind(writeBinding, array) : "";
  const dyAt =
    pooled > 0
      ? `${weights}[${models === 1 ? "row" : `row % ${rows}u`}] * ${dy}[(row / ${pooled}u) * ${w}u + c]`
      : `${dy}[row * ${w}u + c]`;
  const means = `
  ${reduction.rows("n", `min(${block}u, end - first)`, 64)} {
    let row = first + n;
    let s = ${stats}[row];
    ${layer ? `var sum = ${type}(0);` : ""}
    var along = ${type}(0);
    ${reduction.alongRow("c", `${w}u`)} {
      let d = ${dyAt} * ${gain}[gains + c];
      ${layer ? "sum += d;" : ""}
      along += d * (${x}[row * ${w}u + c] - s.x);
    }
    ${layer ? `let mean = ${reduction.rowSum("total(sum)")} / ${float(width)};` : ""}
    let slope = ${reduction.rowSum("total(along)")} * s.y * s.y / ${float(width)};
    ${reduction.once(`means[n] = vec2f(${layer ? "mean" : "0.0"}, slope);`)}
  }
  workgroupBarrier();`;
  return `${reduction.enable}${declared.join("")}
${dx === "no" ? "" : `${laneSum(lanes)}\nvar<workgroup> means: array<vec2f, ${block}>;`}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${reduction.parameters}) {
  ${reduction.begin}
  let number = ${groupNumber("group")};
  if (number >= ${models * blocks}u) { return; }
  let own = ${models === 1 ? "number" : `number % ${blocks}u`};
  let model = ${models === 1 ? "0u" : `number / ${blocks}u`};
  let first = ${models === 1 ? "" : `model * ${rows}u + `}own * ${block}u;
  let end = ${models === 1 ? "" : "(model + 1u) * "}${rows}u;
  let gains = model * ${w}u;
${dx === "no" ? "" : means}
  for (var i = thread; i < ${w * parts}u; i += 64u) {
    let c = i % ${w}u;
    let part = i / ${w}u;
    ${parameters ? `var gain = ${type}(0);` : ""}
    ${toBias ? `var bias = ${type}(0);` : ""}
    for (var n = part * ${block / parts}u; n < (part + 1u) * ${block / parts}u; n++) {
      let row = first + n;
      if (row >= end) { break; }
      let d = ${dyAt};
      let s = ${stats}[row];
      let centred = ${x}[row * ${w}u + c] - s.x;
      ${dx === "no" ? "" : `${toX}[row * ${w}u + c] = s.y * (d * ${gain}[gains + c] - means[n].x - centred * means[n].y)${other ? ` + ${other}[row * ${w}u + c]` : ""};`}
      ${parameters ? "gain += d * centred * s.y;" : ""}
      ${toBias ? "bias += d;" : ""}
    }
    let to = ((own * ${parts}u + part) * ${models}u + model) * ${w}u + c;
    ${parameters ? `${toGain}[to] = gain;` : ""}
    ${toBias ? `${toBias}[to] = bias;` : ""}
  }
}`;
}
