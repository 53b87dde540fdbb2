/**
 * A tower's configuration as config.json of a Hugging Face folder, written and read. What other programs know of the
 * architecture stands under their names; how its states become one vector stands under "scalingnote", where it is not read
 * from the modules of sentence-transformers (core/checkpoints).
 */
import { LabError } from "../errors";
import { activationOf, checkTower, epsOf, headSizeOf, ROPE_THETA } from "./config";
import type { Activation, DenseActivation, DenseLayer, Pooling, TowerConfig } from "./types";

type Kind = Exclude<TowerConfig["kind"], "bench">;
type Json = Record<string, unknown>;

/** How a tower's states become one vector: what a retriever adds to a model. */
export interface VectorRule {
  pooling: Pooling;
  dense: readonly DenseLayer[];
  /** Length of the vector that a matrix without bias makes in the end; null: there is none. */
  projection: number | null;
  normalise: boolean;
}

const KINDS: ReadonlyMap<unknown, Kind> = new Map([
  ["bert", "encoder"],
  ["llama", "decoder"],
  ["qwen2", "decoder"],
  ["qwen3", "decoder"],
  ["scalingnote-lookup", "lookup"],
] as const);

/** The model_types that can be read. */
export const MODEL_TYPES = [...KINDS.keys()] as readonly string[];

/** What is taken for granted. A checkpoint that says otherwise would load and compute something else. */
const FIXED: Record<Kind, Json> = {
  decoder: {
    hidden_act: "silu",
    mlp_bias: false,
    use_sliding_window: false,
    // Some retrievers are decoders that look ahead, by code of their own.
    is_causal: true,
    rope_interleaved: false,
    partial_rotary_factor: 1,
  },
  encoder: { position_embedding_type: "absolute", is_decoder: false },
  lookup: {},
};

/** By the names of transformers. */
const ACTIVATIONS: ReadonlyMap<unknown, Activation> = new Map([
  ["gelu", "gelu"],
  ["gelu_new", "gelu-tanh"],
  ["gelu_pytorch_tanh", "gelu-tanh"],
  ["relu", "relu"],
] as const);
const POOLINGS: ReadonlySet<unknown> = new Set<Pooling>(["mean", "last", "cls"]);
const DENSE_ACTIVATIONS: ReadonlySet<unknown> = new Set<DenseActivation>(["identity", "tanh", "relu", "gelu"]);

const modelType = ({ kind, attentionBias, qkNorm }: TowerConfig): string =>
  kind === "encoder" ? "bert" : kind === "lookup" ? "scalingnote-lookup" : decoderType(attentionBias, qkNorm);
const decoderType = (bias: TowerConfig["attentionBias"], qkNorm = false) =>
  qkNorm ? "qwen3" : bias === "qkv" ? "qwen2" : "llama";
const ARCHITECTURES: Record<string, string> = {
  bert: "BertModel",
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/** config.json of a checkpoint folder. */
export function huggingFaceConfig(config: TowerConfig): Json {
  if (config.kind === "bench") throw new Error("the benchmark's model has no checkpoint format");
  const type = modelType(config);
  const { dense, projection, normalise, ropeScaling, headSize } = config;
  const common = {
    ...(ARCHITECTURES[type] ? { architectures: [ARCHITECTURES[type]] } : {}),
    model_type: type,
    vocab_size: config.vocabulary,
    hidden_size: config.width,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    max_position_embeddings: config.maxTokens,
    pad_token_id: 0,
    torch_dtype: "float32",
    // What a retriever adds to the model: read by this program, ignored by others.
    scalingnote: {
      pooling: config.pooling,
      embedding_size: config.embeddingSize,
      ...(dense ? { dense } : {}),
      ...(projection === false ? { projection } : {}),
      ...(normalise ? { normalise } : {}),
    },
  };
  if (config.kind === "decoder")
    return {
      ...common,
      num_key_value_heads: config.kvHeads,
      // Said of Qwen3 always: left out, it means 128.
      ...(headSize === undefined && type !== "qwen3" ? {} : { head_dim: headSizeOf(config) }),
      hidden_act: "silu",
      rms_norm_eps: epsOf(config),
      rope_theta: config.ropeTheta ?? ROPE_THETA,
      ...(ropeScaling
        ? {
            rope_scaling: {
              rope_type: "llama3",
              factor: ropeScaling.factor,
              low_freq_factor: ropeScaling.slow,
              high_freq_factor: ropeScaling.fast,
              original_max_position_embeddings: ropeScaling.originalTokens,
            },
          }
        : {}),
      attention_bias: config.attentionBias === "all",
      mlp_bias: false,
      // There is no language-model head.
      tie_word_embeddings: true,
    };
  if (config.kind === "encoder")
    return {
      ...common,
      type_vocab_size: config.typeVocabulary ?? 1,
      hidden_act: { gelu: "gelu", "gelu-tanh": "gelu_new", relu: "relu", silu: "silu" }[activationOf(config)],
      layer_norm_eps: epsOf(config),
    };
  return common;
}

/** Where a value has to be what it is not. */
const bad = (what: string, remedy = "Choose another checkpoint.") =>
  new LabError("bad-input", `config.json: ${what}`, remedy);
const AGAIN = "Export or fetch the checkpoint again.";
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** More than any model has; the list of a tower's parameters is made before the weights are looked at. */
const MOST_LAYERS = 1000;

function whole(from: Json, key: string, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  const value = from[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
    throw bad(`${key} is not a whole number of at least ${least}.`, AGAIN);
  if (value > most) throw bad(`${key} is ${value}; it can be ${most} at most.`, AGAIN);
  return value;
}

function positive(from: Json, key: string): number {
  const value = from[key];
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw bad(`${key} is not a number above 0.`, AGAIN);
  return value;
}

const short = (value: unknown) => (JSON.stringify(value) ?? "missing").slice(0, 60);

/**
 * Reads the config.json of a checkpoint, this program's or another's.
 * @param rule how its states become a vector; unless given what the file says under "scalingnote"
 * @throws LabError "bad-input" naming what is missing, unknown or not supported
 */
export function towerFromHuggingFace(json: unknown, rule?: VectorRule): TowerConfig {
  if (!isObject(json)) throw bad("it does not hold a JSON object.", AGAIN);
  const kind = KINDS.get(json.model_type);
  if (!kind)
    throw bad(
      `model_type ${JSON.stringify(json.model_type)?.slice(0, 60) ?? "is missing; it"} is not one this version reads.`,
      `It reads ${MODEL_TYPES.join(", ")}, and static embeddings (model2vec).`,
    );
  for (const [key, value] of Object.entries(FIXED[kind]))
    if (json[key] != null && json[key] !== value)
      throw bad(`${key} is ${short(json[key])}; this version computes with ${JSON.stringify(value)} only.`);
  const heads = whole(json, "num_attention_heads");
  const width = whole(json, "hidden_size");
  const size = rule ? (rule.projection ?? rule.dense.at(-1)?.out ?? width) : 0;
  const config: TowerConfig = {
    kind,
    vocabulary: whole(json, "vocab_size"),
    width,
    layers: whole(json, "num_hidden_layers", 0, MOST_LAYERS),
    heads,
    kvHeads: kind === "decoder" && json.num_key_value_heads != null ? whole(json, "num_key_value_heads") : heads,
    hidden: whole(json, "intermediate_size"),
    maxTokens: whole(json, "max_position_embeddings"),
    ...(rule ? { ...vectorPart(rule), embeddingSize: size } : ownVectorPart(json)),
    ...(kind === "decoder" ? decoderPart(json, width / heads) : kind === "encoder" ? encoderPart(json) : {}),
  };
  checkTower(config, "checkpoint", "bad-input");
  let from = width;
  for (const layer of config.dense ?? []) {
    if (layer.in !== from)
      throw new LabError("bad-input", `A Dense module takes ${layer.in} numbers; before it come ${from}.`, AGAIN);
    from = layer.out;
  }
  if (config.projection === false && config.embeddingSize !== from)
    throw bad(`the embedding size is ${config.embeddingSize}, but the vectors have ${from} numbers.`, AGAIN);
  return config;
}

/** What differs from a tower that has a projection alone. */
const vectorPart = ({ pooling, dense, projection, normalise }: VectorRule) => ({
  pooling,
  ...(dense.length > 0 ? { dense } : {}),
  ...(projection === null ? { projection: false } : {}),
  ...(normalise ? { normalise } : {}),
});

/** The same from what this program wrote. */
function ownVectorPart({ scalingnote: own }: Json) {
  if (!isObject(own))
    throw bad("it says nothing of pooling and embedding size.", "Give modules.json too, or choose a pooling.");
  const { pooling, dense = [], projection, normalise } = own;
  if (!POOLINGS.has(pooling)) throw bad("pooling is not mean, last or cls.", AGAIN);
  const layers = Array.isArray(dense) ? dense.map(denseLayer) : [denseLayer(dense)];
  const embeddingSize = whole(own, "embedding_size");
  const rule = {
    pooling: pooling as Pooling,
    dense: layers,
    projection: projection === false ? null : embeddingSize,
    normalise: normalise === true,
  };
  return { ...vectorPart(rule), embeddingSize };
}

function denseLayer(json: unknown): DenseLayer {
  if (!isObject(json) || !DENSE_ACTIVATIONS.has(json.activation) || typeof json.bias !== "boolean")
    throw bad("dense is not a list of dense modules.", AGAIN);
  const activation = json.activation as DenseActivation;
  return { in: whole(json, "in"), out: whole(json, "out"), bias: json.bias, activation };
}

function encoderPart(json: Json): Partial<TowerConfig> {
  const eps = json.layer_norm_eps === undefined ? 1e-12 : positive(json, "layer_norm_eps");
  const types = json.type_vocab_size === undefined ? 2 : whole(json, "type_vocab_size");
  const activation = json.hidden_act === undefined ? "gelu" : ACTIVATIONS.get(json.hidden_act);
  if (!activation)
    throw bad(
      `hidden_act is ${short(json.hidden_act)}; of an encoder this version computes ${[...ACTIVATIONS.keys()].join(", ")}.`,
    );
  return {
    ...(eps === 1e-12 ? {} : { eps }),
    ...(types === 1 ? {} : { typeVocabulary: types }),
    ...(activation === "gelu" ? {} : { activation }),
  };
}

/** @param evenSize a head's width where the file does not say */
function decoderPart(json: Json, evenSize: number): Partial<TowerConfig> {
  const type = json.model_type;
  const kinds = json.layer_types;
  if (Array.isArray(kinds) && kinds.some((kind) => kind !== "full_attention"))
    throw bad("some of its layers attend to a part of the text only; this version computes full attention.");
  // transformers 5 keeps what concerns rotary positions in one object.
  const rope: Json = isObject(json.rope_parameters) ? json.rope_parameters : json;
  const theta = rope.rope_theta === undefined ? ROPE_THETA : positive(rope, "rope_theta");
  const scaling = ropeScaling(rope === json ? json.rope_scaling : rope);
  const eps = json.rms_norm_eps === undefined ? 1e-6 : positive(json, "rms_norm_eps");
  // Qwen3's heads are 128 wide unless its config says otherwise.
  const headSize = json.head_dim == null ? (type === "qwen3" ? 128 : evenSize) : whole(json, "head_dim");
  const biases = json.attention_bias ?? false;
  if (typeof biases !== "boolean") throw bad("attention_bias is neither true nor false.", AGAIN);
  const attentionBias = type === "qwen2" ? "qkv" : biases ? "all" : undefined;
  return {
    ...(eps === 1e-6 ? {} : { eps }),
    ...(theta === ROPE_THETA ? {} : { ropeTheta: theta }),
    ...(scaling ? { ropeScaling: scaling } : {}),
    ...(headSize === evenSize ? {} : { headSize }),
    ...(attentionBias ? { attentionBias } : {}),
    ...(type === "qwen3" ? { qkNorm: true } : {}),
  };
}

function ropeScaling(json: unknown): TowerConfig["ropeScaling"] {
  if (json === undefined || json === null) return undefined;
  if (!isObject(json)) throw bad("rope_scaling is no JSON object.", AGAIN);
  const type = json.rope_type ?? json.type ?? "default";
  if (type === "default") return undefined;
  if (type !== "llama3") throw bad(`rope_scaling of type ${short(type)}; this version computes "llama3" or none.`);
  const scaling = {
    factor: positive(json, "factor"),
    slow: positive(json, "low_freq_factor"),
    fast: positive(json, "high_freq_factor"),
    originalTokens: whole(json, "original_max_position_embeddings"),
  };
  if (scaling.fast <= scaling.slow) throw bad("rope_scaling: high_freq_factor is not above low_freq_factor.", AGAIN);
  return scaling;
}
