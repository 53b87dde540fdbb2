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
import { dispatch, type OutputSpec, workgroupGrid } from "../dispatch";
import { mostPartials } from "../gradients";
import type { Vector } from "../ops";
import { modelsOf, ofModels } from "./models";
import {
  type Kind,
  MOST_POOLED_TOKENS,
  type NormGradSizes,
  normCode,
  normGradCode,
  normPoolCode,
  normRows,
} from "./normCode";
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
import { reductionOf } from "./reduce";
import { sumPartials } from "./sumPartials";
import { lanesOf } from "./wgsl";

/** How rows are cut so that no more than `most` partial sums arise. */
function blocksOf(rows: number, width: number, most: number): { block: number; parts: number; blocks: number } {
  const w = width / lanesOf(width);
  const parts = Math.max(1, Math.min(most, Math.floor(64 / w), 16));
  const block = parts * Math.ceil(Math.max(16, (rows * parts) / most) / parts);
  return { block, parts, blocks: Math.ceil(rows / block) };
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
  const reduction = reductionOf(backend);
  const writes: (OutputSpec | GPUBufferBinding)[] = [];
  const place = (sink: GradientSink | null) =>
    sink && fits ? sink.take(partials) : { shape: partials > 1 ? [partials, ...gain.shape] : gain.shape };
  if (want.dx) writes.push({ shape: x.shape });
  if (want.parameters) writes.push(place(gainSink));
  if (want.parameters && layer) writes.push(place(biasSink));
  const made = dispatch(
    backend,
    {
      key: `norm-grad ${Object.values(sizes).join(" ")}${reduction.key}`,
      workgroups: workgroupGrid(models * blocks),
      code: () => normGradCode(sizes, reduction),
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
      const reduction = reductionOf(backend);
      if (!weights)
        return dispatch(
          backend,
          {
            key: `norm ${kind} ${ofModels(models)}${rows} ${width} ${eps}${reduction.key}`,
            workgroups: workgroupGrid(Math.ceil(rows / normRows(reduction))),
            code: () => normCode(kind, models, rows, width, eps, reduction),
          },
          [x, ...parameters],
          [{ shape: x.shape }, { shape: [rows, 2] }],
        );
      const [batch, tokens] = weights.shape as [number, number];
      return dispatch(
        backend,
        {
          key: `norm-pool ${kind} ${ofModels(models)}${batch} ${tokens} ${width} ${eps}${reduction.key}`,
          workgroups: workgroupGrid(models * batch),
          code: () => normPoolCode(kind, models, batch, tokens, width, eps, reduction),
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
