/** A training takes what it took at its start, to the byte, for as long as it runs. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { initTower } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "./contrastiveStep";
import { createEncoder } from "./encode";
import type { Recipe } from "./trainingStep";

const gpu = useGpu();
const STEPS = 500;
const BATCH = 4;
const config: TowerConfig = {
  ...{ kind: "encoder", vocabulary: 20, width: 8, layers: 1, heads: 2, kvHeads: 2, hidden: 16 },
  ...{ maxTokens: 4, pooling: "mean", embeddingSize: 8 },
};
const recipe: Recipe = {
  ...{ steps: STEPS, batch: BATCH, warmup: 0, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clip: 1, captured: true },
  ...{ learningRate: 1e-3, embeddingRate: 1e-2, dropout: 0.1, seed: 1 },
};
const table = {
  flat: Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 20),
  offsets: Int32Array.from({ length: 17 }, (_, i) => 4 * i),
};

it(`bytes and tensors stay flat over ${STEPS} captured steps with validations between them`, async () => {
  const start = { bytes: gpu().bytes(), tensors: tf.memory().numTensors };
  const query = uploadTower(gpu(), config, initTower(config, 1, "query", true));
  const small: TowerConfig = { ...config, kind: "lookup", layers: 0 };
  const document = uploadTower(gpu(), small, initTower(small, 1, "document", true));
  const encoders = [query, document].map((tower) =>
    createEncoder(gpu(), fusedOps, tower, { batch: 8, length: 4, captured: true }),
  );
  const mask = new Float32Array(BATCH * BATCH).fill(1);
  const texts = (step: number) => Int32Array.from({ length: BATCH }, (_, i) => (step * BATCH + i) % 16);
  const training = contrastiveStep(gpu(), fusedOps, recipe, {
    ...{ query, document, queryTokens: table, documentTokens: table, queryLength: 4, documentLength: 4 },
    order: (step) => ({ queries: texts(step), documents: texts(step), mask }),
    ...{ hardNegatives: 0, temperature: 0.1, learnTemperature: true },
  });
  const seen = new Set<string>();
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    training.run(step);
    if (step % 25 !== 0) continue;
    const rows = await training.log.read();
    losses.push(rows[(step % training.log.slots) * training.names.length]!);
    for (const encoder of encoders) await encoder.encode(table, Int32Array.of(0, 3, 5, 9, 11, 12, 13, 14, 15));
    seen.add(`${gpu().bytes()} bytes, ${tf.memory().numTensors} tensors, ${tf.memory().numDataBuffers} buffers`);
  }
  expect([...seen]).toHaveLength(1);
  // It did train.
  expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  training.dispose();
  for (const encoder of encoders) encoder.dispose();
  disposeTower(query);
  disposeTower(document);
  expect({ bytes: gpu().bytes(), tensors: tf.memory().numTensors }).toEqual(start);
  gpu().check();
});
