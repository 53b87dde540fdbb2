/** Which of the two ways to multiply matrices an adapter is faster with: measured, for no rule tells. */
import { type MatmulSpeeds, productSpeeds } from "./bestProduct";
import type { Gpu } from "./device";
import type { MatmulVariant } from "./kernels/matmulVariant";

export type { MatmulSpeeds };

// What a training of this lab multiplies: 32 texts of 48 tokens, in a tower of width 128.
const [ROWS, WIDTH] = [1536, 128];

/** A fair lead over noise: a choice that changes makes equal seeds give other runs. */
export const LEAD = 1.3;

/** Measures both; the variant in use stays. Well under a second on a GPU. */
export const measureMatmul = (gpu: Gpu, rows = ROWS, width = WIDTH): Promise<MatmulSpeeds> =>
  productSpeeds(gpu, rows, width);

/** The variant so far, unless the other one leads by far. */
export function fasterMatmul(before: MatmulVariant, speeds: MatmulSpeeds): MatmulVariant {
  const other = before === "registers" ? "shared" : "registers";
  return speeds[other] >= LEAD * speeds[before] ? other : before;
}
