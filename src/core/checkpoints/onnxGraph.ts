/**
 * A tower as an ONNX graph: input_ids and attention_mask int64 [batch, tokens] in, sentence_embedding float32 [batch, size]
 * out. Operators as in opset 17 of ONNX (2022), which every current runtime has. The arithmetic is that of towers/forward.ts:
 * BERT (post-norm, learned positions), Llama, Qwen2 and Qwen3 (pre-norm, rotary positions, grouped queries), lookup tables.
 */
import { LabError } from "../errors";
import type { OnnxModel } from "../formats/onnx";
import { LAYER_NORM_EPS, RMS_EPS, ROPE_THETA } from "../towers/config";
import type { Activation, DenseActivation, HostParameters, HostTensor, TowerConfig } from "../towers/types";
import { type OnnxBuilder, onnxBuilder } from "./onnxBuilder";

/** Far below every score, and far from the end of the numbers: a text without any token gives no NaN. */
const MASKED = -1e30;

interface Graph {
  build: OnnxBuilder;
  config: TowerConfig;
  tensor: (name: string) => HostTensor;
  /** int64 [tokens]: 0, 1, 2, ... */
  positions: string;
  /** bool [batch, tokens]. */
  present: string;
}

/** x W^T + b; x [..., in]. */
function linear({ build, tensor }: Graph, x: string, name: string, bias: boolean): string {
  const product = build.add("MatMul", [x, build.turned(`${name}.weight`, tensor(`${name}.weight`))]);
  return bias ? build.add("Add", [product, build.weights(`${name}.bias`, tensor(`${name}.bias`))]) : product;
}

function layerNorm({ build, config, tensor }: Graph, x: string, name: string): string {
  const [gain, bias] = [`${name}.weight`, `${name}.bias`].map((part) => build.weights(part, tensor(part))) as [
    string,
    string,
  ];
  return build.add("LayerNormalization", [x, gain, bias], {
    axis: -1,
    epsilon: { float: config.eps ?? LAYER_NORM_EPS },
  });
}

function rmsNorm({ build, config, tensor }: Graph, x: string, name: string): string {
  const square = build.add("ReduceMean", [build.add("Mul", [x, x])], { axes: [-1], keepdims: 1 });
  const length = build.add("Sqrt", [build.add("Add", [square, build.float(config.eps ?? RMS_EPS)])]);
  return build.add("Mul", [build.add("Div", [x, length]), build.weights(`${name}.weight`, tensor(`${name}.weight`))]);
}

function activate({ build: { add, float } }: Graph, x: string, kind: Activation | DenseActivation): string {
  if (kind === "identity") return x;
  if (kind === "relu") return add("Relu", [x]);
  if (kind === "tanh") return add("Tanh", [x]);
  if (kind === "silu") return add("Mul", [x, add("Sigmoid", [x])]);
  const half = add("Mul", [x, float(0.5)]);
  if (kind === "gelu")
    return add("Mul", [half, add("Add", [add("Erf", [add("Div", [x, float(Math.SQRT2)])]), float(1)])]);
  const cube = add("Mul", [add("Mul", [add("Mul", [x, x]), x]), float(0.044715)]);
  const inner = add("Mul", [add("Add", [x, cube]), float(Math.sqrt(2 / Math.PI))]);
  return add("Mul", [half, add("Add", [add("Tanh", [inner]), float(1)])]);
}

/** What is added to scores [batch, kvHeads, group, tokens, tokens]: 0 where a token may look, else very little. */
function maskOf({ build: { add, ints, float }, config, present, positions }: Graph): string {
  const keys = add("Unsqueeze", [present, ints([1, 2, 3])]);
  const allowed =
    config.kind === "decoder"
      ? add("And", [keys, add("LessOrEqual", [positions, add("Unsqueeze", [positions, ints([1])])])])
      : keys;
  return add("Where", [allowed, float(0), float(MASKED)]);
}

/** The angle by which pair i of a head turns from one position to the next; "llama3" stretches the slow ones. */
function frequencies(size: number, { ropeTheta = ROPE_THETA, ropeScaling }: TowerConfig): Float32Array {
  return Float32Array.from({ length: size / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / size);
    if (!ropeScaling) return frequency;
    const { factor, slow, fast, originalTokens } = ropeScaling;
    const turns = (originalTokens * frequency) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - slow) / (fast - slow)));
    return frequency * (kept + (1 - kept) / factor);
  });
}

/** Turns heads [batch, tokens, heads, size] by their positions, Llama's split-half layout. */
function rotation({ build: { add, ints, floats }, config, positions }: Graph, size: number): (x: string) => string {
  const place = add("Unsqueeze", [add("Cast", [positions], { to: 1 }), ints([1])]);
  const half = add("Mul", [place, floats([1, size / 2], frequencies(size, config))]);
  // [tokens, 1, size]: the same for all heads.
  const angles = add("Unsqueeze", [add("Concat", [half, half], { axis: 1 }), ints([1])]);
  const [cos, sin] = [add("Cos", [angles]), add("Sin", [angles])];
  return (x) => {
    const first = add("Slice", [x, ints([0]), ints([size / 2]), ints([3])]);
    const second = add("Slice", [x, ints([size / 2]), ints([size]), ints([3])]);
    const across = add("Concat", [add("Neg", [second]), first], { axis: 3 });
    return add("Add", [add("Mul", [x, cos]), add("Mul", [across, sin])]);
  };
}

interface Projections {
  names: { query: string; key: string; value: string; output: string };
  /** Biases of queries, keys and values; of the output. */
  biases: [inner: boolean, output: boolean];
  mask: string;
  /** What is done to the heads of queries and of keys [batch, tokens, heads, size] before they meet. */
  turn: (heads: string, of: "query" | "key") => string;
}

/** Softmax attention of x [batch, tokens, width]; each group of query heads shares keys and values. */
function attention(graph: Graph, x: string, { names, biases, mask, turn }: Projections): string {
  const { build, config } = graph;
  const { add, ints, float } = build;
  const { heads, kvHeads } = config;
  const size = config.headSize ?? config.width / heads;
  const group = heads / kvHeads;
  const split = (name: string, count: number) =>
    add("Reshape", [linear(graph, x, name, biases[0]), ints([0, 0, count, size])]);
  const queries = add("Mul", [turn(split(names.query, heads), "query"), float(size ** -0.5)]);
  const grouped = (y: string, inGroup: number) => add("Reshape", [y, ints([0, 0, kvHeads, inGroup, size])]);
  const q = add("Transpose", [grouped(queries, group)], { perm: [0, 2, 3, 1, 4] });
  const k = add("Transpose", [grouped(turn(split(names.key, kvHeads), "key"), 1)], { perm: [0, 2, 3, 4, 1] });
  const v = add("Transpose", [grouped(split(names.value, kvHeads), 1)], { perm: [0, 2, 3, 1, 4] });
  const shares = add("Softmax", [add("Add", [add("MatMul", [q, k]), mask])], { axis: -1 });
  const mixed = add("Transpose", [add("MatMul", [shares, v])], { perm: [0, 3, 1, 2, 4] });
  return linear(graph, add("Reshape", [mixed, ints([0, 0, heads * size])]), names.output, biases[1]);
}

function encoder(graph: Graph): string {
  const { build, config, tensor, positions } = graph;
  const { add } = build;
  const table = (name: string) => build.weights(`embeddings.${name}.weight`, tensor(`embeddings.${name}.weight`));
  const words = add("Gather", [table("word_embeddings"), "input_ids"]);
  const places = add("Gather", [table("position_embeddings"), positions]);
  const type = add("Gather", [table("token_type_embeddings"), build.ints(0)]);
  const sum = add("Add", [add("Add", [words, type]), places]);
  let x = layerNorm(graph, sum, "embeddings.LayerNorm");
  const mask = maskOf(graph);
  for (let i = 0; i < config.layers; i++) {
    const layer = `encoder.layer.${i}`;
    const own = `${layer}.attention.self`;
    const mixed = attention(graph, x, {
      names: {
        query: `${own}.query`,
        key: `${own}.key`,
        value: `${own}.value`,
        output: `${layer}.attention.output.dense`,
      },
      biases: [true, true],
      mask,
      turn: (heads) => heads,
    });
    const attended = layerNorm(graph, add("Add", [x, mixed]), `${layer}.attention.output.LayerNorm`);
    const inner = activate(
      graph,
      linear(graph, attended, `${layer}.intermediate.dense`, true),
      config.activation ?? "gelu",
    );
    const outer = linear(graph, inner, `${layer}.output.dense`, true);
    x = layerNorm(graph, add("Add", [attended, outer]), `${layer}.output.LayerNorm`);
  }
  return x;
}

function decoder(graph: Graph): string {
  const { build, config, tensor } = graph;
  const { add } = build;
  const table = "model.embed_tokens.weight";
  let x = add("Gather", [build.weights(table, tensor(table)), "input_ids"]);
  const mask = maskOf(graph);
  const rotate = rotation(graph, config.headSize ?? config.width / config.heads);
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`;
    const own = `${layer}.self_attn`;
    const mixed = attention(graph, rmsNorm(graph, x, `${layer}.input_layernorm`), {
      names: { query: `${own}.q_proj`, key: `${own}.k_proj`, value: `${own}.v_proj`, output: `${own}.o_proj` },
      biases: [config.attentionBias !== undefined, config.attentionBias === "all"],
      mask,
      turn: (heads, of) =>
        rotate(config.qkNorm ? rmsNorm(graph, heads, `${own}.${of === "query" ? "q" : "k"}_norm`) : heads),
    });
    const middle = add("Add", [x, mixed]);
    const normed = rmsNorm(graph, middle, `${layer}.post_attention_layernorm`);
    const gate = activate(graph, linear(graph, normed, `${layer}.mlp.gate_proj`, false), config.activation ?? "silu");
    const gated = add("Mul", [gate, linear(graph, normed, `${layer}.mlp.up_proj`, false)]);
    x = add("Add", [middle, linear(graph, gated, `${layer}.mlp.down_proj`, false)]);
  }
  return rmsNorm(graph, x, "model.norm");
}

function lookup({ build, tensor }: Graph): string {
  const table = "embeddings.word_embeddings.weight";
  return build.add("Gather", [build.weights(table, tensor(table)), "input_ids"]);
}

/** One vector a text from tokens [batch, tokens, width]: a product with weights that sum to 1 over each text. */
function pool({ build, config, present, positions }: Graph, x: string): string {
  const { add, ints, float } = build;
  const there = add("Cast", [present], { to: 1 });
  let shares: string;
  if (config.pooling === "mean") {
    const count = add("ReduceSum", [there, ints([1])], { keepdims: 1 });
    shares = add("Div", [there, add("Max", [count, float(1)])]);
  } else {
    // The first of the highest: of 1s it is the first token; of places, counted where there is one, the last.
    const places = add("Cast", [add("Add", [positions, ints(1)])], { to: 1 });
    const ranked = config.pooling === "cls" ? there : add("Mul", [there, places]);
    const place = add("ArgMax", [ranked], { axis: 1, keepdims: 1 });
    shares = add("Cast", [add("Equal", [place, positions])], { to: 1 });
  }
  return add("Squeeze", [add("MatMul", [add("Unsqueeze", [shares, ints([1])]), x]), ints([1])]);
}

const BODIES = { encoder, decoder, lookup } as const;

export interface OnnxOptions {
  /** Weights as half floats. */
  half?: boolean;
  metadata?: Readonly<Record<string, string>>;
}

/**
 * The graph of a tower, its projection, and the division by its length unless the configuration says that the vectors are
 * used as they are.
 * @param tensors by the names of `parameterSpecs`
 * @throws LabError bad-input naming a missing tensor
 */
export function towerOnnx(config: TowerConfig, tensors: HostParameters, options: OnnxOptions = {}): OnnxModel {
  if (config.kind === "bench") throw new Error("the benchmark's model has no checkpoint format");
  const build = onnxBuilder(options.half === true);
  const { add, ints, float } = build;
  const tensor = (name: string): HostTensor => {
    const found = tensors.get(name);
    if (!found)
      throw new LabError("bad-input", `The checkpoint has no tensor ${name}.`, "Export the whole checkpoint again.");
    return found;
  };
  const tokens = add("Gather", [add("Shape", ["input_ids"]), ints(1)]);
  const positions = add("Range", [ints(0), tokens, ints(1)]);
  const present = add("Greater", ["attention_mask", ints(0)]);
  const graph: Graph = { build, config, tensor, positions, present };
  let vector = pool(graph, BODIES[config.kind](graph));
  for (const [n, layer] of (config.dense ?? []).entries())
    vector = activate(graph, linear(graph, vector, `dense.${n}`, layer.bias), layer.activation);
  if (config.projection !== false) vector = linear(graph, vector, "projection", false);
  const output = "sentence_embedding";
  if (config.normalise === false) add("Identity", [vector], undefined, output);
  else {
    const length = add("ReduceL2", [vector], { axes: [-1], keepdims: 1 });
    add("Div", [vector, add("Max", [length, float(1e-12)])], undefined, output);
  }
  return {
    name: "tower",
    opset: 17,
    inputs: ["input_ids", "attention_mask"].map((name) => ({ name, type: "int64", shape: ["batch", "tokens"] })),
    outputs: [{ name: output, type: "float32", shape: ["batch", config.embeddingSize] }],
    nodes: build.nodes,
    constants: build.constants,
    ...(options.metadata ? { metadata: options.metadata } : {}),
  };
}
