/**
 * A step's function run against stand-ins for tfjs' buffer manager, queue and device: what it would have the GPU do comes
 * out as a list of commands, and nothing is executed. capture.ts makes a step of it.
 */
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { Gpu } from "./device";
import { internals } from "./dispatch";
import type { Request } from "./lifetimes";
import { type DraftSheet, draftDevice, type PipelineDraft } from "./pipelines";
import { flush, type StepFunction, type TensorMap } from "./step";

/** What is bound, before its pipeline has been compiled and its buffers are there. */
type GroupDraft = Pick<GPUBindGroupDescriptor, "entries">;

/** As recorded: with drafts of pipelines and groups; and with real ones. */
export type Command<Pipeline = GPUComputePipeline | PipelineDraft, Group = GroupDraft> =
  | { kind: "dispatch"; pipeline: Pipeline; group: Group; counts: [number, number, number] }
  | { kind: "clear"; buffer: GPUBuffer; offset: number; size: number | undefined }
  | { kind: "copy"; from: GPUBuffer; fromOffset: number; to: GPUBuffer; toOffset: number; size: number };

/** As a replay runs it. */
export type Linked = Command<GPUComputePipeline, GPUBindGroup>;

/** Bytes that the host handed to the GPU during the recording. */
interface Upload {
  op: string;
  bytes: Uint8Array;
}

/** What one run of a step's function asked of the GPU. */
export interface Recording {
  /** Their buffers may be names of intermediates. */
  commands: Command[];
  uploads: Upload[];
  /** Op of each command. */
  ops: string[];
  /** Real ones: constants, and later outputs. */
  buffers: GPUBuffer[];
  /** Intermediates as they were asked for, and the name that each goes by in the commands. */
  requests: Request[];
  names: GPUBuffer[];
  outputs: TensorMap;
}

/** Frees what a recording holds. */
export function release(gpu: Gpu, recording: Recording): void {
  // Marked external, so that tfjs leaves their buffers to us.
  tf.dispose(recording.outputs);
  for (const buffer of recording.buffers) {
    gpu.account(-buffer.size);
    buffer.destroy();
  }
}

const MAP_READ = 0x1;
const UNIFORM = 0x40;
const STORAGE = 0x80 | 0x4 | 0x8;

const refuse = (op: string, what: string, remedy: string): never => {
  throw new LabError("not-capturable", `A captured step cannot hold "${op}": ${what}.`, remedy);
};

/** A name for a buffer that is not there yet. tfjs tells by the prototype what a tensor lies in. */
function nameOf(size: number, usage: number): GPUBuffer {
  return Object.create(GPUBuffer.prototype, {
    size: { value: size },
    usage: { value: usage },
    destroy: { value() {} },
  }) as GPUBuffer;
}

/**
 * Runs `fn` once against stand-ins; executes nothing.
 * @param sheet where its pipelines are drafted
 * @throws LabError "not-capturable" naming the op that cannot be recorded
 */
export function record(gpu: Gpu, fn: StepFunction, inputs: TensorMap, sheet: DraftSheet): Recording {
  const { backend, device } = gpu;
  const inside = internals(backend);
  flush(gpu);

  const recording: Recording = {
    commands: [],
    uploads: [],
    ops: [],
    buffers: [],
    requests: [],
    names: [],
    outputs: {},
  };
  // What is running: the outermost tfjs op that was called and the kernel it has got to.
  let kernel = "the step";
  const op = () => {
    const scope = tf.engine().state.scopeStack.find((s) => s.name.endsWith("__op"));
    const name = scope?.name.slice(0, -"__op".length);
    return name && name.toLowerCase() !== kernel.toLowerCase() ? `${name} (${kernel})` : kernel;
  };
  const push = (command: Command) => {
    recording.commands.push(command);
    recording.ops.push(op());
  };
  const create = (size: number, usage: number) => {
    const buffer = device.createBuffer({ size, usage });
    gpu.account(size);
    recording.buffers.push(buffer);
    return buffer;
  };

  const living = new Map<GPUBuffer, Request>();
  let time = 0;
  const constants = new Set<GPUBuffer>();
  const pool = {
    numBytesUsed: 0,
    numBytesAllocated: backend.bufferManager.numBytesAllocated,
    acquireBuffer(size: number, usage: number) {
      if (usage & MAP_READ)
        refuse(op(), "it reads values back from the GPU", "Return them as an output and read them after the step.");
      // Uniforms are fresh every time: a recorded bind group goes on naming them.
      if (usage & UNIFORM) return create(size, usage);
      const request = { size, usage, from: time++, to: Number.POSITIVE_INFINITY };
      const name = nameOf(size, usage);
      recording.requests.push(request);
      recording.names.push(name);
      living.set(name, request);
      return name;
    },
    releaseBuffer(buffer: GPUBuffer) {
      const request = living.get(buffer);
      if (!request) return; // a constant
      request.to = time++;
      living.delete(buffer);
    },
  };
  const upload = (buffer: GPUBuffer, bytes: Uint8Array) => {
    constants.add(buffer);
    recording.uploads.push({ op: op(), bytes });
    device.queue.writeBuffer(buffer, 0, bytes as BufferSource);
  };

  let pipeline: GPUComputePipeline | PipelineDraft | null = null;
  let group: GroupDraft | null = null;
  const pass = {
    setPipeline(p: GPUComputePipeline | PipelineDraft) {
      pipeline = p;
    },
    setBindGroup(_index: number, g: GroupDraft) {
      group = g;
    },
    dispatchWorkgroups(x: number, y = 1, z = 1) {
      push({ kind: "dispatch", pipeline: pipeline!, group: group!, counts: [x, y, z] });
    },
    end() {},
  };
  const encoder = {
    beginComputePass: () => pass,
    clearBuffer: (buffer: GPUBuffer, offset = 0, size?: number) => push({ kind: "clear", buffer, offset, size }),
    copyBufferToBuffer(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, size: number) {
      if (to.usage & MAP_READ) refuse(op(), "it reads values back from the GPU", "Read outputs after the step.");
      push({ kind: "copy", from, fromOffset, to, toOffset, size });
    },
    copyBufferToTexture: () => refuse(op(), "it copies to a texture", "Keep textures out of the step."),
    finish: () => null,
  };
  // Only what tfjs and dispatch.ts call on the device; anything else is a TypeError and thereby noticed.
  const standIn = {
    features: device.features,
    limits: device.limits,
    createCommandEncoder: () => encoder,
    createBindGroup: ({ entries }: GPUBindGroupDescriptor): GroupDraft => ({ entries }),
    ...draftDevice,
    createBuffer: (d: GPUBufferDescriptor) => create(d.size, d.usage),
    queue: device.queue,
  };

  const saved = {
    bufferManager: backend.bufferManager,
    device: backend.device,
    queue: backend.queue,
    commandQueueOwnedIds: inside.commandQueueOwnedIds,
    pipelineCache: inside.pipelineCache,
  };
  const variables = Object.values(tf.engine().state.registeredVariables).map((v) => ({ v, dataId: v.dataId }));
  const original = Object.getPrototypeOf(backend) as typeof backend;
  const overrides = {
    bufferManager: pool,
    device: standIn,
    pipelineCache: sheet.cache,
    queue: {
      submit() {},
      writeBuffer: (buffer: GPUBuffer, offset: number, data: ArrayBuffer, dataOffset = 0, size?: number) => {
        const bytes = new Uint8Array(data.slice(dataOffset, size === undefined ? undefined : dataOffset + size));
        if (offset !== 0)
          refuse(op(), "it writes into the middle of a buffer", "Make what changes an input of the step.");
        upload(buffer, bytes);
      },
    },
    commandEncoder: encoder,
    computePassEncoder: null,
    // tfjs holds disposals back until its queue is submitted. Recorded commands run in order, so a buffer may be used
    // again by the very next one: nothing is ever "owned by the queue" here.
    commandQueueOwnedIds: { add() {}, has: () => false },
    submitQueue() {},
    uploadToGPU(dataId: object) {
      const data = backend.tensorMap.get(dataId);
      if (data.resource) return;
      const bytes =
        tf.util.sizeFromShape(data.shape) * tf.util.bytesPerElement(data.dtype === "bool" ? "int32" : data.dtype);
      if (!data.values) {
        data.resource = pool.acquireBuffer(bytes, STORAGE);
        return;
      }
      const Typed = data.dtype === "float32" ? Float32Array : Int32Array;
      const buffer = create(bytes, STORAGE);
      upload(buffer, new Uint8Array(new Typed(data.values as ArrayLike<number>).buffer));
      data.resource = buffer;
      (data as { values: unknown }).values = null;
    },
    shouldExecuteOnCPU(...args: Parameters<typeof backend.shouldExecuteOnCPU>) {
      if (original.shouldExecuteOnCPU.apply(backend, args))
        refuse(op(), "it is computed on the CPU", "Switch WEBGPU_CPU_FORWARD off.");
      return false;
    },
    read: () => refuse(op(), "it reads values back from the GPU", "Return them as an output."),
    readSync(dataId: object) {
      const { values } = backend.tensorMap.get(dataId);
      // Values that never were on the GPU: the op works on the CPU; what it makes of them is an upload and compared.
      return values ?? refuse(op(), "it reads values back from the GPU", "Return them as an output.");
    },
    readToGPU: () => refuse(op(), "it copies values out of the step", "Return them as an output."),
  };
  const engine = tf.engine() as unknown as { runKernelFunc(params: { kernelName?: string }): unknown };
  const runKernelFunc = engine.runKernelFunc;
  engine.runKernelFunc = function (this: unknown, params) {
    kernel = params.kernelName ?? kernel;
    return runKernelFunc.call(this, params);
  };
  try {
    Object.assign(backend, overrides);
    recording.outputs = tf.tidy(() => fn(inputs));
    for (const [name, tensor] of Object.entries(recording.outputs)) {
      if (backend.tensorMap.get(tensor.dataId).external)
        refuse(name, "an output is an input or a state tensor itself", "Return a new tensor.");
      tf.keep(tensor);
      backend.uploadToGPU(tensor.dataId);
      backend.tensorMap.get(tensor.dataId).external = true;
    }
    for (const { v, dataId } of variables)
      if (v.dataId !== dataId)
        refuse(`assign of ${v.name}`, "the variable moves to another buffer", "Update it in place.");
  } catch (error) {
    for (const buffer of recording.buffers) {
      gpu.account(-buffer.size);
      buffer.destroy();
    }
    throw error;
  } finally {
    delete (engine as Partial<typeof engine>).runKernelFunc;
    for (const key of Object.keys(overrides)) delete (backend as unknown as Record<string, unknown>)[key];
    Object.assign(backend, saved, { commandEncoder: null, computePassEncoder: null, tensorDataPendingDisposal: [] });
    inside.dispatchCountInPass = 0;
    inside.stagingPendingDisposal.length = 0;
    inside.uniformPendingDisposal.length = 0;
  }
  return recording;
}

/**
 * Two recordings of one function must be the same but for their buffers.
 * @throws LabError "not-capturable" naming the op that differs
 */
export function compare(a: Recording, b: Recording): void {
  const differ = (op: string, what: string) =>
    refuse(op, what, "Make what changes from step to step an input of the step; use this project's own dropout.");
  if (a.commands.length !== b.commands.length)
    differ(
      a.ops[b.commands.length] ?? b.ops[a.commands.length] ?? "the step",
      "the number of its commands changes from step to step",
    );
  a.commands.forEach((command, i) => {
    const other = b.commands[i]!;
    const same =
      command.kind === "dispatch" && other.kind === "dispatch"
        ? command.pipeline === other.pipeline && command.counts.every((n, k) => n === other.counts[k])
        : command.kind === other.kind;
    if (!same) differ(a.ops[i]!, "its commands change from step to step");
  });
  if (a.uploads.length !== b.uploads.length) differ("an upload", "the number of uploads changes from step to step");
  a.uploads.forEach((upload, i) => {
    const other = b.uploads[i]!;
    if (upload.bytes.length !== other.bytes.length || !upload.bytes.every((byte, k) => byte === other.bytes[k]))
      differ(upload.op, "it uploads other values each time, and a replay would repeat the first");
  });
}
