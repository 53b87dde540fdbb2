/**
 * The distillation step: stage 2, where only the student learns, from texts and stored teacher vectors. Its loss is QKD
 * (MSE and cosine: one kernel) and what further terms have a weight (objectives/index.ts), each a mean over the texts;
 * with Matryoshka prefixes all of it again on each prefix.
 */
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { valueAndGradients } from "../../gpu/backward";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import { qkdKernel } from "../../gpu/kernels/qkd";
import type { Matrix, TowerOps, Vector } from "../../gpu/ops";
import { eagerStep, type HostValues, type InputSpecs, type Step, type TensorMap } from "../../gpu/step";
import { type TermNumbers, termsOf, termValues } from "../objectives";
import { qkdLoss } from "../objectives/qkd";
import { type LossTerm, prefix, prefixSizes, type ScoredInputs } from "../objectives/term";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import type { DeviceParameters } from "../towers/types";
import type { TokenTable } from "./inputs";
import { alone, type Learners, sideBySide } from "./learners";
import { addedWalk, pieceDropout, piecedInputs, piecesOf } from "./pieces";
import type { ScoredDocuments } from "./scoredDocuments";
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

/** The weights, and the numbers that further terms read: what is not given is 0. */
export type DistilWeights = { mseWeight: number; cosineWeight: number } & TermNumbers;

export type DistilParts = SharedDistilParts & DistilWeights;

/** What several students of a distillation share; the tower is theirs side by side. */
export interface SharedDistilParts {
  student: Tower;
  /** The texts that are learned from, by number. */
  queryTokens: TokenTable;
  queryLength: number;
  /** Raw teacher vectors: float32 [rows, size]. */
  teacher: Float32Array;
  /** Row of the teacher's vector of each text; the text's own number unless given. */
  teacherRow?: Int32Array | undefined;
  order: (step: number) => Int32Array;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
  /** Halvings of the vectors that the loss is taken of too; 0 unless given. */
  matryoshka?: number;
  /** For terms that score documents. */
  scored?: ScoredDocuments | undefined;
  /** [size, student's own size], or of each student: learned with it, takes its vectors to the teacher's size. */
  projection?: Tensor | undefined;
}

export type DistilStudent = StudentRecipe & DistilWeights;

/** A distillation also tells how strongly each term pulls at the vectors. */
export interface DistilStep extends TrainingStep {
  /**
   * Norm of each term's gradient with respect to the student's vectors, its weight included: "gradNorm.mse" and so on, a
   * record for each student. Of the texts of `step` (of their first piece), without dropout; nothing is trained.
   */
  gradientNorms(step: number): Promise<Record<string, number>[]>;
}

/**
 * QKD: w_mse * MSE + w_cos * (1 - cosine) to stored teacher vectors, and further terms; trains the student alone. Logs
 * "mse", "cosine" and the terms' values without their weights.
 */
export const distilStep = (gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: DistilParts): DistilStep =>
  distilStepOf(gpu, ops, recipe, parts, alone({ ...parts, ...recipe }));

/** `distilStep` of students that `uploadStudents` put side by side, each as it would be alone. */
export const stackedDistilStep = (
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedDistilParts,
  students: readonly DistilStudent[],
): DistilStep => distilStepOf(gpu, ops, recipe, parts, sideBySide(students, [parts.student]));

/** One term of the loss: its value as it is logged, and as it counts; of several students one number each. */
interface Summand {
  name: string;
  weighted: Tensor;
  logged: Record<string, Tensor>;
}

function distilStepOf(
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedDistilParts,
  learners: Learners<DistilStudent>,
): DistilStep {
  const weights = Float32Array.from(learners.each.flatMap(({ mseWeight, cosineWeight }) => [mseWeight, cosineWeight]));
  const terms = termsOf(learners.each);
  const numbers = Float32Array.from(learners.each.flatMap((student) => termValues(terms, student)));
  const { batch } = recipe;
  const { projection } = parts;
  const size = projection ? projection.shape.at(-2)! : parts.student.config.embeddingSize;
  const sizes = prefixSizes(size, parts.matryoshka ?? 0);
  const scored = terms.some((term) => term.needsDocuments) ? parts.scored : undefined;
  if (!scored && terms.some((term) => term.needsDocuments))
    throw new Error(`${terms.map((term) => term.name).join(", ")}: these losses score documents, and there are none`);
  const columns = scored?.columns(batch) ?? 0;
  const pieces = piecesOf(batch, recipe.pieces ?? 1);
  const query = piecedInputs("query", parts.student.config, parts.queryTokens, pieces, parts.queryLength);
  const own = (name: string, p: number) => (pieces.length === 1 ? name : `${name}/${p}`);
  const trained: DeviceParameters = {
    ...prefixed("query", parts.student.parameters),
    ...(projection ? { [PROJECTION]: projection } : {}),
  };
  const encode =
    (parameters: DeviceParameters, inputs: TensorMap, counter: Vector | null) =>
    (p: number): Tensor2D => {
      const vectors = towerForward(
        ops,
        parts.student.config,
        parameters,
        query.of(inputs, p),
        counter ? pieceDropout(recipe.dropout, counter, 0, pieces[p]!) : undefined,
      );
      return projection ? ops.linear(vectors, projection as Matrix) : vectors;
    };

  const qkd = (student: Tensor2D, teacher: Tensor2D, by: Vector) => {
    const options = { mseOn: parts.mseOn, mseReduce: parts.mseReduce };
    if (ops.name === "fused") return qkdKernel(student, teacher, by, options);
    const number = (at: number) => tf.reshape(tf.slice(tf.reshape(by, [-1]), [at], [1]), []) as Scalar;
    const losses = learners
      .split(student)
      .map((rows, i) =>
        qkdLoss(rows, teacher, { ...options, mseWeight: number(2 * i), cosineWeight: number(2 * i + 1) }),
      );
    return {
      loss: learners.join(losses.map(({ loss }) => loss)),
      terms: {
        mse: learners.join(losses.map((one) => one.terms.mse)),
        cosine: learners.join(losses.map((one) => one.terms.cosine)),
      },
    };
  };
  const scoredInputs = (p: number, inputs: TensorMap, documents: Tensor2D): ScoredInputs => {
    const { from, count } = scored!.distribution(batch);
    return {
      documents,
      distributionFrom: from,
      distribution: count,
      first: pieces[p]!.first,
      counts: inputs[own("counts", p)] as Tensor2D,
      labelled: inputs[own("labelled", p)] as ScoredInputs["labelled"],
    };
  };
  const further = (term: LossTerm, t: number, student: Tensor2D, p: number, inputs: TensorMap, length: number) => {
    const before = terms.slice(0, t).reduce((sum, { numbers }) => sum + 1 + numbers.length, 0);
    const width = numbers.length / learners.each.length;
    const values = tf.reshape(inputs["terms"]!, [-1]);
    const number = (student: number, at: number): Scalar =>
      tf.reshape(tf.slice(values, [student * width + before + at], [1]), []);
    const teacher = prefix(inputs[own("teacher", p)] as Tensor2D, length);
    const documents = scored ? prefix(inputs["documents"] as Tensor2D, length) : null;
    const each = learners.split(student).map((rows, s) => {
      const own = term.numbers.map((_, k) => number(s, k + 1));
      const losses = term.rows(
        { student: rows, teacher, scored: documents && scoredInputs(p, inputs, documents) },
        own,
      );
      const value: Scalar = tf.mean(losses);
      return { value, weighted: tf.mul<Scalar>(value, number(s, 0)) };
    });
    return {
      value: learners.join(each.map(({ value }) => value)),
      weighted: learners.join(each.map(({ weighted }) => weighted)),
    };
  };
  /** The loss of vectors cut to a length, one summand a term. @param by QKD's weights */
  const summands = (
    vectors: Tensor2D,
    p: number,
    inputs: TensorMap,
    length: number,
    by: readonly Vector[],
  ): (() => Summand)[] => {
    const student = prefix(vectors, length);
    return [
      ...by.map((weights) => () => {
        const { loss, terms } = qkd(student, prefix(inputs[own("teacher", p)] as Tensor2D, length), weights);
        return { name: "qkd", weighted: loss, logged: terms };
      }),
      ...terms.map((term, t) => () => {
        const { value, weighted } = further(term, t, student, p, inputs, length);
        return { name: term.name, weighted, logged: { [term.name]: value } };
      }),
    ];
  };
  const lossOf = (vectors: Tensor2D, p: number, inputs: TensorMap) => {
    const made = sizes.flatMap((length) =>
      summands(vectors, p, inputs, length, [inputs["weights"] as Vector]).map((make) => make()),
    );
    return {
      loss: made.map(({ weighted }) => weighted).reduce((a, b) => tf.add(a, b)),
      // Of the whole vectors, which come first.
      terms: Object.assign({}, ...made.slice(0, 1 + terms.length).map(({ logged }) => logged)) as Record<
        string,
        Tensor
      >,
    };
  };

  const specs: InputSpecs = {
    ...query.specs,
    ...Object.fromEntries(
      pieces.map(({ count }, p) => [own("teacher", p), { shape: [count, size], dtype: "float32" as const }]),
    ),
    weights: { shape: learners.shape([2]), dtype: "float32" },
    ...(terms.length > 0 ? { terms: { shape: [numbers.length], dtype: "float32" as const } } : {}),
    ...(scored
      ? {
          documents: { shape: [columns, size], dtype: "float32" as const },
          ...Object.fromEntries(
            pieces.flatMap(({ count }, p) => [
              [own("counts", p), { shape: [count, columns], dtype: "float32" as const }],
              [own("labelled", p), { shape: [count], dtype: "float32" as const }],
            ]),
          ),
        }
      : {}),
  };
  const valuesOf = (step: number, into: HostValues | null): { values: HostValues; tokens: number } => {
    const texts = parts.order(step);
    const { values, tokens } = query.values(texts, into);
    const teacher = rowsOf(parts.teacher, size, texts, parts.teacherRow);
    const all: HostValues = { ...values, weights };
    if (terms.length > 0) all["terms"] = numbers;
    const found = scored?.of(step, texts);
    if (found) all["documents"] = rowsOf(scored!.vectors, size, found.documents);
    for (const [p, { first, count }] of pieces.entries()) {
      all[own("teacher", p)] = teacher.subarray(first * size, (first + count) * size);
      if (!found) continue;
      all[own("counts", p)] = found.counts.subarray(first * columns, (first + count) * columns);
      all[own("labelled", p)] = found.labelled.subarray(first, first + count);
    }
    return { values: all, tokens };
  };

  const training = trainingStep(gpu, recipe, learners, {
    parameters: trained,
    layout: [
      ...placed("query", parts.student),
      ...(projection
        ? [
            {
              name: PROJECTION,
              shape: projection.shape.slice(-2),
              within: PROJECTION,
              offset: 0,
              size: projection.size / learners.each.length,
            },
          ]
        : []),
    ],
    specs,
    termNames: ["mse", "cosine", ...terms.map((term) => term.name)],
    loss: (parameters, inputs, counter) => lossOf(encode(stripped("query", parameters), inputs, counter)(0), 0, inputs),
    walk:
      pieces.length === 1
        ? undefined
        : (optimizer, inputs, counter) =>
            addedWalk(
              optimizer,
              {
                pieces,
                parameters: trained,
                forward: encode(parts.student.parameters, inputs, counter),
              },
              (vectors, p) => lossOf(vectors, p, inputs),
            ),
    values: valuesOf,
  });

  const names = ["mse", "cosine", ...terms.map((term) => term.name)];
  /** Made when first asked for. */
  let norms: Step | null = null;
  const measure = (inputs: TensorMap): TensorMap => {
    const vectors = encode(parts.student.parameters, inputs, null)(0);
    const weights = inputs["weights"] as Vector;
    const only = (at: 0 | 1) => tf.mul<Vector>(weights, tf.tensor1d(at === 0 ? [1, 0] : [0, 1]));
    const squares = names.map((_, n) => {
      const { gradients } = valueAndGradients(
        () =>
          sizes
            .map((length) => summands(vectors, 0, inputs, length, [only(0), only(1)])[n]!().weighted)
            .reduce((a, b) => tf.add(a, b)),
        [vectors],
      );
      return learners.split(gradients[0] as Tensor2D).map((own) => tf.sum(tf.square(own)) as Scalar);
    });
    return { norms: tf.sqrt(tf.stack(squares.flat())) };
  };
  return {
    ...training,
    async gradientNorms(step) {
      norms ??= (recipe.captured ? captureStep : eagerStep)(gpu, measure, specs);
      norms.run(valuesOf(step, norms.places).values);
      const found = await norms.read("norms");
      return learners.each.map((_, s) =>
        Object.fromEntries(names.map((name, n) => [`gradNorm.${name}`, found[n * learners.each.length + s]!])),
      );
    },
    dispose() {
      norms?.dispose();
      training.dispose();
    },
  };
}

/** What the matrix from the student's size to the teacher's is called in a training's state. */
export const PROJECTION = "own_projection.weight";

/** Rows of a matrix, one under the other. */
function rowsOf(matrix: Float32Array, size: number, numbers: Int32Array, row?: Int32Array): Float32Array {
  const made = new Float32Array(numbers.length * size);
  numbers.forEach((number, i) => {
    const from = (row ? row[number]! : number) * size;
    made.set(matrix.subarray(from, from + size), i * size);
  });
  return made;
}
