/**
 * Own WGSL kernels inside tfjs' command stream. A tfjs `WebGPUProgram` has one output and writes every shape into a
 * uniform; a kernel dispatched here has any number of outputs, may update tensors in place, and bakes its sizes in.
 * It goes into the backend's current compute pass, so it is ordered with tfjs' own kernels and is captured like them.
 */

import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** A compute shader with its sizes baked in. Entry point `main`; bindings of group 0: reads first, then writes. */
export interface Kernel {
  /** Equal keys must mean equal code. Also the name under which the kernel appears in errors and profiles. */
  key: string;
  /** Called once a key: WGSL. Every binding must be used, for an unused one vanishes from the layout. */
  code: () => string;
  /** Workgroups to start. */
  workgroups: readonly [number, number, number];
  /** Numbers that the code reads rather than has baked in, a multiple of four: `uniformBinding`, after the writes. */
  uniforms?: readonly number[];
}

/** An output yet to be made. */
export interface OutputSpec {
  shape: number[];
  dtype?: DataType;
}

/** The parts of the backend that tfjs declares private. Pinned to tfjs 4.22.0; dispatch.test.ts checks that they are there. */
export interface BackendInternals {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  uniformPendingDisposal: GPUBuffer[];
  stagingPendingDisposal: GPUBuffer[];
  tensorDataPendingDisposal: object[];
  tensorToBinding(tensor: TensorInfo): GPUBufferBinding;
  /** Vectors of four are laid out one after the other. */
  makeUniforms(vectors: { type: "uint32"; data: number[] }[]): GPUBufferBinding;
  /** By a program's key; ours are in it too. */
  pipelineCache: Record<string, GPUComputePipeline>;
}

/** Opens the backend's private parts. */
export function internals(backend: WebGPUBackend): BackendInternals {
  return backend as unknown as BackendInternals;
}

/**
 * Records one dispatch.
 * @param reads tensors, or parts of buffers, bound read-only, in order
 * @param writes what to write: existing tensors and parts of buffers are updated in place, specs are made new
 * @returns the written tensors, in order, parts of buffers left out
 */
export function dispatch(
  backend: WebGPUBackend,
  kernel: Kernel,
  reads: readonly (TensorInfo | GPUBufferBinding)[],
  writes: readonly (TensorInfo | GPUBufferBinding | OutputSpec)[],
): TensorInfo[] {
  const outputs = writes.map((w) =>
    "dataId" in w || "buffer" in w ? w : backend.makeTensorInfo(w.shape, w.dtype ?? "float32"),
  );
  const bound = [...reads, ...outputs];
  const tensors = bound.filter((one): one is TensorInfo => "dataId" in one);
  const inside = internals(backend);
  for (const tensor of tensors) backend.uploadToGPU(tensor.dataId);
  const pipeline = pipelineFor(backend, kernel);
  const resources: GPUBufferBinding[] = bound.map((one) => ("dataId" in one ? inside.tensorToBinding(one) : one));
  const { uniforms } = kernel;
  if (uniforms) {
    const vectors = Array.from({ length: uniforms.length / 4 }, (_, i) => uniforms.slice(4 * i, 4 * i + 4));
    resources.push(inside.makeUniforms(vectors.map((data) => ({ type: "uint32", data }))));
  }
  const group = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  for (const tensor of tensors) inside.commandQueueOwnedIds.add(tensor.dataId as object);
  backend.ensureCommandEncoderReady();
  inside.computePassEncoder ??= inside.commandEncoder!.beginComputePass();
  const pass = inside.computePassEncoder;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...kernel.workgroups);
  inside.dispatchCountInPass++;
  if (tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE") <= inside.dispatchCountInPass) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  return outputs.filter((one): one is TensorInfo => "dataId" in one);
}

function pipelineFor(backend: WebGPUBackend, kernel: Kernel): GPUComputePipeline {
  const cache = internals(backend).pipelineCache;
  const key = `lab ${kernel.key}`;
  let pipeline = cache[key];
  if (!pipeline) {
    const module = backend.device.createShaderModule({ code: kernel.code(), label: kernel.key });
    pipeline = backend.device.createComputePipeline({
      label: kernel.key,
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    cache[key] = pipeline;
  }
  return pipeline;
}

/** WGSL of a read-only storage binding named `b<index>`. */
export const readBinding = (index: number, type: string): string =>
  `@group(0) @binding(${index}) var<storage, read> b${index}: ${type};\n`;
/** WGSL of a read-write storage binding named `b<index>`. */
export const writeBinding = (index: number, type: string): string =>
  `@group(0) @binding(${index}) var<storage, read_write> b${index}: ${type};\n`;

/** WGSL of the `count` vectors of a kernel's uniforms. */
export const uniformBinding = (index: number, name: string, count: number): string =>
  `@group(0) @binding(${index}) var<uniform> ${name}: array<vec4u, ${count}>;\n`;

// A dispatch may have 65,535 workgroups a dimension; past that the grid gets a second row.
const ROW = 32768;

/**
 * A one-dimensional grid of at least `threads` threads, `size` to a workgroup, of any length.
 * `index` is WGSL for the thread's number, given `id: vec3u` = global_invocation_id; the kernel still has to leave
 * where the number is past `threads`.
 */
export function linearGrid(threads: number, size = 64): { workgroups: [number, number, number]; index: string } {
  const groups = Math.max(1, Math.ceil(threads / size));
  if (groups <= 65535) return { workgroups: [groups, 1, 1], index: "id.x" };
  return { workgroups: [ROW, Math.ceil(groups / ROW), 1], index: `(id.x + id.y * ${ROW * size}u)` };
}

/** A grid of `groups` workgroups, however many; `groupNumber` finds out which one runs. */
export function workgroupGrid(groups: number): [number, number, number] {
  return groups <= ROW ? [Math.max(1, groups), 1, 1] : [ROW, Math.ceil(groups / ROW), 1];
}

/** WGSL for the workgroup's number in `workgroupGrid`, given the name of its workgroup_id: vec3u. May lie past the last. */
export const groupNumber = (id: string): string => `${id}.x + ${id}.y * ${ROW}u`;
