/** The distillation step: stage 2, where only the student learns, from queries and stored teacher vectors. */
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Gpu } from "../../gpu/device";
import { qkdKernel } from "../../gpu/kernels/qkd";
import type { TowerOps, Vector } from "../../gpu/ops";
import type { TensorMap } from "../../gpu/step";
import { qkdLoss } from "../objectives/qkd";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import type { DeviceParameters } from "../towers/types";
import type { TokenTable } from "./inputs";
import { alone, type Learners, sideBySide } from "./learners";
import { addedWalk, pieceDropout, piecedInputs, piecesOf } from "./pieces";
import {
  placed,
  prefixed,
  type Recipe,
  type SharedRecipe,
  type StudentRecipe,
  stripped,
  type TrainingStep,
  trainingStep,
} from "./trainingStep";

export interface DistilParts extends SharedDistilParts {
  mseWeight: number;
  cosineWeight: number;
}

/** What several students of a distillation share; the tower is theirs side by side. */
export interface SharedDistilParts {
  student: Tower;
  queryTokens: TokenTable;
  queryLength: number;
  /** Raw teacher vectors of all training queries: float32 [queries, embeddingSize]. */
  teacher: Float32Array;
  order: (step: number) => Int32Array;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
}

export interface DistilStudent extends StudentRecipe {
  mseWeight: number;
  cosineWeight: number;
}

/** QKD: w_mse * MSE + w_cos * (1 - cosine) to stored teacher vectors; trains the student alone. Logs "mse", "cosine". */
export const distilStep = (gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: DistilParts): TrainingStep =>
  distilStepOf(gpu, ops, recipe, parts, alone({ ...recipe, ...parts }));

/** `distilStep` of students that `uploadStudents` put side by side, each as it would be alone. */
export const stackedDistilStep = (
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedDistilParts,
  students: readonly DistilStudent[],
): TrainingStep => distilStepOf(gpu, ops, recipe, parts, sideBySide(students, [parts.student]));

function distilStepOf(
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedDistilParts,
  learners: Learners<DistilStudent>,
): TrainingStep {
  const weights = Float32Array.from(learners.each.flatMap(({ mseWeight, cosineWeight }) => [mseWeight, cosineWeight]));
  const { batch } = recipe;
  const { embeddingSize } = parts.student.config;
  const pieces = piecesOf(batch, recipe.pieces ?? 1);
  const query = piecedInputs("query", parts.student.config, parts.queryTokens, pieces, parts.queryLength);
  const teacherOf = (p: number) => (pieces.length === 1 ? "teacher" : `teacher/${p}`);
  const encode = (parameters: DeviceParameters, inputs: TensorMap, counter: Vector) => (p: number) =>
    towerForward(
      ops,
      parts.student.config,
      parameters,
      query.of(inputs, p),
      pieceDropout(recipe.dropout, counter, 0, pieces[p]!),
    );
  const lossOf = (student: Tensor2D, p: number, inputs: TensorMap) => {
    const weights = inputs["weights"] as Vector;
    const teacher = inputs[teacherOf(p)] as Tensor2D;
    const options = { mseOn: parts.mseOn, mseReduce: parts.mseReduce };
    if (ops.name === "fused") return qkdKernel(student, teacher, weights, options);
    const number = (at: number) => tf.reshape(tf.slice(tf.reshape(weights, [-1]), [at], [1]), []) as Scalar;
    const losses = learners
      .split(student)
      .map((own, i) =>
        qkdLoss(own, teacher, { ...options, mseWeight: number(2 * i), cosineWeight: number(2 * i + 1) }),
      );
    return {
      loss: learners.join(losses.map(({ loss }) => loss)),
      terms: {
        mse: learners.join(losses.map(({ terms }) => terms.mse)),
        cosine: learners.join(losses.map(({ terms }) => terms.cosine)),
      },
    };
  };
  return trainingStep(gpu, recipe, learners, {
    parameters: prefixed("query", parts.student.parameters),
    layout: placed("query", parts.student),
    specs: {
      ...query.specs,
      ...Object.fromEntries(
        pieces.map(({ count }, p) => [teacherOf(p), { shape: [count, embeddingSize], dtype: "float32" as const }]),
      ),
      weights: { shape: learners.shape([2]), dtype: "float32" },
    },
    termNames: ["mse", "cosine"],
    loss: (parameters, inputs, counter) => lossOf(encode(stripped("query", parameters), inputs, counter)(0), 0, inputs),
    walk:
      pieces.length === 1
        ? undefined
        : (optimizer, inputs, counter) =>
            addedWalk(
              optimizer,
              {
                pieces,
                parameters: prefixed("query", parts.student.parameters),
                forward: encode(parts.student.parameters, inputs, counter),
              },
              (vectors, p) => lossOf(vectors, p, inputs),
            ),
    values(step, into) {
      const queries = parts.order(step);
      const { values, tokens } = query.values(queries, into);
      const teacher = new Float32Array(batch * embeddingSize);
      queries.forEach((q, row) => {
        teacher.set(parts.teacher.subarray(q * embeddingSize, (q + 1) * embeddingSize), row * embeddingSize);
      });
      for (const [p, { first, count }] of pieces.entries())
        values[teacherOf(p)] = teacher.subarray(first * embeddingSize, (first + count) * embeddingSize);
      return {
        values: { ...values, weights },
        tokens,
      };
    },
  });
}
