/**
 * How an own kernel becomes an op of tfjs: registered under a name with its gradient, so that it stands on the tape like
 * tfjs' own ops do. A registered gradient is asked for each input apart; so an input that is not trained costs nothing.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** Where the gradient of a trained tensor goes; see gradients.ts. */
export interface GradientSink {
  /** Largest number of partial sums that fit. */
  readonly most: number;
  /** A place for so many partial sums, each as large as the tensor; the kernel has to write all of it. */
  take(partials: number): GPUBufferBinding;
}

/** A sink that has room left; null where there is none. */
export const usableSink = (sink: GradientSink | null | undefined): GradientSink | null =>
  sink && sink.most > 0 ? sink : null;

/** What a backward pass of ours tells an op beyond what tfjs does. */
export interface BackwardPass {
  /** Whether this input's gradient will be asked for. */
  wants(input: string): boolean;
  /** The gradient that this input has from elsewhere. Who takes it has to return the sum of both. */
  take(input: string): Tensor | null;
  /** Whether dy is the loss's own gradient, which is 1. */
  readonly one: boolean;
  /** Where this input's gradient goes instead of being returned; null: it is returned. For one use only. */
  sink(input: string): GradientSink | null;
}

/** What a gradient function has at hand. */
export interface GradientContext<Attributes> {
  /** The gradient of the op's first output. */
  dy: Tensor;
  /** The saved inputs, then the saved outputs, in the order of the op. */
  saved: Tensor[];
  attributes: Attributes;
  /** Null under tf.grad and its kin. */
  pass: BackwardPass | null;
}

let current: BackwardPass | null = null;

/** Runs a tape node's gradient function with what an op of ours wants to know. */
export function withPass<T>(pass: BackwardPass, fn: () => T): T {
  const before = current;
  current = pass;
  try {
    return fn();
  } finally {
    current = before;
  }
}

export interface Op<Inputs, Attributes> {
  name: string;
  /** Records the dispatches. Several outputs: only the first has a gradient, the others are there to be saved. */
  run(backend: WebGPUBackend, inputs: Inputs, attributes: Attributes): TensorInfo | TensorInfo[];
  saveInputs?: (keyof Inputs & string)[];
  /** Which outputs to save. */
  saveOutputs?: boolean[];
  /** By input: its gradient; null where it was written to the input's sink. */
  gradient?(context: GradientContext<Attributes>): { [K in keyof Inputs]?: () => Tensor | null };
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
          pass: current,
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
export function shared<T extends Tensor | null>(compute: () => T[]): (index: number) => T {
  const { state } = tf.engine();
  const outer = state.activeScope;
  let made: T[] | null = null;
  return (index) => {
    if (!made) {
      made = compute();
      const inner = state.activeScope;
      for (const tensor of made) {
        if (!tensor) continue;
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

/** A tensor of the scope that is open, from what `dispatch` made. */
export const asTensor = (info: TensorInfo): Tensor => tf.engine().makeTensorFromTensorInfo(info);

/** The same for several, of which some are not there. */
export const asTensors = (infos: readonly (TensorInfo | null | undefined)[]): (Tensor | null)[] =>
  infos.map((info) => (info ? asTensor(info) : null));

/** tfjs' current backend, which `openGpu` made. */
export const currentBackend = (): WebGPUBackend => tf.backend() as WebGPUBackend;

/** Whether what runs now may be walked backward later. */
export const onTape = (): boolean => (tf.engine().state as unknown as { gradientDepth: number }).gradientDepth > 0;
