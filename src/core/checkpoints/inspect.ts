/**
 * What a checkpoint is, before a byte of a tensor is read: its architecture, how its states become a vector, which tensors a
 * tower takes and where they lie, what is left aside, and the memory it needs.
 */
import type { Dtype } from "../formats/safetensors";
import { countParameters, parameterSpecs, towerFromHuggingFace } from "../towers";
import { canBeHalf } from "../towers/device";
import { sizeOf } from "../towers/parameters";
import type { Pooling, TowerConfig } from "../towers/types";
import type { CheckpointFiles } from "./files";
import { badInput, type Json, type Listing, listing, readObject } from "./json";
import { type Modules, type Prompts, readModules, readPrompts, vectorRule } from "./modules";
import { type StaticModel, staticModel } from "./static";
import { findTensor, isNeedless, type Placed, prefixOf, readWeights, shapeWords, type Weights } from "./weights";

/** A tower's tensor and where it comes from. */
export interface TensorSource {
  /** The tower's name for it. */
  name: string;
  shape: number[];
  /** The file's name for it. */
  from: string;
  placed: Placed;
}

export interface Inspection {
  /** Where it comes from, for messages. */
  name: string;
  modelType: string;
  config: TowerConfig;
  /** Whether the checkpoint says how its states become a vector; else pooling is as asked and nothing follows it. */
  saysVectors: boolean;
  tensors: TensorSource[];
  /** A static model's parts, in place of tensors. */
  static: StaticModel | null;
  /** An untied language-model head, for those who ask for it. */
  head: TensorSource | null;
  /** Tensors of the files that are not read. */
  ignored: string[];
  /** Types of number in the files, each with its share of the values. */
  dtypes: Partial<Record<Dtype, number>>;
  /** Path of tokenizer.json, where there is one, and what else is known of the texts. */
  tokenizer: { path: string; config: Json; lowerCase: boolean } | null;
  prompts: Prompts;
  /** Longest text that the model is made for, in tokens. */
  maxTokens: number;
  parameters: { total: number; withoutEmbeddings: number };
  bytes: {
    /** Of the tensors that are read. */
    file: number;
    /** As 32-bit floats on the GPU, and with matrices as half floats. */
    gpu: number;
    gpuHalf: number;
    /** Parameters, gradients and the optimizer's two moments, without activations. */
    training: number;
  };
  /** What else is worth knowing, in plain words. */
  notes: string[];
}

export interface InspectOptions {
  /** How a bare language model's states become a vector; mean unless given, as sentence-transformers has it. */
  pooling?: Pooling;
}

/**
 * Reads configuration files and the headers of the weights.
 * @throws LabError "bad-input" naming file, field or tensor: an architecture or a number type that this version does not
 * have, a tensor that is missing or of another shape than the configuration says
 */
export async function inspectCheckpoint(files: CheckpointFiles, options: InspectOptions = {}): Promise<Inspection> {
  const list = await listing(files);
  const modules = await readModules(list);
  const folder = modules?.folder ?? "";
  const json = await readObject(list, `${folder}config.json`);
  const weights = await readWeights(list, folder);
  const { prompts, similarity } = await readPrompts(list);
  const notes: string[] = [];
  if (similarity !== null && similarity !== "cosine")
    notes.push(`It compares vectors by ${similarity.slice(0, 30)}; this program compares them by cosine.`);
  // The folder of a StaticEmbedding module by itself has no config.json.
  const bare = !json && !modules && (weights.has("embedding.weight") || weights.has("embeddings"));
  const found =
    modules?.first === "static" || json?.model_type === "model2vec" || bare
      ? await staticTower(list, folder, modules, json, weights)
      : await transformerTower(list, modules, json, weights, options.pooling ?? "mean", notes);
  const tokenizer = await readTokenizer(list, folder);
  if (!tokenizer) notes.push("There is no tokenizer.json: it cannot read texts.");
  const { config, tensors } = found;
  const specs = parameterSpecs(config);
  const bytes = specs.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const half = specs.reduce((sum, spec) => sum + (canBeHalf(spec.name, spec) ? 2 : 4) * sizeOf(spec.shape), 0);
  const read = found.static ? found.static.parts : tensors.map((tensor) => tensor.placed);
  const counts = new Map<Dtype, number>();
  for (const { dtype, shape } of read) counts.set(dtype, (counts.get(dtype) ?? 0) + sizeOf(shape));
  const values = [...counts.values()].reduce((a, b) => a + b, 0);
  const dtypes = Object.fromEntries([...counts].map(([dtype, count]) => [dtype, count / values]));
  return {
    name: files.name,
    ...found,
    dtypes,
    tokenizer,
    prompts,
    maxTokens: await longestText(list, folder, config, tokenizer?.config),
    parameters: countParameters(config),
    bytes: {
      file: read.reduce((sum, { from, to }) => sum + to - from, 0),
      gpu: bytes,
      gpuHalf: half,
      training: 4 * bytes,
    },
    notes,
  };
}

type Found = Pick<Inspection, "modelType" | "config" | "saysVectors" | "tensors" | "static" | "head" | "ignored">;

async function transformerTower(
  list: Listing,
  modules: Modules | null,
  json: Json | undefined,
  weights: Weights,
  pooling: Pooling,
  notes: string[],
): Promise<Found> {
  if (!json)
    throw badInput(
      `${list.files.name} has no ${modules?.folder ?? ""}config.json.`,
      "Give the whole checkpoint folder.",
    );
  if (json.auto_map != null) notes.push("It comes with program code of its own, which is not run here.");
  const rule = modules && vectorRule(modules);
  const own = json.scalingnote !== undefined;
  if (!rule && !own) {
    notes.push(
      `It says nothing of pooling: ${pooling === "mean" ? "the mean of the tokens" : `the ${pooling} token`} is taken.`,
    );
  }
  const config = towerFromHuggingFace(
    json,
    rule ?? (own ? undefined : { pooling, dense: [], projection: null, normalise: false }),
  );
  const decoder = config.kind === "decoder";
  const anchor = decoder ? "embed_tokens.weight" : "embeddings.word_embeddings.weight";
  const prefix = prefixOf(weights, anchor);
  if (prefix === null)
    throw badInput(`The weights have no tensor ${anchor}, which every ${String(json.model_type)} has.`);
  const fileName = (name: string) => prefix + (decoder ? name.replace(/^model\./, "") : name);
  const dense = await denseWeights(list, modules, config);
  const used = new Set<string>();
  const tensors = parameterSpecs(config).map(({ name, shape }): TensorSource => {
    const separate = dense.get(name);
    const owns = /^(dense|projection)\./.test(name);
    const found = separate ?? findTensor(weights, owns ? name : fileName(name));
    if (!found) throw badInput(`Tensor ${owns ? name : fileName(name)}, ${shapeWords(shape)}, is missing.`);
    if (!separate) used.add(found.name);
    return { name, shape, from: found.name, placed: checked(found.name, shape, found.placed) };
  });
  const ignored = [...weights.keys()].filter((name) => !used.has(name));
  const strange = ignored.find((name) => name.startsWith(prefix) && !isNeedless(name));
  if (strange)
    throw badInput(
      `Tensor ${strange}, ${shapeWords(weights.get(strange)!.shape)}, has no place in a ${String(json.model_type)} of this config.json.`,
      "The model would not compute what it was made for: choose another checkpoint, or mend config.json.",
    );
  const head = decoder && json.tie_word_embeddings !== true ? weights.get("lm_head.weight") : undefined;
  return {
    modelType: String(json.model_type),
    config,
    saysVectors: rule !== null || own,
    tensors,
    static: null,
    head: head
      ? {
          name: "lm_head.weight",
          shape: [config.vocabulary, config.width],
          from: "lm_head.weight",
          placed: checked("lm_head.weight", [config.vocabulary, config.width], head),
        }
      : null,
    ignored,
  };
}

/** @throws LabError "bad-input" naming the tensor, what is expected and what is found */
function checked(name: string, shape: readonly number[], placed: Placed): Placed {
  if (placed.shape.join() !== shape.join())
    throw badInput(
      `Tensor ${name} is ${shapeWords(placed.shape)} in ${placed.file}; config.json asks for ${shapeWords(shape)}.`,
      "Weights and configuration do not belong together: fetch both again.",
    );
  if (placed.dtype !== "F32" && placed.dtype !== "F16" && placed.dtype !== "BF16")
    throw badInput(
      `Tensor ${name} is of type ${placed.dtype}.`,
      "Only floating-point weights (F32, F16, BF16) can be used: save the model unquantised.",
    );
  return placed;
}

/** The tensors of Dense modules, by the tower's names. */
async function denseWeights(
  list: Listing,
  modules: Modules | null,
  config: TowerConfig,
): Promise<Map<string, { name: string; placed: Placed }>> {
  const found = new Map<string, { name: string; placed: Placed }>();
  for (const [i, { folder, bias }] of (modules?.dense ?? []).entries()) {
    const weights = await readWeights(list, folder);
    for (const part of bias ? ["weight", "bias"] : ["weight"]) {
      const placed = weights.get(`linear.${part}`);
      if (!placed) throw badInput(`${folder}model.safetensors has no tensor linear.${part}.`);
      const name = config.dense ? `dense.${i}.${part}` : "projection.weight";
      found.set(name, { name: `${folder}linear.${part}`, placed });
    }
  }
  return found;
}

async function staticTower(
  list: Listing,
  folder: string,
  modules: Modules | null,
  json: Json | undefined,
  weights: Weights,
): Promise<Found> {
  if (modules && modules.dense.length > 0)
    throw badInput(
      "modules.json: Dense modules after static embeddings are not computed by this version.",
      "Choose another checkpoint.",
    );
  const model2vec = json?.model_type === "model2vec";
  const model = staticModel(weights, folder, model2vec);
  const own = await readObject(list, "config_sentence_transformers.json");
  return {
    modelType: model2vec ? "model2vec" : "static embeddings",
    config: {
      kind: "lookup",
      vocabulary: model.vocabulary,
      width: model.width,
      layers: 0,
      heads: 1,
      kvHeads: 1,
      hidden: 1,
      maxTokens: 512,
      pooling: "mean",
      embeddingSize: model.width,
      projection: false,
      ...((modules?.normalise ?? (json?.normalize === true || own?.normalize === true)) ? { normalise: true } : {}),
    },
    saysVectors: true,
    tensors: [],
    static: model,
    head: null,
    ignored: [...weights.keys()].filter((name) => !model.parts.some((part) => part.name === name)),
  };
}

async function readTokenizer(list: Listing, folder: string): Promise<Inspection["tokenizer"]> {
  const path = [`${folder}tokenizer.json`, "tokenizer.json"].find((one) => list.sizes.has(one));
  if (path === undefined) return null;
  const config = (await readObject(list, path.replace(/\.json$/, "_config.json"))) ?? {};
  const bert = await sentenceConfig(list, folder);
  return { path, config, lowerCase: bert?.do_lower_case === true };
}

const sentenceConfig = async (list: Listing, folder: string) =>
  (await readObject(list, `${folder}sentence_bert_config.json`)) ??
  (await readObject(list, "sentence_bert_config.json"));

/** As sentence-transformers has it: max_seq_length, else the lesser of the model's positions and the tokenizer's limit. */
async function longestText(
  list: Listing,
  folder: string,
  config: TowerConfig,
  tokenizer: Json | undefined,
): Promise<number> {
  const own = (await sentenceConfig(list, folder))?.max_seq_length;
  const limit =
    typeof own === "number" && own >= 1 ? own : Number(tokenizer?.model_max_length ?? Number.POSITIVE_INFINITY);
  return Math.floor(Math.min(config.maxTokens, limit >= 1 ? limit : config.maxTokens));
}
