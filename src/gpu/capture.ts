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
import { type Arena, arenaOf, type Room } from "./arena";
import type { Gpu } from "./device";
import { planBuffers } from "./lifetimes";
import { draftSheet, pipelineOf } from "./pipelines";
import { timeCommands } from "./profile";
import { compare, type Linked, type Recording, record, release } from "./recording";
import { eagerStep, type InputSpecs, makeInputs, readBuffers, type Step, type StepFunction } from "./step";

/**
 * Captures `fn` for inputs of these shapes; on a CPU, which has no commands to record, an eager step. Nothing is compiled
 * yet: `compileWaiting` (pipelines.ts) does it for all captures at once; the first run does what is left.
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
    places: inputs.places,
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
