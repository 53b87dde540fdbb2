/** From the experiment's settings to the towers' shapes. */
import type { Experiment } from "../config/schema";
import { type ErrorKind, LabError } from "../errors";
import type { Pooling, TowerConfig } from "./types";

/** The three shapes of a run: the teacher's towers, the small query tower, and TwinBERT's small document tower. */
export type TowerRole = "teacher" | "student" | "smallDocument";

/** Llama's feed-forward width, two thirds of four times the width, rounded to a multiple of 8. */
export const gatedHidden = (width: number) => Math.max(8, Math.round((8 * width) / 3 / 8) * 8);

/** @throws LabError "bad-setting" where the numbers do not make a tower */
export function towerConfig(experiment: Experiment, role: TowerRole): TowerConfig {
  const { teacher, student, embeddingSize } = experiment;
  if (role === "teacher") {
    const config: TowerConfig = {
      kind: "decoder",
      vocabulary: teacher.vocabulary,
      width: teacher.width,
      layers: teacher.layers,
      heads: teacher.heads,
      kvHeads: teacher.kvHeads,
      hidden: gatedHidden(teacher.width),
      maxTokens: Math.max(teacher.queryTokens, teacher.docTokens),
      pooling: teacher.pooling,
      embeddingSize,
    };
    check(config, "teacher", "bad-setting");
    return config;
  }
  const config: TowerConfig = {
    kind: student.kind,
    vocabulary: student.vocabulary,
    width: student.width,
    layers: student.kind === "lookup" ? 0 : student.layers,
    heads: student.heads,
    // A first-and-last-layer start copies the teacher's layers, so it takes their head layout.
    // There is no setting for it: otherwise each of its heads has its own keys and values.
    kvHeads: student.kind === "decoder" && student.heads === teacher.heads ? teacher.kvHeads : student.heads,
    hidden: student.kind === "decoder" ? gatedHidden(student.width) : 4 * student.width,
    maxTokens: role === "student" ? student.queryTokens : longestText(experiment),
    pooling: student.pooling,
    embeddingSize,
  };
  check(config, "student", "bad-setting");
  return config;
}

/** TwinBERT's document tower, which may have to serve queries as well. */
function longestText({ student, baselines }: Experiment): number {
  return baselines.twinbertSharedTowers ? Math.max(student.queryTokens, student.docTokens) : student.docTokens;
}

function check(config: TowerConfig, who: string, kind: ErrorKind): void {
  const { width, heads, kvHeads, layers } = config;
  if (config.kind === "lookup") return;
  if (layers < 1) throw new LabError(kind, `The ${who} has no layers.`, "Give it a layer, or make it a lookup table.");
  if (width % heads !== 0)
    throw new LabError(
      kind,
      `The ${who}'s heads, ${heads}, do not divide its width, ${width}.`,
      `Choose heads from ${divisors(width).join(", ")}.`,
    );
  if (heads % kvHeads !== 0)
    throw new LabError(
      kind,
      `The ${who}'s key and value heads, ${kvHeads}, do not divide its heads, ${heads}.`,
      `Choose key and value heads from ${divisors(heads).join(", ")}.`,
    );
  if (config.kind === "decoder" && (width / heads) % 2 !== 0)
    throw new LabError(
      kind,
      `The ${who}'s heads are ${width / heads} wide; rotary positions need an even number.`,
      "Change width or heads.",
    );
}

const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** Words why the student cannot start as the setting says; null where it can. */
export function studentInitProblem(experiment: Experiment): string | null {
  const { teacher, student } = experiment;
  if (student.init === "random") return null;
  if (student.init === "first-last") {
    if (student.kind !== "decoder") return "First and last layers need a decoder student.";
    if (student.width !== teacher.width) return `First and last layers need the teacher's width, ${teacher.width}.`;
    if (student.heads !== teacher.heads) return `First and last layers need the teacher's heads, ${teacher.heads}.`;
    if (teacher.layers < 3)
      return `First and last layers need a teacher of at least 3 layers; this one has ${teacher.layers}.`;
    if (student.layers > teacher.layers - 2)
      return `First and last layers need at least 2 layers fewer than the teacher's ${teacher.layers}.`;
    if (student.vocabulary !== teacher.vocabulary) return "First and last layers need the teacher's vocabulary.";
    return null;
  }
  if (student.width !== teacher.width) return `The teacher's token embeddings need its width, ${teacher.width}.`;
  if (student.vocabulary !== teacher.vocabulary) return "The teacher's token embeddings need its vocabulary.";
  return null;
}

/** config.json of a Hugging Face checkpoint folder. */
export function huggingFaceConfig(config: TowerConfig): Record<string, unknown> {
  if (config.kind === "bench") throw new Error("the benchmark's model has no checkpoint format");
  const common = {
    vocab_size: config.vocabulary,
    hidden_size: config.width,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    max_position_embeddings: config.maxTokens,
    pad_token_id: 0,
    torch_dtype: "float32",
    // What a retriever adds to the model: read by this program, ignored by others.
    scalingnote: { pooling: config.pooling, embedding_size: config.embeddingSize },
  };
  if (config.kind === "decoder")
    return {
      // Its names begin with "model."; tied embeddings, because there is no language-model head.
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      ...common,
      num_key_value_heads: config.kvHeads,
      hidden_act: "silu",
      rms_norm_eps: RMS_EPS,
      rope_theta: ROPE_THETA,
      attention_bias: false,
      mlp_bias: false,
      tie_word_embeddings: true,
    };
  if (config.kind === "encoder")
    return {
      architectures: ["BertModel"],
      model_type: "bert",
      ...common,
      type_vocab_size: 1,
      hidden_act: "gelu",
      layer_norm_eps: LAYER_NORM_EPS,
    };
  return { model_type: "scalingnote-lookup", ...common };
}

export const RMS_EPS = 1e-6;
export const LAYER_NORM_EPS = 1e-12;
export const ROPE_THETA = 10_000;

const KINDS: ReadonlyMap<unknown, Exclude<TowerConfig["kind"], "bench">> = new Map([
  ["llama", "decoder"],
  ["bert", "encoder"],
  ["scalingnote-lookup", "lookup"],
] as const);

/** What the forward passes take for granted. A checkpoint that says otherwise would load and compute something else. */
const FIXED: Record<Exclude<TowerConfig["kind"], "bench">, Record<string, unknown>> = {
  decoder: {
    hidden_act: "silu",
    rms_norm_eps: RMS_EPS,
    rope_theta: ROPE_THETA,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
  },
  encoder: {
    hidden_act: "gelu",
    layer_norm_eps: LAYER_NORM_EPS,
    position_embedding_type: "absolute",
    type_vocab_size: 1,
    is_decoder: false,
  },
  lookup: {},
};
const POOLINGS: ReadonlySet<unknown> = new Set<Pooling>(["mean", "last", "cls"]);

/**
 * Reads what `huggingFaceConfig` wrote.
 * @throws LabError "bad-input" naming what is missing, unknown or not supported
 */
export function towerFromHuggingFace(json: unknown): TowerConfig {
  const bad = (what: string, remedy: string) => new LabError("bad-input", `config.json: ${what}`, remedy);
  if (typeof json !== "object" || json === null)
    throw bad("it does not hold a JSON object.", "Export the checkpoint again.");
  const c = json as Record<string, unknown>;
  const kind = KINDS.get(c.model_type);
  if (!kind)
    throw bad(
      `model_type ${JSON.stringify(c.model_type) ?? "is missing; it"} is not one this version reads.`,
      `It reads ${[...KINDS.keys()].join(", ")}.`,
    );
  for (const [key, value] of Object.entries(FIXED[kind]))
    if (c[key] !== undefined && c[key] !== value)
      throw bad(
        `${key} is ${JSON.stringify(c[key])}; this version computes with ${JSON.stringify(value)} only.`,
        "Choose another checkpoint.",
      );
  const number = (key: string, from: Record<string, unknown> = c, least = 1): number => {
    const value = from[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < least)
      throw bad(`${key} is not a whole number of at least ${least}.`, "Export the checkpoint again.");
    return value;
  };
  const own = c.scalingnote;
  if (typeof own !== "object" || own === null)
    throw bad("it says nothing of pooling and embedding size.", "Only checkpoints of this program can be read yet.");
  const { pooling } = own as Record<string, unknown>;
  if (!POOLINGS.has(pooling)) throw bad("pooling is not mean, last or cls.", "Export the checkpoint again.");
  const heads = number("num_attention_heads");
  const config: TowerConfig = {
    kind,
    vocabulary: number("vocab_size"),
    width: number("hidden_size"),
    layers: number("num_hidden_layers", c, 0),
    heads,
    kvHeads: kind === "decoder" ? number("num_key_value_heads") : heads,
    hidden: number("intermediate_size"),
    maxTokens: number("max_position_embeddings"),
    pooling: pooling as Pooling,
    embeddingSize: number("embedding_size", own as Record<string, unknown>),
  };
  check(config, "checkpoint", "bad-input");
  return config;
}
