/**
 * The forward passes. All return RAW vectors [batch, embeddingSize], before normalisation; of several students at once,
 * whose parameters have a leading dimension, [students * batch, embeddingSize].
 */

import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { modelsOf } from "../../gpu/kernels/models";
import type { AttentionShape, Matrix, TowerOps, Vector } from "../../gpu/ops";
import { LabError } from "../errors";
import { LAYER_NORM_EPS, RMS_EPS, ROPE_THETA } from "./config";
import { parameterStacks } from "./parameters";
import type { DeviceParameters, RawVectors, TowerConfig, TowerDropout, TowerInputs } from "./types";

interface Context {
  ops: TowerOps;
  config: TowerConfig;
  /** A parameter by name. */
  get: (name: string) => Matrix & Vector;
  /** The parameters of a stack: as one tensor where they lie so, else put together. */
  stacked: (name: string) => Matrix & Vector;
  inputs: TowerInputs;
  /** How many there are, of all students together, and how many tokens each has. */
  texts: [count: number, tokens: number];
  drop: (x: Tensor2D) => Tensor2D;
  /** What `make` makes of a residual, dropped and added to it; without dropout that is one with what makes it. */
  addTo: (residual: Tensor2D, make: (residual?: Tensor2D) => Tensor2D) => Tensor2D;
}

/** One pooled vector a text. [batch, width] */
type Body = (context: Context) => Tensor2D;

/**
 * Runs a layer and lets its input go: without a way back a tower then holds the tensors of one layer at a time. (What the
 * way back needs, tfjs' tape has handles of its own for.)
 */
function through(x: Tensor2D, layer: () => Tensor2D): Tensor2D {
  const y = tf.tidy(layer);
  x.dispose();
  return y;
}

/** The weights of a layer whose RMS norms stand before attention and before the feed-forward part. */
interface PreNormLayer {
  attentionNorm: Vector;
  qkv: Matrix;
  output: Matrix;
  feedForwardNorm: Vector;
  gated: boolean;
  inner: Matrix;
  outer: Matrix;
}

function preNormLayer({ ops, inputs, addTo }: Context, x: Tensor2D, shape: AttentionShape, layer: PreNormLayer) {
  const { attentionNorm, qkv, output, feedForwardNorm, gated, inner, outer } = layer;
  return through(x, () => {
    const mixed = ops.attention(ops.rmsNormLinear(x, attentionNorm, RMS_EPS, qkv), inputs.mask, shape);
    const middle = addTo(x, (r) => ops.linear(mixed, output, undefined, r));
    const norm = { gain: feedForwardNorm, eps: RMS_EPS };
    return addTo(middle, (r) => ops.feedForward(middle, { gated, norm, inner, outer }, r));
  });
}

/** Llama and Qwen2 up to the last norm: pre-norm, causal, rotary positions, grouped queries, SwiGLU. */
function decoderStates(context: Context): Tensor2D {
  const { ops, config, get, stacked, inputs, drop } = context;
  const [batch, tokens] = context.texts;
  const shape = {
    batch,
    tokens,
    heads: config.heads,
    kvHeads: config.kvHeads,
    causal: true,
    ropeTheta: ROPE_THETA,
  };
  let x = tf.tidy(() => drop(ops.embed(get("model.embed_tokens.weight"), inputs)));
  for (let i = 0; i < config.layers; i++) {
    const name = (part: string) => `model.layers.${i}.${part}.weight`;
    x = preNormLayer(context, x, shape, {
      attentionNorm: get(name("input_layernorm")),
      qkv: stacked(name("self_attn.qkv_proj")),
      output: get(name("self_attn.o_proj")),
      feedForwardNorm: get(name("post_attention_layernorm")),
      gated: true,
      inner: stacked(name("mlp.gate_up_proj")),
      outer: get(name("mlp.down_proj")),
    });
  }
  return x;
}

const decoder: Body = (context) => {
  const { ops, get, inputs } = context;
  return ops.rmsNormPool(decoderStates(context), get("model.norm.weight"), RMS_EPS, inputs.poolWeights);
};

/** BERT: post-norm, bidirectional, learned positions, GELU. */
const encoder: Body = ({ ops, config, get, stacked, inputs, texts, drop, addTo }) => {
  const [batch, tokens] = texts;
  const { heads, layers } = config;
  const dense = (x: Tensor2D, name: string, residual?: Tensor2D) =>
    ops.linear(x, get(`${name}.weight`), get(`${name}.bias`), residual);
  const norm = (x: Tensor2D, name: string) =>
    ops.layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), LAYER_NORM_EPS);
  const words = () =>
    ops.embed(get("embeddings.word_embeddings.weight"), inputs, {
      positions: get("embeddings.position_embeddings.weight"),
      types: get("embeddings.token_type_embeddings.weight"),
      tokens,
    });
  let x = tf.tidy(() => drop(norm(words(), "embeddings.LayerNorm")));
  for (let i = 0; i < layers; i++) {
    const layer = `encoder.layer.${i}`;
    const own = `${layer}.attention.self.query_key_value`;
    const hidden = {
      gated: false,
      inner: get(`${layer}.intermediate.dense.weight`),
      innerBias: get(`${layer}.intermediate.dense.bias`),
      outer: get(`${layer}.output.dense.weight`),
      outerBias: get(`${layer}.output.dense.bias`),
    };
    const [gain, bias] = [get(`${layer}.output.LayerNorm.weight`), get(`${layer}.output.LayerNorm.bias`)];
    const from = x;
    x = through(from, () => {
      const qkv = ops.linear(from, stacked(`${own}.weight`), stacked(`${own}.bias`));
      const mixed = ops.attention(qkv, inputs.mask, { batch, tokens, heads, kvHeads: heads, causal: false });
      const attended = norm(
        addTo(from, (r) => dense(mixed, `${layer}.attention.output.dense`, r)),
        `${layer}.attention.output.LayerNorm`,
      );
      const y = addTo(attended, (r) => ops.feedForward(attended, hidden, r));
      return i === layers - 1
        ? ops.layerNormPool(y, gain, bias, LAYER_NORM_EPS, inputs.poolWeights)
        : ops.layerNorm(y, gain, bias, LAYER_NORM_EPS);
    });
  }
  return layers > 0 ? x : ops.pool(x, inputs.poolWeights);
};

/** The benchmark's model: pre-norm, bidirectional, RMS norm, learned positions, GELU, no biases. */
const bench: Body = (context) => {
  const { ops, config, get, stacked, inputs, drop } = context;
  const [batch, tokens] = context.texts;
  const { heads } = config;
  const shape = { batch, tokens, heads, kvHeads: heads, causal: false };
  const places = { positions: get("embeddings.position_embeddings.weight"), tokens };
  let x = tf.tidy(() => drop(ops.embed(get("embeddings.word_embeddings.weight"), inputs, places)));
  for (let i = 0; i < config.layers; i++) {
    const name = (part: string) => `layers.${i}.${part}.weight`;
    x = preNormLayer(context, x, shape, {
      attentionNorm: get(name("norm1")),
      qkv: stacked(name("query_key_value")),
      output: get(name("output")),
      feedForwardNorm: get(name("norm2")),
      gated: false,
      inner: get(name("up")),
      outer: get(name("down")),
    });
  }
  return ops.rmsNormPool(x, get("norm.weight"), RMS_EPS, inputs.poolWeights);
};

/** One vector a token: the far end of the size axis (LightRetriever). */
const lookup: Body = ({ ops, get, inputs }) =>
  ops.pool(ops.embed(get("embeddings.word_embeddings.weight"), inputs), inputs.poolWeights);

const BODIES = { decoder, encoder, lookup, bench } as const;

/**
 * Texts to vectors.
 * @param inputs one batch; its mask [batch, tokens] says the shape
 * @param dropout in training only; sites are numbered from `firstSite` on
 * @returns [batch, embeddingSize], not normalised; of several students [students * batch, embeddingSize], student by student
 * @throws LabError "bad-input" naming a missing tensor, or where texts are longer than an encoder's positions
 */
export function towerForward(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout?: TowerDropout,
): RawVectors {
  const context = contextOf(ops, config, parameters, inputs, dropout);
  const pooled = BODIES[config.kind](context);
  return config.kind === "bench" ? pooled : ops.linear(pooled, context.get("projection.weight"));
}

/**
 * A decoder's states of all positions after its last norm, before pooling and projection: what a language model makes its
 * logits of. [batch * tokens, width]
 */
export function decoderForward(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout?: TowerDropout,
): Tensor2D {
  const context = contextOf(ops, config, parameters, inputs, dropout);
  return ops.rmsNorm(decoderStates(context), context.get("model.norm.weight"), RMS_EPS);
}

function contextOf(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout: TowerDropout | undefined,
): Context {
  const tokens = inputs.mask.shape[1];
  if ((config.kind === "encoder" || config.kind === "bench") && tokens > config.maxTokens)
    throw new LabError(
      "bad-input",
      `Texts of ${tokens} tokens, but this encoder has learned positions for ${config.maxTokens}.`,
      `Cut the texts at ${config.maxTokens} tokens.`,
    );
  const get = (name: string) => {
    const tensor = parameters[name];
    if (!tensor)
      throw new LabError("bad-input", `The checkpoint has no tensor ${name}.`, "Export the whole checkpoint again.");
    return tensor as Matrix & Vector;
  };
  const stacks = parameterStacks(config);
  const joined = (name: string) => {
    const parts: Tensor[] = stacks.find((s) => s.name === name)!.parts.map(get);
    return tf.concat(parts, parts[0]!.rank - (name.endsWith(".bias") ? 1 : 2));
  };
  const stacked = (name: string) => (parameters[name] ?? joined(name)) as Matrix & Vector;
  const table = config.kind === "decoder" ? "model.embed_tokens.weight" : "embeddings.word_embeddings.weight";
  const texts: Context["texts"] = [modelsOf(get(table), 2) * inputs.mask.shape[0], tokens];
  let site = dropout?.firstSite ?? 0;
  const drops = dropout !== undefined && dropout.rate > 0;
  const drop = (x: Tensor2D) =>
    drops
      ? ops.dropout(x, {
          rate: dropout.rate,
          counter: dropout.counter,
          site: site++,
          firstRow: (dropout.firstText ?? 0) * tokens,
        })
      : x;
  const addTo = (residual: Tensor2D, make: (residual?: Tensor2D) => Tensor2D) =>
    drops ? (tf.add(residual, drop(make())) as Tensor2D) : make(residual);
  return { ops, config, get, stacked, inputs, texts, drop, addTo };
}
