/**
 * Record and replay. A step whose shapes are fixed issues the same dispatches every time, so they are recorded once
 * (pipeline, bind group, workgroup counts, clears, copies) and replayed as one command buffer in one submit. The host's
 * share of a step falls from hundreds of milliseconds to less than one.
 *
 * For any program on tfjs' WebGPU backend (4.22.0, whose private parts this relies on; dispatch.test.ts looks for them):
 *
 *     const gpu = await openGpu();                        // makes the backend, with small tensors kept off the CPU
 *     const step = captureStep(gpu, ({ x }) => ({ y: tf.tanh(tf.matMul(x, weights)) }), { x: { shape: [8, 4], dtype: "float32" } });
 *     step.run({ x: values });                            // writes the inputs, one submit, does not wait
 *     const y = await step.read("y");                     // waits; step.outputs.y is the tensor itself
 *     step.dispose();
 *
 * The function may use any tfjs op and any kernel of `dispatch.ts`. State that lasts from run to run (parameters, moments)
 * is updated in place by such a kernel, in tensors made by `ownTensor`. Where the memory lies:
 *
 *     inputs         buffers of their own, one an input, written before each run
 *     constants      numbers that ops upload (every scalar, every shape): buffers of their own, written once
 *     outputs        buffers of their own: they stay as they are until the next run of the same capture
 *     intermediates  buffers shared by lifetime within the capture (lifetimes.ts), and with all other captures of the GPU
 *                    (arena.ts): the biggest capture decides how many bytes they take
 *
 * All of it is in `gpu.bytes()`, to the byte, and gone from it after `dispose`.
 *
 * Recording is dry: tfjs runs the function against stand-ins for its device, its queue and its buffer pool. Nothing is
 * executed, so parameters are not touched, and intermediates are no buffers yet, only names for them: recording takes no
 * memory. Bind groups are made of the recorded names before the first run, and again where the arena's buffers are others.
 *
 * What a replay would get wrong is refused, naming the op: reading back, an op computed on the CPU, a variable that is
 * assigned a new buffer, and an upload that changes. The last is found by recording twice: bytes that differ are not
 * constants (tf.dropout's mask, a step counter). So whatever changes must be an input.
 */
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { type Arena, arenaOf, type Room } from "./arena";
import type { Gpu } from "./device";
import { internals } from "./dispatch";
import { planBuffers, type Request } from "./lifetimes";
import { type DraftSheet, draftDevice, draftSheet, type PipelineDraft, pipelineOf } from "./pipelines";
import { timeCommands } from "./profile";
import {
  eagerStep,
  flush,
  type InputSpecs,
  makeInputs,
  readBuffers,
  type Step,
  type StepFunction,
  type TensorMap,
} from "./step";

/** What is bound, before its pipeline has been compiled and its buffers are there. */
type GroupDraft = Pick<GPUBindGroupDescriptor, "entries">;

/** As recorded: with drafts of pipelines and groups; and with real ones. */
type Command<Pipeline = GPUComputePipeline | PipelineDraft, Group = GroupDraft> =
  | { kind: "dispatch"; pipeline: Pipeline; group: Group; counts: [number, number, number] }
  | { kind: "clear"; buffer: GPUBuffer; offset: number; size: number | undefined }
  | { kind: "copy"; from: GPUBuffer; fromOffset: number; to: GPUBuffer; toOffset: number; size: number };

export type Linked = Command<GPUComputePipeline, GPUBindGroup>;

/** Bytes that the host handed to the GPU during the recording. */
interface Upload {
  op: string;
  bytes: Uint8Array;
}

interface Recording {
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

/**
 * Captures `fn` for inputs of these shapes; on a CPU, which has no commands to record, an eager step. Nothing is compiled yet: `compileWaiting` (pipelines.ts) does it for all
 * captures at once; the first run does what is left.
 * @throws LabError "not-capturable" naming the op that cannot be replayed faithfully
 * @param arena whose buffers intermediates share
 */
export function captureStep(gpu: Gpu, fn: StepFunction, specs: InputSpecs, arena?: Arena): Step {
  if (gpu.heap) return eagerStep(gpu, fn, specs);
  return capture(gpu, fn, specs, arena ?? arenaOf(gpu));
}

function capture(gpu: Gpu, fn: StepFunction, specs: InputSpecs, arena: Arena): Step {
  const inputs = makeInputs(gpu, specs);
  let kept: Recording;
  let forgetDrafts: () => void;
  try {
    // Recorded twice: a function that peeks at host state betrays itself by other bytes.
    const sheet = draftSheet(gpu.backend);
    const first = record(gpu, fn, inputs.tensors, sheet);
    release(gpu, first);
    kept = record(gpu, fn, inputs.tensors, sheet);
    try {
      compare(first, kept);
      forgetDrafts = sheet.keep(kept.commands.flatMap((c) => (c.kind === "dispatch" ? [c.pipeline] : [])));
    } catch (error) {
      release(gpu, kept);
      throw error;
    }
  } catch (error) {
    inputs.dispose();
    throw error;
  }
  const lasting = giveLasting(gpu, kept);
  const plan = planBuffers(kept.requests.filter(({ to }) => to !== Number.POSITIVE_INFINITY));
  const room = arena.join(plan.buffers);
  const commands = binder(gpu, kept, plan.bufferOf, room, lasting);
  const bytes = [...kept.buffers, ...plan.buffers].reduce((sum, buffer) => sum + buffer.size, 0);
  const bufferOfOutput = (name: string) => {
    const tensor = kept.outputs[name];
    if (!tensor) throw new Error(`the step has no output "${name}"`);
    return gpu.backend.tensorMap.get(tensor.dataId).resource as GPUBuffer;
  };
  return {
    kind: "captured",
    stats: { dispatches: kept.commands.filter((c) => c.kind === "dispatch").length, bytes },
    outputs: kept.outputs,
    run(values, times = 1) {
      inputs.write(values);
      replay(gpu.device, commands(), times);
    },
    profile: () => timeCommands(gpu, commands()),
    async read(name) {
      const [bytes] = await readBuffers(gpu, [bufferOfOutput(name)]);
      return new Float32Array(bytes!, 0, kept.outputs[name]!.size);
    },
    dispose() {
      forgetDrafts();
      release(gpu, kept);
      room.leave();
      inputs.dispose();
    },
  };
}

/** Real buffers for what outlives a run: outputs. By the name that they went by. */
function giveLasting(gpu: Gpu, { requests, names, buffers, outputs }: Recording): Map<GPUBuffer, GPUBuffer> {
  const lasting = new Map<GPUBuffer, GPUBuffer>();
  requests.forEach(({ size, usage, to }, i) => {
    if (to !== Number.POSITIVE_INFINITY) return;
    const buffer = gpu.device.createBuffer({ size, usage });
    gpu.account(size);
    buffers.push(buffer);
    lasting.set(names[i]!, buffer);
  });
  for (const tensor of Object.values(outputs)) {
    const data = gpu.backend.tensorMap.get(tensor.dataId);
    data.resource = lasting.get(data.resource as GPUBuffer)!;
  }
  return lasting;
}

/** Gives the commands with real pipelines and buffers; those of before, as long as the arena's buffers are the same. */
function binder(
  gpu: Gpu,
  { commands, requests, names }: Recording,
  bufferOf: readonly number[],
  room: Room,
  lasting: ReadonlyMap<GPUBuffer, GPUBuffer>,
): () => readonly Linked[] {
  const passing = names.filter((_, i) => requests[i]!.to !== Number.POSITIVE_INFINITY);
  let made: readonly Linked[] = [];
  let generation = -1;
  return () => {
    const current = room.generation();
    if (generation === current) return made;
    const buffers = room.buffers();
    const real = new Map([...lasting, ...passing.map((name, i) => [name, buffers[bufferOf[i]!]!] as const)]);
    const of = (buffer: GPUBuffer) => real.get(buffer) ?? buffer;
    const layouts = new Map<GPUComputePipeline, GPUBindGroupLayout>();
    made = commands.map((command) => {
      if (command.kind === "clear") return { ...command, buffer: of(command.buffer) };
      if (command.kind === "copy") return { ...command, from: of(command.from), to: of(command.to) };
      const pipeline = pipelineOf(gpu.backend, command.pipeline);
      let layout = layouts.get(pipeline);
      if (!layout) {
        layout = pipeline.getBindGroupLayout(0);
        layouts.set(pipeline, layout);
      }
      return {
        ...command,
        pipeline,
        group: gpu.device.createBindGroup({
          layout,
          entries: Array.from(command.group.entries, ({ binding, resource }) => {
            const bound = resource as GPUBufferBinding;
            return { binding, resource: { ...bound, buffer: of(bound.buffer) } };
          }),
        }),
      };
    });
    // Only now: where a pipeline is refused above, the next call has to try again.
    generation = current;
    return made;
  };
}

function replay(device: GPUDevice, commands: readonly Linked[], times: number): void {
  const encoder = device.createCommandEncoder();
  let pass: GPUComputePassEncoder | null = null;
  let pipeline: GPUComputePipeline | null = null;
  for (let n = 0; n < times; n++)
    for (const command of commands) {
      if (command.kind === "dispatch") {
        if (!pass) {
          pass = encoder.beginComputePass();
          pipeline = null;
        }
        if (command.pipeline !== pipeline) {
          pipeline = command.pipeline;
          pass.setPipeline(pipeline);
        }
        pass.setBindGroup(0, command.group);
        pass.dispatchWorkgroups(...command.counts);
        continue;
      }
      pass?.end();
      pass = null;
      if (command.kind === "clear") encoder.clearBuffer(command.buffer, command.offset, command.size);
      else encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.size);
    }
  pass?.end();
  device.queue.submit([encoder.finish()]);
}

function release(gpu: Gpu, recording: Recording): void {
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
 */
function record(gpu: Gpu, fn: StepFunction, inputs: TensorMap, sheet: DraftSheet): Recording {
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

/** Two recordings of one function must be the same but for their buffers. */
function compare(a: Recording, b: Recording): void {
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
