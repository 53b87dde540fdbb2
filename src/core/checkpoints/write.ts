/**
 * A tower as a folder that `SentenceTransformer(path)` and transformers load. What stands in which file is what those
 * libraries' loaders read: sentence-transformers 3 to 5 (Transformer, StaticEmbedding, Pooling, Dense, Normalize) and
 * transformers 4.40 to 5.
 *
 *   model.safetensors, config.json          the model under Hugging Face's names
 *   tokenizer.json and two more             its tokenizer
 *   modules.json, sentence_bert_config.json, config_sentence_transformers.json, 1_Pooling, 2_Dense, 3_Normalize
 *   README.md                               the model card
 */
import { LabError } from "../errors";
import { PYTORCH, writeSafetensors } from "../formats/safetensors";
import type { TextTokenizer } from "../text/tokenizer";
import { denseSize, projects } from "../towers/config";
import { huggingFaceConfig } from "../towers/huggingFace";
import type { DenseActivation, DenseLayer, HostParameters, HostTensor, TowerConfig } from "../towers/types";
import { addsTokens, tokenizerFiles } from "./writeTokenizer";

export interface WrittenTower {
  config: TowerConfig;
  /** By the names of `parameterSpecs`. */
  tensors: HostParameters;
  tokenizer: Pick<TextTokenizer, "toJson" | "padId" | "settings">;
  /** Longest text in tokens, special tokens included. */
  maxTokens: number;
  /** What stands before a query and before a document. */
  prompts: { query: string; document: string };
  /** What it encodes. */
  role: "query" | "document" | "both";
  /** Seed, step and the like, for the weights' header. */
  metadata: Readonly<Record<string, string>>;
  /** README.md. */
  card: string;
}

export interface WriteOptions {
  /** Weights as half floats: half the size, 3 to 4 digits. */
  half?: boolean;
}

/** Classes of PyTorch by our names, as sentence-transformers imports them. */
export const DENSE_CLASSES: Readonly<Record<DenseActivation, string>> = {
  identity: "torch.nn.modules.linear.Identity",
  tanh: "torch.nn.modules.activation.Tanh",
  relu: "torch.nn.modules.activation.ReLU",
  gelu: "torch.nn.modules.activation.GELU",
};

const utf8 = new TextEncoder();
const json = (value: unknown) => utf8.encode(`${JSON.stringify(value, null, 2)}\n`);

/** Whether the projection is multiplied into the table of a lookup tower: the mean of projected rows is the projected mean. */
const folds = (config: TowerConfig): boolean =>
  config.kind === "lookup" && projects(config) && (config.dense ?? []).length === 0;

/** table W^T: one row a token as long as the vectors. [vocabulary, embeddingSize] */
function projectedTable(table: HostTensor, projection: HostTensor): HostTensor {
  const [rows, width] = table.shape as [number, number];
  const [out] = projection.shape as [number, number];
  const values = new Float32Array(rows * out);
  for (let row = 0; row < rows; row++)
    for (let o = 0; o < out; o++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += table.values[row * width + k]! * projection.values[o * width + k]!;
      values[row * out + o] = sum;
    }
  return { shape: [rows, out], values };
}

function staticTable(config: TowerConfig, needed: (name: string) => HostTensor): HostTensor {
  const table = needed("embeddings.word_embeddings.weight");
  return folds(config) ? projectedTable(table, needed("projection.weight")) : table;
}

/** The modules after the model: a projection is one more Dense, without bias. */
function denseModules(config: TowerConfig): { layer: DenseLayer; name: string }[] {
  const modules = (config.dense ?? []).map((layer, n) => ({ layer, name: `dense.${n}` }));
  if (!projects(config) || folds(config)) return modules;
  const layer: DenseLayer = { in: denseSize(config), out: config.embeddingSize, bias: false, activation: "identity" };
  return [...modules, { layer, name: "projection" }];
}

function poolingConfig({ width, pooling }: TowerConfig) {
  return {
    word_embedding_dimension: width,
    pooling_mode_cls_token: pooling === "cls",
    pooling_mode_mean_tokens: pooling === "mean",
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
    pooling_mode_weightedmean_tokens: false,
    pooling_mode_lasttoken: pooling === "last",
    include_prompt: true,
  };
}

/** A lookup tower's mean is StaticEmbedding's only where that sees the same tokens. */
function checkLookup({ config, tokenizer }: WrittenTower): void {
  if (config.pooling === "mean" && !addsTokens(tokenizer.toJson())) return;
  throw new LabError(
    "bad-setting",
    "sentence-transformers averages a lookup tower's tokens without special ones; this tower pools otherwise.",
    "Export it as ONNX, or train a lookup tower with mean pooling.",
  );
}

/**
 * The files of a tower's folder by path.
 * @throws LabError bad-setting for a lookup tower that sentence-transformers has no module for; bad-input naming a missing
 * tensor
 */
export function writeTower(tower: WrittenTower, { half = false }: WriteOptions = {}): Map<string, Uint8Array> {
  const { config, tensors, prompts, role } = tower;
  if (config.kind === "bench") throw new Error("the benchmark's model has no checkpoint format");
  const lookup = config.kind === "lookup";
  if (lookup) checkLookup(tower);
  const dtype = half ? "F16" : "F32";
  const files = new Map<string, Uint8Array>();
  const modules: { idx: number; name: string; path: string; type: string }[] = [];
  const module = (type: string, path = `${modules.length}_${type}`) => {
    const idx = modules.length;
    modules.push({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` });
    return path;
  };
  const needed = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new LabError("bad-input", `The checkpoint has no tensor ${name}.`, "Export the whole checkpoint again.");
    return tensor;
  };

  const body = new Map([...tensors].filter(([name]) => !/^(projection|dense\.\d+)\./.test(name)));
  const stored = lookup ? new Map([["embedding.weight", staticTable(config, needed)]]) : body;
  files.set("model.safetensors", writeSafetensors(stored, { ...PYTORCH, ...tower.metadata }, dtype));
  const described = lookup && folds(config) ? { ...config, width: config.embeddingSize, projection: false } : config;
  files.set("config.json", json({ ...huggingFaceConfig(described), torch_dtype: half ? "float16" : "float32" }));
  const tokenizer = tokenizerFiles(tower.tokenizer, tower.maxTokens, lookup);
  for (const [path, value] of Object.entries(tokenizer)) files.set(path, json(value));

  if (lookup) module("StaticEmbedding", ".");
  else {
    module("Transformer", "");
    files.set("sentence_bert_config.json", json({ max_seq_length: tower.maxTokens, do_lower_case: false }));
    files.set(`${module("Pooling")}/config.json`, json(poolingConfig(config)));
  }
  for (const { layer, name } of denseModules(config)) {
    const path = module("Dense");
    const weights = new Map([["linear.weight", needed(`${name}.weight`)]]);
    if (layer.bias) weights.set("linear.bias", needed(`${name}.bias`));
    files.set(
      `${path}/config.json`,
      json({
        in_features: layer.in,
        out_features: layer.out,
        bias: layer.bias,
        activation_function: DENSE_CLASSES[layer.activation],
      }),
    );
    files.set(`${path}/model.safetensors`, writeSafetensors(weights, PYTORCH, dtype));
  }
  // It has nothing to say; the file keeps the folder, which loaders may look for.
  if (config.normalise !== false) files.set(`${module("Normalize")}/config.json`, json({}));

  files.set("modules.json", json(modules));
  files.set(
    "config_sentence_transformers.json",
    json({
      model_type: "SentenceTransformer",
      prompts,
      // Who encodes with a query tower encodes queries.
      default_prompt_name: role !== "both" && prompts[role] !== "" ? role : null,
      similarity_fn_name: "cosine",
    }),
  );
  files.set("README.md", utf8.encode(tower.card));
  return files;
}
