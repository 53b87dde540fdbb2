/** How fast this adapter multiplies matrices at best with this project's kernels: what a whole step is measured against. */
import { captureStep } from "./capture";
import type { Gpu } from "./device";
import { MATMUL_VARIANTS, type MatmulVariant, matmulVariant, setMatmulVariant } from "./kernels/matmulVariant";
import { asTensor } from "./kernels/op";
import { forwardProduct } from "./kernels/product";
import { disposeOwn, ownTensor } from "./step";

// Products in one submit; the submit's own cost is then a small share.
const PRODUCTS = 8;
const ROUNDS = 4;

/** GFLOP/s by variant. */
export type MatmulSpeeds = Record<MatmulVariant, number>;

/**
 * GFLOP/s of x W^T alone by the faster of the two ways to multiply. Where a CPU plays the GPU and register tiles are in
 * use, those alone are measured: they are 4 to 10 times as fast there, and the others take seconds to compile.
 * @param rows of x
 * @param width of the tower
 */
export async function bestProduct(gpu: Gpu, rows: number, width: number): Promise<number> {
  if (gpu.adapter.software && matmulVariant(gpu.backend) === "registers") return productSpeed(gpu, rows, width);
  return Math.max(...Object.values(await productSpeeds(gpu, rows, width)));
}

/** GFLOP/s of both ways; the one in use stays. */
export async function productSpeeds(gpu: Gpu, rows: number, width: number): Promise<MatmulSpeeds> {
  const before = matmulVariant(gpu.backend);
  const speeds: MatmulSpeeds = { registers: 0, shared: 0 };
  try {
    for (const variant of MATMUL_VARIANTS) {
      setMatmulVariant(gpu.backend, variant);
      speeds[variant] = await productSpeed(gpu, rows, width);
    }
  } finally {
    setMatmulVariant(gpu.backend, before);
  }
  return speeds;
}

/** GFLOP/s of the way in use, the best of four rounds over two shapes of a tower's feed-forward layer. */
async function productSpeed(gpu: Gpu, rows: number, width: number): Promise<number> {
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
