/**
 * y = x W^T + b + r;  dx = dy W,  dW = dy^T x,  db = column sums of dy,  dr = dy. Or of the RMS norm of x instead of x, whose
 * result is made as the product's rows are loaded, forward and backward, and never stored.
 *
 * One dispatch forward. Backward dx, dW and db together are one where a pass of ours asks for them (backward.ts), and one
 * more for the norm; else dx is one, and dW with db one or, where the rows are cut into blocks, two.
 */
import type { Tensor, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Matrix, Vector } from "../ops";
import { modelsOf } from "./models";
import { rmsNormGradient } from "./norm";
import { asTensors, type BackwardPass, currentBackend, registerOp, shared } from "./op";
import { backwardProducts, forwardProduct, type WeightGradient } from "./product";

interface Inputs {
  x: TensorInfo;
  weight: TensorInfo;
  bias?: TensorInfo;
  residual?: TensorInfo;
}

const weightGradient = (
  dy: TensorInfo,
  x: TensorInfo,
  { shape }: TensorInfo,
  bias: boolean,
  pass: BackwardPass | null,
  norm?: WeightGradient["norm"],
): WeightGradient => ({
  dy,
  x,
  of: shape,
  norm,
  weight: pass?.sink("weight") ?? null,
  bias: bias ? { sink: pass?.sink("bias") ?? null } : null,
});

const linearOp = registerOp<Inputs, { bias: boolean }>({
  name: "LabLinear",
  saveInputs: ["x", "weight"],
  run: (backend, { x, weight, bias, residual }) =>
    forwardProduct(backend, { x, weight, bias, residual, ending: "none", keep: false }),
  gradient({ dy, saved: [x, weight], attributes: { bias }, pass }) {
    const compute = (toX: boolean, toParameters: boolean) => {
      const other = toX ? (pass?.take("x") ?? null) : null;
      const made = backwardProducts(currentBackend(), {
        dx: toX ? { dy, weight: weight!, after: other ? { kind: "add", to: other } : { kind: "none" } } : undefined,
        dws: toParameters ? [weightGradient(dy, x!, weight!, bias, pass)] : [],
      });
      return asTensors([made.dx, made.dws[0]?.dw ?? null, made.dws[0]?.db ?? null]);
    };
    const all = pass ? shared(() => compute(pass.wants("x"), pass.wants("weight") || pass.wants("bias"))) : null;
    const toX = all ?? shared(() => compute(true, false));
    const toParameters = all ?? shared(() => compute(false, true));
    return {
      x: () => toX(0),
      weight: () => toParameters(1),
      bias: () => toParameters(2),
      residual: () => tf.clone(dy),
    };
  },
});

const normLinearOp = registerOp<Inputs & { gain: TensorInfo }, { bias: boolean; eps: number }>({
  name: "LabRmsNormLinear",
  saveInputs: ["x", "gain", "weight"],
  saveOutputs: [false, true],
  run: (backend, { x, gain, weight, bias }, { eps }) =>
    forwardProduct(backend, { x, weight, bias, norm: { gain, eps }, ending: "none", keep: false }),
  gradient({ dy, saved, attributes: { bias }, pass }) {
    const [x, gain, weight, stats] = saved as [Tensor2D, Tensor, Tensor, Tensor2D];
    const wants = (name: string) => pass === null || pass.wants(name);
    const inside = wants("x") || wants("gain");
    const products = shared(() => {
      const made = backwardProducts(currentBackend(), {
        dx: inside ? { dy, weight, after: { kind: "none" } } : undefined,
        dws: wants("weight") || wants("bias") ? [weightGradient(dy, x, weight, bias, pass, { gain, stats })] : [],
      });
      return asTensors([made.dx, made.dws[0]?.dw ?? null, made.dws[0]?.db ?? null]);
    });
    const norm = shared(() =>
      asTensors(rmsNormGradient({ x, gain, stats, dy: products(0)! }, pass, pass?.take("x") ?? null)),
    );
    return {
      x: () => norm(0),
      gain: () => norm(1),
      weight: () => products(1),
      bias: () => products(2),
    };
  },
});

function check(x: Tensor2D, weight: Matrix): void {
  const width = weight.shape.at(-1);
  if (x.shape[1] !== width) throw new Error(`linear: x is ${x.shape[1]} wide, the weight wants ${width}`);
  const models = modelsOf(weight, 2);
  if (x.shape[0] % models !== 0) throw new Error(`linear: ${x.shape[0]} rows are not those of ${models} models`);
}

/**
 * x [n, in] times weight [out, in] transposed, plus bias [out], plus residual [n, out] -> [n, out]. Of several models:
 * weight [models, out, in], bias [models, out].
 */
export function linear(x: Tensor2D, weight: Matrix, bias?: Vector, residual?: Tensor2D): Tensor2D {
  check(x, weight);
  const inputs: Inputs = { x, weight };
  if (bias) inputs.bias = bias;
  if (residual) inputs.residual = residual;
  return linearOp(inputs, { bias: bias !== undefined })[0] as Tensor2D;
}

/** `linear` of x / rms(x) * gain. */
export function rmsNormLinear(x: Tensor2D, gain: Vector, eps: number, weight: Matrix, bias?: Vector): Tensor2D {
  check(x, weight);
  return normLinearOp(bias ? { x, gain, weight, bias } : { x, gain, weight }, {
    bias: bias !== undefined,
    eps,
  })[0] as Tensor2D;
}
