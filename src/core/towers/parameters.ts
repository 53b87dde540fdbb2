/** A tower's parameters: names and shapes as Hugging Face has them, the seeded start, counts. */
import type { LayerStart } from "../config/rules";
import { LabError } from "../errors";
import { random } from "../random";
import { denseSize, headSizeOf, projects } from "./config";
import type { HostParameters, HostTensor, TowerConfig } from "./types";

interface Spec {
  name: string;
  shape: number[];
  /** Standard deviation of the seeded start; "ones" and "zeros" as they say. */
  start: number | "ones" | "zeros";
}

/** Llama's names. Feed-forward and attention outputs start at 0, so that each layer starts as the identity. */
function decoderSpecs(c: TowerConfig): Spec[] {
  const size = headSizeOf(c);
  const [all, kv] = [size * c.heads, size * c.kvHeads];
  const biases = c.attentionBias !== undefined;
  const fan = c.width ** -0.5;
  const specs: Spec[] = [{ name: "model.embed_tokens.weight", shape: [c.vocabulary, c.width], start: 1 }];
  for (let i = 0; i < c.layers; i++) {
    const layer = `model.layers.${i}`;
    specs.push(
      { name: `${layer}.input_layernorm.weight`, shape: [c.width], start: "ones" },
      { name: `${layer}.self_attn.q_proj.weight`, shape: [all, c.width], start: fan },
      ...(biases ? [{ name: `${layer}.self_attn.q_proj.bias`, shape: [all], start: "zeros" as const }] : []),
      { name: `${layer}.self_attn.k_proj.weight`, shape: [kv, c.width], start: fan },
      ...(biases ? [{ name: `${layer}.self_attn.k_proj.bias`, shape: [kv], start: "zeros" as const }] : []),
      { name: `${layer}.self_attn.v_proj.weight`, shape: [kv, c.width], start: fan },
      ...(biases ? [{ name: `${layer}.self_attn.v_proj.bias`, shape: [kv], start: "zeros" as const }] : []),
      ...(c.qkNorm
        ? ["q_norm", "k_norm"].map((norm) => ({
            name: `${layer}.self_attn.${norm}.weight`,
            shape: [size],
            start: "ones" as const,
          }))
        : []),
      { name: `${layer}.self_attn.o_proj.weight`, shape: [c.width, all], start: "zeros" },
      ...(c.attentionBias === "all"
        ? [{ name: `${layer}.self_attn.o_proj.bias`, shape: [c.width], start: "zeros" as const }]
        : []),
      { name: `${layer}.post_attention_layernorm.weight`, shape: [c.width], start: "ones" },
      { name: `${layer}.mlp.gate_proj.weight`, shape: [c.hidden, c.width], start: fan },
      { name: `${layer}.mlp.up_proj.weight`, shape: [c.hidden, c.width], start: fan },
      { name: `${layer}.mlp.down_proj.weight`, shape: [c.width, c.hidden], start: "zeros" },
    );
  }
  specs.push({ name: "model.norm.weight", shape: [c.width], start: "ones" });
  return specs;
}

/**
 * BERT's names. Post-norm: the embeddings' LayerNorm makes their scale irrelevant, but not what a step of the optimizer
 * does to them, so they start at 1 as the decoder's do. Residual outputs start small rather than at 0: a post-norm layer
 * is no identity anyway.
 */
function encoderSpecs(c: TowerConfig): Spec[] {
  const fan = c.width ** -0.5;
  const small = 0.02;
  const specs: Spec[] = [
    { name: "embeddings.word_embeddings.weight", shape: [c.vocabulary, c.width], start: 1 },
    { name: "embeddings.position_embeddings.weight", shape: [c.maxTokens, c.width], start: small },
    { name: "embeddings.token_type_embeddings.weight", shape: [c.typeVocabulary ?? 1, c.width], start: "zeros" },
    { name: "embeddings.LayerNorm.weight", shape: [c.width], start: "ones" },
    { name: "embeddings.LayerNorm.bias", shape: [c.width], start: "zeros" },
  ];
  const dense = (name: string, out: number, from: number, start: number) =>
    specs.push(
      { name: `${name}.weight`, shape: [out, from], start },
      { name: `${name}.bias`, shape: [out], start: "zeros" },
    );
  const norm = (name: string) =>
    specs.push(
      { name: `${name}.weight`, shape: [c.width], start: "ones" },
      { name: `${name}.bias`, shape: [c.width], start: "zeros" },
    );
  for (let i = 0; i < c.layers; i++) {
    const layer = `encoder.layer.${i}`;
    for (const part of ["query", "key", "value"]) dense(`${layer}.attention.self.${part}`, c.width, c.width, fan);
    dense(`${layer}.attention.output.dense`, c.width, c.width, small * fan);
    norm(`${layer}.attention.output.LayerNorm`);
    dense(`${layer}.intermediate.dense`, c.hidden, c.width, fan);
    dense(`${layer}.output.dense`, c.width, c.hidden, small * c.hidden ** -0.5);
    norm(`${layer}.output.LayerNorm`);
  }
  return specs;
}

/**
 * The benchmark's model: pre-norm, RMS norm, learned positions, exact GELU, no biases, no projection. Deviations are those
 * of its first version's uniform draws.
 */
function benchSpecs(c: TowerConfig): Spec[] {
  const { width, hidden } = c;
  const specs: Spec[] = [
    { name: "embeddings.word_embeddings.weight", shape: [c.vocabulary, width], start: 0.5 / Math.sqrt(3) },
    { name: "embeddings.position_embeddings.weight", shape: [c.maxTokens, width], start: 0.1 / Math.sqrt(3) },
  ];
  for (let i = 0; i < c.layers; i++) {
    const layer = `layers.${i}`;
    specs.push({ name: `${layer}.norm1.weight`, shape: [width], start: "ones" });
    for (const part of ["query", "key", "value"])
      specs.push({ name: `${layer}.${part}.weight`, shape: [width, width], start: width ** -0.5 });
    specs.push(
      { name: `${layer}.output.weight`, shape: [width, width], start: 0.5 * width ** -0.5 },
      { name: `${layer}.norm2.weight`, shape: [width], start: "ones" },
      { name: `${layer}.up.weight`, shape: [hidden, width], start: width ** -0.5 },
      { name: `${layer}.down.weight`, shape: [width, hidden], start: 0.5 * hidden ** -0.5 },
    );
  }
  specs.push({ name: "norm.weight", shape: [width], start: "ones" });
  return specs;
}

/** Name and shape of every parameter, in a fixed order. */
export function parameterSpecs(c: TowerConfig): Spec[] {
  if (c.kind === "bench") return benchSpecs(c);
  const body =
    c.kind === "decoder"
      ? decoderSpecs(c)
      : c.kind === "encoder"
        ? encoderSpecs(c)
        : [{ name: "embeddings.word_embeddings.weight", shape: [c.vocabulary, c.width], start: 1 } satisfies Spec];
  const dense = (c.dense ?? []).flatMap((layer, i): Spec[] => [
    { name: `dense.${i}.weight`, shape: [layer.out, layer.in], start: layer.in ** -0.5 },
    ...(layer.bias ? [{ name: `dense.${i}.bias`, shape: [layer.out], start: "zeros" as const }] : []),
  ]);
  const size = denseSize(c);
  const projection: Spec[] = projects(c)
    ? [{ name: "projection.weight", shape: [c.embeddingSize, size], start: size ** -0.5 }]
    : [];
  return [...body, ...dense, ...projection];
}

/** Several of a checkpoint's tensors as one on the device: their rows one under the other, in this order. */
export interface Stack {
  name: string;
  parts: string[];
}

/**
 * What is one matrix product on the device though a checkpoint has it in pieces: queries, keys and values; the two halves
 * of a gated layer.
 */
export function parameterStacks(c: TowerConfig): Stack[] {
  const layers = Array.from({ length: c.layers }, (_, i) => i);
  const stack = (layer: string, name: string, parts: string[], kind: string): Stack => ({
    name: `${layer}.${name}.${kind}`,
    parts: parts.map((part) => `${layer}.${part}.${kind}`),
  });
  if (c.kind === "decoder")
    return layers.flatMap((i) => [
      stack(`model.layers.${i}.self_attn`, "qkv_proj", ["q_proj", "k_proj", "v_proj"], "weight"),
      ...(c.attentionBias
        ? [stack(`model.layers.${i}.self_attn`, "qkv_proj", ["q_proj", "k_proj", "v_proj"], "bias")]
        : []),
      stack(`model.layers.${i}.mlp`, "gate_up_proj", ["gate_proj", "up_proj"], "weight"),
    ]);
  if (c.kind === "encoder")
    return layers.flatMap((i) =>
      ["weight", "bias"].map((kind) =>
        stack(`encoder.layer.${i}.attention.self`, "query_key_value", ["query", "key", "value"], kind),
      ),
    );
  if (c.kind === "bench")
    return layers.map((i) => stack(`layers.${i}`, "query_key_value", ["query", "key", "value"], "weight"));
  return [];
}

/** Values in a tensor of this shape. */
export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/**
 * The seeded start of a tower without pre-training (METHOD: token embeddings with deviation 1, residual outputs 0). Each
 * tensor is drawn from its own stream, so that a tensor two towers have in common starts alike in both: they begin as one
 * checkpoint. The projection is not part of a language model's checkpoint, so each side draws its own.
 * @param own each side draws everything of its own
 * @param only the tensors that are wanted; all unless given
 */
export function initTower(
  config: TowerConfig,
  seed: number,
  side: "query" | "document" = "query",
  own = false,
  only: (name: string) => boolean = () => true,
): HostParameters {
  const parameters: HostParameters = new Map();
  for (const { name, shape, start } of parameterSpecs(config)) {
    if (!only(name)) continue;
    const values = new Float32Array(sizeOf(shape));
    if (start === "ones") values.fill(1);
    else if (start !== "zeros") {
      const r = own || name === "projection.weight" ? random(seed, "init", name, side) : random(seed, "init", name);
      for (let i = 0; i < values.length; i++) values[i] = r.normal() * start;
    }
    parameters.set(name, { shape, values });
  }
  return parameters;
}

/** Token and position embeddings: they take their own learning rate and are not counted in N. */
export function isEmbedding(name: string): boolean {
  return /embed_tokens|word_embeddings|position_embeddings|token_type_embeddings/.test(name);
}

/** Whether weight decay applies: to matrices that are not embeddings. */
export function decays(name: string): boolean {
  return name.endsWith(".weight") && !isEmbedding(name) && !/norm/i.test(name);
}

/** Parameters of one tower. The projection counts; token and position embeddings do only in `total`. */
export function countParameters(config: TowerConfig): { total: number; withoutEmbeddings: number } {
  let total = 0;
  let withoutEmbeddings = 0;
  for (const { name, shape } of parameterSpecs(config)) {
    total += sizeOf(shape);
    if (!isEmbedding(name)) withoutEmbeddings += sizeOf(shape);
  }
  return { total, withoutEmbeddings };
}

/**
 * Floating-point operations (two a multiply-add) of encoding one text of `tokens` tokens, attention and projection
 * included; look-ups, norms and activations are not. Training costs three times this.
 */
export function forwardFlops(config: TowerConfig, tokens: number): number {
  const { width, hidden, layers, heads, kvHeads, kind, embeddingSize, dense = [] } = config;
  const last = kind === "bench" || projects(config) ? denseSize(config) * embeddingSize : 0;
  const after = dense.reduce((sum, layer) => sum + layer.in * layer.out, last);
  if (kind === "lookup") return 2 * after;
  const all = headSizeOf(config) * heads;
  const kv = headSizeOf(config) * kvHeads;
  const perToken =
    kind === "decoder" ? width * all * 2 + 2 * width * kv + 3 * width * hidden : width * width * 4 + 2 * width * hidden;
  // Scores and mixing; a causal tower needs half of them.
  const attention = (2 * tokens * tokens * all) / (kind === "decoder" ? 2 : 1);
  return 2 * (layers * (tokens * perToken + attention) + after);
}

/**
 * The student's start from the teacher's layers: the FIRST and LAST ones (Wang & Lyu 2023), half of them from each end and
 * the odd one from the front, or a block from one end; token embeddings, last norm and projection are the teacher's too.
 * @param start the student's seeded start, which says the tensors' names and shapes
 * @throws LabError "bad-setting" naming the first tensor that the teacher does not have in that shape
 */
export function layersInit(
  start: HostParameters,
  config: TowerConfig,
  teacher: HostParameters,
  teacherConfig: TowerConfig,
  which: LayerStart,
): HostParameters {
  const first = { "first-last": Math.ceil(config.layers / 2), first: config.layers, last: 0 }[which];
  const source = (layer: number) => (layer < first ? layer : teacherConfig.layers - config.layers + layer);
  return new Map(
    [...start].map(([name, own]) => [
      name,
      taken(
        teacher,
        name.replace(/(layers?)\.(\d+)\./, (_, word: string, n: string) => `${word}.${source(Number(n))}.`),
        own,
      ),
    ]),
  );
}

/**
 * The student's start with the teacher's token embeddings; all else as in `start`.
 * @throws LabError "bad-setting" where the teacher's table has another shape
 */
export function embeddingInit(start: HostParameters, teacher: HostParameters): HostParameters {
  const table = [...teacher.keys()].find(isTokenTable) ?? "model.embed_tokens.weight";
  return new Map([...start].map(([name, own]) => [name, isTokenTable(name) ? taken(teacher, table, own) : own]));
}

const isTokenTable = (name: string) => /embed_tokens|word_embeddings/.test(name);

/** A copy of the teacher's tensor of that name, which must have the shape of the student's own. */
function taken(teacher: HostParameters, name: string, own: HostTensor): HostTensor {
  const found = teacher.get(name);
  if (!found || found.shape.join() !== own.shape.join())
    throw new LabError(
      "bad-setting",
      `The student cannot start from the teacher's ${name}: ${found ? found.shape.join(" x ") : "there is none"}, not ${own.shape.join(" x ")}.`,
      "Start the student from random values, or give it the teacher's shape.",
    );
  return { shape: [...found.shape], values: found.values.slice() };
}
