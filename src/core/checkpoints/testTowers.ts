/** Small towers with random values, for tests of what is written of them. */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { plainOps } from "../../gpu/plainOps";
import { random } from "../random";
import { hostInputs } from "../text/batch";
import { towerForward } from "../towers/forward";
import { parameterSpecs } from "../towers/parameters";
import type { HostParameters, TowerConfig, TowerInputs } from "../towers/types";

const decoder: TowerConfig = {
  kind: "decoder",
  vocabulary: 300,
  width: 16,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  hidden: 24,
  maxTokens: 12,
  pooling: "mean",
  embeddingSize: 6,
};
const encoder: TowerConfig = { ...decoder, kind: "encoder", kvHeads: 4 };
const lookup: TowerConfig = { ...decoder, kind: "lookup", layers: 0 };

/** One of every kind and trait that a checkpoint may have. */
export const TEST_TOWERS: Record<string, TowerConfig> = {
  decoder,
  "decoder, last token": { ...decoder, pooling: "last" },
  "decoder with many heads, as many keys": { ...decoder, kvHeads: 4, pooling: "cls" },
  encoder,
  "encoder, first token": { ...encoder, pooling: "cls" },
  "encoder, one layer": { ...encoder, layers: 1, pooling: "last" },
  lookup,
  "Qwen2: biases of queries, keys and values": { ...decoder, attentionBias: "qkv", ropeTheta: 1e6, eps: 1e-5 },
  "Qwen3: wide heads, with norms": { ...decoder, attentionBias: "all", qkNorm: true, headSize: 6 },
  "Llama 3.1: stretched positions": {
    ...decoder,
    attentionBias: "all",
    ropeScaling: { factor: 8, slow: 1, fast: 4, originalTokens: 32 },
  },
  "BERT as published: two token types": { ...encoder, typeVocabulary: 2, projection: false, embeddingSize: 16 },
  "encoder, other activation and eps": { ...encoder, activation: "gelu-tanh", eps: 1e-7 },
  "encoder with ReLU and dense modules": {
    ...encoder,
    activation: "relu",
    dense: [
      { in: 16, out: 10, bias: true, activation: "tanh" },
      { in: 10, out: 12, bias: false, activation: "gelu" },
    ],
  },
  "vectors of any length": { ...encoder, normalise: false },
};

/** Every tensor is random, also those that start at 0 or 1: a wrong residual must show. */
export function randomTower(config: TowerConfig, seed = 1): HostParameters {
  return new Map(
    parameterSpecs(config).map(({ name, shape }) => {
      const r = random(seed, "test tower", name);
      const norm = /norm.*weight/i.test(name);
      const scale = norm ? 0.3 : shape.length === 2 ? 0.5 : 0.2;
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, values: Float32Array.from({ length: size }, () => (norm ? 1 : 0) + scale * r.normal()) }];
    }),
  );
}

/** Texts of all lengths up to `longest`, with any token. */
export function randomTexts(config: TowerConfig, longest: number, seed = 2): Int32Array[] {
  const r = random(seed, "test texts");
  return Array.from({ length: longest }, (_, i) =>
    Int32Array.from({ length: i + 1 }, () => 3 + r.int(config.vocabulary - 3)),
  );
}

/** What our own forward pass makes of texts, of length 1 unless the tower says otherwise. [texts, embeddingSize] */
export function ownVectors(config: TowerConfig, tensors: HostParameters, texts: readonly Int32Array[]): Float32Array {
  const tokens = Math.max(...texts.map((text) => text.length));
  const host = hostInputs(texts, tokens, config.vocabulary, config.pooling, 0);
  return tf.tidy(() => {
    const shape: [number, number] = [texts.length, tokens];
    const inputs: TowerInputs = {
      ids: tf.tensor1d(host.ids, "int32"),
      order: tf.tensor1d(host.order, "int32"),
      offsets: tf.tensor1d(host.offsets, "int32"),
      mask: tf.tensor2d(host.mask, shape),
      poolWeights: tf.tensor2d(host.poolWeights, shape),
    };
    const parameters: Record<string, Tensor> = Object.fromEntries(
      [...tensors].map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]),
    );
    const raw = towerForward(plainOps, config, parameters, inputs);
    const vectors = config.normalise === false ? raw : tf.div(raw, tf.norm(raw, 2, 1, true));
    return vectors.dataSync() as Float32Array;
  });
}

/** The largest difference of two lists of equal length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
