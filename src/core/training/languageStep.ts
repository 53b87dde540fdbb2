/** The language-model step: a decoder learns to predict each next token of rows of text (stage 0). */
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import { nextTokenKernels } from "../../gpu/kernels/nextToken";
import type { TowerOps, Vector } from "../../gpu/ops";
import { eagerStep, type HostValues, type InputSpecs, type TensorMap } from "../../gpu/step";
import { nextToken } from "../objectives/nextToken";
import { hostInputs } from "../text/batch";
import { towerStates } from "../towers";
import type { Tower } from "../towers/device";
import type { DeviceParameters, TowerConfig, TowerDropout } from "../towers/types";
import { towerInputSpecs, towerInputs } from "./inputs";
import { alone } from "./learners";
import { pieceDropout } from "./pieces";
import { type Recipe, type TrainingStep, trainingStep } from "./trainingStep";

/** The tied table: what a token is read by and predicted by. */
const TABLE = "model.embed_tokens.weight";

export interface LanguageParts {
  /** A decoder; it needs no projection. */
  tower: Tower;
  /** Tokens of a row that are predicted; a row has one more. */
  length: number;
  /** The rows of any step, `recipe.batch` of them, each of length + 1 ids. */
  order: (step: number) => readonly Int32Array[];
}

function specsOf(config: TowerConfig, batch: number, length: number): InputSpecs {
  return {
    ...towerInputSpecs("text", config, batch, length),
    targets: { shape: [batch * length], dtype: "int32" },
    weights: { shape: [batch * length], dtype: "float32" },
  };
}

/** Inputs of rows of length + 1 ids; of fewer rows than the batch has, the last ones do not count. */
function valuesOf(config: TowerConfig, rows: readonly Int32Array[], batch: number, length: number): HostValues {
  const filled = Array.from({ length: batch }, (_, i) => rows[i] ?? rows[0]!);
  const texts = hostInputs(
    filled.map((row) => row.subarray(0, length)),
    length,
    config.vocabulary,
    "mean",
    0,
  );
  const targets = new Int32Array(batch * length);
  const weights = new Float32Array(batch * length);
  filled.forEach((row, i) => {
    targets.set(row.subarray(1, length + 1), i * length);
    if (i < rows.length) weights.fill(1 / (rows.length * length), i * length, (i + 1) * length);
  });
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [`text.${name}`, value])),
    targets,
    weights,
  };
}

function lossOf(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TensorMap,
  dropout?: TowerDropout,
): Scalar {
  const states = towerStates(ops, config, parameters, towerInputs("text", inputs), dropout);
  const loss = ops.name === "fused" ? nextTokenKernels : nextToken;
  return loss(
    states,
    parameters[TABLE] as Tensor2D,
    inputs["targets"] as Tensor1D,
    inputs["weights"] as Tensor1D,
  ) as Scalar;
}

/** Mean cross-entropy of the next token in nats, over all positions of the batch's rows; trains the whole decoder. */
export function languageStep(gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: LanguageParts): TrainingStep {
  const { tower, length, order } = parts;
  const { batch } = recipe;
  return trainingStep(gpu, recipe, alone(recipe), {
    parameters: tower.parameters,
    layout: tower.layout,
    // The table is read at the beginning and at the end.
    uses: 2,
    specs: specsOf(tower.config, batch, length),
    termNames: [],
    loss: (parameters, inputs, counter: Vector) => ({
      loss: lossOf(
        ops,
        tower.config,
        parameters,
        inputs,
        pieceDropout(recipe.dropout, counter, 0, { first: 0, count: batch }),
      ),
      terms: {},
    }),
    values: (step) => ({ values: valuesOf(tower.config, order(step), batch, length), tokens: batch * length }),
  });
}

/** Measures a decoder's loss on rows of text, as it is at the time. */
export interface LanguageMeter {
  /** Mean cross-entropy in nats; its exponential is the perplexity. */
  measure(rows: readonly Int32Array[]): Promise<number>;
  dispose(): void;
}

export function languageMeter(
  gpu: Gpu,
  ops: TowerOps,
  tower: Tower,
  { batch, length, captured }: { batch: number; length: number; captured: boolean },
): LanguageMeter {
  const step = (captured ? captureStep : eagerStep)(
    gpu,
    (inputs) => ({ loss: tf.mul(lossOf(ops, tower.config, tower.parameters, inputs), 1) }),
    specsOf(tower.config, batch, length),
  );
  return {
    async measure(rows) {
      let sum = 0;
      for (let first = 0; first < rows.length; first += batch) {
        const some = rows.slice(first, first + batch);
        step.run(valuesOf(tower.config, some, batch, length));
        sum += (await step.read("loss"))[0]! * some.length;
      }
      return sum / rows.length;
    },
    dispose: () => step.dispose(),
  };
}
