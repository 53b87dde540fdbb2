/**
 * Pipelines made together. tfjs compiles each one where it first meets it, one after the other, which takes a software
 * adapter seconds. A recording (capture.ts) executes nothing, so it needs no pipelines yet: it gets drafts, and all that
 * recordings have asked for are then compiled at once by `compileWaiting`. Whoever runs a step before that gets what is
 * missing made on the spot.
 *
 * tfjs' own cache holds them all, ours too; while a recording runs, drafts lie over it and never in it, for an op that
 * is run eagerly in between could do nothing with them.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { LabError } from "../core/errors";
import type { Gpu } from "./device";
import { internals } from "./dispatch";

/** Stands in for the layout of a draft's bind group. */
export interface DraftLayout {
  draft: PipelineDraft;
  index: number;
}

/** A pipeline that a recording has asked for; it has been compiled where `made` is set. */
export class PipelineDraft {
  made: GPUComputePipeline | null = null;
  making: Promise<void> | null = null;
  /** Captures that stand and use it. */
  users = 0;

  constructor(
    readonly label: string,
    readonly code: string,
    readonly entryPoint: string,
  ) {}

  getBindGroupLayout(index: number): DraftLayout {
    return { draft: this, index };
  }
}

/** What is asked of a device's pipelines, in WebGPU's shape. */
export interface DraftDevice {
  createShaderModule(descriptor: GPUShaderModuleDescriptor): { code: string };
  createComputePipeline(descriptor: { label?: string; compute: GPUProgrammableStage }): PipelineDraft;
}

/** Drafts by the key of tfjs' cache. */
type Drafts = Map<string, PipelineDraft>;

const waitingOf = new WeakMap<WebGPUBackend, Drafts>();

function waiting(backend: WebGPUBackend): Drafts {
  let drafts = waitingOf.get(backend);
  if (!drafts) {
    drafts = new Map();
    waitingOf.set(backend, drafts);
  }
  return drafts;
}

/** The part of a device that drafts pipelines instead of making them. */
export const draftDevice: DraftDevice = {
  createShaderModule: ({ code }) => ({ code: code as string }),
  createComputePipeline: ({ label = "", compute: { module, entryPoint = "main" } }) =>
    new PipelineDraft(label, (module as unknown as { code: string }).code, entryPoint),
};

/** Pipelines for the recordings of one capture. */
export interface DraftSheet {
  /** To be the backend's cache while a recording runs: what has been made, and drafts of the rest. */
  readonly cache: Record<string, GPUComputePipeline>;
  /**
   * The capture stands: its drafts are to be compiled.
   * @param used the pipelines of its commands
   * @returns to be called when the capture is disposed of: what no other one waits for is not compiled any more
   */
  keep(used: Iterable<GPUComputePipeline | PipelineDraft>): () => void;
}

/** A sheet over the backend's cache, with what other captures wait for on it already. */
export function draftSheet(backend: WebGPUBackend): DraftSheet {
  const drafts = waiting(backend);
  const cache = Object.create(internals(backend).pipelineCache) as Record<string, unknown>;
  for (const [key, draft] of drafts) cache[key] = draft;
  return {
    cache: cache as Record<string, GPUComputePipeline>,
    keep(used) {
      const own = new Set([...used].filter((pipeline) => pipeline instanceof PipelineDraft));
      for (const draft of own) draft.users++;
      for (const [key, draft] of Object.entries(cache) as [string, PipelineDraft][])
        if (own.has(draft)) drafts.set(key, draft);
      return () => {
        for (const draft of own) draft.users--;
        for (const [key, draft] of drafts) if (draft.users === 0) drafts.delete(key);
      };
    },
  };
}

function place(backend: WebGPUBackend, key: string, draft: PipelineDraft, pipeline: GPUComputePipeline): void {
  draft.made ??= pipeline;
  internals(backend).pipelineCache[key] ??= draft.made;
  waiting(backend).delete(key);
}

const described = (device: GPUDevice, { label, code, entryPoint }: PipelineDraft): GPUComputePipelineDescriptor => ({
  label,
  layout: "auto",
  compute: { module: device.createShaderModule({ code, label }), entryPoint },
});

/** The pipeline of a draft, made at once where it has not been compiled yet. */
export function pipelineOf(backend: WebGPUBackend, pipeline: GPUComputePipeline | PipelineDraft): GPUComputePipeline {
  if (!(pipeline instanceof PipelineDraft)) return pipeline;
  if (!pipeline.made) {
    const made = backend.device.createComputePipeline(described(backend.device, pipeline));
    pipeline.made = made;
    for (const [key, draft] of waiting(backend)) if (draft === pipeline) place(backend, key, draft, made);
  }
  return pipeline.made;
}

/**
 * Compiles all that recordings have asked for, side by side.
 *
 * In Node, on an adapter that is a CPU, one after the other instead: there a thread spins for as long as a promise of the
 * GPU is open, and the compilers want the same cores (18 of the benchmark's pipelines on SwiftShader, two busy cores: 1.7 s
 * one by one, 5.1 s side by side).
 * @param tell hears how many of how many are done, first 0; not called where nothing is to be done
 * @throws LabError "gpu-refused" naming the kernel that the driver does not take
 */
export async function compileWaiting(
  gpu: Pick<Gpu, "backend" | "device" | "adapter" | "check" | "heap">,
  tell: (done: number, total: number) => void = () => undefined,
): Promise<void> {
  if (gpu.heap) return;
  const all = [...waiting(gpu.backend)];
  if (all.length === 0) return;
  tell(0, all.length);
  if (gpu.adapter.software && inNode())
    for (const [i, [, draft]] of all.entries()) {
      if (draft.users > 0) pipelineOf(gpu.backend, draft);
      tell(i + 1, all.length);
      await new Promise((done) => setTimeout(done));
    }
  else {
    let done = 0;
    await Promise.all(
      all.map(async ([key, draft]) => {
        draft.making ??= make(gpu, key, draft);
        await draft.making;
        tell(++done, all.length);
      }),
    );
  }
  gpu.check();
}

const inNode = () =>
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

async function make(
  { backend, device, check }: Pick<Gpu, "backend" | "device" | "check">,
  key: string,
  draft: PipelineDraft,
) {
  try {
    place(backend, key, draft, await device.createComputePipelineAsync(described(device, draft)));
  } catch (cause) {
    waiting(backend).delete(key);
    check();
    throw new LabError(
      "gpu-refused",
      `The GPU's driver cannot compile "${draft.label}": ${cause instanceof Error ? cause.message : String(cause)}`,
      "Update the graphics driver or the browser. If it stays, please report it with this message.",
      { cause },
    );
  }
}
