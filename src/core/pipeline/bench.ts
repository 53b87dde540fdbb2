/**
 * The benchmark's steps: towers of a given size trained on made-up tokens of fixed lengths, by the very code that a run
 * trains with. `bench` is the model that figures of other programs compare with: two separate pre-norm towers with RMS
 * norm, learned positions, exact GELU and no biases, InfoNCE at temperature 0.05.
 */
import { bestProduct } from "../../gpu/bestProduct";
import { countGpu } from "../../gpu/count";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { random } from "../random";
import { initTower } from "../towers";
import { gatedHidden } from "../towers/config";
import { disposeTower, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import type { TokenTable } from "../training/inputs";
import {
  contrastiveStep,
  distilStep,
  logRow,
  type Recipe,
  type SharedDistilParts,
  type TrainingStep,
} from "../training/steps";
import { BENCH_SIZES, type BenchArch, type BenchMode, type BenchSize } from "./benchChoices";

const BATCH = 32;
const QUERY_TOKENS = 16;
const DOCUMENT_TOKENS = 48;
const VOCABULARY = 2048;
const SEED = 7;

const benchConfig = (arch: BenchArch, size: BenchSize, maxTokens: number): TowerConfig =>
  configOf(arch === "qkd" ? "encoder" : arch, BENCH_SIZES[size], maxTokens);

function configOf(
  kind: TowerConfig["kind"],
  { width, layers, heads }: { width: number; layers: number; heads: number },
  maxTokens: number,
): TowerConfig {
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
export const benchFlops = (arch: BenchArch, size: BenchSize): number => flopsOf(BENCH_SIZES[size], benchTokens(arch));
const flopsOf = ({ width, layers }: { width: number; layers: number }, tokens: number) =>
  6 * 12 * layers * width ** 2 * tokens;

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

const recipeOf = (captured: boolean): Recipe => ({
  steps: 1000,
  batch: BATCH,
  warmup: 0,
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  clip: 1,
  captured,
  learningRate: 1e-3,
  embeddingRate: 1e-3,
  dropout: 0,
  seed: SEED,
});
/** The texts of a step. */
const texts = (step: number) => Int32Array.from({ length: BATCH }, (_, i) => (step % 4) * BATCH + i);

/** Distillation of a student, or of several side by side, from made-up teacher vectors. */
function distilParts(student: Tower): SharedDistilParts {
  const r = random(SEED, "bench teacher");
  return {
    student,
    queryTokens: madeUp().queries,
    queryLength: QUERY_TOKENS,
    teacher: Float32Array.from({ length: BATCH * 4 * student.config.embeddingSize }, () => r.normal()),
    order: texts,
    mseOn: "raw",
    mseReduce: "mean",
  };
}

/** What a student of a distillation costs: its shape, tokens and floating-point operations a step. */
export function benchStudent({ width, layers, heads }: { width: number; layers: number; heads: number }) {
  const config = configOf("encoder", { width, layers, heads }, QUERY_TOKENS);
  const tokens = BATCH * QUERY_TOKENS;
  return { config, recipe: recipeOf(true), parts: distilParts, tokens, flops: flopsOf({ width, layers }, tokens) };
}

/** A training step of the benchmark, with what it owns. */
export function benchStep(gpu: Gpu, ops: TowerOps, arch: BenchArch, size: BenchSize, captured: boolean): TrainingStep {
  const recipe = recipeOf(captured);
  const { queries, documents } = madeUp();
  const tower = (side: "query" | "document", tokens: number) => {
    const config = benchConfig(arch, size, tokens);
    return uploadTower(gpu, config, initTower(config, SEED, side, true));
  };
  const query = tower("query", QUERY_TOKENS);
  if (arch === "qkd") {
    const step = distilStep(gpu, ops, recipe, { ...distilParts(query), mseWeight: 1, cosineWeight: 1 });
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
    order: (n) => ({ queries: texts(n), documents: texts(n), mask }),
    hardNegatives: 0,
    temperature: 0.05,
    learnTemperature: false,
  });
  return owning(step, () => {
    disposeTower(query);
    disposeTower(document);
  });
}

export const owning = (step: TrainingStep, free: () => void): TrainingStep => ({
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
  /** Host time spent in compiling, before the first timed step. */
  compileMs: number;
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

export const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Median, least and most of several times. */
export const spread = (values: readonly number[]): BenchFigures["stepMs"] => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** Milliseconds of one step: the host's share, and until the GPU is done. */
export async function timeStep(gpu: Gpu, training: TrainingStep, step: number): Promise<{ host: number; all: number }> {
  const start = performance.now();
  training.run(step);
  const host = performance.now() - start;
  await gpu.finish();
  return { host, all: performance.now() - start };
}

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
  const training = benchStep(gpu, ops, arch, size, mode === "captured");
  try {
    let step = 0;
    for (; step < 2; step++) training.run(step + 1);
    await gpu.finish();
    const { pipelines, compileMs } = counter.counts;
    const host: number[] = [];
    const whole: number[] = [];
    for (let i = 0; i < repeats; i++) {
      counter.reset();
      const took = await timeStep(gpu, training, ++step);
      host.push(took.host);
      whole.push(took.all);
    }
    const { dispatches, submits, byLabel } = counter.counts;
    const kernels = Object.fromEntries([...byLabel].sort((a, b) => b[1] - a[1]));
    const rows = await training.log.read();
    gpu.check();
    const gpuBytes = gpu.bytes() - before;
    const stepMs = spread(whole);
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
