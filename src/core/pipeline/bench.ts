/**
 * The benchmark's steps: towers of a given size trained on made-up tokens of fixed lengths, by the very code that a run
 * trains with. `bench` is the model that figures of other programs compare with: two separate pre-norm towers with RMS
 * norm, learned positions, exact GELU and no biases, InfoNCE at temperature 0.05.
 */

import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { bestProduct } from "../../gpu/variantChoice";
import { random } from "../random";
import { initTower } from "../towers";
import { gatedHidden } from "../towers/config";
import { disposeTower, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "../training/contrastiveStep";
import { distilStep, type SharedDistilParts } from "../training/distilStep";
import { type TokenTable, tokenTable } from "../training/inputs";
import { logRow, type Recipe, type TrainingStep } from "../training/trainingStep";
import { BENCH_SIZES, type BenchArch, type BenchMode, type BenchSize } from "./benchChoices";
import { type Measured, profiled, startMeasuring } from "./benchMeasure";

export const BATCH = 32;
export const QUERY_TOKENS = 16;
export const DOCUMENT_TOKENS = 48;
export const VOCABULARY = 2048;
export const SEED = 7;

/** The shape of a tower of the benchmark. */
export const benchConfig = (arch: BenchArch, size: BenchSize, maxTokens: number): TowerConfig =>
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
export function madeUp(): { queries: TokenTable; documents: TokenTable } {
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
  const table = (texts: readonly number[][]) => tokenTable(texts, (text) => Int32Array.from(text));
  return { queries: table(queries), documents: table(documents) };
}

export const LEARNING_RATE = 1e-3;
export const TEMPERATURE = 0.05;

const recipeOf = (captured: boolean, clip = 1): Recipe => ({
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
});

/** The texts of a step, by their numbers in the tables. */
export const texts = (step: number) => Int32Array.from({ length: BATCH }, (_, i) => (step % 4) * BATCH + i);

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
  const recipe = recipeOf(captured, clip);
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
    temperature: TEMPERATURE,
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

export interface BenchFigures extends Measured {
  arch: BenchArch;
  size: BenchSize;
  mode: BenchMode;
  tokensPerSecond: number;
  gflops: number;
  /** `gflops` over what this project's best matrix product reaches alone on the same adapter, in the same run. */
  matmulShare: number;
  /** Loss of the last step: a wrong step is told by it. */
  loss: number;
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
  const measuring = startMeasuring(gpu);
  const training = benchStep(gpu, ops, arch, size, mode === "captured");
  try {
    let last = 0;
    const measured = await measuring.measure((step) => {
      last = step;
      training.run(step);
    }, repeats);
    const rows = await training.log.read();
    const { median } = measured.stepMs;
    const gflops = benchFlops(arch, size) / median / 1e6;
    return {
      ...choice,
      ...measured,
      ...(await profiled(gpu, training.step)),
      tokensPerSecond: (benchTokens(arch) / median) * 1000,
      gflops,
      matmulShare: gflops / (await bestProduct(gpu, benchTokens(arch), BENCH_SIZES[size].width)),
      loss: logRow(training, rows, last)[0]!,
    };
  } finally {
    training.dispose();
    measuring.stop();
  }
}
