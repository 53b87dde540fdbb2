/** A checkpoint as an encoder of texts: what sentence-transformers' `encode` is. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { type CheckpointFiles, checkpointTokenizer, type Inspection, loadCheckpoint } from "../checkpoints";
import { LabError } from "../errors";
import type { TextTokenizer } from "../text/tokenizer";
import { disposeTower, type Tower, uploadTower } from "../towers/device";
import type { HostParameters } from "../towers/types";
import { createEncoder, type Encoder } from "../training/encode";
import { paddedLength, type TokenTable, tokenTable } from "../training/inputs";

/** Whose prompt comes before a text; "plain": none. */
export type Side = "query" | "document" | "plain";

export interface Model {
  inspection: Inspection;
  tokenizer: TextTokenizer;
  tower: Tower;
  /**
   * Vectors of texts, each with the checkpoint's prompt for this side before it, of length 1 where the checkpoint has a
   * Normalize module: float32 [texts, embeddingSize].
   */
  encode(texts: readonly string[], side: Side, onProgress?: (done: number) => void): Promise<Float32Array>;
  dispose(): void;
}

export interface ModelOptions {
  /** Matrices as half floats: half the memory, on this program's kernels alone. */
  half?: boolean;
  /** Texts at once. */
  batch?: number;
  /** Cut here where that is before the model's own limit. */
  maxTokens?: number;
  /** The values, where they have been loaded already. */
  parameters?: HostParameters;
}

// Texts of very different lengths are not padded to the longest: one encoder for each of these.
const LENGTHS = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/**
 * Puts a checkpoint's tower on the GPU.
 * @throws LabError as `loadCheckpoint` and `checkpointTokenizer`; "bad-setting" for half floats on plain operations
 */
export async function openModel(
  gpu: Gpu,
  ops: TowerOps,
  files: CheckpointFiles,
  inspection: Inspection,
  options: ModelOptions = {},
): Promise<Model> {
  const { half = false, batch = 32 } = options;
  if (half && ops.name === "plain")
    throw new LabError("bad-setting", "Plain operations do not read half floats.", "Choose fused operations.");
  const tokenizer = await checkpointTokenizer(files, inspection);
  const { config, prompts } = inspection;
  const tower = uploadTower(gpu, config, options.parameters ?? (await loadCheckpoint(files, inspection)), half);
  const limit = Math.min(inspection.maxTokens, options.maxTokens ?? Number.POSITIVE_INFINITY);
  const encoders = new Map<number, Encoder>();
  const encoderOf = (length: number): Encoder => {
    const there = encoders.get(length);
    if (there) return there;
    const made = createEncoder(gpu, ops, tower, { batch, length, captured: true });
    encoders.set(length, made);
    return made;
  };
  const size = config.embeddingSize;
  return {
    inspection,
    tokenizer,
    tower,
    async encode(texts, side, onProgress) {
      const table = tokenTable(texts, (text) =>
        tokenizer.encode((side === "plain" ? "" : prompts[side]) + text, limit),
      );
      const vectors = new Float32Array(texts.length * size);
      let done = 0;
      for (const [length, numbers] of byLength(table, limit)) {
        const found = await encoderOf(length).encode(table, numbers, (some) => onProgress?.(done + some));
        numbers.forEach((n, i) => {
          vectors.set(found.subarray(i * size, (i + 1) * size), n * size);
        });
        done += numbers.length;
      }
      return config.normalise ? normalised(vectors, size) : vectors;
    },
    dispose() {
      for (const encoder of encoders.values()) encoder.dispose();
      disposeTower(tower);
    },
  };
}

/** The texts' numbers, by the length that they are padded to. */
function byLength(table: TokenTable, limit: number): Map<number, number[]> {
  const longest = paddedLength([table], limit);
  const groups = new Map<number, number[]>();
  for (let i = 0; i + 1 < table.offsets.length; i++) {
    const tokens = table.offsets[i + 1]! - table.offsets[i]!;
    const length = Math.min(longest, LENGTHS.find((n) => n >= tokens) ?? longest);
    const group = groups.get(length);
    if (group) group.push(i);
    else groups.set(length, [i]);
  }
  return groups;
}

/** In place. A vector of zeros stays one. */
function normalised(vectors: Float32Array, size: number): Float32Array {
  for (let at = 0; at < vectors.length; at += size) {
    const row = vectors.subarray(at, at + size);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    if (length > 0) for (let k = 0; k < size; k++) row[k]! /= length;
  }
  return vectors;
}

/** How far two sets of vectors are from each other. */
export interface Difference {
  /** Largest of all numbers' differences. */
  largest: number;
  /** Smallest cosine between a text's two vectors. */
  cosine: number;
}

/** @param size of a vector */
export function differenceOf(a: ArrayLike<number>, b: ArrayLike<number>, size: number): Difference {
  let largest = 0;
  let cosine = 1;
  for (let at = 0; at < a.length; at += size) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let k = at; k < at + size; k++) {
      const [x, y] = [a[k]!, b[k]!];
      // The comparisons are written so that a NaN shows.
      const distance = Math.abs(x - y);
      if (!(distance <= largest)) largest = distance;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    const own = aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN;
    if (!(own >= cosine)) cosine = own;
  }
  return { largest, cosine };
}
