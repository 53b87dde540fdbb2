/**
 * What all training steps have in common: a loss and its gradients, clipping and AdamW, the log. It runs captured or
 * eagerly, of one student or of several side by side: those share their batches, and each is trained as it would be alone.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type AdamW, type AdamWOptions, type AdamWParameter, createAdamW, hyperValues } from "../../gpu/adamw";
import { valueAndGradients } from "../../gpu/backward";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import { createLog, type StepLog } from "../../gpu/log";
import type { Vector } from "../../gpu/ops";
import { eagerStep, type HostValues, type InputSpecs, type Step, type TensorMap } from "../../gpu/step";
import { concatFloats } from "../bytes";
import { decays, isEmbedding } from "../towers";
import type { Parameters, TensorPlace } from "../towers/device";
import type { DeviceParameters, HostParameters } from "../towers/types";
import type { Learners } from "./learners";
import type { Walked } from "./pieces";
import { scheduleFactor } from "./schedule";

/** What optimizer and schedule need to know, the same for every system. */
export interface Recipe extends AdamWOptions {
  steps: number;
  batch: number;
  warmup: number;
  weightDecay: number;
  learningRate: number;
  embeddingRate: number;
  /** Of towers that are loaded (`Parts.loaded`); without it they take the rates above. Of one student alone. */
  loadedRate?: number;
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
  /** What lasts from step to step and is not trained: saved with the training's state. */
  carried?: Carried;
  /** Runs step number `step` (from 1); returns its tokens without padding. */
  run(step: number): number;
  dispose(): void;
}

/** Values that a training needs to go on with, beside parameters and moments. */
export interface Carried {
  read(): Promise<HostParameters>;
  write(values: HostParameters): void;
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

/** What tells one training step from another. */
export interface Parts {
  /** Trained tensors by unique name. */
  parameters: DeviceParameters;
  layout: readonly TensorPlace[];
  /** How often the step uses each of them; once unless given. */
  uses?: number;
  specs: InputSpecs;
  /** Whether a parameter is of a tower that starts from a checkpoint. */
  loaded?: (name: string) => boolean;
  /** The loss on the tape, and the terms to log beside it; of several students one number each. */
  loss(
    parameters: DeviceParameters,
    inputs: TensorMap,
    dropout: Vector,
  ): { loss: Tensor; terms: Record<string, Tensor> };
  /** In place of `loss`, where the batch is walked in pieces. */
  walk?: ((optimizer: AdamW, inputs: TensorMap, dropout: Vector) => Walked) | undefined;
  termNames: string[];
  /** Tensors among the terms that are no numbers to log but outputs of the step. */
  outputNames?: string[];
  /** @param into the step's `places` */
  values(step: number, into: HostValues | null): { values: HostValues; tokens: number };
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

export function trainingStep(
  gpu: Gpu,
  recipe: SharedRecipe,
  learners: Learners<StudentRecipe>,
  parts: Parts,
): TrainingStep {
  const students = learners.each.length;
  const { loadedRate } = recipe;
  if (loadedRate !== undefined && students > 1) throw new Error("a rate of loaded towers is of one student");
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
        rate: loadedRate !== undefined && parts.loaded?.(name) ? 4 : isEmbedding(local) ? 1 : 0,
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
    hyper: { shape: loadedRate === undefined ? learners.shape([4]) : [5], dtype: "float32" },
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
      const outputs = Object.fromEntries((parts.outputNames ?? []).map((name) => [name, tf.mul(terms[name]!, 1)]));
      tf.dispose(terms);
      return outputs;
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
      const { values, tokens } = parts.values(number, step.places);
      step.run({
        ...values,
        hyper: concatFloats([
          ...learners.each.map(({ learningRate, embeddingRate }) =>
            hyperValues([learningRate * factor, embeddingRate * factor], number, recipe),
          ),
          ...(loadedRate === undefined ? [] : [Float32Array.of(loadedRate * factor)]),
        ]),
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
export const prefixed = (prefix: string, parameters: DeviceParameters): DeviceParameters =>
  Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [`${prefix}/${name}`, tensor]));
export const stripped = (prefix: string, parameters: DeviceParameters): DeviceParameters =>
  Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(`${prefix}/`))
      .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
  );
export const placed = (prefix: string, { layout }: Pick<Parameters, "layout">): TensorPlace[] =>
  layout.map((place) => ({ ...place, name: `${prefix}/${place.name}`, within: `${prefix}/${place.within}` }));
