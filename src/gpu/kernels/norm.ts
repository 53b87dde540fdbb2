/**
 * RMS norm (Zhang & Sennrich, arXiv 1910.07467) and layer norm (Ba et al., arXiv 1607.06450), row by row. With m the mean
 * (0 in RMS norm), r = 1 / sqrt(mean((x - m)^2) + eps) and n = (x - m) r:
 *
 *   y = n g + b;   dx = r (dy g - mean(dy g) - n mean(dy g n)),   dg = sum over rows of dy n,   db = sum of dy
 *
 * (RMS norm has no b, and no mean(dy g).) Backward is one dispatch: a workgroup owns a block of rows, makes their means,
 * then dx and its own share of dg and db. It can add what else x's gradient has.
 *
 * Followed by pooling, y[text] = sum over its tokens of w_t (n_t g + b), it is one dispatch each way too, and what every
 * token's row would be is never stored.
 *
 * Of several models gain and bias are [models, width], and a workgroup's rows are one model's (models.ts).
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import {
  dispatch,
  groupNumber,
  linearGrid,
  type OutputSpec,
  readBinding,
  workgroupGrid,
  writeBinding,
} from "../dispatch";
import { mostPartials } from "../gradients";
import type { Vector } from "../ops";
import { modelsOf, ofModels } from "./models";
import {
  asTensors,
  type BackwardPass,
  currentBackend,
  freeIntermediates,
  type GradientSink,
  registerOp,
  shared,
  usableSink,
} from "./op";
import { pool } from "./pool";
import { sumPartials } from "./sumPartials";
import { float, laneSum, lanesOf, laneType, threadHead } from "./wgsl";

type Kind = "rms" | "layer";

/** WGSL `statsOf(row)`: (m, r) of a row of b0. */
function statsCode(kind: Kind, width: number, eps: number): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const w = width / lanes;
  const mean =
    kind === "layer"
      ? `var sum = ${type}(0);
  for (var k = 0u; k < ${w}u; k++) { sum += b0[at + k]; }
  let m = total(sum) / ${float(width)};`
      : "let m = 0.0;";
  return `${laneSum(lanes)}
fn statsOf(row: u32) -> vec2f {
  let at = row * ${w}u;
  ${mean}
  var squares = ${type}(0);
  for (var k = 0u; k < ${w}u; k++) { let d = b0[at + k] - m; squares += d * d; }
  return vec2f(m, 1.0 / sqrt(total(squares) / ${float(width)} + ${float(eps)}));
}`;
}

/** WGSL: where the gain and bias of the model begin that owns a row (or what else each has `count` of). */
const firstGain = (models: number, index: string, count: number, w: number): string =>
  models === 1 ? "0u" : `(${index} / ${count}u) * ${w}u`;

/** Reads x [rows, width], gain and, in a layer norm, bias; writes y and (m, r) of each row. */
export function normCode(kind: Kind, models: number, rows: number, width: number, eps: number): string {
  const lanes = lanesOf(width);
  const array = `array<${laneType(lanes)}>`;
  const w = width / lanes;
  const [y, stats] = kind === "layer" ? [3, 4] : [2, 3];
  return `${readBinding(0, array)}${readBinding(1, array)}${kind === "layer" ? readBinding(2, array) : ""}
${writeBinding(y, array)}${writeBinding(stats, "array<vec2f>")}
${statsCode(kind, width, eps)}
${threadHead(linearGrid(rows).index, rows)}
  let at = i * ${w}u;
  let own = ${firstGain(models, "i", rows / models, w)};
  let s = statsOf(i);
  for (var k = 0u; k < ${w}u; k++) { b${y}[at + k] = (b0[at + k] - s.x) * s.y * b1[own + k]${kind === "layer" ? " + b2[own + k]" : ""}; }
  b${stats}[i] = s;
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
): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  const layer = kind === "layer";
  const [weights, y, stats] = layer ? [3, 4, 5] : [2, 3, 4];
  return `${readBinding(0, array)}${readBinding(1, array)}${layer ? readBinding(2, array) : ""}${readBinding(weights, "array<f32>")}
${writeBinding(y, array)}${writeBinding(stats, "array<vec2f>")}
${statsCode(kind, width, eps)}
var<workgroup> own: array<vec2f, ${tokens}>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let text = ${groupNumber("group")};
  if (text >= ${models * batch}u) { return; }
  let first = ${firstGain(models, "text", batch, w)};
  let inBatch = ${models === 1 ? "text" : `text % ${batch}u`} * ${tokens}u;
  for (var t = thread; t < ${tokens}u; t += 64u) {
    let s = statsOf(text * ${tokens}u + t);
    own[t] = s;
    b${stats}[text * ${tokens}u + t] = s;
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
const MOST_POOLED_TOKENS = 2048;

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

/** How rows are cut so that no more than `most` partial sums arise. */
function blocksOf(rows: number, width: number, most: number): { block: number; parts: number; blocks: number } {
  const w = width / lanesOf(width);
  const parts = Math.max(1, Math.min(most, Math.floor(64 / w), 16));
  const block = parts * Math.ceil(Math.max(16, (rows * parts) / most) / parts);
  return { block, parts, blocks: Math.ceil(rows / block) };
}

/**
 * Reads x, gain, stats, dy (with pooling also the weights), what to add; writes dx and, [blocks * parts, models, width]
 * each, the partial sums of dg and db.
 */
export function normGradCode(sizes: NormGradSizes): string {
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
  for (var n = thread; n < ${block}u; n += 64u) {
    let row = first + n;
    if (row >= end) { break; }
    let s = ${stats}[row];
    ${layer ? `var sum = ${type}(0);` : ""}
    var along = ${type}(0);
    for (var c = 0u; c < ${w}u; c++) {
      let d = ${dyAt} * ${gain}[gains + c];
      ${layer ? "sum += d;" : ""}
      along += d * (${x}[row * ${w}u + c] - s.x);
    }
    means[n] = vec2f(${layer ? `total(sum) / ${float(width)}` : "0.0"}, total(along) * s.y * s.y / ${float(width)});
  }
  workgroupBarrier();`;
  return `${declared.join("")}
${dx === "no" ? "" : `${laneSum(lanes)}\nvar<workgroup> means: array<vec2f, ${block}>;`}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
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

interface GradInputs {
  x: TensorInfo;
  gain: TensorInfo;
  stats: TensorInfo;
  dy: TensorInfo;
  weights?: TensorInfo | undefined;
  other?: TensorInfo | null;
}

/** dx, dgain, dbias; null where not wanted or written to a sink. */
function normGrad(
  backend: WebGPUBackend,
  kind: Kind,
  { x, gain, stats, dy, weights, other }: GradInputs,
  want: { dx: boolean; parameters: { gain: GradientSink | null; bias: GradientSink | null } | null },
): (TensorInfo | null)[] {
  const [allRows, width] = x.shape as [number, number];
  const models = modelsOf(gain, 1);
  const rows = allRows / models;
  const layer = kind === "layer";
  const gainSink = usableSink(want.parameters?.gain);
  const biasSink = layer ? usableSink(want.parameters?.bias) : null;
  const most = Math.max(Math.min(gainSink?.most ?? mostPartials(width), biasSink?.most ?? mostPartials(width)), 1);
  // A workgroup holds two numbers a row: so no more than 2,048 rows, whatever the sums then cost.
  const { block, parts, blocks } = blocksOf(rows, width, Math.max(most, Math.ceil(rows / 128)));
  const partials = blocks * parts;
  const fits = partials <= most;
  const sizes: NormGradSizes = {
    kind,
    models,
    rows,
    width,
    block,
    parts,
    pooled: weights ? weights.shape[1]! : 0,
    dx: want.dx ? (other ? "added" : "yes") : "no",
    parameters: want.parameters !== null,
  };
  const writes: (OutputSpec | GPUBufferBinding)[] = [];
  const place = (sink: GradientSink | null) =>
    sink && fits ? sink.take(partials) : { shape: partials > 1 ? [partials, ...gain.shape] : gain.shape };
  if (want.dx) writes.push({ shape: x.shape });
  if (want.parameters) writes.push(place(gainSink));
  if (want.parameters && layer) writes.push(place(biasSink));
  const made = dispatch(
    backend,
    {
      key: `norm-grad ${Object.values(sizes).join(" ")}`,
      workgroups: workgroupGrid(models * blocks),
      code: () => normGradCode(sizes),
    },
    [x, ...(want.dx ? [gain] : []), stats, dy, ...(weights ? [weights] : []), ...(want.dx && other ? [other] : [])],
    writes,
  );
  const dx = want.dx ? made.shift()! : null;
  let dgain = want.parameters && !(gainSink && fits) ? made.shift()! : null;
  let dbias = want.parameters && layer && !(biasSink && fits) ? made.shift()! : null;
  const open = [dgain, dbias].filter((info) => info !== null);
  if (partials > 1 && open.length > 0) {
    const sums = sumPartials(
      backend,
      partials,
      open,
      open.map(() => gain.shape),
    );
    freeIntermediates(backend, ...open);
    if (dgain) dgain = sums.shift()!;
    if (dbias) dbias = sums.shift()!;
  }
  return [dx, dgain, dbias];
}

/**
 * dx and dgain of an RMS norm that another op holds, for the inputs `x` and `gain` of that op.
 * @param other what else x's gradient has, to be added
 */
export function rmsNormGradient(
  inputs: Pick<GradInputs, "x" | "gain" | "stats" | "dy">,
  pass: BackwardPass | null,
  other: TensorInfo | null,
): (TensorInfo | null)[] {
  const dx = pass === null || pass.wants("x");
  return normGrad(
    currentBackend(),
    "rms",
    { ...inputs, other: dx ? other : null },
    {
      dx,
      parameters: pass === null || pass.wants("gain") ? { gain: pass?.sink("gain") ?? null, bias: null } : null,
    },
  );
}

interface Inputs {
  x: TensorInfo;
  gain: TensorInfo;
  bias?: TensorInfo;
  weights?: TensorInfo;
}

/** The op of a kind, alone or followed by pooling. */
function makeOp(kind: Kind, pooled: boolean) {
  return registerOp<Inputs, { eps: number }>({
    name: `Lab${kind === "rms" ? "Rms" : "Layer"}Norm${pooled ? "Pool" : ""}`,
    saveInputs: pooled ? ["x", "gain", "weights"] : ["x", "gain"],
    saveOutputs: [false, true],
    run(backend, { x, gain, bias, weights }, { eps }) {
      const [rows, width] = x.shape as [number, number];
      const models = modelsOf(gain, 1);
      const parameters = bias ? [gain, bias] : [gain];
      if (!weights)
        return dispatch(
          backend,
          {
            key: `norm ${kind} ${ofModels(models)}${rows} ${width} ${eps}`,
            workgroups: linearGrid(rows).workgroups,
            code: () => normCode(kind, models, rows, width, eps),
          },
          [x, ...parameters],
          [{ shape: x.shape }, { shape: [rows, 2] }],
        );
      const [batch, tokens] = weights.shape as [number, number];
      return dispatch(
        backend,
        {
          key: `norm-pool ${kind} ${ofModels(models)}${batch} ${tokens} ${width} ${eps}`,
          workgroups: workgroupGrid(models * batch),
          code: () => normPoolCode(kind, models, batch, tokens, width, eps),
        },
        [x, ...parameters, weights],
        [{ shape: [models * batch, width] }, { shape: [rows, 2] }],
      );
    },
    gradient({ dy, saved, pass }) {
      const [x, gain] = saved as [tf.Tensor, tf.Tensor];
      const weights = pooled ? saved[2] : undefined;
      const stats = saved[saved.length - 1]!;
      const compute = (dx: boolean, parameters: boolean) =>
        asTensors(
          normGrad(
            currentBackend(),
            kind,
            { x, gain, stats, dy, weights, other: dx ? (pass?.take("x") ?? null) : null },
            {
              dx,
              parameters: parameters
                ? { gain: pass?.sink("gain") ?? null, bias: kind === "layer" ? (pass?.sink("bias") ?? null) : null }
                : null,
            },
          ),
        );
      const all = pass ? shared(() => compute(pass.wants("x"), pass.wants("gain") || pass.wants("bias"))) : null;
      const toX = all ?? shared(() => compute(true, false));
      const toParameters = all ?? shared(() => compute(false, true));
      return { x: () => toX(0), gain: () => toParameters(1), bias: () => toParameters(2) };
    },
  });
}

const rmsNormOp = makeOp("rms", false);
const rmsNormPoolOp = makeOp("rms", true);
const layerNormOp = makeOp("layer", false);
const layerNormPoolOp = makeOp("layer", true);

/** x / sqrt(mean(x^2) + eps) * gain over rows. x [rows, width], gain [width] or [models, width]. */
export const rmsNorm = (x: Tensor2D, gain: Vector, eps: number): Tensor2D =>
  rmsNormOp({ x, gain }, { eps })[0] as Tensor2D;

/** (x - mean) / sqrt(variance + eps) * gain + bias over rows. x [rows, width], gain and bias as above. */
export const layerNorm = (x: Tensor2D, gain: Vector, bias: Vector, eps: number): Tensor2D =>
  layerNormOp({ x, gain, bias }, { eps })[0] as Tensor2D;

/** RMS norm, then the weighted sum of each text's rows: x [batch * tokens, width], weights [batch, tokens]. */
export const rmsNormPool = (x: Tensor2D, gain: Vector, eps: number, weights: Tensor2D): Tensor2D =>
  weights.shape[1] > MOST_POOLED_TOKENS
    ? pool(rmsNorm(x, gain, eps), weights)
    : (rmsNormPoolOp({ x, gain, weights }, { eps })[0] as Tensor2D);

/** Layer norm, then the weighted sum of each text's rows. */
export const layerNormPool = (x: Tensor2D, gain: Vector, bias: Vector, eps: number, weights: Tensor2D): Tensor2D =>
  weights.shape[1] > MOST_POOLED_TOKENS
    ? pool(layerNorm(x, gain, bias, eps), weights)
    : (layerNormPoolOp({ x, gain, bias, weights }, { eps })[0] as Tensor2D);
