/**
 * What the weights of stage 2 mean: the share of MSE and cosine in the gradient on the vector's direction. With both
 * vectors of length 1, |s-t|² = 2(1-cos), so MSE over d dimensions counts as 2·w/d (mean) or 2·w (sum) cosines. On raw
 * vectors of length L it counts L² times as much.
 */
import { percent, plain } from "../../charts/words";

export interface QkdWeights {
  mseWeight: number;
  cosineWeight: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
  embeddingSize: number;
  /** Whether further losses have a weight; the shares are of MSE and cosine alone. */
  others?: boolean;
}

export interface Reading {
  /** Share of MSE, 0 to 1; null where both weights are 0. */
  mse: number | null;
  headline: string;
  detail: string;
}

/** @param length length of the raw vectors, where known; without it each dimension is taken to be about 1 */
export function qkdReading(w: QkdWeights, length?: number): Reading {
  const size = length ?? Math.sqrt(w.embeddingSize);
  const perCosine = (2 * w.mseWeight) / (w.mseReduce === "mean" ? w.embeddingSize : 1);
  const mse = w.mseOn === "raw" ? perCosine * size ** 2 : perCosine;
  const sum = mse + w.cosineWeight;
  if (sum === 0 && w.others)
    return {
      mse: null,
      headline: "Both weights are 0: the student learns from the further losses alone.",
      detail: "",
    };
  if (sum === 0)
    return {
      mse: null,
      headline: "Both weights are 0: the student learns nothing.",
      detail: "Raise one of them.",
    };
  const share = mse / sum;
  const headline = `MSE ${percent(share, share < 0.1 ? 1 : 0)}, cosine ${percent(1 - share, share < 0.1 ? 1 : 0)} of ${w.others ? "these two losses' " : "the "}gradient.`;
  if (w.mseOn === "normalised")
    return {
      mse: share,
      headline,
      detail: `After normalisation the two are one loss: MSE counts as ${plain(perCosine)} cosines${
        w.mseReduce === "mean" ? `, 2 in ${w.embeddingSize} a unit of weight` : ""
      }.`,
    };
  return {
    mse: share,
    headline,
    detail: `${
      length === undefined
        ? "If each dimension of the raw vectors is about 1 in size; longer vectors give MSE more."
        : `At the teacher's mean length of ${plain(length)}.`
    } Before normalisation MSE also teaches the vector's length; cosine teaches direction only.`,
  };
}
