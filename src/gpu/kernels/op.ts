/**
 * How an own kernel becomes an op of tfjs: registered under a name with its gradient, so that it stands on the tape like
 * tfjs' own ops do. A registered gradient is asked for each input apart; so an input that is not trained costs nothing.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** What a gradient function has at hand. */
export interface GradientContext<Attributes> {
  /** The gradient of the op's first output. */
  dy: Tensor;
  /** The saved inputs, then the saved outputs, in the order of the op. */
  saved: Tensor[];
  attributes: Attributes;
}

export interface Op<Inputs, Attributes> {
  name: string;
  /** Records the dispatches. Several outputs: only the first has a gradient, the others are there to be saved. */
  run(backend: WebGPUBackend, inputs: Inputs, attributes: Attributes): TensorInfo | TensorInfo[];
  saveInputs?: (keyof Inputs & string)[];
  /** Which outputs to save. */
  saveOutputs?: boolean[];
  gradient?(context: GradientContext<Attributes>): { [K in keyof Inputs]?: () => Tensor };
}

/** Calls a registered op; the outputs are differentiable where the op has a gradient. */
export type Call<Inputs, Attributes> = (inputs: Inputs, attributes: Attributes) => Tensor[];

/** Registers an op for the webgpu backend and returns the function that calls it. */
export function registerOp<Inputs, Attributes = object>(op: Op<Inputs, Attributes>): Call<Inputs, Attributes> {
  tf.registerKernel({
    kernelName: op.name,
    backendName: "webgpu",
    kernelFunc: ({ inputs, backend, attrs }) =>
      op.run(backend as WebGPUBackend, inputs as Inputs, attrs as unknown as Attributes),
  });
  const { gradient } = op;
  if (gradient)
    tf.registerGradient({
      kernelName: op.name,
      inputsToSave: op.saveInputs ?? [],
      outputsToSave: op.saveOutputs ?? [],
      gradFunc: (dys, saved, attributes) =>
        gradient({
          dy: Array.isArray(dys) ? dys[0]! : dys,
          saved,
          attributes: attributes as unknown as Attributes,
        }) as { [input: string]: () => Tensor },
    });
  return (inputs, attributes) => {
    const out: Tensor | Tensor[] = tf
      .engine()
      .runKernel(op.name, inputs as unknown as NamedTensorMap, attributes as unknown as NamedAttrMap);
    return Array.isArray(out) ? out : [out];
  };
}

/**
 * Lets the gradients of several inputs share what is computed once, when the first of them is asked for. Call it at the
 * top of a gradient function.
 *
 * tfjs wraps each input's gradient in a tidy of its own, which would dispose of the sibling's result; so the results
 * move to the scope of the whole backward pass, which disposes of those that nobody asked for.
 */
export function shared(compute: () => Tensor[]): (index: number) => Tensor {
  const { state } = tf.engine();
  const outer = state.activeScope;
  let made: Tensor[] | null = null;
  return (index) => {
    if (!made) {
      made = compute();
      const inner = state.activeScope;
      for (const tensor of made) {
        const at = inner.track.indexOf(tensor);
        if (at >= 0) inner.track.splice(at, 1);
        tensor.scopeId = outer.id;
        outer.track.push(tensor);
      }
    }
    return made[index]!;
  };
}

/** Frees an intermediate of an op's `run`, once what reads it has been recorded. */
export function freeIntermediates(backend: WebGPUBackend, ...infos: TensorInfo[]): void {
  for (const info of infos) backend.disposeData(info.dataId);
}
