/** Settings of the trainings. A part of the experiment schema. */
import { z } from "zod";
import { choice, flag, METHOD, OURS, real, whole } from "./setting";

const learningRate = (value: number, who: string) =>
  real({
    default: value,
    min: 1e-5,
    max: 0.1,
    log: true,
    label: `Learning rate, ${who}`,
    help: "Peak step size of AdamW for all weights but the token embeddings.",
    source: "tuned on validation queries",
  });
const embeddingRate = (value: number, who: string) =>
  real({
    default: value,
    min: 1e-5,
    max: 2,
    log: true,
    label: `Embedding rate, ${who}`,
    help: "Peak step size for token embeddings; randomly initialised towers want it larger.",
    source: "tuned on validation queries",
  });

const dropout = () =>
  real({
    default: 0,
    min: 0,
    max: 0.5,
    label: "Dropout",
    help: "Share of activations dropped in training.",
    source: OURS,
  });

const pieces = (help: string, source: string) =>
  whole({
    default: 1,
    min: 1,
    max: 64,
    log: true,
    label: "Pieces of a batch",
    unit: "pieces",
    help,
    source,
  });

/** Contrastive training of the teacher. */
export const stage1 = z
  .object({
    steps: whole({
      default: 200,
      min: 1,
      max: 100_000,
      log: true,
      label: "Steps",
      unit: "steps",
      help: "Contrastive steps of the teacher.",
      source: OURS,
    }),
    temperature: real({
      default: 0.05,
      min: 0.005,
      max: 1,
      log: true,
      label: "Temperature",
      help: "Divides the cosine before the softmax. Smaller: only the nearest negatives matter.",
      source: "sentence-transformers: scale 20",
    }),
    learnTemperature: flag({
      default: false,
      label: "Learn the temperature",
      help: "Train it along with the towers, starting from the value above.",
      source: "NoteLLM",
    }),
    hardNegatives: whole({
      default: 0,
      min: 0,
      max: 4,
      label: "Hard negatives",
      unit: "a query",
      help: "Known near misses added to each query's negatives, where the data gives them.",
      source: METHOD,
    }),
    learningRate: learningRate(2e-3, "stage 1"),
    embeddingRate: embeddingRate(0.2, "stage 1"),
    dropout: dropout(),
    pieces: pieces(
      "Walks each batch in so many pieces, here and in the baselines, with the whole batch's result: less memory for a forward pass more (gradient caching). 1: all at once.",
      "GradCache, arXiv 2101.06983",
    ),
  })
  .prefault({});

/** Distillation of the query tower (QKD). */
export const stage2 = z
  .object({
    steps: whole({
      default: 110,
      min: 1,
      max: 100_000,
      log: true,
      label: "Steps",
      unit: "steps",
      help: "Distillation steps of the student. Each needs queries only.",
      source: METHOD,
    }),
    mseWeight: real({
      default: 50,
      min: 0,
      max: 1000,
      label: "MSE weight",
      help: "Weight of the squared distance between student and teacher vector.",
      source: METHOD,
    }),
    cosineWeight: real({
      default: 1,
      min: 0,
      max: 1000,
      label: "Cosine weight",
      help: "Weight of one minus the cosine between them.",
      source: METHOD,
    }),
    mseOn: choice({
      default: "raw",
      choices: { raw: "before norm", normalised: "after norm" },
      label: "Apply MSE",
      help: "After normalisation MSE and cosine are one and the same loss; before, MSE also teaches the vector's length.",
      source: "algebra: |s-t|² = 2(1-cos)",
    }),
    mseReduce: choice({
      default: "mean",
      choices: { mean: "mean", sum: "sum" },
      label: "Over dimensions",
      help: "A mean divides by the embedding size, and so does its gradient.",
      source: "algebra",
    }),
    learningRate: learningRate(3e-2, "stage 2"),
    embeddingRate: embeddingRate(2, "stage 2"),
    dropout: dropout(),
    pieces: pieces(
      "Walks each batch in so many pieces and adds up their gradients, with the whole batch's result: less memory. 1: all at once.",
      "gradient accumulation",
    ),
  })
  .prefault({});

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
  })
  .prefault({});
