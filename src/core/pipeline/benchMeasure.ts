/** What every benchmark measures of something that is run again and again: counts, times, memory. */
import { countGpu } from "../../gpu/count";
import type { Gpu } from "../../gpu/device";
import { type Variants, variantsOf } from "../../gpu/kernels/variants";
import { compileWaiting } from "../../gpu/pipelines";
import { type KernelTimes, tellsTimes } from "../../gpu/profile";
import type { Step } from "../../gpu/step";

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Median, least and most of several times. */
export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

export interface Measured {
  /** Of one run, counted where they enter the GPU's queue. */
  dispatches: number;
  submits: number;
  /** Host time of one run: making its inputs and submitting it. Median. */
  hostMs: number;
  /** One run from its start until the GPU is done. */
  stepMs: Spread;
  /** Bytes held on the GPU since measuring began, tfjs' pool included. */
  gpuBytes: number;
  pipelines: number;
  /** Until every pipeline was there: those of a capture together, and the host's time for the others. */
  compileMs: number;
  /** From the beginning of measuring to the end of the first run, less one steady run. */
  firstMinusSteadyMs: number;
  adapter: string;
  software: boolean;
  /** How matrices are multiplied. */
  matmul: Variants["matmul"];
  /** How norms and sums over many threads are made. */
  reductions: Variants["reductions"];
  /** Dispatches of one run by kernel, the most frequent first. */
  kernels: Record<string, number>;
  /** Of a captured run where the adapter tells times: milliseconds on the GPU by kernel, the longest first. */
  kernelMs?: Record<string, number>;
}

export interface Measuring {
  /**
   * Times a run.
   * @param run with its number, from 1
   * @param repeats timed runs, after a warm-up of two
   */
  measure(run: (number: number) => void, repeats: number): Promise<Measured>;
  stop(): void;
}

/** Milliseconds of a run: the host's share, and until the GPU is done. */
export async function timed(gpu: Gpu, run: () => void): Promise<{ host: number; all: number }> {
  const start = performance.now();
  run();
  const host = performance.now() - start;
  await gpu.finish();
  return { host, all: performance.now() - start };
}

/** Begins to count. Make what is to be measured after this, so that its pipelines and bytes are counted. */
export function startMeasuring(gpu: Gpu): Measuring {
  const counter = countGpu();
  const before = gpu.bytes();
  const begun = performance.now();
  return {
    async measure(run, repeats) {
      let number = 0;
      const compiling = performance.now();
      await compileWaiting(gpu);
      const together = performance.now() - compiling;
      const within = counter.counts.compileMs;
      run(++number);
      await gpu.finish();
      const firstMs = performance.now() - begun;
      run(++number);
      await gpu.finish();
      const { pipelines } = counter.counts;
      const compileMs = together + counter.counts.compileMs - within;
      const host: number[] = [];
      const whole: number[] = [];
      for (let i = 0; i < repeats; i++) {
        counter.reset();
        const took = await timed(gpu, () => run(++number));
        host.push(took.host);
        whole.push(took.all);
      }
      gpu.check();
      const { dispatches, submits, byLabel } = counter.counts;
      const stepMs = spread(whole);
      return {
        dispatches,
        submits,
        hostMs: median(host),
        stepMs,
        gpuBytes: gpu.bytes() - before,
        pipelines,
        compileMs,
        firstMinusSteadyMs: firstMs - stepMs.median,
        adapter: gpu.adapter.description,
        software: gpu.adapter.software,
        ...variantsOf(gpu.backend),
        kernels: Object.fromEntries([...byLabel].sort((a, b) => b[1] - a[1])),
      };
    },
    stop: counter.stop,
  };
}

const PROFILES = 3;

/** Median milliseconds by kernel of a few runs with every dispatch timed; none where the step or the adapter has none. */
export async function profiled(gpu: Gpu, step: Step): Promise<Pick<Measured, "kernelMs">> {
  if (!step.profile || !tellsTimes(gpu)) return {};
  const runs: KernelTimes[] = [];
  for (let i = 0; i < PROFILES; i++) runs.push(await step.profile());
  const times = [...runs[0]!.keys()].map((label) => [label, median(runs.map((run) => run.get(label)!.ms))] as const);
  return { kernelMs: Object.fromEntries(times.toSorted((a, b) => b[1] - a[1])) };
}
