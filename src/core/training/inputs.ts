/** A tower's inputs as inputs of a step: the names, the shapes, the values. */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { HostValues, InputSpecs, TensorMap } from "../../gpu/step";
import { hostInputs } from "../text/batch";
import type { HostInputs, TowerConfig, TowerInputs } from "../towers/types";

/** Token ids of many texts in one buffer: text i is flat[offsets[i] .. offsets[i + 1]). */
export interface TokenTable {
  flat: Int32Array;
  offsets: Int32Array;
}

/** A table of what `encode` makes of each item. */
export function tokenTable<T>(items: readonly T[], encode: (item: T) => Int32Array): TokenTable {
  const offsets = new Int32Array(items.length + 1);
  let flat = new Int32Array(Math.max(64, items.length * 16));
  let end = 0;
  items.forEach((item, i) => {
    const ids = encode(item);
    if (end + ids.length > flat.length) {
      const larger = new Int32Array(Math.max(flat.length * 2, end + ids.length));
      larger.set(flat);
      flat = larger;
    }
    flat.set(ids, end);
    end += ids.length;
    offsets[i + 1] = end;
  });
  return { flat: flat.slice(0, end), offsets };
}

/** The texts of several tables as one. */
export function joinTables(tables: readonly TokenTable[]): TokenTable {
  const flat = new Int32Array(tables.reduce((sum, table) => sum + table.flat.length, 0));
  const offsets = new Int32Array(1 + tables.reduce((sum, table) => sum + table.offsets.length - 1, 0));
  let [token, text] = [0, 0];
  for (const table of tables) {
    flat.set(table.flat, token);
    for (let i = 1; i < table.offsets.length; i++) offsets[++text] = token + table.offsets[i]!;
    token += table.flat.length;
  }
  return { flat, offsets };
}

/** The longest text of a table in tokens, rounded up to a multiple of 8 and at most `limit`. */
export function paddedLength(tables: readonly TokenTable[], limit: number): number {
  let longest = 1;
  for (const { offsets } of tables)
    for (let i = 1; i < offsets.length; i++) longest = Math.max(longest, offsets[i]! - offsets[i - 1]!);
  return Math.min(Math.ceil(longest / 8) * 8, Math.max(limit, 1));
}

export function towerInputSpecs(prefix: string, config: TowerConfig, batch: number, length: number): InputSpecs {
  const n = batch * length;
  return {
    [`${prefix}.ids`]: { shape: [n], dtype: "int32" },
    [`${prefix}.order`]: { shape: [n], dtype: "int32" },
    [`${prefix}.offsets`]: { shape: [config.vocabulary + 1], dtype: "int32" },
    [`${prefix}.mask`]: { shape: [batch, length], dtype: "float32" },
    [`${prefix}.poolWeights`]: { shape: [batch, length], dtype: "float32" },
  };
}

export function towerInputs(prefix: string, tensors: TensorMap): TowerInputs {
  const get = (name: string): Tensor => tensors[`${prefix}.${name}`]!;
  return {
    ids: get("ids") as Tensor1D,
    order: get("order") as Tensor1D,
    offsets: get("offsets") as Tensor1D,
    mask: get("mask") as Tensor2D,
    poolWeights: get("poolWeights") as Tensor2D,
  };
}

/**
 * The step's values for the texts with these numbers, and how many tokens they have.
 * @param into where the values may be put, by their names: what is put there is written over by the next call
 */
export function towerValues(
  prefix: string,
  config: TowerConfig,
  table: TokenTable,
  texts: ArrayLike<number>,
  length: number,
  into?: HostValues | null,
): { values: HostValues; tokens: number } {
  let tokens = 0;
  const sequences = Array.from(texts, (i) => {
    const sequence = table.flat.subarray(table.offsets[i]!, table.offsets[i + 1]!);
    tokens += Math.min(sequence.length, length);
    return sequence;
  });
  const places = into
    ? (Object.fromEntries(INPUTS.map((name) => [name, into[`${prefix}.${name}`]])) as unknown as HostInputs)
    : undefined;
  const host = hostInputs(sequences, length, config.vocabulary, config.pooling, 0, places);
  return { values: Object.fromEntries(INPUTS.map((name) => [`${prefix}.${name}`, host[name]])), tokens };
}

const INPUTS = ["ids", "order", "offsets", "mask", "poolWeights"] as const;
