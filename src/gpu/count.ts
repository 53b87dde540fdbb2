/**
 * True counts of what reaches the GPU, for the benchmark and its gate: every dispatch of every compute pass and every
 * submit, by whomever, tfjs or us. It wraps the API's own classes while it counts, so use it nowhere else.
 */

export interface GpuCounts {
  dispatches: number;
  submits: number;
  pipelines: number;
  /** Milliseconds that the host spent in making shader modules and pipelines. */
  compileMs: number;
  /** Dispatches by the label of their pipeline; tfjs' own pipelines bear their program's name. */
  byLabel: Map<string, number>;
}

type AnyMethod = (this: unknown, ...args: never[]) => unknown;

/** Replaces a method of a class by what `wrap` makes of it; returns what puts it back. */
function replace(holder: object, name: string, wrap: (original: AnyMethod) => AnyMethod): () => void {
  const slot = holder as Record<string, AnyMethod>;
  const original = slot[name];
  if (typeof original !== "function") throw new Error(`count: the GPU has no ${name} to count`);
  slot[name] = wrap(original);
  return () => {
    slot[name] = original;
  };
}

/** Starts counting, from zero. `stop` puts everything back; `reset` starts again from zero. */
export function countGpu(): { counts: GpuCounts; reset(): void; stop(): void } {
  const counts: GpuCounts = { dispatches: 0, submits: 0, pipelines: 0, compileMs: 0, byLabel: new Map() };
  const current = new WeakMap<object, string>();
  const timed = (pipeline: boolean) => (original: AnyMethod) =>
    function (this: unknown, ...args: never[]) {
      const start = performance.now();
      const made = original.apply(this, args);
      counts.compileMs += performance.now() - start;
      if (pipeline) counts.pipelines++;
      return made;
    };
  const undo = [
    replace(GPUQueue.prototype, "submit", (original) => {
      return function (this: unknown, ...args: never[]) {
        counts.submits++;
        return original.apply(this, args);
      };
    }),
    replace(GPUComputePassEncoder.prototype, "setPipeline", (original) => {
      return function (this: unknown, ...args: never[]) {
        current.set(this as object, (args as unknown as [GPUComputePipeline])[0].label);
        return original.apply(this, args);
      };
    }),
    replace(GPUComputePassEncoder.prototype, "dispatchWorkgroups", (original) => {
      return function (this: unknown, ...args: never[]) {
        const label = current.get(this as object) || "unnamed";
        counts.dispatches++;
        counts.byLabel.set(label, (counts.byLabel.get(label) ?? 0) + 1);
        return original.apply(this, args);
      };
    }),
    replace(GPUDevice.prototype, "createShaderModule", timed(false)),
    replace(GPUDevice.prototype, "createComputePipeline", timed(true)),
    replace(GPUDevice.prototype, "createComputePipelineAsync", timed(true)),
  ];
  return {
    counts,
    reset() {
      Object.assign(counts, { dispatches: 0, submits: 0, pipelines: 0, compileMs: 0 });
      counts.byLabel.clear();
    },
    stop() {
      for (const one of undo) one();
    },
  };
}
