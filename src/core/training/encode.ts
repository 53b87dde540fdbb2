/** Batch encoding: many texts through one tower, by a captured step. */
import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import {
  copyValues,
  disposeOwn,
  eagerStep,
  type HostValues,
  ownTensor,
  readTensors,
  type Step,
  type TensorMap,
} from "../../gpu/step";
import { hostInputs } from "../text/batch";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import type { RawVectors } from "../towers/types";
import { type TokenTable, towerInputSpecs, towerInputs } from "./inputs";

export interface Encoder {
  /** Raw vectors (before normalisation) of the texts with these numbers: float32 [texts, embeddingSize]. */
  encode(table: TokenTable, texts: ArrayLike<number>, onProgress?: (done: number) => void): Promise<Float32Array>;
  readonly bytes: number;
  dispose(): void;
}

// Vectors are read back in pieces of at most this many bytes.
const PIECE = 32 * 2 ** 20;

/** Batches of which an encoder holds the vectors until they are read back. */
const batchesAtOnce = (texts: number, batch: number, size: number): number =>
  Math.min(Math.ceil(texts / batch), Math.max(1, Math.floor(PIECE / (batch * size * 4))));

/** Bytes of the vectors that an encoder holds at once. */
export const vectorBytes = (texts: number, batch: number, size: number): number =>
  4 * batchesAtOnce(texts, batch, size) * batch * size;

/** A step that takes a batch of texts through a tower. */
export interface EncodingStep {
  step: Step;
  /** What the step is run with for these texts, `batch` of them. */
  values(texts: readonly Int32Array[]): HostValues;
  dispose(): void;
}

/**
 * A step from texts to what `finish` makes of their raw vectors [batch, embeddingSize].
 * @param length padded length in tokens; longer texts are cut
 */
export function encodingStep(
  gpu: Gpu,
  ops: TowerOps,
  tower: Tower,
  { batch, length, captured }: { batch: number; length: number; captured: boolean },
  finish: (vectors: RawVectors) => TensorMap,
): EncodingStep {
  const { config } = tower;
  // No gradient is taken here, so the sorted positions stay out of the step.
  const { "text.order": _order, "text.offsets": _offsets, ...specs } = towerInputSpecs("text", config, batch, length);
  const unused = ownTensor(gpu, { shape: [1], dtype: "int32" });
  const step = (captured ? captureStep : eagerStep)(
    gpu,
    (tensors) =>
      finish(
        towerForward(
          ops,
          config,
          tower.parameters,
          towerInputs("text", { ...tensors, "text.order": unused, "text.offsets": unused }),
        ),
      ),
    specs,
  );
  return {
    step,
    values(texts) {
      const { ids, mask, poolWeights } = hostInputs(texts, length, config.vocabulary, config.pooling, 0);
      return { "text.ids": ids, "text.mask": mask, "text.poolWeights": poolWeights };
    },
    dispose() {
      step.dispose();
      disposeOwn(gpu, unused);
    },
  };
}

/** The raw vectors themselves, as an output. */
export const rawVectors = (vectors: RawVectors): TensorMap => ({ vectors: tf.mul(vectors, 1) });

/** Text i of a table. */
const textOf = ({ flat, offsets }: TokenTable, i: number) => flat.subarray(offsets[i]!, offsets[i + 1]!);

/**
 * Follows the tower: parameters are read from its buffers at every call, so that one encoder serves a whole training.
 * @param length padded length in tokens; longer texts are cut
 */
export function createEncoder(
  gpu: Gpu,
  ops: TowerOps,
  tower: Tower,
  options: { batch: number; length: number; captured: boolean },
): Encoder {
  const { batch } = options;
  const { embeddingSize } = tower.config;
  const { step, values, dispose } = encodingStep(gpu, ops, tower, options, rawVectors);
  return {
    bytes: step.stats.bytes,
    async encode(table, texts, onProgress) {
      await compileWaiting(gpu);
      const result = new Float32Array(texts.length * embeddingSize);
      const perPiece = batchesAtOnce(texts.length, batch, embeddingSize);
      const batches = Math.ceil(texts.length / batch);
      for (let first = 0; first < batches; first += perPiece) {
        const count = Math.min(perPiece, batches - first);
        const target = ownTensor(gpu, { shape: [count * batch, embeddingSize], dtype: "float32" });
        for (let b = 0; b < count; b++) {
          const start = (first + b) * batch;
          // The last batch is filled up with its first text; the copies are dropped.
          const numbers = Array.from({ length: batch }, (_, i) => texts[start + i < texts.length ? start + i : start]!);
          step.run(values(numbers.map((i) => textOf(table, i))));
          copyValues(gpu, step.outputs["vectors"]!, target, b * batch * embeddingSize);
          // A bounded queue: progress can be told and the page's GPU is not held for seconds.
          if (b % 8 === 7) {
            await gpu.finish();
            gpu.check();
            onProgress?.(Math.min((first + b + 1) * batch, texts.length));
          }
        }
        const [piece] = await readTensors(gpu, [target]);
        disposeOwn(gpu, target);
        const offset = first * batch * embeddingSize;
        result.set(piece!.subarray(0, Math.min(result.length - offset, count * batch * embeddingSize)), offset);
        onProgress?.(Math.min((first + count) * batch, texts.length));
      }
      return result;
    },
    dispose,
  };
}
