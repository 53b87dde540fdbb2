/**
 * Static embeddings: one vector a token and nothing else. model2vec (https://github.com/MinishLab/model2vec) may keep
 * fewer rows than tokens, with a row's number and a weight for each token; sentence-transformers' StaticEmbedding has one
 * matrix. Both become a lookup tower's table.
 */
import { type Dtype, toFloats } from "../formats/safetensors";
import type { CheckpointFiles } from "./files";
import { badInput } from "./json";
import { type Placed, shapeWords, type Weights } from "./weights";

export interface StaticModel {
  vocabulary: number;
  width: number;
  /** In model2vec's words: embeddings, weights, mapping. */
  parts: (Placed & { name: string; part: "embeddings" | "weights" | "mapping" })[];
  /** model2vec leaves unknown tokens out of the mean. */
  dropUnknown: boolean;
}

const TYPES: Record<StaticModel["parts"][number]["part"], readonly Dtype[]> = {
  embeddings: ["F32", "F16", "BF16", "I8", "F64"],
  weights: ["F32", "F16", "F64"],
  mapping: ["I32", "I64"],
};

/** @throws LabError "bad-input" naming the tensor that is missing or of another shape or type */
export function staticModel(weights: Weights, folder: string, model2vec: boolean): StaticModel {
  const parts: StaticModel["parts"] = [];
  const add = (part: StaticModel["parts"][number]["part"], names: readonly string[]): Placed | null => {
    const name = names.find((one) => weights.has(one));
    if (name === undefined) return null;
    const placed = weights.get(name)!;
    if (!TYPES[part].includes(placed.dtype))
      throw badInput(
        `Tensor ${name} is of type ${placed.dtype}.`,
        `Of ${part}, ${TYPES[part].join(", ")} can be read.`,
      );
    parts.push({ ...placed, name, part });
    return placed;
  };
  const table = add("embeddings", ["embeddings", "embedding.weight"]);
  if (!table) throw badInput(`${folder}model.safetensors has no tensor embeddings or embedding.weight.`);
  if (table.shape.length !== 2)
    throw badInput(`Tensor embeddings is ${shapeWords(table.shape)}; it has to be tokens x width.`);
  const [rows, width] = table.shape as [number, number];
  const mapping = add("mapping", ["mapping"]);
  const scale = add("weights", ["weights"]);
  const vocabulary = mapping?.shape[0] ?? scale?.shape[0] ?? rows;
  for (const { name, shape, part } of parts)
    if (part !== "embeddings" && shape.join() !== String(vocabulary))
      throw badInput(`Tensor ${name} is ${shapeWords(shape)}; it has to have ${vocabulary} numbers.`);
  if (!mapping && rows !== vocabulary)
    throw badInput(`Tensor embeddings has ${rows} rows; weights has ${vocabulary} numbers, and there is no mapping.`);
  return { vocabulary, width, parts, dropUnknown: model2vec };
}

/** Values of any type that a part can have. */
function values(name: string, dtype: Dtype, data: Uint8Array<ArrayBuffer>): ArrayLike<number> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const numbers = (size: number, at: (place: number) => number) =>
    Float64Array.from({ length: data.length / size }, (_, i) => at(size * i));
  if (dtype === "I8") return new Int8Array(data.buffer, data.byteOffset, data.length);
  if (dtype === "I32") return numbers(4, (place) => view.getInt32(place, true));
  if (dtype === "I64") return numbers(8, (place) => Number(view.getBigInt64(place, true)));
  if (dtype === "F64") return numbers(8, (place) => view.getFloat64(place, true));
  return toFloats(name, { dtype, data });
}

/** One row a token: embeddings[mapping[token]] * weights[token]. float32 [vocabulary, width] */
export async function staticTable(files: CheckpointFiles, model: StaticModel): Promise<Float32Array> {
  const { vocabulary, width, parts } = model;
  const read = async (part: StaticModel["parts"][number]["part"]) => {
    const placed = parts.find((one) => one.part === part);
    return placed ? values(placed.name, placed.dtype, await files.read(placed.file, placed.from, placed.to)) : null;
  };
  const table = (await read("embeddings"))!;
  const mapping = await read("mapping");
  const weights = await read("weights");
  const rows = table.length / width;
  const all = new Float32Array(vocabulary * width);
  for (let token = 0; token < vocabulary; token++) {
    const row = mapping ? mapping[token]! : token;
    if (!(row >= 0 && row < rows))
      throw badInput(`mapping: token ${token} has row ${row}; embeddings has ${rows} rows.`);
    const weight = weights ? weights[token]! : 1;
    for (let k = 0; k < width; k++) all[token * width + k] = weight * table[row * width + k]!;
  }
  return all;
}
