/** Next-token prediction: softmax cross-entropy of each position's logits at the token that follows. */
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Weighted sum over the positions of -log softmax(states table^T) at the position's target. With weights that sum to 1 it
 * is a mean in nats, and its exponential the perplexity. The logits of all positions are in memory at once.
 * @param states after the last norm [positions, width]
 * @param table output embeddings [vocabulary, width]; with tied embeddings the tokens' own
 * @param targets int32 [positions]
 * @param weights float32 [positions]; 0 leaves a position out
 */
export function nextToken(states: Tensor2D, table: Tensor2D, targets: Tensor1D, weights: Tensor1D): Scalar {
  const logits: Tensor2D = tf.matMul(states, table, false, true); // [positions, vocabulary]
  const own = tf.cast(tf.oneHot(targets, table.shape[0]), "float32");
  const losses = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), own), 1)); // [positions]
  return tf.sum(tf.mul(losses, weights));
}
