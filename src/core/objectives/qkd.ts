/** Query-based knowledge distillation: the student's vectors against the teacher's (ScalingNote, arXiv 2411.15766). */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { l2Normalise } from "../../gpu/l2Normalise";

export interface QkdOptions {
  /** Weights are tensors, so that a captured step can change them. */
  mseWeight: Scalar;
  cosineWeight: Scalar;
  /** MSE between raw vectors, or between normalised ones, where |s - t|^2 = 2 (1 - cos). */
  mseOn: "raw" | "normalised";
  /** Over the dimensions; the mean over the batch is always taken. */
  mseReduce: "mean" | "sum";
}

/**
 * mseWeight * MSE + cosineWeight * (1 - cosine), means over the batch.
 * @param student raw vectors [batch, size]
 * @param teacher raw vectors [batch, size]; no gradient is taken
 * @returns the loss and its unweighted terms: mse, and the mean cosine
 */
export function qkdLoss(
  student: Tensor2D,
  teacher: Tensor2D,
  options: QkdOptions,
): { loss: Scalar; terms: { mse: Scalar; cosine: Scalar } } {
  const [batch, size] = student.shape;
  const s = l2Normalise(student);
  const t = l2Normalise(teacher);
  const cosine: Scalar = tf.div(tf.sum(tf.mul(s, t)), batch);
  const difference = options.mseOn === "raw" ? tf.sub(student, teacher) : tf.sub(s, t);
  const squares = tf.sum(tf.square(difference));
  const mse: Scalar = tf.div(squares, options.mseReduce === "mean" ? batch * size : batch);
  const loss: Scalar = tf.add(tf.mul(options.mseWeight, mse), tf.mul(options.cosineWeight, tf.sub(1, cosine)));
  return { loss, terms: { mse, cosine } };
}
