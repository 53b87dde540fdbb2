/** The forward passes. All return RAW vectors [batch, embeddingSize], before normalisation. */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { TowerOps } from "../../gpu/ops";
import { LabError } from "../errors";
import { LAYER_NORM_EPS, RMS_EPS, ROPE_THETA } from "./config";
import type { DeviceParameters, RawVectors, TowerConfig, TowerDropout, TowerInputs } from "./types";

type Body = (
  ops: TowerOps,
  config: TowerConfig,
  get: (name: string) => Tensor2D & Tensor1D,
  inputs: TowerInputs,
  drop: (x: Tensor2D) => Tensor2D,
) => Tensor2D;

/** Llama and Qwen2: pre-norm, causal, rotary positions, grouped queries, SwiGLU. [batch * tokens, width] */
const decoder: Body = (ops, config, get, inputs, drop) => {
  const [batch, tokens] = inputs.mask.shape;
  let x = drop(ops.embed(get("model.embed_tokens.weight"), inputs));
  for (let i = 0; i < config.layers; i++) {
    const layer = (name: string) => get(`model.layers.${i}.${name}.weight`);
    const h = ops.rmsNorm(x, layer("input_layernorm"), RMS_EPS);
    const mixed = ops.attention(
      ops.linear(h, layer("self_attn.q_proj")),
      ops.linear(h, layer("self_attn.k_proj")),
      ops.linear(h, layer("self_attn.v_proj")),
      inputs.mask,
      { batch, tokens, heads: config.heads, kvHeads: config.kvHeads, causal: true, ropeTheta: ROPE_THETA },
    );
    x = tf.add(x, drop(ops.linear(mixed, layer("self_attn.o_proj"))));
    const m = ops.rmsNorm(x, layer("post_attention_layernorm"), RMS_EPS);
    const gated = ops.siluGate(ops.linear(m, layer("mlp.gate_proj")), ops.linear(m, layer("mlp.up_proj")));
    x = tf.add(x, drop(ops.linear(gated, layer("mlp.down_proj"))));
  }
  return ops.rmsNorm(x, get("model.norm.weight"), RMS_EPS);
};

/** BERT: post-norm, bidirectional, learned positions, GELU. [batch * tokens, width] */
const encoder: Body = (ops, config, get, inputs, drop) => {
  const [batch, tokens] = inputs.mask.shape;
  const { width, heads, maxTokens } = config;
  if (tokens > maxTokens)
    throw new LabError(
      "bad-input",
      `Texts of ${tokens} tokens, but this encoder has learned positions for ${maxTokens}.`,
      `Cut the texts at ${maxTokens} tokens.`,
    );
  const norm = (x: Tensor2D, name: string) =>
    ops.layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), LAYER_NORM_EPS);
  const dense = (x: Tensor2D, name: string) => ops.linear(x, get(`${name}.weight`), get(`${name}.bias`));
  const words = ops.embed(get("embeddings.word_embeddings.weight"), inputs);
  const positions = tf.slice(get("embeddings.position_embeddings.weight") as Tensor2D, [0, 0], [tokens, width]);
  const places = tf.add(positions, get("embeddings.token_type_embeddings.weight"));
  const summed = tf.reshape(tf.add(tf.reshape(words, [batch, tokens, width]), places), [batch * tokens, width]);
  let x = drop(norm(summed as Tensor2D, "embeddings.LayerNorm"));
  for (let i = 0; i < config.layers; i++) {
    const layer = `encoder.layer.${i}`;
    const mixed = ops.attention(
      dense(x, `${layer}.attention.self.query`),
      dense(x, `${layer}.attention.self.key`),
      dense(x, `${layer}.attention.self.value`),
      inputs.mask,
      { batch, tokens, heads, kvHeads: heads, causal: false },
    );
    x = norm(tf.add(x, drop(dense(mixed, `${layer}.attention.output.dense`))), `${layer}.attention.output.LayerNorm`);
    const hidden = ops.gelu(dense(x, `${layer}.intermediate.dense`));
    x = norm(tf.add(x, drop(dense(hidden, `${layer}.output.dense`))), `${layer}.output.LayerNorm`);
  }
  return x;
};

/** The benchmark's model: pre-norm, bidirectional, RMS norm, learned positions, GELU, no biases. [batch * tokens, width] */
const bench: Body = (ops, config, get, inputs, drop) => {
  const [batch, tokens] = inputs.mask.shape;
  const { width, heads } = config;
  const weight = (name: string) => get(`${name}.weight`);
  const words = ops.embed(weight("embeddings.word_embeddings"), inputs);
  const places = tf.slice(weight("embeddings.position_embeddings") as Tensor2D, [0, 0], [tokens, width]);
  let x: Tensor2D = tf.reshape(tf.add(tf.reshape(words, [batch, tokens, width]), places), [batch * tokens, width]);
  for (let i = 0; i < config.layers; i++) {
    const layer = (name: string) => weight(`layers.${i}.${name}`);
    const h = ops.rmsNorm(x, layer("norm1"), RMS_EPS);
    const mixed = ops.attention(
      ops.linear(h, layer("query")),
      ops.linear(h, layer("key")),
      ops.linear(h, layer("value")),
      inputs.mask,
      { batch, tokens, heads, kvHeads: heads, causal: false },
    );
    x = tf.add(x, drop(ops.linear(mixed, layer("output"))));
    const m = ops.gelu(ops.linear(ops.rmsNorm(x, layer("norm2"), RMS_EPS), layer("up")));
    x = tf.add(x, drop(ops.linear(m, layer("down"))));
  }
  return ops.rmsNorm(x, weight("norm"), RMS_EPS);
};

/** One vector a token: the far end of the size axis (LightRetriever). [batch * tokens, width] */
const lookup: Body = (ops, _config, get, inputs) => ops.embed(get("embeddings.word_embeddings.weight"), inputs);

const BODIES = { decoder, encoder, lookup, bench } as const;

/**
 * Texts to vectors.
 * @param inputs one batch; its mask [batch, tokens] says the shape
 * @param dropout in training only; sites are numbered from `firstSite` on
 * @returns [batch, embeddingSize], not normalised
 * @throws LabError "bad-input" naming a missing tensor, or where texts are longer than an encoder's positions
 */
export function towerForward(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout?: TowerDropout,
): RawVectors {
  const get = (name: string) => {
    const tensor = parameters[name];
    if (!tensor)
      throw new LabError("bad-input", `The checkpoint has no tensor ${name}.`, "Export the whole checkpoint again.");
    return tensor as Tensor2D & Tensor1D;
  };
  let site = dropout?.firstSite ?? 0;
  const drop = (x: Tensor2D) =>
    dropout && dropout.rate > 0 ? ops.dropout(x, { rate: dropout.rate, counter: dropout.counter, site: site++ }) : x;
  const states = BODIES[config.kind](ops, config, get, inputs, drop);
  const pooled = ops.pool(states, inputs.poolWeights);
  return config.kind === "bench" ? pooled : ops.linear(pooled, get("projection.weight"));
}
