/** Settings of the baselines, and what every training shares. A part of the experiment schema. */
import { z } from "zod";
import { choice, flag, METHOD, OURS, real, whole } from "./setting";
import { embeddingRate, learningRate } from "./stageSettings";

/** The end-to-end baselines: budget and rates of their own. */
export const baselines = z
  .object({
    equalise: choice({
      default: "pairs",
      choices: { pairs: "pairs seen", steps: "steps of stage 1", flops: "training FLOPs" },
      label: "Equalise",
      help: "What the baselines share with ScalingNote. Pairs: as many as stage 1 and stage 2 together.",
      source: OURS,
    }),
    twinbertLearningRate: learningRate(5e-3, "TwinBERT"),
    twinbertEmbeddingRate: embeddingRate(0.5, "TwinBERT"),
    twinbertSharedTowers: flag({
      default: false,
      label: "TwinBERT shares its towers",
      help: "One set of weights for its queries and documents, as the teacher's switch does. ScalingDoc cannot: its towers differ.",
      source: OURS,
    }),
    scalingdocLearningRate: learningRate(2e-3, "ScalingDoc"),
    scalingdocEmbeddingRate: embeddingRate(0.5, "ScalingDoc"),
  })
  .prefault({});

/** What every training shares. */
export const training = z
  .object({
    batch: whole({
      default: 128,
      min: 2,
      max: 4096,
      log: true,
      label: "Batch",
      unit: "pairs",
      help: "Pairs a step; the others' documents are the negatives.",
      source: "in-batch negatives",
    }),
    labelledShare: real({
      default: 1,
      min: 0.001,
      max: 1,
      log: true,
      label: "Labelled share",
      unit: "of the queries",
      help: "Share of the training queries whose answers are known to stage 1 and the baselines. Of the others only the text is: enough for distillation and the tokenizers.",
      source: OURS,
    }),
    start: choice({
      default: "checkpoint",
      choices: { checkpoint: "one checkpoint", own: "each its own" },
      label: "Towers start from",
      help: "A pair's weights before training, random in both cases (no pre-training). From one checkpoint, equal words match at once, and that has to be unlearned where askers use other words.",
      source: OURS,
    }),
    loadedRate: real({
      default: 3e-4,
      min: 1e-6,
      max: 0.1,
      log: true,
      label: "Learning rate, loaded towers",
      help: "Peak step size for all weights of a tower that starts from a checkpoint, in place of the stages' rates.",
      source: METHOD,
    }),
    warmup: real({
      default: 0.1,
      min: 0,
      max: 0.9,
      label: "Warm-up",
      unit: "of the steps",
      help: "Share of the steps in which the learning rate rises from 0.",
      source: OURS,
    }),
    weightDecay: real({
      default: 0.01,
      min: 0,
      max: 1,
      label: "Weight decay",
      help: "AdamW's decoupled decay of matrices; not of norms, biases and embeddings.",
      source: "AdamW, arXiv 1711.05101",
    }),
    beta1: real({
      default: 0.9,
      min: 0,
      max: 0.999,
      label: "Beta 1",
      help: "Memory of the mean gradient.",
      source: "Adam",
    }),
    beta2: real({
      default: 0.98,
      min: 0.5,
      max: 0.9999,
      label: "Beta 2",
      help: "Memory of the squared gradient.",
      source: OURS,
    }),
    clip: real({
      default: 1,
      min: 0,
      max: 100,
      label: "Clip",
      help: "Largest norm of the whole gradient. 0: never clipped.",
      source: OURS,
    }),
    validateEvery: whole({
      default: 50,
      min: 1,
      max: 10_000,
      label: "Validate every",
      unit: "steps",
      help: "How often recall on the validation queries is measured.",
      source: OURS,
    }),
    patience: whole({
      default: 0,
      min: 0,
      max: 1000,
      label: "Early stop after",
      unit: "validations",
      help: "Stop when validation recall has not risen this many times in a row; the best weights are kept. 0: never.",
      source: OURS,
    }),
    saveEvery: whole({
      default: 20,
      min: 1,
      max: 3600,
      label: "Checkpoint every",
      unit: "s",
      help: "How often the training state is saved, so that a lost GPU costs little. A pause saves it too.",
      source: OURS,
    }),
    memoryLimit: whole({
      default: 4000,
      min: 16,
      max: 1_000_000,
      log: true,
      label: "Memory limit",
      unit: "MB",
      help: "A run that would take more of the GPU's memory is not started. WebGPU does not tell what a GPU has: raise it on a large one.",
      source: OURS,
    }),
    step: choice({
      default: "captured",
      choices: { captured: "captured and replayed", eager: "eager" },
      label: "Step",
      help: "Captured: recorded once and replayed as one command buffer. Eager: op by op, the reference.",
      source: OURS,
    }),
    matmul: choice({
      default: "auto",
      choices: { auto: "measured", registers: "registers", shared: "workgroup memory" },
      label: "Matrix products",
      help: "Tiles in registers or blocks through workgroup memory: the same but for rounding. Measured: the faster one here.",
      source: OURS,
    }),
    reductions: choice({
      default: "auto",
      choices: { auto: "measured", shared: "workgroup memory", subgroups: "subgroups" },
      label: "Norms and sums",
      help: "What many threads add up: through workgroup memory, or among the lanes of a subgroup, where the GPU offers them: the same but for rounding. Measured: the faster one here.",
      source: OURS,
    }),
  })
  .prefault({});
