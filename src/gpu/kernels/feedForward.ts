/**
 * A transformer's feed-forward layer as one op of two dispatches each way, the activation within the products:
 *
 *   y = h V^T + c + r,   h = gelu(u), u = x W^T + b;   or, gated,  h = silu(g) * p, [g, p] = x W^T + b
 *   dh = dy V,  du = dh * h'(u),  dx = du W,  dV = dy^T h,  dW = du^T x,  dc, db: column sums of dy, du,  dr = dy
 */
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { FeedForward } from "../ops";
import { siluGate } from "./activations";
import { linear } from "./linear";
import { asTensor, currentBackend, freeIntermediates, onTape, registerOp, shared } from "./op";
import { backwardProduct, forwardProduct } from "./product";

interface Inputs {
  x: TensorInfo;
  inner: TensorInfo;
  innerBias?: TensorInfo;
  outer: TensorInfo;
  outerBias?: TensorInfo;
  residual?: TensorInfo;
}
interface Attributes {
  gated: boolean;
  innerBias: boolean;
  outerBias: boolean;
  keep: boolean;
}

const feedForwardOp = registerOp<Inputs, Attributes>({
  name: "LabFeedForward",
  saveInputs: ["x", "inner", "outer"],
  saveOutputs: [false, true, true],
  run(backend, { x, inner, innerBias, outer, outerBias, residual }, { gated, keep }) {
    const [h, u] = forwardProduct(backend, {
      x,
      weight: inner,
      bias: innerBias,
      ending: gated ? "silu gate" : "gelu",
      keep,
    });
    const [y] = forwardProduct(backend, {
      x: h!,
      weight: outer,
      bias: outerBias,
      residual,
      ending: "none",
      keep: false,
    });
    if (keep) return [y!, u!, h!];
    freeIntermediates(backend, h!);
    return [y!];
  },
  gradient({ dy, saved, attributes: { gated, innerBias, outerBias }, pass }) {
    const [x, inner, outer, u, h] = saved as [Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const wants = (name: string) => pass === null || pass.wants(name);
    const parameters = (name: "inner" | "outer", from: Tensor2D, bias: boolean) =>
      wants(name) || wants(`${name}Bias`)
        ? {
            dw: {
              x: from,
              weight: pass?.sink(name) ?? null,
              bias: bias ? { sink: pass?.sink(`${name}Bias`) ?? null } : null,
            },
          }
        : {};
    const tensors = (made: ReturnType<typeof backwardProduct>) =>
      [made.dx, made.dw, made.db].map((info) => info && asTensor(info));
    const back = shared(() =>
      tensors(
        backwardProduct(currentBackend(), {
          dy,
          dx: { weight: outer, after: { kind: gated ? "silu gate" : "gelu", u } },
          ...parameters("outer", h, outerBias),
        }),
      ),
    );
    const front = shared(() => {
      const du = back(0)!;
      const toX = wants("x");
      const other = toX ? (pass?.take("x") ?? null) : null;
      return tensors(
        backwardProduct(currentBackend(), {
          dy: du,
          ...(toX ? { dx: { weight: inner, after: other ? { kind: "add", to: other } : { kind: "none" } } } : {}),
          ...parameters("inner", x, innerBias),
        }),
      );
    });
    return {
      x: () => front(0),
      inner: () => front(1),
      innerBias: () => front(2),
      outer: () => back(1),
      outerBias: () => back(2),
      residual: () => tf.clone(dy),
    };
  },
});

/**
 * x [n, width] -> [n, width] through a hidden layer: inner [hidden, width], or gated [2 hidden, width] with the gate's
 * rows first; outer [width, hidden]. A residual [n, width] is added.
 */
export function feedForward(x: Tensor2D, layer: FeedForward, residual?: Tensor2D): Tensor2D {
  const { gated, inner, innerBias, outer, outerBias } = layer;
  const hidden = outer.shape[1];
  if (inner.shape[0] !== hidden * (gated ? 2 : 1) || inner.shape[1] !== x.shape[1])
    throw new Error(`feedForward: inner ${inner.shape} does not fit x ${x.shape} and outer ${outer.shape}`);
  // The gate's and the other half's columns are loaded as vectors side by side.
  if (gated && hidden % 4 !== 0) {
    const [gate, up] = tf.split(linear(x, inner, innerBias), 2, 1) as [Tensor2D, Tensor2D];
    return linear(siluGate(gate, up), outer, outerBias, residual);
  }
  const inputs: Record<string, Tensor2D | Tensor1D> & Inputs = { x, inner, outer };
  if (innerBias) inputs.innerBias = innerBias;
  if (outerBias) inputs.outerBias = outerBias;
  if (residual) inputs.residual = residual;
  return feedForwardOp(inputs, {
    gated,
    innerBias: innerBias !== undefined,
    outerBias: outerBias !== undefined,
    keep: onTape(),
  })[0] as Tensor2D;
}
