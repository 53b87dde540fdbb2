/** Which of the two ways to multiply matrices an adapter is faster with: measured, for no rule tells. */
import { bestProduct } from "./bestProduct";
import type { Gpu } from "./device";
import { MATMUL_VARIANTS, type MatmulVariant, matmulVariant, setMatmulVariant } from "./kernels/matmulVariant";

/** GFLOP/s by variant. */
export type MatmulSpeeds = Record<MatmulVariant, number>;

// What a training of this lab multiplies: 32 texts of 48 tokens, in a tower of width 128.
const [ROWS, WIDTH] = [1536, 128];

/** A fair lead over noise: a choice that changes makes equal seeds give other runs. */
export const LEAD = 1.3;

/** Measures both; the variant in use stays. Well under a second on a GPU. */
export async function measureMatmul(gpu: Gpu, rows = ROWS, width = WIDTH): Promise<MatmulSpeeds> {
  const before = matmulVariant(gpu.backend);
  const speeds: MatmulSpeeds = { registers: 0, shared: 0 };
  try {
    for (const variant of MATMUL_VARIANTS) {
      setMatmulVariant(gpu.backend, variant);
      speeds[variant] = await bestProduct(gpu, rows, width);
    }
  } finally {
    setMatmulVariant(gpu.backend, before);
  }
  return speeds;
}

/** The variant so far, unless the other one leads by far. */
export function fasterMatmul(before: MatmulVariant, speeds: MatmulSpeeds): MatmulVariant {
  const other = before === "registers" ? "shared" : "registers";
  return speeds[other] >= LEAD * speeds[before] ? other : before;
}
