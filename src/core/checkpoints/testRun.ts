/** For tests: a tower run on a batch of texts, and how far what it gives is from what it should. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Gpu } from "../../gpu/device";
import { readTensors } from "../../gpu/step";
import { hostInputs } from "../text/batch";
import type { Tower } from "../towers/device";
import type { HostInputs, TowerInputs } from "../towers/types";

/** The same batch as tensors. */
export function deviceInputs(host: HostInputs, batch: number): TowerInputs {
  const shape: [number, number] = [batch, host.ids.length / batch];
  return {
    ids: tf.tensor1d(host.ids, "int32"),
    order: tf.tensor1d(host.order, "int32"),
    offsets: tf.tensor1d(host.offsets, "int32"),
    mask: tf.tensor2d(host.mask, shape),
    poolWeights: tf.tensor2d(host.poolWeights, shape),
  };
}

/** What `make` makes of texts, as one batch. */
export async function run(
  gpu: Gpu,
  tower: Tower,
  texts: readonly Int32Array[],
  make: (inputs: TowerInputs) => Tensor2D,
): Promise<Float32Array> {
  const tokens = Math.max(...texts.map((ids) => ids.length));
  const host = hostInputs(texts, tokens, tower.config.vocabulary, tower.config.pooling, 0);
  const result = tf.tidy(() => make(deviceInputs(host, texts.length)));
  const [values] = await readTensors(gpu, [result]);
  result.dispose();
  return values as Float32Array;
}

export const unit = (vector: ArrayLike<number>): number[] => {
  const all = Array.from(vector);
  const length = Math.hypot(...all);
  return all.map((x) => x / length);
};
export const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};
