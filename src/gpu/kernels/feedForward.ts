/**
 * A transformer's feed-forward layer as one op, the activation (and the norm before it) within the products:
 *
 *   y = h V^T + c + r,   h = gelu(u), u = x W^T + b;   or, gated,  h = silu(g) * p, [g, p] = x W^T + b
 *   du = (dy V) * h'(u),  dx = du W,  dV = dy^T h,  dW = du^T x,  dc, db: column sums of dy, du,  dr = dy
 *
 * Two dispatches forward. u alone is kept; backward the first dispatch makes du and h again, the second all that waits for
 * them, and after an RMS norm of x a third goes through it. On a device with few bindings dV is a dispatch of its own.
 */
import type { Tensor, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { FeedForward } from "../ops";
import { siluGate } from "./activations";
import { linear } from "./linear";
import { rmsNorm, rmsNormGradient } from "./norm";
import { asTensor, asTensors, currentBackend, freeIntermediates, onTape, registerOp, shared } from "./op";
import { backwardBindings, backwardProducts, forwardProduct, type WeightGradient } from "./product";

interface Inputs {
  x: TensorInfo;
  gain?: TensorInfo;
  inner: TensorInfo;
  innerBias?: TensorInfo;
  outer: TensorInfo;
  outerBias?: TensorInfo;
  residual?: TensorInfo;
}
interface Attributes {
  gated: boolean;
  eps: number;
  innerBias: boolean;
  outerBias: boolean;
  /** x itself is the residual, so that what it adds to dx costs nothing. */
  addX: boolean;
  /** Whether there is a way back. */
  keep: boolean;
}

/** The op, with an RMS norm of x before it or without. */
const makeOp = (normed: boolean) =>
  registerOp<Inputs, Attributes>({
    name: normed ? "LabRmsNormFeedForward" : "LabFeedForward",
    saveInputs: normed ? ["x", "inner", "outer", "gain"] : ["x", "inner", "outer"],
    saveOutputs: normed ? [false, true, true] : [false, true],
    run(backend, { x, gain, inner, innerBias, outer, outerBias, residual }, { gated, eps, addX, keep }) {
      const made = forwardProduct(backend, {
        x,
        weight: inner,
        bias: innerBias,
        norm: gain ? { gain, eps } : undefined,
        ending: gated ? "silu gate" : "gelu",
        keep,
      });
      const h = made.shift()!;
      const u = keep ? made.shift()! : null;
      const stats = made.shift();
      const [y] = forwardProduct(backend, {
        x: h,
        weight: outer,
        bias: outerBias,
        residual: addX ? x : residual,
        ending: "none",
        keep: false,
      });
      freeIntermediates(backend, h);
      if (u) return stats ? [y!, u, stats] : [y!, u];
      if (stats) freeIntermediates(backend, stats);
      return [y!];
    },
    gradient({ dy, saved, attributes: { gated, innerBias, outerBias, addX }, pass }) {
      const [x, inner, outer] = saved as [Tensor, Tensor, Tensor];
      const gain = normed ? saved[3] : undefined;
      const [u, stats] = saved.slice(normed ? 4 : 3) as [Tensor2D, Tensor2D | undefined];
      const wants = (name: string) => pass === null || pass.wants(name);
      /** What x's gradient has beside what comes through the layer. */
      const otherOfX = (): Tensor | null => {
        const taken = pass?.take("x") ?? null;
        if (!addX) return taken;
        return taken ? tf.add(taken, dy) : dy;
      };
      const weightGradient = (name: "inner" | "outer", from: Tensor, to: Tensor, bias: boolean): WeightGradient[] =>
        wants(name) || wants(`${name}Bias`)
          ? [
              {
                dy: to,
                x: from,
                of: (name === "inner" ? inner : outer).shape,
                norm: name === "inner" && gain && stats ? { gain, stats } : undefined,
                weight: pass?.sink(name) ?? null,
                bias: bias ? { sink: pass?.sink(`${name}Bias`) ?? null } : null,
              },
            ]
          : [];
      const activation = shared(() => {
        const made = backwardProducts(currentBackend(), {
          dx: { dy, weight: outer, after: { kind: gated ? "silu gate" : "gelu", u } },
          dws: [],
        });
        return [asTensor(made.dx!), asTensor(made.h!)];
      });
      const products = shared(() => {
        const [du, h] = [activation(0), activation(1)];
        const inside = wants("x") || (normed && wants("gain"));
        // What x's gradient has from elsewhere is added here, or where it goes through the norm.
        const other = inside && !normed ? otherOfX() : null;
        const dx = inside
          ? { dy: du, weight: inner, after: other ? { kind: "add" as const, to: other } : { kind: "none" as const } }
          : undefined;
        const toInner = weightGradient("inner", x, du, innerBias);
        const toOuter = weightGradient("outer", h, dy, outerBias);
        const backend = currentBackend();
        const together = { dx, dws: [...toInner, ...toOuter] };
        const fits = backwardBindings(together) <= backend.device.limits.maxStorageBuffersPerShaderStage;
        const first = backwardProducts(backend, fits ? together : { dx, dws: toInner });
        const later = fits ? [] : backwardProducts(backend, { dws: toOuter }).dws;
        const dws = [...first.dws, ...later];
        const ofInner = toInner.length > 0 ? dws.shift() : undefined;
        const ofOuter = toOuter.length > 0 ? dws.shift() : undefined;
        return asTensors([first.dx, ofInner?.dw, ofInner?.db, ofOuter?.dw, ofOuter?.db]);
      });
      const norm = shared(() =>
        asTensors(rmsNormGradient({ x, gain: gain!, stats: stats!, dy: products(0)! }, pass, otherOfX())),
      );
      return {
        x: () => (normed ? norm(0) : products(0)),
        gain: () => norm(1),
        inner: () => products(1),
        innerBias: () => products(2),
        outer: () => products(3),
        outerBias: () => products(4),
        residual: () => tf.clone(dy),
      };
    },
  });
const feedForwardOp = makeOp(false);
const normFeedForwardOp = makeOp(true);

/**
 * x [n, width] -> [n, width] through a hidden layer: inner [hidden, width], or gated [2 hidden, width] with the gate's
 * rows first; outer [width, hidden]; all of them with a leading dimension for several models. A residual [n, width] is
 * added.
 */
export function feedForward(x: Tensor2D, layer: FeedForward, residual?: Tensor2D): Tensor2D {
  const { gated, norm, inner, innerBias, outer, outerBias } = layer;
  const hidden = outer.shape.at(-1)!;
  if (inner.shape.at(-2) !== hidden * (gated ? 2 : 1) || inner.shape.at(-1) !== x.shape[1])
    throw new Error(`feedForward: inner ${inner.shape} does not fit x ${x.shape} and outer ${outer.shape}`);
  // The gate's and the other half's columns are loaded as vectors side by side.
  if (gated && hidden % 4 !== 0) {
    const u = linear(norm ? rmsNorm(x, norm.gain, norm.eps) : x, inner, innerBias);
    const [gate, up] = tf.split(u, 2, 1) as [Tensor2D, Tensor2D];
    return linear(siluGate(gate, up), outer, outerBias, residual);
  }
  const inputs: Inputs = { x, inner, outer };
  if (norm) inputs.gain = norm.gain;
  if (innerBias) inputs.innerBias = innerBias;
  if (outerBias) inputs.outerBias = outerBias;
  if (residual && residual !== x) inputs.residual = residual;
  return (norm ? normFeedForwardOp : feedForwardOp)(inputs, {
    gated,
    eps: norm?.eps ?? 0,
    innerBias: innerBias !== undefined,
    outerBias: outerBias !== undefined,
    addX: residual === x,
    keep: onTape(),
  })[0] as Tensor2D;
}
