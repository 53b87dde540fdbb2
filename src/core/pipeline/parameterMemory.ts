/** What parameters take on the GPU, and what training them takes beside. */
import { mostPartials } from "../../gpu/gradients";
import { canBeHalf } from "../towers/device";
import { parameterSpecs, parameterStacks, sizeOf } from "../towers/parameters";
import type { TowerConfig } from "../towers/types";

const ALIGNED = 256;
export const aligned = (bytes: number) => Math.ceil(bytes / ALIGNED) * ALIGNED;
export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** A tower's tensors on the device, where queries, keys and values are one, by the name of their first part. */
function tensorsOf(config: TowerConfig): { name: string; shape: readonly number[]; size: number }[] {
  const stackOf = new Map(parameterStacks(config).flatMap((stack) => stack.parts.map((part) => [part, stack.name])));
  const tensors = new Map<string, { name: string; shape: readonly number[]; size: number }>();
  for (const { name, shape } of parameterSpecs(config)) {
    const within = stackOf.get(name) ?? name;
    const there = tensors.get(within) ?? { name, shape, size: 0 };
    tensors.set(within, { ...there, size: there.size + sizeOf(shape) });
  }
  return [...tensors.values()];
}

/** Sizes of a tower's tensors on the device. */
export const tensorSizes = (config: TowerConfig): number[] => tensorsOf(config).map(({ size }) => size);

/**
 * Bytes of a tower's parameters.
 * @param half which of its matrices are half floats, of those that can be: as `uploadTower` is told
 */
export function parameterBytes(config: TowerConfig, half: boolean | ((name: string) => boolean) = false): number {
  const packed = (name: string) => (typeof half === "boolean" ? half : half(name));
  return sum(
    tensorsOf(config).map((tensor) =>
      aligned(packed(tensor.name) && canBeHalf(tensor.name, tensor) ? 2 * tensor.size : 4 * tensor.size),
    ),
  );
}

/**
 * Bytes that training tensors of these sizes takes beside them.
 * @param uses of each parameter in a step
 * @param inPieces whether gradients of pieces are added up
 */
export function optimizerBytes(
  sizes: readonly number[],
  uses: number,
  inPieces: boolean,
): { gradients: number; moments: number; largest: number } {
  // Partial sums, unsummed: gradients.ts.
  const places = sizes.map((size) =>
    aligned(aligned(4 * size * mostPartials(size)) * uses + (inPieces ? 4 * size : 0)),
  );
  // Two moments; a sum of squares and two words of the table a chunk of 1,024; seven words and the sums' places a tensor.
  const table = sum(sizes.map((size) => 12 * Math.ceil(size / 1024) + 28 + 8 * uses));
  return { gradients: sum(places), moments: 8 * sum(sizes) + table, largest: Math.max(...places) };
}
