/** How fast this adapter computes with the kernels in use (kernels/variants.ts), each kind alone. */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "./capture";
import type { Gpu } from "./device";
import { rmsNorm } from "./kernels/norm";
import { asTensor } from "./kernels/op";
import { forwardProduct } from "./kernels/product";
import { disposeOwn, ownTensor, type StepFunction } from "./step";

// Runs in one submit; the submit's own cost is then a small share.
const RUNS = 8;
const ROUNDS = 4;

/** Best milliseconds of four rounds of a captured step of one input x [rows, width]. */
async function bestMs(gpu: Gpu, shape: [number, number], fn: StepFunction): Promise<number> {
  const step = captureStep(gpu, fn, { x: { shape, dtype: "float32" } });
  try {
    const x = values(shape[0] * shape[1]);
    step.run({ x });
    await gpu.finish();
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      step.run({ x }, RUNS);
      await gpu.finish();
      best = Math.min(best, (performance.now() - start) / RUNS);
    }
    return best;
  } finally {
    step.dispose();
  }
}

const values = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));

/** GFLOP/s of x W^T, the better of the two shapes of a tower's feed-forward layer. */
export async function productSpeed(gpu: Gpu, rows: number, width: number): Promise<number> {
  let best = 0;
  for (const [inner, outer] of [
    [width, 4 * width],
    [4 * width, width],
  ] as const) {
    const weight = ownTensor(gpu, { shape: [outer, inner], dtype: "float32" }, values(outer * inner));
    try {
      const ms = await bestMs(gpu, [rows, inner], ({ x }) => {
        const [y] = forwardProduct(gpu.backend, { x: x!, weight, ending: "none", keep: false });
        return { y: asTensor(y!) };
      });
      best = Math.max(best, (2 * rows * inner * outer) / ms / 1e6);
    } finally {
      disposeOwn(gpu, weight);
    }
  }
  gpu.check();
  return best;
}

/** GB/s of an RMS norm and its way back: of the five matrices that they read and write. */
export async function reductionSpeed(gpu: Gpu, rows: number, width: number): Promise<number> {
  const gain = ownTensor(gpu, { shape: [width], dtype: "float32" }, values(width)) as Tensor1D;
  try {
    const ms = await bestMs(gpu, [rows, width], ({ x }) => {
      const back = tf.grad((rowsOf: Tensor) => rmsNorm(rowsOf as Tensor2D, gain, 1e-6));
      return { dx: back(x!, x!) };
    });
    gpu.check();
    return (5 * 4 * rows * width) / ms / 1e6;
  } finally {
    disposeOwn(gpu, gain);
  }
}
