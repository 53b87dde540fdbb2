/**
 * Weighted sum of each text's rows: y[b] = sum over t of w[b, t] x[b, t];  dx[b, t] = w[b, t] dy[b],
 * dw[b, t] = dy[b] . x[b, t]. Mean, last-token and first-token pooling are all this, with their weights.
 */
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import { registerOp } from "./op";
import { laneSum, lanesOf, laneType, threadHead } from "./wgsl";

interface PoolSizes {
  batch: number;
  tokens: number;
  width: number;
}

/** Reads x [batch * tokens, width], w [batch, tokens]; writes [batch, width]. */
export function poolCode({ batch, tokens, width }: PoolSizes): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<f32>")}${writeBinding(2, `array<${type}>`)}
${threadHead(linearGrid(batch * w).index, batch * w)}
  let b = i / ${w}u;
  let c = i % ${w}u;
  var sum = ${type}(0);
  for (var t = b * ${tokens}u; t < (b + 1u) * ${tokens}u; t++) { sum += b1[t] * b0[t * ${w}u + c]; }
  b2[i] = sum;
}`;
}

/** Reads dy [batch, width], w [batch, tokens]; writes dx [batch * tokens, width]. */
export function poolDxCode({ batch, tokens, width }: PoolSizes): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  const threads = batch * tokens * w;
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<f32>")}${writeBinding(2, `array<${type}>`)}
${threadHead(linearGrid(threads).index, threads)}
  let row = i / ${w}u;
  b2[i] = b1[row] * b0[(row / ${tokens}u) * ${w}u + i % ${w}u];
}`;
}

/** Reads dy [batch, width], x [batch * tokens, width]; writes dw [batch, tokens]. */
export function poolDweightsCode({ batch, tokens, width }: PoolSizes): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const w = width / lanes;
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, `array<${type}>`)}${writeBinding(2, "array<f32>")}
${laneSum(lanes)}
${threadHead(linearGrid(batch * tokens).index, batch * tokens)}
  let b = i / ${tokens}u;
  var sum = ${type}(0);
  for (var c = 0u; c < ${w}u; c++) { sum += b0[b * ${w}u + c] * b1[i * ${w}u + c]; }
  b2[i] = total(sum);
}`;
}

const name = (kernel: string, { batch, tokens, width }: PoolSizes) => `${kernel} ${batch} ${tokens} ${width}`;

const dxOp = registerOp<Record<"dy" | "weights", TensorInfo>, PoolSizes>({
  name: "LabPoolDx",
  run: (backend, { dy, weights }, sizes) =>
    dispatch(
      backend,
      {
        key: name("pool-dx", sizes),
        workgroups: linearGrid((sizes.batch * sizes.tokens * sizes.width) / lanesOf(sizes.width)).workgroups,
        code: () => poolDxCode(sizes),
      },
      [dy, weights],
      [{ shape: [sizes.batch * sizes.tokens, sizes.width] }],
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
        workgroups: linearGrid((sizes.batch * sizes.width) / lanesOf(sizes.width)).workgroups,
        code: () => poolCode(sizes),
      },
      [x, weights],
      [{ shape: [sizes.batch, sizes.width] }],
    )[0]!,
  gradient: ({ dy, saved: [x, weights], attributes }) => ({
    x: () => dxOp({ dy, weights: weights! }, attributes)[0]!,
    weights: () => dweightsOp({ dy, x: x! }, attributes)[0]!,
  }),
});

/** x [batch * tokens, width], weights [batch, tokens] -> [batch, width]. */
export function pool(x: Tensor2D, weights: Tensor2D): Tensor2D {
  const [batch, tokens] = weights.shape;
  if (x.shape[0] !== batch * tokens)
    throw new Error(`pool: ${x.shape[0]} rows, but weights for ${batch} texts of ${tokens} tokens`);
  return poolOp({ x, weights }, { batch, tokens, width: x.shape[1] })[0] as Tensor2D;
}
