/**
 * InfoNCE of the student on the frozen documents: -log softmax(cos(s, d) / tau) at the text's own document, over those
 * that count for it. Mixed into alignment, in its place, or as a phase after it (HARNESS-LM).
 */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { cosines, type LossTerm, ownColumns, scoredOf } from "./term";

export const frozenInfoNce: LossTerm = {
  name: "infoNce",
  weight: "infoNceWeight",
  numbers: ["infoNceTemperature"],
  needsDocuments: true,
  rows(inputs, [temperature]) {
    const scored = scoredOf(inputs);
    const cosine = cosines(inputs.student, scored.documents);
    // A large finite number hides a column; infinity would make NaN of its gradient.
    const logits: Tensor2D = tf.add(tf.div(cosine, temperature!), tf.mul(tf.sub(1, scored.counts), -1e9));
    const own = tf.sum(tf.mul(tf.logSoftmax(logits), ownColumns(scored)), 1);
    return tf.mul(tf.neg(own), scored.labelled);
  },
};
