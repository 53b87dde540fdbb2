/** The tensors of a checkpoint's safetensors files, found by their headers alone, and which of them a tower takes. */
import { headerEnd, readHeader, type StoredTensor } from "../formats/safetensors";
import { badInput, isObject, type Listing, readObject } from "./json";

/** Where a tensor lies. */
export interface Placed extends StoredTensor {
  file: string;
}
/** By the names of the files. */
export type Weights = ReadonlyMap<string, Placed>;

// Headers are read in one request where they are no longer than this.
const FIRST_READ = 1 << 16;

async function headerOf({ files, sizes }: Listing, path: string): Promise<Map<string, Placed>> {
  const size = sizes.get(path);
  if (size === undefined) throw badInput(`${path} is missing, which the checkpoint names.`);
  let start = await files.read(path, 0, Math.min(size, FIRST_READ));
  const end = headerEnd(start, size);
  if (end > start.length) start = await files.read(path, 0, end);
  const { tensors } = readHeader(start, size);
  return new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, file: path }]));
}

/**
 * All tensors of a folder: of model.safetensors, or of the shards that its index names.
 * @throws LabError "bad-input": no weights, weights of another format, a shard that is not there or lacks a tensor
 */
export async function readWeights(list: Listing, folder: string): Promise<Weights> {
  const whole = `${folder}model.safetensors`;
  if (list.sizes.has(whole)) return headerOf(list, whole);
  const indexPath = `${whole}.index.json`;
  const index = await readObject(list, indexPath);
  if (!index) {
    const others = [...list.sizes.keys()].filter((path) => /\.(bin|pt|pth|h5|gguf|onnx|msgpack)$/.test(path));
    throw badInput(
      `${list.files.name} has no ${whole}${others.length > 0 ? `, only ${others.slice(0, 3).join(", ")}` : ""}.`,
      "Only safetensors are read: save the model with transformers' save_pretrained(), which writes them.",
    );
  }
  const { weight_map: map } = index;
  if (!isObject(map)) throw badInput(`${indexPath} has no weight_map.`);
  const all = new Map<string, Placed>();
  const headers = new Map<string, Map<string, Placed>>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== "string") throw badInput(`${indexPath}: ${name} has no file.`);
    const path = folder + shard;
    let header = headers.get(path);
    if (!header) {
      header = await headerOf(list, path);
      headers.set(path, header);
    }
    const placed = header.get(name);
    if (!placed) throw badInput(`${path} has no tensor ${name}, which the index says it has.`);
    all.set(name, placed);
  }
  return all;
}

/** "4 x 8"; "one number" for none. */
export const shapeWords = (shape: readonly number[]): string => (shape.length > 0 ? shape.join(" x ") : "one number");

/** Old checkpoints of BERT call a norm's gain and bias gamma and beta. */
const OLD_NAMES: readonly [RegExp, string][] = [
  [/LayerNorm\.weight$/, "LayerNorm.gamma"],
  [/LayerNorm\.bias$/, "LayerNorm.beta"],
];

/**
 * What stands before a model's own names: "", "bert.", "model.", "0.auto_model." ...
 * @param anchor a name that every such model has
 */
export function prefixOf(weights: Weights, anchor: string): string | null {
  const found = [...weights.keys()]
    .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
    .map((name) => name.slice(0, -anchor.length));
  return found.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

/** A tensor by its own name or that of an old checkpoint. */
export function findTensor(weights: Weights, name: string): { name: string; placed: Placed } | null {
  for (const one of [
    name,
    ...OLD_NAMES.filter(([now]) => now.test(name)).map(([now, old]) => name.replace(now, old)),
  ]) {
    const placed = weights.get(one);
    if (placed) return { name: one, placed };
  }
  return null;
}

/** What a retriever does not need: heads for other tasks, buffers that can be computed. */
const NEEDLESS =
  /(^|\.)(lm_head|pooler|cls|classifier|qa_outputs|score)\.|(^|\.)embeddings\.(position_ids|token_type_ids)$|\.inv_freq$/;
export const isNeedless = (name: string): boolean => NEEDLESS.test(name);
