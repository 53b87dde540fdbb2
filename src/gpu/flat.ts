/**
 * Tensors that lie in one buffer. A tower's parameters are a few large buffers rather than many small ones, so that the
 * optimizer updates them in one dispatch; tfjs and our kernels see each tensor as usual, through a view.
 *
 * tfjs binds a tensor's whole buffer. `bindViews` mends that for one backend: it replaces `tensorToBinding`, through which
 * tfjs' kernels and ours get every binding. What takes a tensor's buffer by other means (read-back, copies) has to ask
 * `rangeOf`.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { halfBits } from "../core/half";
import type { Gpu } from "./device";
import { internals } from "./dispatch";

/** A part of a buffer, in bytes. */
export interface Range {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

const views = new WeakMap<object, Range>();
/** Views whose values are half floats, two in a word. */
const halves = new WeakSet<object>();

/** Makes the backend bind views as the part of the buffer that they are. Once, when the backend is made. */
export function bindViews(backend: WebGPUBackend): void {
  const inside = internals(backend);
  const whole = inside.tensorToBinding;
  inside.tensorToBinding = (tensor: TensorInfo) => {
    const view = tensor && views.get(tensor.dataId as object);
    if (view && isHalf(tensor))
      throw new Error("a tensor of half floats is read by linear, feedForward and embed alone");
    return view ?? whole.call(backend, tensor);
  };
}

/** What a kernel of ours binds for a tensor that it knows to be of half floats. */
export const halfBinding = (tensor: TensorInfo): Range | null =>
  isHalf(tensor) ? views.get(tensor.dataId as object)! : null;

/** Where a tensor's values are on the GPU. */
export function rangeOf(gpu: Gpu, tensor: TensorInfo): Range {
  gpu.backend.uploadToGPU(tensor.dataId);
  const buffer = gpu.backend.tensorMap.get(tensor.dataId).resource as GPUBuffer;
  return views.get(tensor.dataId as object) ?? { buffer, offset: 0, size: buffer.size };
}

/** Whether a tensor is a part of a larger buffer. */
export const isView = (tensor: TensorInfo): boolean => views.has(tensor.dataId as object);

/**
 * Whether a tensor's values are half floats, two in a word: a weight that is only read. linear, feedForward and embed
 * read it so; tfjs' own kernels refuse it.
 */
export const isHalf = (tensor: TensorInfo): boolean => halves.has(tensor.dataId as object);

// WebGPU's default for the offset of a storage binding; devices may allow less.
const ALIGNMENT = 256;
const STORAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

export interface FlatTensors {
  tensors: Tensor[];
  dispose(): void;
}

/** Where pieces of these sizes in bytes come to lie in buffers of at most `limit` bytes, each at a 256-byte boundary. */
export function packSegments(
  sizes: readonly number[],
  limit: number,
): { places: { segment: number; offset: number }[]; segments: number[] } {
  const segments: number[] = [];
  const places = sizes.map((size) => {
    const last = segments.length - 1;
    const offset = last < 0 ? 0 : Math.ceil(segments[last]! / ALIGNMENT) * ALIGNMENT;
    if (last < 0 || offset + size > limit) {
      segments.push(size);
      return { segment: last + 1, offset: 0 };
    }
    segments[last] = offset + size;
    return { segment: last, offset };
  });
  return { places, segments };
}

/** Bytes that this device binds at once. */
export const bindingLimit = (gpu: Gpu): number =>
  gpu.heap
    ? Number.POSITIVE_INFINITY
    : Math.min(gpu.device.limits.maxStorageBufferBindingSize, gpu.device.limits.maxBufferSize);

/** Buffers for pieces of these sizes in bytes, each piece at a 256-byte boundary of one of them. */
export function segmentBuffers(
  gpu: Gpu,
  sizes: readonly number[],
): { places: { segment: number; offset: number }[]; buffers: GPUBuffer[]; dispose(): void } {
  const { places, segments } = packSegments(sizes, bindingLimit(gpu));
  const buffers = segments.map((size) => gpu.device.createBuffer({ size: Math.max(4, size), usage: STORAGE }));
  for (const buffer of buffers) gpu.account(buffer.size);
  return {
    places,
    buffers,
    dispose() {
      for (const buffer of buffers) {
        gpu.account(-buffer.size);
        buffer.destroy();
      }
    },
  };
}

/** A tensor of this shape in a buffer of half the bytes that tfjs would want for it. */
function halfTensor(buffer: GPUBuffer, shape: readonly number[]): Tensor {
  const engine = tf.engine();
  const words = tf.tensor({ buffer, zeroCopy: true }, [1], "float32");
  const tensor = engine.makeTensorFromTensorInfo({ dataId: words.dataId, shape: [...shape], dtype: "float32" });
  engine.backend.incRef(words.dataId);
  words.dispose();
  return tensor;
}

export interface FlatSpec {
  shape: readonly number[];
  values?: Float32Array;
  /** As half floats; its rows have to be a multiple of 4 values wide. */
  half?: boolean;
  /** float32 unless given. */
  dtype?: "float32" | "int32";
}

/** Half floats of the values, two in a word: the first in the lower bits. */
export function packHalf(values: Float32Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 2));
  for (let i = 0; i < values.length; i++) words[i >> 1]! |= halfBits(values[i]!) << (16 * (i & 1));
  return words;
}

/**
 * Tensors side by side in as few buffers as the device's binding limit allows.
 * @throws LabError "gpu-refused" where one of them is larger than the limit
 */
export function flatTensors(gpu: Gpu, specs: readonly FlatSpec[]): FlatTensors {
  if (gpu.heap) {
    // Half floats save a GPU's memory; here all stay as they are.
    const tensors = specs.map(({ shape, values, dtype }) =>
      tf.keep(values ? tf.tensor(values, [...shape], "float32") : tf.zeros([...shape], dtype)),
    );
    return { tensors, dispose: () => tf.dispose(tensors) };
  }
  const limit = bindingLimit(gpu);
  const sizes = specs.map(({ shape, half }) => (half ? 2 : 4) * shape.reduce((a, b) => a * b, 1));
  const largest = Math.max(0, ...sizes);
  if (largest > limit)
    throw new LabError(
      "gpu-refused",
      `A tensor of ${Math.ceil(largest / 2 ** 20)} MiB does not fit: this GPU binds ${Math.floor(limit / 2 ** 20)} MiB at once.`,
      "Choose a smaller width or vocabulary, or fewer students at once.",
    );
  const { places, buffers, dispose } = segmentBuffers(gpu, sizes);
  const tensors = specs.map(({ shape, values, half = false, dtype = "float32" }, i) => {
    if (half && shape.at(-1)! % 4 !== 0) throw new Error(`half floats in rows of ${shape.at(-1)}, no multiple of 4`);
    const { segment, offset } = places[i]!;
    const buffer = buffers[segment]!;
    if (values) gpu.device.queue.writeBuffer(buffer, offset, (half ? packHalf(values) : values) as BufferSource);
    const tensor = tf.keep(half ? halfTensor(buffer, shape) : tf.tensor({ buffer, zeroCopy: true }, [...shape], dtype));
    views.set(tensor.dataId as object, { buffer, offset, size: sizes[i]! });
    if (half) halves.add(tensor.dataId as object);
    return tensor;
  });
  return {
    tensors,
    dispose() {
      tf.dispose(tensors);
      dispose();
    },
  };
}
