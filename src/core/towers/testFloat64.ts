/** For tests: the towers once more in plain TypeScript and float64, without tfjs, from the published layouts. */

import type { Values } from "../../gpu/testFloat64";
import * as f64 from "../../gpu/testFloat64";
import type { HostInputs, TowerConfig } from "./types";

/** Applied to the n-th dropped value of the tower, n from 0. */
type Drop = (x: Values, n: number) => Values;

/** Raw vectors [batch, embeddingSize]. */
export function towerTwin(
  config: TowerConfig,
  p: Record<string, Values>,
  inputs: HostInputs,
  batch: number,
  dropout: Drop = (x) => x,
): Values {
  const { width, heads, kvHeads } = config;
  const eps = config.eps ?? (config.kind === "encoder" ? 1e-12 : 1e-6);
  const tokens = inputs.ids.length / batch;
  const from = (name: string) => p[`${name}.weight`]!;
  const dense = (x: Values, name: string) => {
    const bias = p[`${name}.bias`];
    return f64.linear(
      x,
      from(name),
      name.endsWith("down_proj") || /\d\.output\.dense/.test(name)
        ? config.hidden
        : name.endsWith("o_proj")
          ? from(name).length / width
          : width,
      bias,
    );
  };
  let dropped = 0;
  const drop = (x: Values) => dropout(x, dropped++);
  let x: Values;
  if (config.kind === "decoder") {
    x = drop(f64.embed(from("model.embed_tokens"), inputs.ids, width));
    for (let i = 0; i < config.layers; i++) {
      const layer = `model.layers.${i}`;
      const h = f64.rmsNorm(x, from(`${layer}.input_layernorm`), eps);
      let [q, k, v] = ["q", "k", "v"].map((s) => dense(h, `${layer}.self_attn.${s}_proj`)) as [Values, Values, Values];
      if (config.qkNorm) {
        q = f64.rmsNorm(q, from(`${layer}.self_attn.q_norm`), eps);
        k = f64.rmsNorm(k, from(`${layer}.self_attn.k_norm`), eps);
      }
      const shape = { batch, tokens, heads, kvHeads, causal: true, ropeTheta: config.ropeTheta ?? 10_000 };
      const mixed = f64.attention(q, k, v, inputs.mask, shape);
      x = f64.add(x, drop(dense(mixed, `${layer}.self_attn.o_proj`)));
      const m = f64.rmsNorm(x, from(`${layer}.post_attention_layernorm`), eps);
      const inner = f64.siluGate(dense(m, `${layer}.mlp.gate_proj`), dense(m, `${layer}.mlp.up_proj`));
      x = f64.add(x, drop(dense(inner, `${layer}.mlp.down_proj`)));
    }
    x = f64.rmsNorm(x, from("model.norm"), eps);
  } else if (config.kind === "encoder") {
    const norm = (y: Values, name: string) => f64.layerNorm(y, from(name), p[`${name}.bias`]!, eps);
    const places = from("embeddings.position_embeddings");
    const type = from("embeddings.token_type_embeddings");
    const words = f64.embed(from("embeddings.word_embeddings"), inputs.ids, width);
    x = drop(
      norm(
        words.map((w, i) => w + places[i % (tokens * width)]! + type[i % width]!),
        "embeddings.LayerNorm",
      ),
    );
    for (let i = 0; i < config.layers; i++) {
      const layer = `encoder.layer.${i}`;
      const [q, k, v] = ["query", "key", "value"].map((s) => dense(x, `${layer}.attention.self.${s}`)) as [
        Values,
        Values,
        Values,
      ];
      const mixed = f64.attention(q, k, v, inputs.mask, { batch, tokens, heads, kvHeads: heads, causal: false });
      x = norm(
        f64.add(x, drop(dense(mixed, `${layer}.attention.output.dense`))),
        `${layer}.attention.output.LayerNorm`,
      );
      const inner = ACT[config.activation ?? "gelu"]!(dense(x, `${layer}.intermediate.dense`));
      x = norm(f64.add(x, drop(dense(inner, `${layer}.output.dense`))), `${layer}.output.LayerNorm`);
    }
  } else if (config.kind === "bench") {
    const places = from("embeddings.position_embeddings");
    const words = f64.embed(from("embeddings.word_embeddings"), inputs.ids, width);
    x = words.map((w, i) => w + places[i % (tokens * width)]!);
    for (let i = 0; i < config.layers; i++) {
      const layer = `layers.${i}`;
      const h = f64.rmsNorm(x, from(`${layer}.norm1`), 1e-6);
      const [q, k, v] = ["query", "key", "value"].map((s) => f64.linear(h, from(`${layer}.${s}`), width)) as [
        Values,
        Values,
        Values,
      ];
      const mixed = f64.attention(q, k, v, inputs.mask, { batch, tokens, heads, kvHeads: heads, causal: false });
      x = f64.add(x, drop(f64.linear(mixed, from(`${layer}.output`), width)));
      const m = f64.gelu(f64.linear(f64.rmsNorm(x, from(`${layer}.norm2`), 1e-6), from(`${layer}.up`), width));
      x = f64.add(x, drop(f64.linear(m, from(`${layer}.down`), config.hidden)));
    }
    x = f64.rmsNorm(x, from("norm"), 1e-6);
    return f64.pool(x, inputs.poolWeights, batch, width);
  } else x = f64.embed(from("embeddings.word_embeddings"), inputs.ids, width);
  let vector = f64.pool(x, inputs.poolWeights, batch, width);
  let size = width;
  for (const [i, layer] of (config.dense ?? []).entries()) {
    vector = ACT[layer.activation]!(f64.linear(vector, from(`dense.${i}`), size, p[`dense.${i}.bias`]));
    size = layer.out;
  }
  return config.projection === false ? vector : f64.linear(vector, from("projection"), size);
}

const tanhGelu = (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
const ACT: Record<string, (x: Values) => Values> = {
  gelu: f64.gelu,
  relu: (x) => x.map((v) => Math.max(0, v)),
  "gelu-tanh": (x) => x.map(tanhGelu),
  tanh: (x) => x.map(Math.tanh),
  identity: (x) => x,
};
