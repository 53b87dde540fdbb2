/** Batch encoding: many texts through one tower, by a captured step. */
import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import { copyValues, disposeOwn, eagerStep, ownTensor, readTensors } from "../../gpu/step";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import { type TokenTable, towerInputSpecs, towerInputs, towerValues } from "./inputs";

export interface Encoder {
  /** Raw vectors (before normalisation) of the texts with these numbers: float32 [texts, embeddingSize]. */
  encode(table: TokenTable, texts: ArrayLike<number>, onProgress?: (done: number) => void): Promise<Float32Array>;
  readonly bytes: number;
  dispose(): void;
}

// Vectors are read back in pieces of at most this many bytes.
const PIECE = 32 * 2 ** 20;

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
  const { batch, length } = options;
  const { embeddingSize } = tower.config;
  // No gradient is taken here, so the sorted positions stay out of the step.
  const {
    "text.order": _order,
    "text.offsets": _offsets,
    ...specs
  } = towerInputSpecs("text", tower.config, batch, length);
  const unused = ownTensor(gpu, { shape: [1], dtype: "int32" });
  const make = options.captured ? captureStep : eagerStep;
  const step = make(
    gpu,
    (tensors) => ({
      vectors: tf.mul(
        towerForward(ops, tower.config, tower.parameters, {
          ...towerInputs("text", { ...tensors, "text.order": unused, "text.offsets": unused }),
        }),
        1,
      ),
    }),
    specs,
  );
  return {
    bytes: step.stats.bytes,
    async encode(table, texts, onProgress) {
      await compileWaiting(gpu);
      const result = new Float32Array(texts.length * embeddingSize);
      const perPiece = Math.max(1, Math.floor(PIECE / (batch * embeddingSize * 4)));
      const batches = Math.ceil(texts.length / batch);
      for (let first = 0; first < batches; first += perPiece) {
        const count = Math.min(perPiece, batches - first);
        const target = ownTensor(gpu, { shape: [count * batch, embeddingSize], dtype: "float32" });
        for (let b = 0; b < count; b++) {
          const start = (first + b) * batch;
          // The last batch is filled up with its first text; the copies are dropped.
          const numbers = Array.from({ length: batch }, (_, i) => texts[start + i < texts.length ? start + i : start]!);
          const { values } = towerValues("text", tower.config, table, numbers, length);
          step.run({
            "text.ids": values["text.ids"]!,
            "text.mask": values["text.mask"]!,
            "text.poolWeights": values["text.poolWeights"]!,
          });
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
    dispose() {
      step.dispose();
      disposeOwn(gpu, unused);
    },
  };
}
