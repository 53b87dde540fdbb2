/**
 * Layer norm (Ba et al., arXiv 1607.06450), row by row, with m the mean, r = 1 / sqrt(variance + eps), n = (x - m) r:
 *
 *   y = n g + b;   dx = r (dy g - mean(dy g) - n mean(dy g n)),   dg = sum over rows of dy n,   db = sum of dy
 */
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import { freeIntermediates, registerOp, shared } from "./op";
import { rowsPerBlock, sumPartials } from "./sumPartials";
import { float, laneSum, lanesOf, laneType, threadHead } from "./wgsl";

/** Reads x [rows, width], gain, bias; writes y and the pair (m, r) of each row. */
export function layerNormCode(rows: number, width: number, eps: number): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, array)}${writeBinding(3, array)}${writeBinding(4, "array<vec2f>")}
${laneSum(lanes)}
${threadHead(linearGrid(rows).index, rows)}
  let at = i * ${w}u;
  var sum = ${type}(0);
  for (var k = 0u; k < ${w}u; k++) { sum += b0[at + k]; }
  let m = total(sum) / ${float(width)};
  var squares = ${type}(0);
  for (var k = 0u; k < ${w}u; k++) { let d = b0[at + k] - m; squares += d * d; }
  let r = 1.0 / sqrt(total(squares) / ${float(width)} + ${float(eps)});
  for (var k = 0u; k < ${w}u; k++) { b3[at + k] = (b0[at + k] - m) * r * b1[k] + b2[k]; }
  b4[i] = vec2f(m, r);
}`;
}

/** Reads x, gain, (m, r), dy; writes dx. */
export function layerNormDxCode(rows: number, width: number): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  return `${readBinding(0, array)}${readBinding(1, array)}${readBinding(2, "array<vec2f>")}${readBinding(3, array)}${writeBinding(4, array)}
${laneSum(lanes)}
${threadHead(linearGrid(rows).index, rows)}
  let at = i * ${w}u;
  let m = b2[i].x;
  let r = b2[i].y;
  var sum = ${type}(0);
  var along = ${type}(0);
  for (var k = 0u; k < ${w}u; k++) {
    let d = b3[at + k] * b1[k];
    sum += d;
    along += d * (b0[at + k] - m);
  }
  let shift = total(sum) / ${float(width)};
  let pull = total(along) * r * r / ${float(width)};
  for (var k = 0u; k < ${w}u; k++) { b4[at + k] = r * (b3[at + k] * b1[k] - shift - (b0[at + k] - m) * pull); }
}`;
}

/** Reads x, (m, r), dy; writes [blocks, width] twice: each block's rows of dy n, and of dy, added up. */
export function layerNormParametersCode(rows: number, width: number, block: number): string {
  const lanes = lanesOf(width);
  const type = laneType(lanes);
  const array = `array<${type}>`;
  const w = width / lanes;
  const threads = Math.ceil(rows / block) * w;
  return `${readBinding(0, array)}${readBinding(1, "array<vec2f>")}${readBinding(2, array)}${writeBinding(3, array)}${writeBinding(4, array)}
${threadHead(linearGrid(threads).index, threads)}
  let first = (i / ${w}u) * ${block}u;
  let c = i % ${w}u;
  var gain = ${type}(0);
  var bias = ${type}(0);
  for (var row = first; row < min(first + ${block}u, ${rows}u); row++) {
    let d = b2[row * ${w}u + c];
    gain += d * (b0[row * ${w}u + c] - b1[row].x) * b1[row].y;
    bias += d;
  }
  b3[i] = gain;
  b4[i] = bias;
}`;
}

const dxOp = registerOp<Record<"x" | "gain" | "stats" | "dy", TensorInfo>>({
  name: "LabLayerNormDx",
  run(backend, { x, gain, stats, dy }) {
    const [rows, width] = x.shape as [number, number];
    return dispatch(
      backend,
      {
        key: `layer-norm-dx ${rows} ${width}`,
        workgroups: linearGrid(rows).workgroups,
        code: () => layerNormDxCode(rows, width),
      },
      [x, gain, stats, dy],
      [{ shape: x.shape }],
    )[0]!;
  },
});

const parametersOp = registerOp<Record<"x" | "stats" | "dy", TensorInfo>>({
  name: "LabLayerNormParameters",
  run(backend, { x, stats, dy }) {
    const [rows, width] = x.shape as [number, number];
    const block = rowsPerBlock(rows);
    const blocks = Math.ceil(rows / block);
    const shape = blocks === 1 ? [width] : [blocks, width];
    const parts = dispatch(
      backend,
      {
        key: `layer-norm-parameters ${rows} ${width}`,
        workgroups: linearGrid((blocks * width) / lanesOf(width)).workgroups,
        code: () => layerNormParametersCode(rows, width, block),
      },
      [x, stats, dy],
      [{ shape }, { shape }],
    );
    if (blocks === 1) return parts;
    const sums = sumPartials(backend, blocks, parts, [[width], [width]]);
    freeIntermediates(backend, ...parts);
    return sums;
  },
});

const layerNormOp = registerOp<Record<"x" | "gain" | "bias", TensorInfo>, { eps: number }>({
  name: "LabLayerNorm",
  saveInputs: ["x", "gain"],
  saveOutputs: [false, true],
  run(backend, { x, gain, bias }, { eps }) {
    const [rows, width] = x.shape as [number, number];
    return dispatch(
      backend,
      {
        key: `layer-norm ${rows} ${width} ${eps}`,
        workgroups: linearGrid(rows).workgroups,
        code: () => layerNormCode(rows, width, eps),
      },
      [x, gain, bias],
      [{ shape: x.shape }, { shape: [rows, 2] }],
    );
  },
  gradient({ dy, saved: [x, gain, stats] }) {
    const parameters = shared(() => parametersOp({ x: x!, stats: stats!, dy }, {}));
    return {
      x: () => dxOp({ x: x!, gain: gain!, stats: stats!, dy }, {})[0]!,
      gain: () => parameters(0),
      bias: () => parameters(1),
    };
  },
});

/** (x - mean) / sqrt(variance + eps) * gain + bias over rows. x [rows, width], gain and bias [width]. */
export const layerNorm = (x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D =>
  layerNormOp({ x, gain, bias }, { eps })[0] as Tensor2D;
