/** From the experiment's settings to the towers' shapes. */
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import type { TowerConfig } from "./types";

/** The three shapes of a run: the teacher's towers, the small query tower, and TwinBERT's small document tower. */
export type TowerRole = "teacher" | "student" | "smallDocument";

/** Llama's feed-forward width, two thirds of four times the width, rounded to a multiple of 8. */
const gatedHidden = (width: number) => Math.max(8, Math.round((8 * width) / 3 / 8) * 8);

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
    check(config, "teacher");
    return config;
  }
  const config: TowerConfig = {
    kind: student.kind,
    vocabulary: student.vocabulary,
    width: student.width,
    layers: student.kind === "lookup" ? 0 : student.layers,
    heads: student.heads,
    // A first-and-last-layer start copies the teacher's layers, so it takes their head layout.
    kvHeads: student.kind === "decoder" && student.heads === teacher.heads ? teacher.kvHeads : student.heads,
    hidden: student.kind === "decoder" ? gatedHidden(student.width) : 4 * student.width,
    maxTokens: role === "student" ? student.queryTokens : student.docTokens,
    pooling: student.pooling,
    embeddingSize,
  };
  check(config, "student");
  return config;
}

function check(config: TowerConfig, who: string): void {
  const { kind, width, heads, kvHeads, layers } = config;
  if (kind === "lookup") return;
  if (layers < 1) throw new LabError("bad-setting", `The ${who} has no layers.`, "Give it a layer, or make it a lookup table.");
  if (width % heads !== 0)
    throw new LabError("bad-setting", `${who}.heads ${heads} does not divide ${who}.width ${width}.`, "Choose a divisor.");
  if (heads % kvHeads !== 0)
    throw new LabError("bad-setting", `${who}.kvHeads ${kvHeads} does not divide ${who}.heads ${heads}.`, "Choose a divisor.");
  if (kind === "decoder" && (width / heads) % 2 !== 0)
    throw new LabError(
      "bad-setting",
      `The ${who}'s heads are ${width / heads} wide; rotary positions need an even number.`,
      "Change width or heads.",
    );
}

/** Words why the student cannot start as the setting says; null where it can. */
export function studentInitProblem(experiment: Experiment): string | null {
  const { teacher, student } = experiment;
  if (student.init === "random") return null;
  if (student.init === "first-last") {
    if (student.kind !== "decoder") return "First and last layers need a decoder student.";
    if (student.width !== teacher.width) return `First and last layers need the teacher's width, ${teacher.width}.`;
    if (student.heads !== teacher.heads) return `First and last layers need the teacher's heads, ${teacher.heads}.`;
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
      architectures: ["LlamaModel"],
      model_type: "llama",
      ...common,
      num_key_value_heads: config.kvHeads,
      hidden_act: "silu",
      rms_norm_eps: RMS_EPS,
      rope_theta: ROPE_THETA,
      attention_bias: false,
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

const KINDS: Record<string, TowerConfig["kind"]> = {
  llama: "decoder",
  bert: "encoder",
  "scalingnote-lookup": "lookup",
};

/**
 * Reads what `huggingFaceConfig` wrote.
 * @throws LabError "bad-input" naming what is missing or unknown
 */
export function towerFromHuggingFace(json: unknown): TowerConfig {
  const c = json as Record<string, unknown>;
  const kind = KINDS[String(c["model_type"])];
  if (!kind)
    throw new LabError(
      "bad-input",
      `config.json: model_type "${String(c["model_type"])}" is not one this version reads.`,
      `It reads ${Object.keys(KINDS).join(", ")}.`,
    );
  const number = (key: string): number => {
    const value = c[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
      throw new LabError("bad-input", `config.json: ${key} is not a whole number.`, "Export the checkpoint again.");
    return value;
  };
  const own = c["scalingnote"] as { pooling?: TowerConfig["pooling"]; embedding_size?: number } | undefined;
  if (!own?.pooling || !own.embedding_size)
    throw new LabError("bad-input", "config.json says nothing of pooling and embedding size.", "Only checkpoints of this program can be read yet.");
  const heads = number("num_attention_heads");
  return {
    kind,
    vocabulary: number("vocab_size"),
    width: number("hidden_size"),
    layers: number("num_hidden_layers"),
    heads,
    kvHeads: kind === "decoder" ? number("num_key_value_heads") : heads,
    hidden: number("intermediate_size"),
    maxTokens: number("max_position_embeddings"),
    pooling: own.pooling,
    embeddingSize: own.embedding_size,
  };
}
