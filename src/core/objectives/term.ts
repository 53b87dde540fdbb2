/**
 * What a further loss of stage 2 is: one file here, named in index.ts, with its weight and numbers among the settings
 * (config/stage2Settings.ts). The step (training/distilStep.ts) does the rest: it weighs and adds up the terms, gives
 * each student its own numbers, walks in pieces, cuts Matryoshka prefixes, logs values and gradient norms.
 */
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { l2Normalise } from "../../gpu/l2Normalise";
import type { Experiment } from "../config/schema";

type Stage2 = Experiment["stage2"];
/** Settings of stage 2 that are numbers. */
export type Stage2Number = { [K in keyof Stage2]: Stage2[K] extends number ? K : never }[keyof Stage2];

/** Some texts of a batch at the student and at the teacher, and the frozen documents that the batch scores. */
export interface TermInputs {
  /** Raw vectors [rows, size]; only these have a gradient. */
  student: Tensor2D;
  teacher: Tensor2D;
  /** Null unless the term asks for documents. */
  scored: ScoredInputs | null;
}

export interface ScoredInputs {
  /** Raw vectors [columns, size]: the own documents of the batch's texts first, in their order, then sampled ones. */
  documents: Tensor2D;
  /** Which of them a distribution over documents is made of: from this column on, `distribution` of them. */
  distributionFrom: number;
  distribution: number;
  /** Number in the batch of the first of these rows, which is the column of its own document. */
  first: number;
  /** float32 [rows, columns]: 1 where the column counts for the row: its own document, and what may be a negative of it. */
  counts: Tensor2D;
  /**
   * float32 [rows]: 0 where a text has no known answer; of the others their share, so that the mean over all rows is the mean
   * over those.
   */
  labelled: Tensor1D;
}

export interface LossTerm {
  /** What its value is logged as. */
  readonly name: string;
  /** Its weight among the settings; 0: the term is not there. */
  readonly weight: Stage2Number;
  /** Further settings that it reads. */
  readonly numbers: readonly Stage2Number[];
  readonly needsDocuments: boolean;
  /**
   * The loss of each text, [rows]; the step takes the mean. Normalises what it wants normalised, for vectors may come as
   * prefixes. @param numbers values of `numbers`, in their order
   */
  rows(inputs: TermInputs, numbers: readonly Scalar[]): Tensor1D;
}

/** The documents of a term that asked for them. */
export function scoredOf({ scored }: TermInputs): ScoredInputs {
  if (!scored) throw new Error("a loss over documents was given none");
  return scored;
}

/** Cosines of vectors with documents. [rows, size], [columns, size] -> [rows, columns] */
export const cosines = (vectors: Tensor2D, documents: Tensor2D): Tensor2D =>
  tf.matMul(l2Normalise(vectors), l2Normalise(documents), false, true);

/** float32 [rows, columns]: 1 at each row's own document. */
export const ownColumns = ({ counts, first }: ScoredInputs): Tensor2D => {
  const [rows, columns] = counts.shape;
  return tf.pad(tf.eye(rows), [
    [0, 0],
    [first, columns - first - rows],
  ]);
};

/** Sizes of the vectors that a loss is taken of: the whole, its first half, quarter and so on. */
export function prefixSizes(size: number, halvings: number): number[] {
  const sizes = Array.from({ length: halvings + 1 }, (_, i) => Math.floor(size / 2 ** i));
  return [...new Set(sizes.filter((n) => n > 0))];
}

/** The first `size` values of each vector; the tensor itself where that is all of them. */
export const prefix = (vectors: Tensor2D, size: number): Tensor2D =>
  size === vectors.shape[1] ? vectors : tf.slice(vectors, [0, 0], [vectors.shape[0], size]);
