/**
 * Several models of one shape in one dispatch. A parameter of shape S is then [models, ...S], and the rows of every
 * activation are the models' one under the other: the model is the slowest index, so that whatever works row by row need
 * not know. What reads a parameter, a seed or what the models share (masks, ids, pooling weights: one copy) finds out by
 * the ranks. A model's arithmetic is that of the same model alone, in the same order.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** How many models a parameter is of, `rank` being that of one model's. */
export function modelsOf({ shape }: { shape: readonly number[] }, rank: number): number {
  if (shape.length === rank) return 1;
  if (shape.length === rank + 1) return shape[0]!;
  throw new Error(`a parameter of shape ${shape}: one model's has ${rank} dimensions, that of several one more`);
}

/** For keys of kernels; nothing for one model. */
export const ofModels = (models: number): string => (models === 1 ? "" : `${models} models `);

// Slices, for the gradients of tfjs 4.22's own split and unstack throw where there is one piece.
/** Each model's rows of x [models * rows, ...]. */
export function rowsOfEach<T extends Tensor>(x: T, models: number): T[] {
  const rows = x.shape[0]! / models;
  return Array.from({ length: models }, (_, k) => tf.slice(x, [k * rows], [rows]));
}
/** Each model's own of a parameter [models, ...]. */
export const ofEach = (x: Tensor): Tensor[] =>
  rowsOfEach(x, x.shape[0]!).map((one) => tf.reshape(one, x.shape.slice(1)));

/** Each model's rows of x times the model's own number; one number for all where there is one model. */
export function timesEach(x: Tensor, numbers: Tensor): Tensor {
  if (numbers.size === 1) return tf.mul(x, tf.reshape(numbers, []));
  return tf.reshape(tf.mul(tf.reshape(x, [numbers.size, -1]), tf.reshape(numbers, [-1, 1])), x.shape);
}
