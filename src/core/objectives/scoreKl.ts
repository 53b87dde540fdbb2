/**
 * Score distillation: the student's distribution over documents against the teacher's (NanoVDR, arXiv 2603.12824;
 * sentence-transformers' DistilKLDivLoss). Of each text, the teacher first:
 *
 *   tau_s^2 sum_j p_j (log p_j - log q_j),   p = softmax(cos(t, d) / tau_t),  q = softmax(cos(s, d) / tau_s)
 *
 * tau_s^2 makes up for the gradient of a softmax at tau_s, which goes with 1 / tau_s for the logits and for their scale.
 */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { cosines, type LossTerm, scoredOf } from "./term";

export const scoreKl: LossTerm = {
  name: "kl",
  weight: "klWeight",
  numbers: ["klTeacherTemperature", "klStudentTemperature"],
  needsDocuments: true,
  rows(inputs, [teacherTemperature, studentTemperature]) {
    const { documents, distributionFrom, distribution } = scoredOf(inputs);
    const all = distribution === documents.shape[0];
    const seen = all ? documents : tf.slice(documents, [distributionFrom, 0], [distribution, documents.shape[1]]);
    const teacher = tf.logSoftmax(tf.div<Tensor2D>(cosines(inputs.teacher, seen), teacherTemperature!));
    const student = tf.logSoftmax(tf.div<Tensor2D>(cosines(inputs.student, seen), studentTemperature!));
    const divergence = tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), 1);
    return tf.mul(divergence, tf.square(studentTemperature!));
  },
};
