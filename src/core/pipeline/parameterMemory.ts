/** What parameters take on the GPU, and what training them takes beside. */
import { mostPartials } from "../../gpu/gradients";
import { parameterSpecs, parameterStacks, sizeOf } from "../towers/parameters";
import type { TowerConfig } from "../towers/types";

const ALIGNED = 256;
export const aligned = (bytes: number) => Math.ceil(bytes / ALIGNED) * ALIGNED;
export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Sizes of a tower's tensors on the device, where queries, keys and values are one. */
export function tensorSizes(config: TowerConfig): number[] {
  const stackOf = new Map(parameterStacks(config).flatMap((stack) => stack.parts.map((part) => [part, stack.name])));
  const sizes = new Map<string, number>();
  for (const { name, shape } of parameterSpecs(config)) {
    const within = stackOf.get(name) ?? name;
    sizes.set(within, (sizes.get(within) ?? 0) + sizeOf(shape));
  }
  return [...sizes.values()];
}

/** Bytes of a tower's parameters. */
export const parameterBytes = (config: TowerConfig): number =>
  sum(tensorSizes(config).map((size) => aligned(4 * size)));

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
