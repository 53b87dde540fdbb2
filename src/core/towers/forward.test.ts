/** The towers against their float64 twins (values 1e-5, gradients 2e-4 of the largest), and what must not change a vector. */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropoutBits, dropoutThreshold } from "../../gpu/dropoutBits";
import { plainOps } from "../../gpu/plainOps";
import { expectTwin, type Inputs, noisy, relativeError, useCpu } from "../../gpu/testFloat64";
import { hostInputs } from "../text/batch";
import { towerForward } from "./forward";
import { initTower, parameterSpecs } from "./parameters";
import { towerTwin } from "./testFloat64";
import type { HostInputs, HostParameters, Pooling, TowerConfig, TowerInputs } from "./types";

useCpu();

const base: TowerConfig = {
  kind: "decoder",
  vocabulary: 7,
  width: 8,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  hidden: 6,
  maxTokens: 6,
  pooling: "mean",
  embeddingSize: 3,
};
const CONFIGS: Record<string, TowerConfig> = {
  decoder: base,
  encoder: { ...base, kind: "encoder", kvHeads: 2 },
  lookup: { ...base, kind: "lookup", layers: 0 },
  bench: { ...base, kind: "bench", kvHeads: 2, embeddingSize: 8 },
};
/** What other programs' checkpoints have and this program's own towers do not. */
const OTHERS: Record<string, TowerConfig> = {
  qwen2: { ...base, attentionBias: "qkv", ropeTheta: 100, projection: false, embeddingSize: 8 },
  qwen3: { ...base, qkNorm: true, headSize: 6, eps: 1e-3 },
  "llama with biases": {
    ...base,
    attentionBias: "all",
    dense: [{ in: 8, out: 5, bias: true, activation: "tanh" }],
    projection: false,
    embeddingSize: 5,
  },
  "bert of two types, gelu_new": { ...base, kind: "encoder", kvHeads: 2, typeVocabulary: 2, activation: "gelu-tanh" },
  "bert, relu, dense": {
    ...base,
    kind: "encoder",
    kvHeads: 2,
    activation: "relu",
    eps: 1e-3,
    dense: [
      { in: 8, out: 5, bias: false, activation: "gelu" },
      { in: 5, out: 4, bias: true, activation: "relu" },
    ],
  },
};
const TEXTS = [
  [3, 1, 6, 3, 2],
  [5, 4],
].map((ids) => Int32Array.from(ids));

const device = (host: HostInputs, batch: number): TowerInputs => {
  const shape: [number, number] = [batch, host.ids.length / batch];
  return {
    ids: tf.tensor1d(host.ids, "int32"),
    order: tf.tensor1d(host.order, "int32"),
    offsets: tf.tensor1d(host.offsets, "int32"),
    mask: tf.tensor2d(host.mask, shape),
    poolWeights: tf.tensor2d(host.poolWeights, shape),
  };
};

/** Every tensor is random, the ones that start at 0 or 1 too: a wrong residual must show. */
function noisyParameters(config: TowerConfig): Inputs {
  return Object.fromEntries(
    parameterSpecs(config).map(({ name, shape }, i) => [
      name,
      /norm.*weight/i.test(name) ? noisy(i, shape, 0.3, 1) : noisy(i, shape, shape.length === 2 ? 0.5 : 0.2),
    ]),
  );
}

const upload = (parameters: Inputs): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(parameters).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]));
const asInputs = (host: HostParameters): Inputs => Object.fromEntries(host);

/** Raw vectors of texts padded to `tokens`. */
function encode(
  config: TowerConfig,
  parameters: Inputs,
  texts: readonly Int32Array[],
  tokens: number,
  padId = 0,
): number[] {
  return tf.tidy(() => {
    const host = hostInputs(texts, tokens, config.vocabulary, config.pooling, padId);
    return [...towerForward(plainOps, config, upload(parameters), device(host, texts.length)).dataSync()];
  });
}

describe("towerForward", () => {
  for (const [kind, config] of Object.entries(CONFIGS))
    for (const pooling of ["mean", "last", "cls"] as const)
      it(`${kind}, ${pooling} pooling, is its float64 twin, gradients included`, () => {
        const host = hostInputs(TEXTS, 5, config.vocabulary, pooling, 0);
        expectTwin(
          (p) => towerForward(plainOps, { ...config, pooling }, p, device(host, 2)),
          (p) => towerTwin({ ...config, pooling }, p, host, 2),
          noisyParameters(config),
          { gradient: 2e-4 },
        );
      });

  for (const [name, config] of Object.entries(OTHERS))
    it(`${name} is its float64 twin, gradients included`, () => {
      const host = hostInputs(TEXTS, 5, config.vocabulary, "mean", 0);
      expectTwin(
        (p) => towerForward(plainOps, config, p, device(host, 2)),
        (p) => towerTwin(config, p, host, 2),
        noisyParameters(config),
        { gradient: 2e-4 },
      );
    });

  for (const kind of ["decoder", "encoder"] as const)
    it(`${kind} drops the same values forward and backward, each place with its own bits`, () => {
      const config: TowerConfig = { ...CONFIGS[kind]!, layers: 1 };
      const host = hostInputs(TEXTS, 5, config.vocabulary, "mean", 0);
      const keep = (site: number, i: number) => (dropoutBits(9, 4, site, i) >= dropoutThreshold(0.25) ? 4 / 3 : 0);
      expectTwin(
        (p) =>
          towerForward(plainOps, config, p, device(host, 2), {
            rate: 0.25,
            counter: tf.tensor1d([9, 4], "int32"),
            firstSite: 100,
          }),
        (p) => towerTwin(config, p, host, 2, (x, n) => x.map((v, i) => v * keep(100 + n, i))),
        noisyParameters(config),
        { gradient: 2e-4 },
      );
    });

  for (const [kind, config] of Object.entries(CONFIGS))
    it(`${kind}: neither more padding, nor the padding's token, nor its neighbours change a vector`, () => {
      const parameters = noisyParameters(config);
      const tight = encode(config, parameters, TEXTS, 5);
      expect(relativeError(encode(config, parameters, TEXTS, 6, 4), tight)).toBeLessThan(1e-6);
      const alone = TEXTS.flatMap((text) => encode(config, parameters, [text], text.length));
      expect(relativeError(alone, tight)).toBeLessThan(1e-6);
    });

  it("decoder is causal: with the first token pooled, later tokens change nothing; an encoder sees them", () => {
    const texts = [Int32Array.of(3, 1, 6), Int32Array.of(3, 5, 2)];
    const pooling: Pooling = "cls";
    for (const kind of ["decoder", "encoder"] as const) {
      const config = { ...CONFIGS[kind]!, pooling };
      const [a, b, c, x, y, z] = encode(config, noisyParameters(config), texts, 3) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      if (kind === "decoder") expect([x, y, z]).toEqual([a, b, c]);
      else expect([x, y, z]).not.toEqual([a, b, c]);
    }
  });

  it("knows the order of tokens, except as a lookup table", () => {
    const texts = [Int32Array.of(3, 1, 6), Int32Array.of(6, 3, 1)];
    for (const [kind, config] of Object.entries(CONFIGS)) {
      const found = encode(config, noisyParameters(config), texts, 3);
      const half = config.embeddingSize;
      const difference = relativeError(found.slice(half), found.slice(0, half));
      if (kind === "lookup") expect(difference).toBeLessThan(1e-6);
      else expect(difference).toBeGreaterThan(1e-2);
    }
  });

  it("a text without tokens gives a finite vector and finite gradients", () => {
    const texts = [Int32Array.of(), Int32Array.of(2, 3)];
    for (const config of Object.values(CONFIGS)) {
      const parameters = noisyParameters(config);
      const names = Object.keys(parameters);
      const found = tf.tidy(() => {
        const inputs = device(hostInputs(texts, 3, config.vocabulary, "mean", 0), 2);
        const call = (...list: Tensor[]) =>
          towerForward(plainOps, config, Object.fromEntries(names.map((n, i) => [n, list[i]!])), inputs);
        const tensors = Object.values(upload(parameters));
        return [call(...tensors), ...tf.grads(call)(tensors)].flatMap((t) => [...t.dataSync()]);
      });
      expect(found.every(Number.isFinite)).toBe(true);
    }
  });

  it("gives every parameter of a fresh tower a gradient or starts it behind an output of zeros", () => {
    for (const config of Object.values(CONFIGS)) {
      const parameters = asInputs(initTower(config, 1));
      const names = Object.keys(parameters);
      const sums = tf.tidy(() => {
        const inputs = device(hostInputs(TEXTS, 5, config.vocabulary, "mean", 0), 2);
        const call = (...list: Tensor[]) =>
          towerForward(plainOps, config, Object.fromEntries(names.map((n, i) => [n, list[i]!])), inputs);
        const weights = tf.tensor2d(noisy(5, [2, config.embeddingSize]).values, [2, config.embeddingSize]);
        return tf
          .grads(call)(Object.values(upload(parameters)), weights)
          .map((g) => tf.sum(tf.abs(g)).dataSync()[0]!);
      });
      const still = names.filter((_, i) => sums[i]! < 1e-6);
      // The decoder's residual outputs are 0, so only they move first. Attention does not feel a bias added to all keys.
      const expected =
        config.kind === "decoder"
          ? names.filter((n) => /layers/.test(n) && !/o_proj|down_proj/.test(n))
          : names.filter((n) => n.endsWith("key.bias"));
      expect(still).toEqual(expected);
    }
  });

  it("says which tensor a checkpoint lacks, and when texts are too long for an encoder", () => {
    const config = CONFIGS.encoder!;
    const { "projection.weight": _, ...rest } = noisyParameters(config);
    expect(() => encode(config, rest, TEXTS, 5)).toThrow("projection.weight");
    expect(() => encode(config, noisyParameters(config), TEXTS, 7)).toThrow("learned positions for 6");
  });
});

describe("a lookup tower", () => {
  it("has no layers: the vector is the projected mean of its tokens' rows", () => {
    const config = CONFIGS.lookup!;
    const parameters = noisyParameters(config);
    const found = encode(config, parameters, [Int32Array.of(2, 2, 5)], 4);
    const table = parameters["embeddings.word_embeddings.weight"]!.values;
    const projection = parameters["projection.weight"]!.values;
    const mean = Array.from({ length: 8 }, (_, c) => (2 * table[16 + c]! + table[40 + c]!) / 3);
    const expected = [0, 1, 2].map((o) => mean.reduce((sum, m, c) => sum + m * projection[o * 8 + c]!, 0));
    expect(relativeError(found, expected)).toBeLessThan(1e-5);
  });
});
