/**
 * Exact GELU (Hendrycks & Gimpel, arXiv 1606.08415) and SwiGLU's product (Shazeer, arXiv 2002.05202):
 *
 *   gelu(x) = x P(x),  P(x) = (1 + erf(x / sqrt 2)) / 2;   gelu'(x) = P(x) + x exp(-x^2 / 2) / sqrt(2 pi)
 *   h = g s u,  s = 1 / (1 + exp(-g));   dg = dh u s (1 + g (1 - s)),   du = dh g s
 */
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, type Kernel, linearGrid, readBinding, writeBinding } from "../dispatch";
import { registerOp, shared } from "./op";
import { lanesOf, laneType, threadHead, unroll } from "./wgsl";

/** An elementwise kernel: `line` assigns `b<k>[i]` for the writes, given values `v0 ..` of the reads. T is the type. */
function elementwise(count: number, reads: number, writes: number, helpers: string, line: string): string {
  const lanes = lanesOf(count);
  const array = `array<${laneType(lanes)}>`;
  const threads = count / lanes;
  return `alias T = ${laneType(lanes)};
${unroll(reads, (k) => readBinding(k, array))}
${unroll(writes, (k) => writeBinding(reads + k, array))}
${helpers}
${threadHead(linearGrid(threads).index, threads)}
${unroll(reads, (k) => `let v${k} = b${k}[i];`)}
${line}
}`;
}

// erf after Abramowitz & Stegun 7.1.26, at most 1.5e-7 off; the same as tfjs' own.
export const NORMAL = `fn erf(x: T) -> T {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1.0 - p * exp(-a * a));
}
fn below(x: T) -> T { return 0.5 * (1.0 + erf(x * 0.7071067811865475)); }`;

// exp of negative values alone, which cannot overflow.
export const SIGMOID = `fn sigmoid(x: T) -> T {
  let e = exp(-abs(x));
  return select(e, T(1.0), x >= T(0.0)) / (1.0 + e);
}`;

export const geluCode = (count: number): string => elementwise(count, 1, 1, NORMAL, "b1[i] = v0 * below(v0);");

/** Reads x, dy; writes dx. */
export const geluGradCode = (count: number): string =>
  elementwise(count, 2, 1, NORMAL, "b2[i] = v1 * (below(v0) + v0 * 0.3989422804014327 * exp(-0.5 * v0 * v0));");

export const siluGateCode = (count: number): string =>
  elementwise(count, 2, 1, SIGMOID, "b2[i] = v0 * sigmoid(v0) * v1;");

/** Reads gate, up, dh; writes dgate, dup. */
export const siluGateGradCode = (count: number): string =>
  elementwise(
    count,
    3,
    2,
    SIGMOID,
    `let s = sigmoid(v0);
b3[i] = v2 * v1 * s * (1.0 + v0 * (1.0 - s));
b4[i] = v2 * v0 * s;`,
  );

function kernel(name: string, { shape }: TensorInfo, code: (count: number) => string): Kernel {
  const count = shape.reduce((a, b) => a * b, 1);
  return {
    key: `${name} ${count}`,
    workgroups: linearGrid(count / lanesOf(count)).workgroups,
    code: () => code(count),
  };
}

const geluGrad = registerOp<Record<"x" | "dy", TensorInfo>>({
  name: "LabGeluGrad",
  run: (backend, { x, dy }) =>
    dispatch(backend, kernel("gelu-grad", x, geluGradCode), [x, dy], [{ shape: x.shape }])[0]!,
});

const geluOp = registerOp<Record<"x", TensorInfo>>({
  name: "LabGelu",
  saveInputs: ["x"],
  run: (backend, { x }) => dispatch(backend, kernel("gelu", x, geluCode), [x], [{ shape: x.shape }])[0]!,
  gradient: ({ dy, saved: [x] }) => ({ x: () => geluGrad({ x: x!, dy }, {})[0]! }),
});

const siluGateGrad = registerOp<Record<"gate" | "up" | "dy", TensorInfo>>({
  name: "LabSiluGateGrad",
  run: (backend, { gate, up, dy }) =>
    dispatch(
      backend,
      kernel("silu-gate-grad", gate, siluGateGradCode),
      [gate, up, dy],
      [{ shape: gate.shape }, { shape: up.shape }],
    ),
});

const siluGateOp = registerOp<Record<"gate" | "up", TensorInfo>>({
  name: "LabSiluGate",
  saveInputs: ["gate", "up"],
  run: (backend, { gate, up }) =>
    dispatch(backend, kernel("silu-gate", gate, siluGateCode), [gate, up], [{ shape: gate.shape }])[0]!,
  gradient({ dy, saved: [gate, up] }) {
    const both = shared(() => siluGateGrad({ gate: gate!, up: up!, dy }, {}));
    return { gate: () => both(0), up: () => both(1) };
  },
});

/** x P(X <= x) of a standard normal X, by elements. */
export const gelu = (x: Tensor2D): Tensor2D => geluOp({ x }, {})[0] as Tensor2D;

/** gate * sigmoid(gate) * up, by elements; equal shapes. */
export function siluGate(gate: Tensor2D, up: Tensor2D): Tensor2D {
  if (gate.size !== up.size) throw new Error(`siluGate: shapes ${gate.shape} and ${up.shape} differ`);
  return siluGateOp({ gate, up }, {})[0] as Tensor2D;
}
