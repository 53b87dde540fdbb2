/** Vectors of length 1, from tfjs ops: towers, losses and encoding share this one definition. */

import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Rows of x [n, size] divided by their length. A row of zeros stays zero: 1e-12 is added to the squared length. */
export function l2Normalise(x: Tensor2D): Tensor2D {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)));
}
