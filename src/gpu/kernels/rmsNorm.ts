/**
 * RMS norm (Zhang & Sennrich, arXiv 1910.07467), row by row, with r = 1 / sqrt(mean(x^2) + eps):
 *
 *   y = x r g;   dx = r (dy g - x r^2 mean(dy g x)),   dg = sum over rows of dy x r
 */
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import { freeIntermediates, registerOp } from "./op";
import { rowsPerBlock, sumPartials } from "./sumPartials";
import { float, laneSum, lanesOf, laneType, threadHead } from "./wgsl";

/** Reads x [rows, width], gain; writes y and r [rows]. */
export function rmsNormCode(rows: number, width: number, eps: number): string {
  const lanes = lanesOf(width);
  const array = `array<${laneType(lanes)}>`;
  const w = width / lanes;
  return `${readBinding(0, array)}${readBinding(1, array)}${writeBinding(2, array)}${writeBinding(3, "array<f32>")}
${laneSum(lanes)}
${threadHead(linearGrid(rows).index, rows)}
  let at = i * ${w}u;
  var squares = ${laneType(lanes)}(0);
  for (var k = 0u; k < ${w}u; k++) { squares += b0[at + k] * b0[at + k]; }
  let r = 1.0 / sqrt(total(squares) / ${float(width)} + ${float(eps)});
  for (var k = 0u; k < ${w}u; k++) { b2[at + k] = b0[at + k] * r * b1[k]; }
  b3[i] = r;
}`;
}

/** Reads x, gain, r, dy; writes dx. */
export function rmsNormDxCode(rows: number, width: number): string {
  const lanes = lanesOf(width);
  const array = `array<${laneType(lanes)}>`;
  const w = width / lanes;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<f32>")}${readBinding(3, array)}${writeBinding(4, array)}
${laneSum(lanes)}
${threadHead(linearGrid(rows).index, rows)}
  let at = i * ${w}u;
  let r = b2[i];
  var sum = ${laneType(lanes)}(0);
  for (var k = 0u; k < ${w}u; k++) { sum += b3[at + k] * b1[k] * b0[at + k]; }
  let pull = total(sum) * r * r / ${float(width)};
  for (var k = 0u; k < ${w}u; k++) { b4[at + k] = r * (b3[at + k] * b1[k] - b0[at + k] * pull); }
}`;
}

/** Reads x, r, dy; writes [blocks, width]: each block's rows of dy x r added up. */
export function rmsNormDgainCode(rows: number, width: number, block: number): string {
  const lanes = lanesOf(width);
  const array = `array<${laneType(lanes)}>`;
  const w = width / lanes;
  const threads = Math.ceil(rows / block) * w;
  return `${readBinding(0, array)}${readBinding(1, "array<f32>")}${readBinding(2, array)}${writeBinding(3, array)}
${threadHead(linearGrid(threads).index, threads)}
  let first = (i / ${w}u) * ${block}u;
  let c = i % ${w}u;
  var sum = ${laneType(lanes)}(0);
  for (var row = first; row < min(first + ${block}u, ${rows}u); row++) {
    sum += b2[row * ${w}u + c] * b0[row * ${w}u + c] * b1[row];
  }
  b3[i] = sum;
}`;
}

const dxOp = registerOp<Record<"x" | "gain" | "r" | "dy", TensorInfo>>({
  name: "LabRmsNormDx",
  run(backend, { x, gain, r, dy }) {
    const [rows, width] = x.shape as [number, number];
    return dispatch(
      backend,
      {
        key: `rms-norm-dx ${rows} ${width}`,
        workgroups: linearGrid(rows).workgroups,
        code: () => rmsNormDxCode(rows, width),
      },
      [x, gain, r, dy],
      [{ shape: x.shape }],
    )[0]!;
  },
});

const dgainOp = registerOp<Record<"x" | "r" | "dy", TensorInfo>>({
  name: "LabRmsNormDgain",
  run(backend, { x, r, dy }) {
    const [rows, width] = x.shape as [number, number];
    const block = rowsPerBlock(rows);
    const blocks = Math.ceil(rows / block);
    const parts = dispatch(
      backend,
      {
        key: `rms-norm-dgain ${rows} ${width}`,
        workgroups: linearGrid((blocks * width) / lanesOf(width)).workgroups,
        code: () => rmsNormDgainCode(rows, width, block),
      },
      [x, r, dy],
      [{ shape: blocks === 1 ? [width] : [blocks, width] }],
    );
    if (blocks === 1) return parts[0]!;
    const [dgain] = sumPartials(backend, blocks, parts, [[width]]);
    freeIntermediates(backend, ...parts);
    return dgain!;
  },
});

const rmsNormOp = registerOp<Record<"x" | "gain", TensorInfo>, { eps: number }>({
  name: "LabRmsNorm",
  saveInputs: ["x", "gain"],
  saveOutputs: [false, true],
  run(backend, { x, gain }, { eps }) {
    const [rows, width] = x.shape as [number, number];
    return dispatch(
      backend,
      {
        key: `rms-norm ${rows} ${width} ${eps}`,
        workgroups: linearGrid(rows).workgroups,
        code: () => rmsNormCode(rows, width, eps),
      },
      [x, gain],
      [{ shape: x.shape }, { shape: [rows] }],
    );
  },
  gradient: ({ dy, saved: [x, gain, r] }) => ({
    x: () => dxOp({ x: x!, gain: gain!, r: r!, dy }, {})[0]!,
    gain: () => dgainOp({ x: x!, r: r!, dy }, {})[0]!,
  }),
});

/** x / sqrt(mean(x^2) + eps) * gain over rows. x [rows, width], gain [width]. */
export const rmsNorm = (x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D =>
  rmsNormOp({ x, gain }, { eps })[0] as Tensor2D;
