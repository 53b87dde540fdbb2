/** How fast this adapter multiplies matrices at best with this project's kernels: what a whole step is measured against. */
import { captureStep } from "./capture";
import type { Gpu } from "./device";
import { asTensor } from "./kernels/op";
import { forwardProduct } from "./kernels/product";
import { disposeOwn, ownTensor } from "./step";

// Products in one submit; the submit's own cost is then a small share.
const PRODUCTS = 8;
const ROUNDS = 4;

/**
 * GFLOP/s of x W^T alone, the best of four rounds over two shapes of a tower's feed-forward layer.
 * @param rows of x
 * @param width of the tower
 */
export async function bestProduct(gpu: Gpu, rows: number, width: number): Promise<number> {
  let best = 0;
  for (const [inner, outer] of [
    [width, 4 * width],
    [4 * width, width],
  ] as const) {
    const values = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));
    const weight = ownTensor(gpu, { shape: [outer, inner], dtype: "float32" }, values(outer * inner));
    const step = captureStep(
      gpu,
      ({ x }) => {
        const [y] = forwardProduct(gpu.backend, { x: x!, weight, ending: "none", keep: false });
        return { y: asTensor(y!) };
      },
      { x: { shape: [rows, inner], dtype: "float32" } },
    );
    try {
      const x = values(rows * inner);
      step.run({ x });
      await gpu.finish();
      for (let round = 0; round < ROUNDS; round++) {
        const start = performance.now();
        step.run({ x }, PRODUCTS);
        await gpu.finish();
        const ms = performance.now() - start;
        best = Math.max(best, (PRODUCTS * 2 * rows * inner * outer) / ms / 1e6);
      }
    } finally {
      step.dispose();
      disposeOwn(gpu, weight);
    }
  }
  gpu.check();
  return best;
}
