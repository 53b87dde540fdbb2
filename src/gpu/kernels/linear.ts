/**
 * y = x W^T + b + r;  dx = dy W,  dW = dy^T x,  db = column sums of dy,  dr = dy.
 *
 * One dispatch forward. Backward dx, dW and db together are one where a pass of ours asks for them (backward.ts); else
 * dx is one, and dW with db one or, where the rows are cut into blocks, two.
 */
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { asTensor, currentBackend, registerOp, shared } from "./op";
import { backwardProduct, forwardProduct } from "./product";

interface Inputs {
  x: TensorInfo;
  weight: TensorInfo;
  bias?: TensorInfo;
  residual?: TensorInfo;
}

const linearOp = registerOp<Inputs, { bias: boolean }>({
  name: "LabLinear",
  saveInputs: ["x", "weight"],
  run: (backend, { x, weight, bias, residual }) =>
    forwardProduct(backend, { x, weight, bias, residual, ending: "none", keep: false }),
  gradient({ dy, saved: [x, weight], attributes: { bias }, pass }) {
    const compute = (toX: boolean, toParameters: boolean) => {
      const other = toX ? (pass?.take("x") ?? null) : null;
      const made = backwardProduct(currentBackend(), {
        dy,
        ...(toX ? { dx: { weight: weight!, after: other ? { kind: "add", to: other } : { kind: "none" } } } : {}),
        ...(toParameters
          ? {
              dw: {
                x: x!,
                weight: pass?.sink("weight") ?? null,
                bias: bias ? { sink: pass?.sink("bias") ?? null } : null,
              },
            }
          : {}),
      });
      return [made.dx, made.dw, made.db].map((info) => info && asTensor(info));
    };
    const wantsParameters = pass ? pass.wants("weight") || pass.wants("bias") : false;
    const all = pass ? shared(() => compute(pass.wants("x"), wantsParameters)) : null;
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

/** x [n, in] times weight [out, in] transposed, plus bias [out], plus residual [n, out] -> [n, out]. */
export function linear(x: Tensor2D, weight: Tensor2D, bias?: Tensor1D, residual?: Tensor2D): Tensor2D {
  if (x.shape[1] !== weight.shape[1])
    throw new Error(`linear: x is ${x.shape[1]} wide, the weight wants ${weight.shape[1]}`);
  const inputs: Inputs = { x, weight };
  if (bias) inputs.bias = bias;
  if (residual) inputs.residual = residual;
  return linearOp(inputs, { bias: bias !== undefined })[0] as Tensor2D;
}
