/** The kernels that there are two kinds of, and which one a backend uses. No rule tells which is faster: it is measured. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/**
 * matmul: a tile a thread in registers, without barriers; or a block a workgroup, through its memory (matmulVariant.ts).
 * reductions: a row a thread, and sums over a workgroup through its memory; or by subgroups, whose lanes add up what they hold
 * without memory or barriers (reduce.ts). The first of each is used until another is chosen, and runs on every device.
 */
export const VARIANTS = {
  matmul: ["registers", "shared"],
  reductions: ["shared", "subgroups"],
} as const;

export type Choice = keyof typeof VARIANTS;
export type Variants = { [C in Choice]: (typeof VARIANTS)[C][number] };

const chosen = new WeakMap<WebGPUBackend, Variants>();

/** What a backend uses. */
export const variantsOf = (backend: WebGPUBackend): Readonly<Variants> =>
  chosen.get(backend) ?? { matmul: VARIANTS.matmul[0], reductions: VARIANTS.reductions[0] };

/** From now on; what was captured before keeps its own. */
export function setVariants(backend: WebGPUBackend, variants: Partial<Variants>): void {
  chosen.set(backend, { ...variantsOf(backend), ...variants });
}

/**
 * Whether a device offers what a variant needs. Subgroups without a number of their own within the workgroup (an addition to
 * WGSL of 2025) are of no use: that neighbouring threads share one is nowhere promised.
 */
export const offers = <C extends Choice>(device: GPUDevice, _choice: C, variant: Variants[C]): boolean =>
  variant !== "subgroups" ||
  (device.features.has("subgroups") && navigator.gpu.wgslLanguageFeatures.has("subgroup_id"));
