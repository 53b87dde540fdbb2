/**
 * The two training steps of the method: contrastive (stage 1 and the baselines: both towers learn) and distillation
 * (stage 2: only the student learns, from queries and stored teacher vectors). Each runs captured or eagerly, and of one
 * student or of several side by side: those share their batches, and each is trained as it would be alone.
 */

import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type AdamW, type AdamWOptions, type AdamWParameter, createAdamW, hyperValues } from "../../gpu/adamw";
import { valueAndGradients } from "../../gpu/backward";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import { infoNceFits, infoNceKernels } from "../../gpu/kernels/infoNce";
import { qkdKernel } from "../../gpu/kernels/qkd";
import { createLog, type StepLog } from "../../gpu/log";
import type { TowerOps, Vector } from "../../gpu/ops";
import {
  disposeOwn,
  eagerStep,
  type HostValues,
  type InputSpecs,
  ownTensor,
  type Step,
  type TensorMap,
} from "../../gpu/step";
import { concatFloats } from "../bytes";
import { infoNCE } from "../objectives/infoNCE";
import { qkdLoss } from "../objectives/qkd";
import { decays, isEmbedding, towerForward } from "../towers";
import type { TensorPlace, Tower } from "../towers/device";
import type { DeviceParameters } from "../towers/types";

import type { TokenTable } from "./inputs";
import { alone, type Learners, sideBySide } from "./learners";

import type { PairBatch } from "./pairs";
import { addedWalk, cachedWalk, pieceDropout, piecedInputs, piecesOf, type Walked } from "./pieces";
import { scheduleFactor } from "./schedule";

/** What optimizer and schedule need to know, the same for every system. */
export interface Recipe extends AdamWOptions {
  steps: number;
  batch: number;
  warmup: number;
  weightDecay: number;
  learningRate: number;
  embeddingRate: number;
  dropout: number;
  seed: number;
  captured: boolean;
}

/** What each of several students has of its own; the rest of the recipe they share. The seed is that of dropout. */
export type StudentRecipe = Pick<Recipe, "learningRate" | "embeddingRate" | "seed">;
export type SharedRecipe = Omit<Recipe, keyof StudentRecipe>;

/** A training step with all it owns. */
export interface TrainingStep {
  step: Step;
  optimizer: AdamW;
  log: StepLog;
  /** Names of the numbers in a row of the log; the first two are "loss" and "gradNorm". */
  names: string[];
  /** How many students it trains side by side; the log has a row for each. */
  students: number;
  /** Trained tensors in the optimizer's order. */
  parameters: DeviceParameters;
  /** The same as a checkpoint has them, and where they lie in those. */
  layout: readonly TensorPlace[];
  /** Runs step number `step` (from 1); returns its tokens without padding. */
  run(step: number): number;
  dispose(): void;
}

/** What the log holds of a step and a student, in the order of the names. @param rows as read from the log */
export function logRow(
  { log, names, students }: Pick<TrainingStep, "log" | "names" | "students">,
  rows: Float32Array,
  step: number,
  student = 0,
): Float32Array {
  const at = ((step % log.slots) * students + student) * names.length;
  return rows.subarray(at, at + names.length);
}

/** Slots of the log: at most this many steps between two readings. */
const LOG_SLOTS = 32;

interface Parts {
  /** Trained tensors by unique name. */
  parameters: DeviceParameters;
  layout: readonly TensorPlace[];
  /** How often the step uses each of them; once unless given. */
  uses?: number;
  specs: InputSpecs;
  /** The loss on the tape, and the terms to log beside it; of several students one number each. */
  loss(
    parameters: DeviceParameters,
    inputs: TensorMap,
    dropout: Vector,
  ): { loss: Tensor; terms: Record<string, Tensor> };
  /** In place of `loss`, where the batch is walked in pieces. */
  walk?: ((optimizer: AdamW, inputs: TensorMap, dropout: Vector) => Walked) | undefined;
  termNames: string[];
  values(step: number): { values: HostValues; tokens: number };
}

/** The whole batch at once. */
function wholeWalk({ loss, parameters }: Parts, optimizer: AdamW, inputs: TensorMap, dropout: Vector): Walked {
  const names = Object.keys(parameters);
  let terms: Record<string, Tensor> = {};
  const { value, gradients } = valueAndGradients(
    () => {
      const result = loss(parameters, inputs, dropout);
      // Kept, for they are needed after the tape has closed.
      terms = Object.fromEntries(Object.entries(result.terms).map(([name, term]) => [name, tf.keep(tf.clone(term))]));
      return result.loss;
    },
    Object.values(parameters),
    optimizer.begin(),
  );
  return { value, gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i]!])), terms };
}

function trainingStep(gpu: Gpu, recipe: SharedRecipe, learners: Learners<StudentRecipe>, parts: Parts): TrainingStep {
  const students = learners.each.length;
  if (parts.walk && students > 1) throw new Error("a batch in pieces is of one student, not of several side by side");
  const names = Object.keys(parts.parameters);
  const tensors = names.map((name) => parts.parameters[name]!);
  const optimizer = createAdamW(
    gpu,
    names.map((name, i): AdamWParameter => {
      const local = name.slice(name.indexOf("/") + 1);
      return {
        name,
        tensor: tensors[i]!,
        rate: isEmbedding(local) ? 1 : 0,
        decay: decays(local) ? recipe.weightDecay : 0,
        uses: parts.uses ?? 1,
      };
    }),
    recipe,
    students,
  );
  const log = createLog(gpu, 2 + parts.termNames.length, LOG_SLOTS, students);
  const specs: InputSpecs = {
    ...parts.specs,
    hyper: { shape: learners.shape([4]), dtype: "float32" },
    counter: { shape: learners.shape([2]), dtype: "int32" },
    slot: { shape: [1], dtype: "int32" },
  };
  const make = recipe.captured ? captureStep : eagerStep;
  const step = make(
    gpu,
    (inputs) => {
      const counter = inputs["counter"] as Vector;
      const { value, gradients, terms } =
        parts.walk?.(optimizer, inputs, counter) ?? wholeWalk(parts, optimizer, inputs, counter);
      const norm = optimizer.apply(gradients, inputs["hyper"]!);
      log.append([value, norm, ...parts.termNames.map((name) => terms[name]!)], inputs["slot"]!);
      tf.dispose(terms);
      return {};
    },
    specs,
  );
  return {
    step,
    optimizer,
    log,
    names: ["loss", "gradNorm", ...parts.termNames],
    students,
    parameters: parts.parameters,
    layout: parts.layout,
    run(number) {
      const factor = scheduleFactor(number, recipe.steps, recipe.warmup);
      const { values, tokens } = parts.values(number);
      step.run({
        ...values,
        hyper: concatFloats(
          learners.each.map(({ learningRate, embeddingRate }) =>
            hyperValues([learningRate * factor, embeddingRate * factor], number, recipe),
          ),
        ),
        counter: Int32Array.from(learners.each.flatMap(({ seed }) => [seed | 0, number])),
        slot: Int32Array.of(number % LOG_SLOTS),
      });
      return tokens;
    },
    dispose() {
      step.dispose();
      optimizer.dispose();
      log.dispose();
    },
  };
}

/** Names of one tower's parameters within a step that may train two. */
const prefixed = (prefix: string, parameters: DeviceParameters): DeviceParameters =>
  Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [`${prefix}/${name}`, tensor]));
const stripped = (prefix: string, parameters: DeviceParameters): DeviceParameters =>
  Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(`${prefix}/`))
      .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
  );
const placed = (prefix: string, { layout }: Tower): TensorPlace[] =>
  layout.map((place) => ({ ...place, name: `${prefix}/${place.name}`, within: `${prefix}/${place.within}` }));

export interface ContrastiveParts extends SharedContrastiveParts {
  temperature: number;
}

/** What several students of a contrastive step share; the towers are theirs side by side. */
export interface SharedContrastiveParts {
  query: Tower;
  /** The same object as `query` where the towers are shared. */
  document: Tower;
  queryTokens: TokenTable;
  documentTokens: TokenTable;
  queryLength: number;
  documentLength: number;
  order: (step: number) => PairBatch;
  hardNegatives: number;
  learnTemperature: boolean;
}

export interface ContrastiveStudent extends StudentRecipe {
  temperature: number;
}

/** InfoNCE over in-batch and hard negatives; trains both towers. Logs "temperature". */
export const contrastiveStep = (gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: ContrastiveParts): TrainingStep =>
  contrastiveStepOf(gpu, ops, recipe, parts, alone({ ...recipe, temperature: parts.temperature }));

/** `contrastiveStep` of pairs of towers that `uploadStudents` put side by side, each as it would be alone. */
export const stackedContrastiveStep = (
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedContrastiveParts,
  students: readonly ContrastiveStudent[],
): TrainingStep => contrastiveStepOf(gpu, ops, recipe, parts, sideBySide(students, [parts.query, parts.document]));

function contrastiveStepOf(
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedContrastiveParts,
  learners: Learners<ContrastiveStudent>,
): TrainingStep {
  const { batch } = recipe;
  const temperatures = Float32Array.from(learners.each, (student) => student.temperature);
  const columns = batch * (1 + parts.hardNegatives);
  const shared = parts.query === parts.document;
  // CLIP's name and form: the logarithm of the inverse temperature.
  const logitScale = parts.learnTemperature
    ? ownTensor(
        gpu,
        { shape: learners.shape([1]), dtype: "float32" },
        temperatures.map((temperature) => Math.log(1 / temperature)),
      )
    : null;
  const pieces = recipe.pieces ?? 1;
  const query = piecedInputs(
    "query",
    parts.query.config,
    parts.queryTokens,
    piecesOf(batch, pieces),
    parts.queryLength,
  );
  const document = piecedInputs(
    "document",
    parts.document.config,
    parts.documentTokens,
    piecesOf(columns, pieces),
    parts.documentLength,
  );
  const encode = (side: "query" | "document", parameters: DeviceParameters, inputs: TensorMap, counter: Vector) => {
    const texts = side === "query" ? query : document;
    const firstSite = side === "query" ? 0 : 1000;
    return (p: number) =>
      towerForward(
        ops,
        parts[side].config,
        parameters,
        texts.of(inputs, p),
        pieceDropout(recipe.dropout, counter, firstSite, texts.pieces[p]!),
      );
  };
  const lossOf = (q: Tensor2D, d: Tensor2D, inputs: TensorMap, scale: Tensor | null) => {
    const temperature = tf.reshape(scale ? tf.exp(tf.neg(scale)) : inputs["temperature"]!, learners.shape([]));
    const negatives = inputs["negatives"] as Tensor2D;
    const fused = ops.name === "fused" && infoNceFits(columns);
    if (fused) return { loss: infoNceKernels(q, d, negatives, temperature), terms: { temperature } };
    const [queries, documents] = [learners.split(q), learners.split(d)];
    const losses = learners.numbers(temperature).map((own, i) => infoNCE(queries[i]!, documents[i]!, negatives, own));
    return { loss: learners.join(losses), terms: { temperature } };
  };
  const built = trainingStep(gpu, recipe, learners, {
    parameters: {
      ...prefixed("query", parts.query.parameters),
      ...(shared ? {} : prefixed("document", parts.document.parameters)),
      ...(logitScale ? { logit_scale: logitScale } : {}),
    },
    layout: [
      ...placed("query", parts.query),
      ...(shared ? [] : placed("document", parts.document)),
      ...(logitScale ? [{ name: "logit_scale", shape: [1], within: "logit_scale", offset: 0, size: 1 }] : []),
    ],
    // Of a batch in pieces, each tower's gradients are added up by themselves.
    uses: shared && pieces === 1 ? 2 : 1,
    specs: {
      ...query.specs,
      ...document.specs,
      negatives: { shape: [batch, columns], dtype: "float32" },
      temperature: { shape: [temperatures.length], dtype: "float32" },
    },
    termNames: ["temperature"],
    loss(parameters, inputs, counter) {
      const queryParameters = stripped("query", parameters);
      const documentParameters = shared ? queryParameters : stripped("document", parameters);
      const q = encode("query", queryParameters, inputs, counter)(0);
      const d = encode("document", documentParameters, inputs, counter)(0);
      return lossOf(q, d, inputs, parameters["logit_scale"] ?? null);
    },
    walk:
      pieces === 1
        ? undefined
        : (optimizer, inputs, counter) =>
            cachedWalk(
              optimizer,
              [
                {
                  pieces: query.pieces,
                  parameters: prefixed("query", parts.query.parameters),
                  forward: encode("query", parts.query.parameters, inputs, counter),
                },
                {
                  pieces: document.pieces,
                  parameters: prefixed(shared ? "query" : "document", parts.document.parameters),
                  forward: encode("document", parts.document.parameters, inputs, counter),
                },
              ],
              logitScale ? { logit_scale: logitScale } : {},
              ([q, d]) => lossOf(q!, d!, inputs, logitScale),
            ),
    values(step) {
      const pairs = parts.order(step);
      const q = query.values(pairs.queries);
      const d = document.values(pairs.documents);
      return {
        values: { ...q.values, ...d.values, negatives: pairs.mask, temperature: temperatures },
        tokens: q.tokens + d.tokens,
      };
    },
  });
  return {
    ...built,
    dispose() {
      built.dispose();
      if (logitScale) disposeOwn(gpu, logitScale);
    },
  };
}

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
    values(step) {
      const queries = parts.order(step);
      const { values, tokens } = query.values(queries);
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
