/**
 * A step: a function from input tensors to output tensors that is run again and again with other inputs of the same
 * shapes. It can be run eagerly (op by op; the reference) or captured once and replayed as one command buffer.
 *
 * Inputs live in GPU buffers that are written before each run, so what changes from step to step (token ids, learning
 * rate, dropout counter) must be an input. State (parameters, moments) is updated in place inside the function.
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { Gpu } from "./device";
import { flatTensors, isHalf, isView, type Range, rangeOf } from "./flat";
import type { KernelTimes } from "./profile";

export interface InputSpec {
  shape: readonly number[];
  dtype: "float32" | "int32";
}
export type InputSpecs = Record<string, InputSpec>;
export type HostValues = Record<string, Float32Array | Int32Array>;
export type TensorMap = Record<string, Tensor>;
/** Must make the same sequence of ops every time it is called. Outputs are float32. */
export type StepFunction = (inputs: TensorMap) => TensorMap;

export interface StepStats {
  /** Compute dispatches of one run; null for an eager step. */
  dispatches: number | null;
  /** Bytes of intermediates and constants that the step holds. */
  bytes: number;
}

export interface Step {
  readonly kind: "captured" | "eager";
  readonly stats: StepStats;
  /**
   * Writes the inputs and submits one run. Does not wait.
   * @param times runs it so often, a captured step within one submit; for timing
   */
  run(values: HostValues, times?: number): void;
  /** Where inputs wait on the host to be sent: who fills these and runs the step with them saves a copy. Null: nowhere. */
  readonly places: HostValues | null;
  /** The value of an output after the last run. Waits for the GPU. */
  read(output: string): Promise<Float32Array>;
  /** Captured steps: one more run with the inputs of the last, each dispatch timed by the GPU; see profile.ts. */
  profile?(): Promise<KernelTimes>;
  /** The outputs as tensors; their values change with every run. */
  readonly outputs: TensorMap;
  dispose(): void;
}

/** Input tensors side by side in a buffer that is theirs alone, and the means to fill them. */
export interface StepInputs {
  tensors: TensorMap;
  /** Copies the values. Throws LabError "bad-input" naming the input whose size is not the captured one. */
  write(values: HostValues): void;
  /** As `Step.places`. */
  places: HostValues | null;
  dispose(): void;
}

const STORAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

/** A float32 or int32 tensor on a buffer of its own, zero-filled; never pooled, so its buffer stays the same. */
export function ownTensor(gpu: Gpu, spec: InputSpec, values?: Float32Array | Int32Array): Tensor {
  const size = spec.shape.reduce((a, b) => a * b, 1);
  if (gpu.heap) {
    const zeros = spec.dtype === "float32" ? new Float32Array(size) : new Int32Array(size);
    return tf.keep(tf.tensor(values ?? zeros, [...spec.shape], spec.dtype));
  }
  const buffer = gpu.device.createBuffer({ size: Math.max(4, size * 4), usage: STORAGE });
  gpu.account(buffer.size);
  if (values) gpu.device.queue.writeBuffer(buffer, 0, values as BufferSource);
  const tensor = tf.keep(tf.tensor({ buffer, zeroCopy: true }, [...spec.shape], spec.dtype));
  own.set(tensor, buffer);
  return tensor;
}
const own = new WeakMap<Tensor, GPUBuffer>();

/** The buffer of a tensor made by `ownTensor`. */
export function ownBuffer(tensor: Tensor): GPUBuffer {
  const buffer = own.get(tensor);
  if (!buffer) throw new Error("not a tensor with a buffer of its own");
  return buffer;
}

/** Overwrites values of a tensor that lives from step to step, from value number `offset` on. */
export function writeValues(gpu: Gpu, tensor: Tensor, values: Float32Array | Int32Array, offset = 0): void {
  if (isHalf(tensor)) throw new Error("a tensor of half floats is not written to: put its tower on the device anew");
  if (gpu.heap) {
    gpu.heap(tensor).set(values, offset);
    return;
  }
  const range = rangeOf(gpu, tensor);
  gpu.device.queue.writeBuffer(range.buffer, range.offset + offset * 4, values as BufferSource);
}

/** Copies a whole tensor to where value number `offset` of `to` is, which `ownTensor` made; ordered after what was run. */
export function copyValues(gpu: Gpu, from: Tensor, to: Tensor, offset: number): void {
  if (gpu.heap) {
    gpu.heap(to).set(gpu.heap(from), offset);
    return;
  }
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(bufferOf(gpu, from), 0, ownBuffer(to), offset * 4, from.size * 4);
  gpu.device.queue.submit([encoder.finish()]);
}

/** Frees a tensor made by `ownTensor`. */
export function disposeOwn(gpu: Gpu, tensor: Tensor): void {
  if (gpu.heap) {
    tensor.dispose();
    return;
  }
  const buffer = ownBuffer(tensor);
  tensor.dispose();
  gpu.account(-buffer.size);
  buffer.destroy();
}

export function makeInputs(gpu: Gpu, specs: InputSpecs): StepInputs {
  const names = Object.keys(specs);
  const flat = flatTensors(gpu, Object.values(specs));
  const send = gpu.heap ? null : sendTogether(gpu, flat.tensors);
  return {
    tensors: Object.fromEntries(names.map((name, i) => [name, flat.tensors[i]!])),
    write(values) {
      for (let i = 0; i < names.length; i++) {
        const value = values[names[i]!];
        const tensor = flat.tensors[i]!;
        if (!value || value.length !== tensor.size)
          throw new LabError(
            "bad-input",
            `The step was made for "${names[i]}" with ${tensor.size} values and was given ${value?.length ?? "none"}.`,
            "Make another step for another shape.",
          );
        if (!send) writeValues(gpu, tensor, value);
        else if (value !== send.places[i]) send.places[i]!.set(value);
      }
      send?.now();
    },
    places: send && Object.fromEntries(names.map((name, i) => [name, send.places[i]!])),
    dispose: flat.dispose,
  };
}

/**
 * A copy on the host of buffers that tensors lie in side by side, to be sent in one call a buffer: in a browser each call
 * crosses to another process, and 15 of them took a third of a step's time on the host.
 */
function sendTogether(gpu: Gpu, tensors: readonly Tensor[]) {
  const copies = new Map<GPUBuffer, ArrayBuffer>();
  const places = tensors.map((tensor) => {
    const { buffer, offset } = rangeOf(gpu, tensor);
    const copy = copies.get(buffer) ?? new ArrayBuffer(buffer.size);
    copies.set(buffer, copy);
    return tensor.dtype === "int32"
      ? new Int32Array(copy, offset, tensor.size)
      : new Float32Array(copy, offset, tensor.size);
  });
  return {
    places,
    now() {
      for (const [buffer, copy] of copies) gpu.device.queue.writeBuffer(buffer, 0, copy);
    },
  };
}

/** Submits what tfjs has recorded so far, so that what comes next is ordered after it. */
export function flush(gpu: Gpu): void {
  if (gpu.heap) return;
  gpu.backend.endComputePassEncoder();
  gpu.backend.ensureCommandEncoderReady();
  gpu.backend.submitQueue();
}

/** Reads whole buffers in one submit. */
export const readBuffers = (gpu: Gpu, buffers: readonly GPUBuffer[]): Promise<ArrayBuffer[]> =>
  readRanges(
    gpu,
    buffers.map((buffer) => ({ buffer, offset: 0, size: buffer.size })),
  );

/** Reads parts of buffers in one submit; unlike tf's `data()` it keeps no copy that would go stale. */
async function readRanges(gpu: Gpu, ranges: readonly Range[]): Promise<ArrayBuffer[]> {
  flush(gpu);
  const total = ranges.reduce((sum, range) => sum + range.size, 0);
  const staging = gpu.device.createBuffer({ size: Math.max(4, total), usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  const encoder = gpu.device.createCommandEncoder();
  let offset = 0;
  for (const range of ranges) {
    encoder.copyBufferToBuffer(range.buffer, range.offset, staging, offset, range.size);
    offset += range.size;
  }
  gpu.device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(0x1);
  } catch (cause) {
    gpu.check();
    throw new LabError("device-lost", "The GPU did not give its results back.", "Open the GPU again.", { cause });
  }
  gpu.check();
  const all = staging.getMappedRange().slice(0);
  staging.destroy();
  offset = 0;
  return ranges.map((range) => {
    const from = offset;
    offset += range.size;
    return all.slice(from, offset);
  });
}

/** The buffer that a tensor has to itself. Throws where it shares one: ask `rangeOf` there. */
export function bufferOf(gpu: Gpu, tensor: Tensor): GPUBuffer {
  if (isView(tensor)) throw new Error("the tensor is a part of a larger buffer");
  return rangeOf(gpu, tensor).buffer;
}

/** Values of tensors now, in one read-back. */
export async function readTensors(gpu: Gpu, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const { heap } = gpu;
  if (heap) {
    await gpu.finish();
    return tensors.map((tensor) => heap(tensor).slice() as Float32Array);
  }
  if (tensors.some(isHalf)) throw new Error("a tensor of half floats is not read back: its checkpoint has the values");
  const buffers = await readRanges(
    gpu,
    tensors.map((tensor) => rangeOf(gpu, tensor)),
  );
  return buffers.map((bytes, i) => new Float32Array(bytes, 0, tensors[i]!.size));
}

/** The step without a capture: op by op through tfjs. Slow on the host, and what a captured step is checked against. */
export function eagerStep(gpu: Gpu, fn: StepFunction, specs: InputSpecs): Step {
  const inputs = makeInputs(gpu, specs);
  const outputs: TensorMap = {};
  const copyOut = (result: TensorMap) => {
    for (const [name, tensor] of Object.entries(result)) {
      outputs[name] ??= ownTensor(gpu, { shape: tensor.shape, dtype: tensor.dtype as "float32" });
      if (gpu.heap) {
        copyValues(gpu, tensor, outputs[name], 0);
        continue;
      }
      const source = bufferOf(gpu, tensor);
      gpu.backend.endComputePassEncoder();
      gpu.backend.ensureCommandEncoderReady();
      const encoder = (gpu.backend as unknown as { commandEncoder: GPUCommandEncoder }).commandEncoder;
      encoder.copyBufferToBuffer(source, 0, ownBuffer(outputs[name]), 0, ownBuffer(outputs[name]).size);
    }
  };
  return {
    kind: "eager",
    stats: { dispatches: null, bytes: 0 },
    outputs,
    places: inputs.places,
    run(values, times = 1) {
      flush(gpu);
      inputs.write(values);
      for (let n = 0; n < times; n++) {
        const result = tf.tidy(() => fn(inputs.tensors));
        copyOut(result);
        flush(gpu);
        tf.dispose(result);
      }
    },
    read: async (name) => (await readTensors(gpu, [outputs[name]!]))[0]!,
    dispose() {
      inputs.dispose();
      for (const tensor of Object.values(outputs)) disposeOwn(gpu, tensor);
    },
  };
}
