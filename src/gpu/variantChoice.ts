/** Which of two kinds of kernels an adapter is faster with: measured, for no rule tells. */

import type { Gpu } from "./device";
import { type Choice, offers, setVariants, VARIANTS, type Variants, variantsOf } from "./kernels/variants";
import { productSpeed, reductionSpeed } from "./variantSpeed";

/** How fast by variant: GFLOP/s of products, GB/s of reductions. */
export type Speeds<C extends Choice> = Record<Variants[C], number>;

// What a training of this lab computes: 32 texts of 48 tokens, in a tower of width 128.
const [ROWS, WIDTH] = [1536, 128];

/** A fair lead over noise: a choice that changes makes equal seeds give other runs. */
export const LEAD = 1.3;

const SPEED: Record<Choice, (gpu: Gpu, rows: number, width: number) => Promise<number>> = {
  matmul: productSpeed,
  reductions: reductionSpeed,
};

/** Measures each variant, which the adapter has to offer; the one in use stays. Well under a second on a GPU. */
export async function measureVariants<C extends Choice>(
  gpu: Gpu,
  choice: C,
  rows = ROWS,
  width = WIDTH,
): Promise<Speeds<C>> {
  const before = variantsOf(gpu.backend);
  const speeds: [string, number][] = [];
  try {
    for (const variant of VARIANTS[choice]) {
      setVariants(gpu.backend, { [choice]: variant });
      speeds.push([variant, await SPEED[choice](gpu, rows, width)]);
    }
  } finally {
    setVariants(gpu.backend, before);
  }
  return Object.fromEntries(speeds) as Speeds<C>;
}

/** The variants that run on this adapter. */
export const offered = <C extends Choice>(gpu: Gpu, choice: C): Variants[C][] =>
  (VARIANTS[choice] as readonly Variants[C][]).filter((variant) => offers(gpu.device, choice, variant));

/** The variant so far, unless another one leads by far. */
export function faster<C extends Choice>(before: Variants[C], speeds: Speeds<C>): Variants[C] {
  const best = (Object.keys(speeds) as Variants[C][]).reduce((a, b) => (speeds[b] > speeds[a] ? b : a), before);
  return speeds[best] >= LEAD * speeds[before] ? best : before;
}

/**
 * GFLOP/s of x W^T alone by the faster of the two ways to multiply: what a whole step is measured against. Where a CPU plays
 * the GPU and register tiles are in use, those alone are measured: they are 4 to 10 times as fast there, and the others take
 * seconds to compile.
 * @param rows of x
 * @param width of the tower
 */
export async function bestProduct(gpu: Gpu, rows: number, width: number): Promise<number> {
  if (gpu.adapter.software && variantsOf(gpu.backend).matmul === "registers") return productSpeed(gpu, rows, width);
  return Math.max(...Object.values(await measureVariants(gpu, "matmul", rows, width)));
}
