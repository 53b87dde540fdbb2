/**
 * Margins of scores: how far a text's own document is ahead of another one, at the student as at the teacher (Hofstätter
 * et al., arXiv 2010.02666). Scores are cosines, as retrieval ranks by them. Of each text with a known answer p, the mean
 * over the documents n that count as its negatives:
 *
 *   ((s.p - s.n) - (t.p - t.n))^2
 */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { cosines, type LossTerm, ownColumns, scoredOf } from "./term";

export const marginMse: LossTerm = {
  name: "margin",
  weight: "marginWeight",
  numbers: [],
  needsDocuments: true,
  rows(inputs) {
    const scored = scoredOf(inputs);
    const own = ownColumns(scored);
    // The difference of the margins is that of the differences.
    const gap: Tensor2D = tf.sub(cosines(inputs.student, scored.documents), cosines(inputs.teacher, scored.documents));
    const atOwn = tf.sum(tf.mul(gap, own), 1, true);
    const negatives = tf.mul(scored.counts, tf.sub(1, own));
    const squares = tf.sum(tf.mul(tf.square(tf.sub(atOwn, gap)), negatives), 1);
    return tf.mul(tf.div(squares, tf.maximum(tf.sum(negatives, 1), 1)), scored.labelled);
  },
};
