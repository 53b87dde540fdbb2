/** InfoNCE: softmax cross-entropy of cosine / temperature over the documents of a batch (van den Oord et al., arXiv 1807.03748). */
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import { l2Normalise } from "../towers/forward";

/**
 * Mean over the queries of -log softmax(cos(q, d) / temperature) at the query's own document.
 * @param queries raw vectors [batch, size]
 * @param documents raw vectors [columns, size]; row i < batch is query i's positive, the rest are hard negatives
 * @param counts float32 [batch, columns]: 0 where a column must not count as a negative for the row
 * @param temperature divides the cosine
 */
export function infoNCE(queries: Tensor2D, documents: Tensor2D, counts: Tensor2D, temperature: Scalar): Scalar {
  const [batch] = queries.shape;
  const [columns] = documents.shape;
  const cosine = tf.matMul(l2Normalise(queries), l2Normalise(documents), false, true); // [batch, columns]
  // A large finite number hides a column; infinity would make NaN of its gradient.
  const logits = tf.add(tf.div(cosine, temperature), tf.mul(tf.sub(1, counts), -1e9));
  const own = tf.pad(tf.eye(batch), [
    [0, 0],
    [0, columns - batch],
  ]);
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), own))), batch);
}
