/**
 * The benchmark's steps: towers of a given size trained on made-up tokens of fixed lengths, by the very code that a run
 * trains with. `bench` is the model that figures of other programs compare with: two separate pre-norm towers with RMS
 * norm, learned positions, exact GELU and no biases, InfoNCE at temperature 0.05.
 */
import { bestProduct } from "../../gpu/bestProduct";
import { countGpu } from "../../gpu/count";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import { random } from "../random";
import { initTower } from "../towers";
import { gatedHidden } from "../towers/config";
import { disposeTower, uploadTower } from "../towers/device";
import type { HostParameters, TowerConfig } from "../towers/types";
import { type TokenTable, towerValues } from "../training/inputs";
import { contrastiveStep, distilStep, logRow, type Recipe, type TrainingStep } from "../training/steps";
import { BENCH_SIZES, type BenchArch, type BenchMode, type BenchSize } from "./benchChoices";

const BATCH = 32;
const QUERY_TOKENS = 16;
const DOCUMENT_TOKENS = 48;
const VOCABULARY = 2048;
const SEED = 7;

function benchConfig(arch: BenchArch, size: BenchSize, maxTokens: number): TowerConfig {
  const { width, layers, heads } = BENCH_SIZES[size];
  const kind = arch === "qkd" ? "encoder" : arch;
  return {
    kind,
    vocabulary: VOCABULARY,
    width,
    layers,
    heads,
    kvHeads: heads,
    hidden: kind === "decoder" ? gatedHidden(width) : 4 * width,
    maxTokens,
    pooling: "mean",
    embeddingSize: width,
  };
}

/** Tokens a step: padding included, for the GPU computes it. */
export const benchTokens = (arch: BenchArch): number =>
  BATCH * (arch === "qkd" ? QUERY_TOKENS : QUERY_TOKENS + DOCUMENT_TOKENS);

/** Floating-point operations of a step's matrix products by parameters alone: 6 times 12 layers width^2 times tokens. */
export function benchFlops(arch: BenchArch, size: BenchSize): number {
  const { width, layers } = BENCH_SIZES[size];
  return 6 * 12 * layers * width ** 2 * benchTokens(arch);
}

/** Documents of 12 tokens and more, queries of 4 and more drawn from their document; frequent ids are more likely. */
function madeUp(): { queries: TokenTable; documents: TokenTable } {
  const r = random(SEED, "bench tokens");
  const documents: number[][] = [];
  const queries: number[][] = [];
  for (let i = 0; i < BATCH * 4; i++) {
    const document = Array.from(
      { length: 12 + r.int(DOCUMENT_TOKENS - 11) },
      () => 1 + Math.floor(r.next() * r.next() * (VOCABULARY - 1)),
    );
    documents.push(document);
    queries.push(Array.from({ length: 4 + r.int(QUERY_TOKENS - 3) }, () => r.pick(document)));
  }
  const table = (texts: number[][]): TokenTable => {
    const offsets = new Int32Array(texts.length + 1);
    texts.forEach((text, i) => {
      offsets[i + 1] = offsets[i]! + text.length;
    });
    return { flat: Int32Array.from(texts.flat()), offsets };
  };
  return { queries: table(queries), documents: table(documents) };
}

const LEARNING_RATE = 1e-3;
const TEMPERATURE = 0.05;

/** Numbers in the tables of made-up texts of the pairs of a step. */
const textsOf = (step: number) => Int32Array.from({ length: BATCH }, (_, i) => (step % 4) * BATCH + i);

/** The step of arch `bench` as plain numbers, for another program to compute. */
export interface BenchProblem {
  width: number;
  layers: number;
  heads: number;
  batch: number;
  vocabulary: number;
  temperature: number;
  learningRate: number;
  query: BenchSide;
  document: BenchSide;
}

export interface BenchSide {
  tokens: number;
  parameters: HostParameters;
  /** Tokens of a step's texts; mask float32 [batch, tokens]. */
  inputs(step: number): { ids: Int32Array; mask: Float32Array };
}

export function benchProblem(size: BenchSize): BenchProblem {
  const tables = madeUp();
  const side = (name: "query" | "document", tokens: number, table: TokenTable): BenchSide => {
    const config = benchConfig("bench", size, tokens);
    return {
      tokens,
      parameters: initTower(config, SEED, name, true),
      inputs(step) {
        const { values } = towerValues("text", config, table, textsOf(step), tokens);
        return { ids: values["text.ids"] as Int32Array, mask: values["text.mask"] as Float32Array };
      },
    };
  };
  return {
    ...BENCH_SIZES[size],
    batch: BATCH,
    vocabulary: VOCABULARY,
    temperature: TEMPERATURE,
    learningRate: LEARNING_RATE,
    query: side("query", QUERY_TOKENS, tables.queries),
    document: side("document", DOCUMENT_TOKENS, tables.documents),
  };
}

/**
 * A training step of the benchmark, with what it owns.
 * @param clip largest norm of the gradient; 0: never clipped
 */
export function benchStep(
  gpu: Gpu,
  ops: TowerOps,
  arch: BenchArch,
  size: BenchSize,
  captured: boolean,
  clip = 1,
): TrainingStep {
  const recipe: Recipe = {
    steps: 1000,
    batch: BATCH,
    warmup: 0,
    weightDecay: 0,
    beta1: 0.9,
    beta2: 0.999,
    clip,
    captured,
    learningRate: LEARNING_RATE,
    embeddingRate: LEARNING_RATE,
    dropout: 0,
    seed: SEED,
  };
  const { queries, documents } = madeUp();
  const tower = (side: "query" | "document", tokens: number) => {
    const config = benchConfig(arch, size, tokens);
    return uploadTower(gpu, config, initTower(config, SEED, side, true));
  };
  const query = tower("query", QUERY_TOKENS);
  if (arch === "qkd") {
    const { embeddingSize } = query.config;
    const r = random(SEED, "bench teacher");
    const step = distilStep(gpu, ops, recipe, {
      student: query,
      queryTokens: queries,
      queryLength: QUERY_TOKENS,
      teacher: Float32Array.from({ length: BATCH * 4 * embeddingSize }, () => r.normal()),
      order: textsOf,
      mseWeight: 1,
      cosineWeight: 1,
      mseOn: "raw",
      mseReduce: "mean",
    });
    return owning(step, () => disposeTower(query));
  }
  const document = tower("document", DOCUMENT_TOKENS);
  const mask = new Float32Array(BATCH * BATCH).fill(1);
  const step = contrastiveStep(gpu, ops, recipe, {
    query,
    document,
    queryTokens: queries,
    documentTokens: documents,
    queryLength: QUERY_TOKENS,
    documentLength: DOCUMENT_TOKENS,
    order: (n) => ({ queries: textsOf(n), documents: textsOf(n), mask }),
    hardNegatives: 0,
    temperature: TEMPERATURE,
    learnTemperature: false,
  });
  return owning(step, () => {
    disposeTower(query);
    disposeTower(document);
  });
}

const owning = (step: TrainingStep, free: () => void): TrainingStep => ({
  ...step,
  dispose() {
    step.dispose();
    free();
  },
});

export interface BenchFigures {
  arch: BenchArch;
  size: BenchSize;
  mode: BenchMode;
  /** Of one step, counted where they enter the GPU's queue. */
  dispatches: number;
  submits: number;
  /** Host time of one step: making its inputs and submitting it. Median. */
  hostMs: number;
  /** One step from its start until the GPU is done. */
  stepMs: { median: number; min: number; max: number };
  /** Bytes that the step, its towers and its optimizer hold on the GPU, tfjs' pool included. */
  gpuBytes: number;
  pipelines: number;
  /** Until every pipeline was there: those of a capture together, and the host's time for the others. */
  compileMs: number;
  /** From the making of the step to the end of its first run, less one steady step. */
  firstMinusSteadyMs: number;
  tokensPerSecond: number;
  gflops: number;
  /** `gflops` over what this project's best matrix product reaches alone on the same adapter, in the same run. */
  matmulShare: number;
  adapter: string;
  software: boolean;
  /** Loss of the last step: a wrong step is told by it. */
  loss: number;
  /** Dispatches of one step by kernel, the most frequent first. */
  kernels: Record<string, number>;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Measures one step.
 * @param repeats timed steps after the warm-up of two, at least 5
 */
export async function measureStep(
  gpu: Gpu,
  ops: TowerOps,
  choice: { arch: BenchArch; size: BenchSize; mode: BenchMode },
  repeats = 5,
): Promise<BenchFigures> {
  const { arch, size, mode } = choice;
  const counter = countGpu();
  const before = gpu.bytes();
  const begun = performance.now();
  const training = benchStep(gpu, ops, arch, size, mode === "captured");
  try {
    let step = 0;
    const compiling = performance.now();
    await compileWaiting(gpu);
    const together = performance.now() - compiling;
    const within = counter.counts.compileMs;
    training.run(++step);
    await gpu.finish();
    const firstMs = performance.now() - begun;
    training.run(++step);
    await gpu.finish();
    const { pipelines } = counter.counts;
    const compileMs = together + counter.counts.compileMs - within;
    const host: number[] = [];
    const whole: number[] = [];
    for (let i = 0; i < repeats; i++) {
      counter.reset();
      const start = performance.now();
      training.run(++step);
      host.push(performance.now() - start);
      await gpu.finish();
      whole.push(performance.now() - start);
    }
    const { dispatches, submits, byLabel } = counter.counts;
    const kernels = Object.fromEntries([...byLabel].sort((a, b) => b[1] - a[1]));
    const rows = await training.log.read();
    gpu.check();
    const gpuBytes = gpu.bytes() - before;
    const stepMs = { median: median(whole), min: Math.min(...whole), max: Math.max(...whole) };
    const gflops = benchFlops(arch, size) / stepMs.median / 1e6;
    return {
      ...choice,
      dispatches,
      submits,
      hostMs: median(host),
      stepMs,
      gpuBytes,
      pipelines,
      compileMs,
      firstMinusSteadyMs: firstMs - stepMs.median,
      tokensPerSecond: (benchTokens(arch) / stepMs.median) * 1000,
      gflops,
      matmulShare: gflops / (await bestProduct(gpu, benchTokens(arch), BENCH_SIZES[size].width)),
      adapter: gpu.adapter.description,
      software: gpu.adapter.software,
      loss: logRow(training, rows, step)[0]!,
      kernels,
    };
  } finally {
    training.dispose();
    counter.stop();
  }
}
