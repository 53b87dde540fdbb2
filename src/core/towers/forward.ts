/**
 * The forward passes. All return RAW vectors [batch, embeddingSize], before normalisation; of several students at once,
 * whose parameters have a leading dimension, [students * batch, embeddingSize].
 */

import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { modelsOf } from "../../gpu/kernels/models";
import type { AttentionShape, Matrix, TowerOps, Vector } from "../../gpu/ops";
import { LabError } from "../errors";
import { activationOf, epsOf, headSizeOf, projects, ROPE_THETA } from "./config";
import { parameterStacks } from "./parameters";
import type {
  Activation,
  DenseActivation,
  DeviceParameters,
  RawVectors,
  TowerConfig,
  TowerDropout,
  TowerInputs,
} from "./types";

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
  /** Every token's state is asked for, not one vector a text. */
  states: boolean;
}

/** One pooled vector a text [batch, width], or every token's [batch * tokens, width]. */
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
  qkvBias?: Vector | undefined;
  /** Gains of the norms of each head's queries and keys. */
  qkNorm?: [Vector, Vector] | undefined;
  output: Matrix;
  outputBias?: Vector | undefined;
  feedForwardNorm: Vector;
  gated: boolean;
  inner: Matrix;
  outer: Matrix;
}

function preNormLayer(context: Context, x: Tensor2D, shape: AttentionShape, layer: PreNormLayer) {
  const { ops, config, inputs, addTo } = context;
  const { attentionNorm, qkv, output, feedForwardNorm, gated, inner, outer } = layer;
  const eps = epsOf(config);
  return through(x, () => {
    const all = ops.rmsNormLinear(x, attentionNorm, eps, qkv, layer.qkvBias);
    const mixed = ops.attention(layer.qkNorm ? headNorms(context, all, layer.qkNorm) : all, inputs.mask, shape);
    const middle = addTo(x, (r) => ops.linear(mixed, output, layer.outputBias, r));
    const norm = { gain: feedForwardNorm, eps };
    return addTo(middle, (r) => ops.feedForward(middle, { gated, norm, inner, outer }, r));
  });
}

/** Queries, keys and values side by side, each head's queries and keys after an RMS norm of their own (Qwen3). */
function headNorms({ ops, config }: Context, qkv: Tensor2D, gains: [Vector, Vector]): Tensor2D {
  const { heads, kvHeads } = config;
  const size = headSizeOf(config);
  const [n] = qkv.shape;
  const parts = tf.split(qkv, [heads * size, kvHeads * size, kvHeads * size], 1) as [Tensor2D, Tensor2D, Tensor2D];
  const normed = gains.map((gain, i) => {
    const rows = tf.reshape(parts[i]!, [-1, size]) as Tensor2D;
    return tf.reshape(ops.rmsNorm(rows, gain, epsOf(config)), [n, -1]) as Tensor2D;
  });
  return tf.concat([...normed, parts[2]], 1);
}

/** Llama, Qwen2, Qwen3: pre-norm, causal, rotary positions, grouped queries, SwiGLU. */
const decoder: Body = (context) => {
  const { ops, config, get, stacked, inputs, drop } = context;
  const [batch, tokens] = context.texts;
  const shape = {
    batch,
    tokens,
    heads: config.heads,
    kvHeads: config.kvHeads,
    causal: true,
    ropeTheta: config.ropeTheta ?? ROPE_THETA,
    ropeScaling: config.ropeScaling,
  };
  const { attentionBias, qkNorm } = config;
  let x = tf.tidy(() => drop(ops.embed(get("model.embed_tokens.weight"), inputs)));
  for (let i = 0; i < config.layers; i++) {
    const name = (part: string) => `model.layers.${i}.${part}.weight`;
    x = preNormLayer(context, x, shape, {
      attentionNorm: get(name("input_layernorm")),
      qkv: stacked(name("self_attn.qkv_proj")),
      qkvBias: attentionBias && stacked(`model.layers.${i}.self_attn.qkv_proj.bias`),
      qkNorm: qkNorm ? [get(name("self_attn.q_norm")), get(name("self_attn.k_norm"))] : undefined,
      output: get(name("self_attn.o_proj")),
      outputBias: attentionBias === "all" ? get(`model.layers.${i}.self_attn.o_proj.bias`) : undefined,
      feedForwardNorm: get(name("post_attention_layernorm")),
      gated: true,
      inner: stacked(name("mlp.gate_up_proj")),
      outer: get(name("mlp.down_proj")),
    });
  }
  const gain = get("model.norm.weight");
  if (context.states) return ops.rmsNorm(x, gain, epsOf(config));
  return ops.rmsNormPool(x, gain, epsOf(config), inputs.poolWeights);
};

type Activate = (x: Tensor2D, ops: TowerOps) => Tensor2D;

/** What a feed-forward layer without gate does between its matrices, in tfjs' own operations where ours have none. */
const ACTIVATIONS: Record<Exclude<Activation, "gelu" | "silu"> | DenseActivation, Activate> = {
  identity: (x) => x,
  relu: (x) => tf.relu(x),
  tanh: (x) => tf.tanh(x),
  gelu: (x, ops) => ops.gelu(x),
  // Hendrycks & Gimpel, arXiv 1606.08415: the approximation that GPT-2 and some encoders were trained with.
  "gelu-tanh": (x) => {
    const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  },
};

/** BERT: post-norm, bidirectional, learned positions, GELU. */
const encoder: Body = ({ ops, config, get, stacked, inputs, texts, drop, addTo, states }) => {
  const [batch, tokens] = texts;
  const { heads, layers } = config;
  const eps = epsOf(config);
  const activation = activationOf(config);
  const dense = (x: Tensor2D, name: string, residual?: Tensor2D) =>
    ops.linear(x, get(`${name}.weight`), get(`${name}.bias`), residual);
  const norm = (x: Tensor2D, name: string) => ops.layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), eps);
  const words = () =>
    ops.embed(get("embeddings.word_embeddings.weight"), inputs, {
      positions: get("embeddings.position_embeddings.weight"),
      types: firstRow(get("embeddings.token_type_embeddings.weight")),
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
      const y = addTo(attended, (r) => {
        if (activation === "gelu") return ops.feedForward(attended, hidden, r);
        const inner = ops.linear(attended, hidden.inner, hidden.innerBias);
        return ops.linear(ACTIVATIONS[activation as "relu"](inner, ops), hidden.outer, hidden.outerBias, r);
      });
      return i === layers - 1 && !states
        ? ops.layerNormPool(y, gain, bias, eps, inputs.poolWeights)
        : ops.layerNorm(y, gain, bias, eps);
    });
  }
  return layers > 0 || states ? x : ops.pool(x, inputs.poolWeights);
};

/** The first row of a matrix, of each model's where there are several: a text by itself is of type 0. */
function firstRow(types: Matrix): Matrix {
  if (types.shape.at(-2) === 1) return types;
  const from = types.shape.map(() => 0);
  const size = types.shape.map((n, i) => (i === types.rank - 2 ? 1 : n));
  return tf.slice(types as Tensor, from, size) as Matrix;
}

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
  return ops.rmsNormPool(x, get("norm.weight"), epsOf(config), inputs.poolWeights);
};

/** One vector a token: the far end of the size axis (LightRetriever). */
const lookup: Body = ({ ops, get, inputs, states }) => {
  const words = ops.embed(get("embeddings.word_embeddings.weight"), inputs);
  return states ? words : ops.pool(words, inputs.poolWeights);
};

const BODIES = { decoder, encoder, lookup, bench } as const;

/** What a pass is made of. @param states every token's state is asked for, not one vector a text */
function passOf(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout: TowerDropout | undefined,
  states: boolean,
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
  return { ops, config, get, stacked, inputs, texts, drop, addTo, states };
}

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
  const context = passOf(ops, config, parameters, inputs, dropout, false);
  const { get } = context;
  let x = BODIES[config.kind](context);
  for (const [i, { bias, activation }] of (config.dense ?? []).entries())
    x = ACTIVATIONS[activation](
      ops.linear(x, get(`dense.${i}.weight`), bias ? get(`dense.${i}.bias`) : undefined),
      ops,
    );
  return projects(config) ? ops.linear(x, get("projection.weight")) : x;
}

/**
 * Texts to the states of all their tokens, after the last norm and before pooling; as `towerForward` else. Rows of padding
 * hold no meaning.
 * @returns [batch * tokens, width]
 * @throws LabError as `towerForward`
 */
export function towerStates(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
  dropout?: TowerDropout,
): Tensor2D {
  return BODIES[config.kind](passOf(ops, config, parameters, inputs, dropout, true));
}
