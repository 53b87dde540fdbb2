/**
 * The two training steps of the method: contrastive (stage 1 and the baselines: both towers learn) and distillation
 * (stage 2: only the student learns, from queries and stored teacher vectors). Each runs captured or eagerly.
 */

import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type AdamW, type AdamWOptions, type AdamWParameter, createAdamW, hyperValues } from "../../gpu/adamw";
import { valueAndGradients } from "../../gpu/backward";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import { infoNceFits, infoNceKernels } from "../../gpu/kernels/infoNce";
import { qkdKernel } from "../../gpu/kernels/qkd";
import { createLog, type StepLog } from "../../gpu/log";
import type { TowerOps } from "../../gpu/ops";
import {
  disposeOwn,
  eagerStep,
  type HostValues,
  type InputSpecs,
  ownTensor,
  type Step,
  type TensorMap,
} from "../../gpu/step";
import { infoNCE } from "../objectives/infoNCE";
import { qkdLoss } from "../objectives/qkd";
import { decays, isEmbedding, towerForward } from "../towers";
import type { TensorPlace, Tower } from "../towers/device";
import type { DeviceParameters } from "../towers/types";
import type { TokenTable } from "./inputs";
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

/** A training step with all it owns. */
export interface TrainingStep {
  step: Step;
  optimizer: AdamW;
  log: StepLog;
  /** Names of the numbers in a row of the log; the first two are "loss" and "gradNorm". */
  names: string[];
  /** Trained tensors in the optimizer's order. */
  parameters: DeviceParameters;
  /** The same as a checkpoint has them, and where they lie in those. */
  layout: readonly TensorPlace[];
  /** Runs step number `step` (from 1); returns its tokens without padding. */
  run(step: number): number;
  dispose(): void;
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
  /** The loss on the tape, and the terms to log beside it. */
  loss(
    parameters: DeviceParameters,
    inputs: TensorMap,
    dropout: Tensor1D,
  ): { loss: Scalar; terms: Record<string, Tensor> };
  /** In place of `loss`, where the batch is walked in pieces. */
  walk?: ((optimizer: AdamW, inputs: TensorMap, dropout: Tensor1D) => Walked) | undefined;
  termNames: string[];
  values(step: number): { values: HostValues; tokens: number };
}

/** The whole batch at once. */
function wholeWalk({ loss, parameters }: Parts, optimizer: AdamW, inputs: TensorMap, dropout: Tensor1D): Walked {
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

function trainingStep(gpu: Gpu, recipe: Recipe, parts: Parts): TrainingStep {
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
  );
  const log = createLog(gpu, 2 + parts.termNames.length, LOG_SLOTS);
  const specs: InputSpecs = {
    ...parts.specs,
    hyper: { shape: [4], dtype: "float32" },
    counter: { shape: [2], dtype: "int32" },
    slot: { shape: [1], dtype: "int32" },
  };
  const make = recipe.captured ? captureStep : eagerStep;
  const step = make(
    gpu,
    (inputs) => {
      const counter = inputs["counter"] as Tensor1D;
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
    parameters: parts.parameters,
    layout: parts.layout,
    run(number) {
      const factor = scheduleFactor(number, recipe.steps, recipe.warmup);
      const { values, tokens } = parts.values(number);
      step.run({
        ...values,
        hyper: hyperValues([recipe.learningRate * factor, recipe.embeddingRate * factor], number, recipe),
        counter: Int32Array.of(recipe.seed | 0, number),
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

export interface ContrastiveParts {
  query: Tower;
  /** The same object as `query` where the towers are shared. */
  document: Tower;
  queryTokens: TokenTable;
  documentTokens: TokenTable;
  queryLength: number;
  documentLength: number;
  order: (step: number) => PairBatch;
  hardNegatives: number;
  temperature: number;
  learnTemperature: boolean;
}

/** InfoNCE over in-batch and hard negatives; trains both towers. Logs "temperature". */
export function contrastiveStep(gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: ContrastiveParts): TrainingStep {
  const { batch } = recipe;
  const columns = batch * (1 + parts.hardNegatives);
  const shared = parts.query === parts.document;
  // CLIP's name and form: the logarithm of the inverse temperature.
  const logitScale = parts.learnTemperature
    ? ownTensor(gpu, { shape: [1], dtype: "float32" }, Float32Array.of(Math.log(1 / parts.temperature)))
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
  const encode = (side: "query" | "document", parameters: DeviceParameters, inputs: TensorMap, counter: Tensor1D) => {
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
    const temperature = tf.reshape(scale ? tf.exp(tf.neg(scale)) : inputs["temperature"]!, []) as Scalar;
    const negatives = inputs["negatives"] as Tensor2D;
    const fused = ops.name === "fused" && infoNceFits(columns);
    return {
      loss: fused ? infoNceKernels(q, d, negatives, temperature) : infoNCE(q, d, negatives, temperature),
      terms: { temperature },
    };
  };
  const built = trainingStep(gpu, recipe, {
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
      temperature: { shape: [1], dtype: "float32" },
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
        values: { ...q.values, ...d.values, negatives: pairs.mask, temperature: Float32Array.of(parts.temperature) },
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

export interface DistilParts {
  student: Tower;
  queryTokens: TokenTable;
  queryLength: number;
  /** Raw teacher vectors of all training queries: float32 [queries, embeddingSize]. */
  teacher: Float32Array;
  order: (step: number) => Int32Array;
  mseWeight: number;
  cosineWeight: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
}

/** QKD: w_mse * MSE + w_cos * (1 - cosine) to stored teacher vectors; trains the student alone. Logs "mse", "cosine". */
export function distilStep(gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: DistilParts): TrainingStep {
  const { batch } = recipe;
  const { embeddingSize } = parts.student.config;
  const pieces = piecesOf(batch, recipe.pieces ?? 1);
  const query = piecedInputs("query", parts.student.config, parts.queryTokens, pieces, parts.queryLength);
  const teacherOf = (p: number) => (pieces.length === 1 ? "teacher" : `teacher/${p}`);
  const encode = (parameters: DeviceParameters, inputs: TensorMap, counter: Tensor1D) => (p: number) =>
    towerForward(
      ops,
      parts.student.config,
      parameters,
      query.of(inputs, p),
      pieceDropout(recipe.dropout, counter, 0, pieces[p]!),
    );
  const lossOf = (student: Tensor2D, p: number, inputs: TensorMap) => {
    const weights = inputs["weights"] as Tensor1D;
    const teacher = inputs[teacherOf(p)] as Tensor2D;
    const options = { mseOn: parts.mseOn, mseReduce: parts.mseReduce };
    return ops.name === "fused"
      ? qkdKernel(student, teacher, weights, options)
      : qkdLoss(student, teacher, {
          ...options,
          mseWeight: tf.reshape(tf.slice(weights, [0], [1]), []) as Scalar,
          cosineWeight: tf.reshape(tf.slice(weights, [1], [1]), []) as Scalar,
        });
  };
  return trainingStep(gpu, recipe, {
    parameters: prefixed("query", parts.student.parameters),
    layout: placed("query", parts.student),
    specs: {
      ...query.specs,
      ...Object.fromEntries(
        pieces.map(({ count }, p) => [teacherOf(p), { shape: [count, embeddingSize], dtype: "float32" as const }]),
      ),
      weights: { shape: [2], dtype: "float32" },
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
        values: { ...values, weights: Float32Array.of(parts.mseWeight, parts.cosineWeight) },
        tokens,
      };
    },
  });
}
