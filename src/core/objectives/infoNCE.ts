/** InfoNCE: softmax cross-entropy of cosine / temperature over the documents of a batch (van den Oord et al., arXiv 1807.03748). */

import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { l2Normalise } from "../../gpu/l2Normalise";

export interface InfoNceOptions {
  /**
   * Average with the other direction: each positive document must find its query among the batch's queries. Hard
   * negatives have no query of their own and take no part in it. Absent: queries to documents only.
   */
  symmetric?: boolean;
}

/**
 * Mean over the queries of -log softmax(cos(q, d) / temperature) at the query's own document.
 * @param queries raw vectors [batch, size]
 * @param documents raw vectors [columns, size]; row i < batch is query i's positive, the rest are hard negatives
 * @param counts float32 [batch, columns]: 1 where a column counts for the row, 0 where it must not; 1 on the diagonal
 * @param temperature divides the cosine: an input of the step, or exp of a parameter to learn it
 * @returns in nats; ln(columns) where all are alike
 */
export function infoNCE(
  queries: Tensor2D,
  documents: Tensor2D,
  counts: Tensor2D,
  temperature: Scalar,
  options: InfoNceOptions = {},
): Scalar {
  const [batch] = queries.shape;
  const [columns] = documents.shape;
  if (columns < batch) throw new Error(`infoNCE: ${columns} documents for ${batch} queries; each query needs its own`);
  const cosine = tf.matMul(l2Normalise(queries), l2Normalise(documents), false, true); // [batch, columns]
  // A large finite number hides a column; infinity would make NaN of its gradient.
  const logits: Tensor2D = tf.add(tf.div(cosine, temperature), tf.mul(tf.sub(1, counts), -1e9));
  const forth = ownLoss(logits);
  if (!options.symmetric) return forth;
  const positives = columns === batch ? logits : tf.slice(logits, [0, 0], [batch, batch]);
  return tf.mul(tf.add(forth, ownLoss(tf.transpose(positives))), 0.5);
}

/** Mean over the rows of -log softmax at column i of row i. logits [rows, columns >= rows] */
function ownLoss(logits: Tensor2D): Scalar {
  const [rows, columns] = logits.shape;
  const own = tf.pad(tf.eye(rows), [
    [0, 0],
    [0, columns - rows],
  ]);
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), own))), rows);
}
