/**
 * What the loss weights of distillation mean.
 *
 * With both vectors of length 1, |s-t|^2 = 2(1-cos): MSE on normalised vectors and cosine are ONE loss, with weight
 * 2 w_mse/d + w_cos (mean over d dimensions) or 2 w_mse + w_cos (sum). AdamW divides each gradient by its own size, so
 * that a factor before the whole loss changes next to nothing either.
 */
import type { SettingValue } from "../config/paths";

export interface LossWeights {
  mseWeight: number;
  cosineWeight: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
  embeddingSize: number;
  /** Halvings of which the loss is taken too: in a mean each has a factor of its own. */
  matryoshka?: number;
}

export interface Algebra {
  /** Weight of the loss in units of (1 - cos); on raw vectors at `length`. */
  total: number;
  /** MSE's share of the gradient on the vector's direction; null where both weights are 0. */
  mseShare: number | null;
  /** Cosine-term gradients that the MSE term amounts to, at weights of 1 each. */
  perUnit: number;
  /** Whether the two terms are the same function but for a factor. */
  one: boolean;
}

/**
 * @param length length of the raw vectors; without it each dimension is taken to be about 1. On vectors of length L the
 * squared distance counts L^2 times as much for the direction.
 */
export function lossAlgebra(w: LossWeights, length?: number): Algebra {
  const size = w.mseOn === "raw" ? (length ?? Math.sqrt(w.embeddingSize)) : 1;
  const perUnit = (2 * size ** 2) / (w.mseReduce === "mean" ? w.embeddingSize : 1);
  const mse = perUnit * w.mseWeight;
  const total = mse + w.cosineWeight;
  return { total, mseShare: total > 0 ? mse / total : null, perUnit, one: w.mseOn === "normalised" };
}

const KEYS = ["mseWeight", "cosineWeight", "mseOn", "mseReduce"] as const;
const MAYBE = ["matryoshka"] as const;

/** What is known of a trial's weights: what was swept, over the rest of its experiment where the record has that. */
export function weightsOf(
  assignments: Record<string, SettingValue>,
  config?: Record<string, unknown>,
): Partial<LossWeights> {
  const stage2 = (config?.["stage2"] ?? {}) as Record<string, SettingValue>;
  const values = [...KEYS, ...MAYBE].flatMap((key) => {
    const value = assignments[`stage2.${key}`] ?? stage2[key];
    return value === undefined ? [] : [[key, value]];
  });
  const size = assignments["embeddingSize"] ?? config?.["embeddingSize"];
  return Object.fromEntries(size === undefined ? values : [...values, ["embeddingSize", size]]) as Partial<LossWeights>;
}

/** Whether nothing is missing. */
export const allKnown = (w: Partial<LossWeights>): w is LossWeights =>
  [...KEYS, "embeddingSize"].every((key) => w[key as keyof LossWeights] !== undefined);

const NORM = "gradNorm.";

/** The gradient norms among a validation's figures, by term; null where there are none. */
export function gradientNorms(validation: Record<string, number> | null): Record<string, number> | null {
  const norms = Object.entries(validation ?? {}).filter(([name]) => name.startsWith(NORM));
  return norms.length > 0 ? Object.fromEntries(norms.map(([name, norm]) => [name.slice(NORM.length), norm])) : null;
}

/**
 * Gradient of the MSE term over that of the cosine term, on the direction of the student's vectors, both with their
 * weights: exact after normalisation; on raw vectors where each dimension is about 1, and of the direction alone.
 * @returns null where a weight is 0, and where each Matryoshka prefix has a ratio of its own
 */
export function theoryRatio(weights: LossWeights): number | null {
  const { mseWeight, cosineWeight, mseReduce, matryoshka = 0 } = weights;
  if (matryoshka > 0 && mseReduce === "mean") return null;
  return mseWeight > 0 && cosineWeight > 0 ? (lossAlgebra(weights).perUnit * mseWeight) / cosineWeight : null;
}

/** The same ratio as it was measured. */
export function measuredRatio(norms: Record<string, number>): number | null {
  const { mse = 0, cosine = 0 } = norms;
  return mse > 0 && cosine > 0 ? mse / cosine : null;
}
