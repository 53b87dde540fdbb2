/**
 * Weighted sum of each text's rows: y[b] = sum over t of w[b, t] x[b, t];  dx[b, t] = w[b, t] dy[b],
 * dw[b, t] = dy[b] . x[b, t]. Mean, last-token and first-token pooling are all this, with their weights, which several
 * models share (models.ts).
 */
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import { ofModels } from "./models";
import { registerOp } from "./op";
import { laneSum, lanesOf, laneType, threadHead } from "./wgsl";

interface PoolSizes {
  models: number;
  /** Of one model. */
  batch: number;
  tokens: number;
  width: number;
}

/** WGSL: the number of a text or token, as the weights count it. */
const shared = (models: number, index: string, count: number): string =>
  models === 1 ? index : `(${index} % ${count}u)`;

/** Reads x [models * batch * tokens, width], w [batch, tokens]; writes [models * batch, width]. */
export function poolCode({ models, batch, tokens, width }: PoolSizes): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<f32>")}${writeBinding(2, `array<${type}>`)}
${threadHead(linearGrid(models * batch * w).index, models * batch * w)}
  let b = i / ${w}u;
  let c = i % ${w}u;
  var sum = ${type}(0);
  for (var t = b * ${tokens}u; t < (b + 1u) * ${tokens}u; t++) { sum += b1[${shared(models, "t", batch * tokens)}] * b0[t * ${w}u + c]; }
  b2[i] = sum;
}`;
}

/** Reads dy [models * batch, width], w [batch, tokens]; writes dx [models * batch * tokens, width]. */
export function poolDxCode({ models, batch, tokens, width }: PoolSizes): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  const threads = models * batch * tokens * w;
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<f32>")}${writeBinding(2, `array<${type}>`)}
${threadHead(linearGrid(threads).index, threads)}
  let row = i / ${w}u;
  b2[i] = b1[${shared(models, "row", batch * tokens)}] * b0[(row / ${tokens}u) * ${w}u + i % ${w}u];
}`;
}

/** Reads dy [models * batch, width], x [models * batch * tokens, width]; writes dw [batch, tokens]. */
export function poolDweightsCode({ models, batch, tokens, width }: PoolSizes): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const w = width / lanes;
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, `array<${type}>`)}${writeBinding(2, "array<f32>")}
${laneSum(lanes)}
${threadHead(linearGrid(batch * tokens).index, batch * tokens)}
  var sum = ${type}(0);
  for (var k = i; k < ${models * batch * tokens}u; k += ${batch * tokens}u) {
    let b = k / ${tokens}u;
    for (var c = 0u; c < ${w}u; c++) { sum += b0[b * ${w}u + c] * b1[k * ${w}u + c]; }
  }
  b2[i] = total(sum);
}`;
}

const name = (kernel: string, { models, batch, tokens, width }: PoolSizes) =>
  `${kernel} ${ofModels(models)}${batch} ${tokens} ${width}`;

const dxOp = registerOp<Record<"dy" | "weights", TensorInfo>, PoolSizes>({
  name: "LabPoolDx",
  run: (backend, { dy, weights }, sizes) =>
    dispatch(
      backend,
      {
        key: name("pool-dx", sizes),
        workgroups: linearGrid((sizes.models * sizes.batch * sizes.tokens * sizes.width) / lanesOf(sizes.width))
          .workgroups,
        code: () => poolDxCode(sizes),
      },
      [dy, weights],
      [{ shape: [sizes.models * sizes.batch * sizes.tokens, sizes.width] }],
    )[0]!,
});

const dweightsOp = registerOp<Record<"dy" | "x", TensorInfo>, PoolSizes>({
  name: "LabPoolDweights",
  run: (backend, { dy, x }, sizes) =>
    dispatch(
      backend,
      {
        key: name("pool-dweights", sizes),
        workgroups: linearGrid(sizes.batch * sizes.tokens).workgroups,
        code: () => poolDweightsCode(sizes),
      },
      [dy, x],
      [{ shape: [sizes.batch, sizes.tokens] }],
    )[0]!,
});

const poolOp = registerOp<Record<"x" | "weights", TensorInfo>, PoolSizes>({
  name: "LabPool",
  saveInputs: ["x", "weights"],
  run: (backend, { x, weights }, sizes) =>
    dispatch(
      backend,
      {
        key: name("pool", sizes),
        workgroups: linearGrid((sizes.models * sizes.batch * sizes.width) / lanesOf(sizes.width)).workgroups,
        code: () => poolCode(sizes),
      },
      [x, weights],
      [{ shape: [sizes.models * sizes.batch, sizes.width] }],
    )[0]!,
  gradient: ({ dy, saved: [x, weights], attributes }) => ({
    x: () => dxOp({ dy, weights: weights! }, attributes)[0]!,
    weights: () => dweightsOp({ dy, x: x! }, attributes)[0]!,
  }),
});

/** x [models * batch * tokens, width], weights [batch, tokens] -> [models * batch, width]. */
export function pool(x: Tensor2D, weights: Tensor2D): Tensor2D {
  const [batch, tokens] = weights.shape;
  const models = x.shape[0] / (batch * tokens);
  if (!Number.isInteger(models))
    throw new Error(`pool: ${x.shape[0]} rows, but weights for ${batch} texts of ${tokens} tokens`);
  return poolOp({ x, weights }, { models, batch, tokens, width: x.shape[1] })[0] as Tensor2D;
}
