/**
 * The second half of every sum over rows: out[e] = sum over s of partial[s][e], s ascending. Sums over many rows are cut
 * into blocks that threads add up apart; adding those up in a fixed order, without atomics, makes equal runs equal.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import { threadHead, unroll } from "./wgsl";

/** One or more tensors [splits, lengths[k]] -> [lengths[k]], in one dispatch. */
export function sumPartialsCode(splits: number, lengths: readonly number[]): string {
  const total = lengths.reduce((sum, n) => sum + n, 0);
  let first = 0;
  const branches = lengths.map((length, k) => {
    const from = first;
    first += length;
    return `if (i < ${first}u) {
    let e = i - ${from}u;
    var s = 0.0;
    for (var k = 0u; k < ${splits}u; k++) { s += b${k}[k * ${length}u + e]; }
    b${lengths.length + k}[e] = s;
  }`;
  });
  return `${unroll(lengths.length, (k) => readBinding(k, "array<f32>"))}
${unroll(lengths.length, (k) => writeBinding(lengths.length + k, "array<f32>"))}
${threadHead(linearGrid(total).index, total)}
  ${branches.join(" else ")}
}`;
}

/**
 * Adds up partial sums.
 * @param partials tensors [splits, ...shape]
 * @param shapes of the results
 */
export function sumPartials(
  backend: WebGPUBackend,
  splits: number,
  partials: readonly TensorInfo[],
  shapes: readonly number[][],
): TensorInfo[] {
  const lengths = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
  const grid = linearGrid(lengths.reduce((a, b) => a + b, 0));
  return dispatch(
    backend,
    {
      key: `sum-partials ${splits} ${lengths.join(" ")}`,
      workgroups: grid.workgroups,
      code: () => sumPartialsCode(splits, lengths),
    },
    partials,
    shapes.map((shape) => ({ shape })),
  );
}
