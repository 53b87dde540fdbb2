/**
 * The experiment: one plain JSON value that says everything a run depends on. Defaults, ranges, labels, units, help and
 * sources stand here and nowhere else; the form, the link, the command line, the stored run and validation derive from it.
 */
import { z } from "zod";
import { choice, flag, real, text, whole } from "./setting";

/** Version of the experiment's shape. Raised with a migration when a setting is renamed or changes its meaning. */
export const SCHEMA_VERSION = 1;

const METHOD = "ScalingNote, arXiv 2411.15766";
const OURS = "this project's default";

/** The bundled generator of notes and queries. */
const notes = z
  .object({
    corpusSize: whole({
      default: 4000,
      min: 200,
      max: 1_000_000,
      log: true,
      label: "Corpus size",
      unit: "notes",
      help: "How many notes to write. More notes make the search harder.",
      source: OURS,
    }),
    trainQueries: whole({
      default: 20_000,
      min: 50,
      max: 200_000,
      log: true,
      label: "Training queries",
      unit: "queries",
      help: "Queries with known answers that the towers learn from.",
      source: OURS,
    }),
    validationQueries: whole({
      default: 300,
      min: 20,
      max: 10_000,
      log: true,
      label: "Validation queries",
      unit: "queries",
      help: "Watched during training; never used for the final figures.",
      source: OURS,
    }),
    testQueries: whole({
      default: 1000,
      min: 20,
      max: 20_000,
      log: true,
      label: "Test queries",
      unit: "queries",
      help: "Held out until the end. More queries make narrower intervals.",
      source: OURS,
    }),
    vocabularyGap: real({
      default: 0.8,
      min: 0,
      max: 1,
      label: "Vocabulary gap",
      help: "How seldom a query and its notes use the same word for the same thing. 0: always the same; word matching is enough.",
      source: OURS,
    }),
    typos: real({
      default: 0.02,
      min: 0,
      max: 0.5,
      label: "Typos",
      unit: "of words",
      help: "Share of the query's words with one letter wrong.",
      source: OURS,
    }),
    ambiguity: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Ambiguous words",
      unit: "of mentions",
      help: "Share of mentions that use a word with several meanings; the neighbours decide which.",
      source: OURS,
    }),
    bindings: real({
      default: 0.25,
      min: 0,
      max: 1,
      label: "Bound attributes",
      unit: "of notes",
      help: "Share of notes and queries in which an attribute belongs to one noun: white walls and oak floor are not oak walls and white floor.",
      source: OURS,
    }),
    negation: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Negation",
      unit: "of notes",
      help: "Share of notes and queries that say that something is absent, as in: no oven.",
      source: OURS,
    }),
    nearTwins: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Near twins",
      unit: "of notes",
      help: "Share of notes that come with a twin of the same words but another binding or negation: a known hard negative.",
      source: OURS,
    }),
    comments: real({
      default: 0.3,
      min: 0,
      max: 1,
      label: "Comments",
      unit: "of notes",
      help: "Share of notes with a reader's comment in the words askers use.",
      source: OURS,
    }),
    zipf: real({
      default: 0.4,
      min: 0,
      max: 2,
      label: "Zipf exponent",
      help: "How unequal the concepts' frequencies are. 0: all alike; 1: as words in a language.",
      source: OURS,
    }),
    trainDomains: whole({
      default: 0,
      min: 0,
      max: 12,
      label: "Domains for training",
      unit: "domains",
      help: "How many domains the training queries come from. 0: all of them.",
      source: OURS,
    }),
    testDomains: whole({
      default: 0,
      min: 0,
      max: 12,
      label: "Domains for test",
      unit: "domains",
      help: "How many domains the test queries come from, counted from the last. 0: all of them.",
      source: OURS,
    }),
    drift: real({
      default: 0,
      min: 0,
      max: 1,
      label: "Drift of the test queries",
      help: "How far the test queries' favourite concepts move away from the training queries'.",
      source: OURS,
    }),
  })
  .prefault({});

const data = z
  .object({
    source: choice({
      default: "notes",
      choices: { notes: "Bundled notes", files: "Your files (BEIR)" },
      label: "Collection",
      help: "Generated lifestyle notes, or a collection of your own in BEIR form.",
      source: OURS,
    }),
    notes,
  })
  .prefault({});

const pooling = (value: "mean" | "last" | "cls") =>
  choice({
    default: value,
    choices: { mean: "mean of tokens", last: "last token", cls: "first token" },
    label: "Pooling",
    help: "Which of the tower's states become the vector.",
    source: "sentence-transformers",
  });

/** What every tower has, each its own: QKD needs only text and vectors in common. */
const towerCommon = (d: { queryTokens: number; docTokens: number }) => ({
  vocabulary: whole({
    default: 6144,
    min: 300,
    max: 50_000,
    log: true,
    label: "Vocabulary",
    unit: "tokens",
    help: "Size of the byte-level BPE vocabulary learned from the corpus.",
    source: OURS,
  }),
  queryTokens: whole({
    default: d.queryTokens,
    min: 4,
    max: 256,
    log: true,
    label: "Longest query",
    unit: "tokens",
    help: "Queries are cut here.",
    source: OURS,
  }),
  docTokens: whole({
    default: d.docTokens,
    min: 8,
    max: 512,
    log: true,
    label: "Longest document",
    unit: "tokens",
    help: "Documents are cut here.",
    source: OURS,
  }),
  prompt: text({
    default: "",
    maxLength: 200,
    label: "Prompt",
    help: "Put before every query, in the manner of NoteLLM. Empty: none.",
    source: "NoteLLM, arXiv 2403.01744",
  }),
});

const teacher = z
  .object({
    width: whole({
      default: 64,
      min: 8,
      max: 512,
      log: true,
      label: "Teacher width",
      unit: "units",
      help: "Size of the teacher's hidden states.",
      source: METHOD,
    }),
    layers: whole({
      default: 1,
      min: 1,
      max: 12,
      label: "Teacher layers",
      unit: "layers",
      help: "Transformer layers in each of the two teacher towers.",
      source: METHOD,
    }),
    heads: whole({
      default: 4,
      min: 1,
      max: 32,
      label: "Attention heads",
      unit: "heads",
      help: "Must divide the width.",
      source: "Llama",
    }),
    kvHeads: whole({
      default: 2,
      min: 1,
      max: 32,
      label: "Key and value heads",
      unit: "heads",
      help: "Grouped-query attention: must divide the heads.",
      source: "Llama",
    }),
    pooling: pooling("mean"),
    ...towerCommon({ queryTokens: 24, docTokens: 64 }),
    sharedTowers: flag({
      default: false,
      label: "Share the towers",
      help: "One set of weights for queries and documents.",
      source: OURS,
    }),
  })
  .prefault({});

const student = z
  .object({
    kind: choice({
      default: "encoder",
      choices: { encoder: "encoder (BERT)", decoder: "decoder (Llama)", lookup: "lookup table" },
      label: "Student kind",
      help: "The small query tower's architecture. TwinBERT and ScalingDoc use the same.",
      source: METHOD,
    }),
    width: whole({
      default: 32,
      min: 4,
      max: 512,
      log: true,
      label: "Student width",
      unit: "units",
      help: "Size of the student's hidden states.",
      source: METHOD,
    }),
    layers: whole({
      default: 1,
      min: 0,
      max: 12,
      label: "Student layers",
      unit: "layers",
      help: "Transformer layers of the student. A lookup table has none.",
      source: METHOD,
    }),
    heads: whole({
      default: 2,
      min: 1,
      max: 32,
      label: "Attention heads",
      unit: "heads",
      help: "Must divide the width.",
      source: "BERT",
    }),
    pooling: pooling("mean"),
    ...towerCommon({ queryTokens: 24, docTokens: 64 }),
    init: choice({
      default: "random",
      choices: {
        random: "random",
        "first-last": "teacher's first and last layers",
        embeddings: "teacher's token embeddings",
      },
      label: "Student starts from",
      help: "First and last layers need a decoder student of the teacher's width with at least 2 fewer layers; embeddings need the teacher's width and tokenizer.",
      source: "Wang & Lyu 2023",
    }),
  })
  .prefault({});

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

const stage1 = z
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
    dropout: real({
      default: 0,
      min: 0,
      max: 0.5,
      label: "Dropout",
      help: "Share of activations dropped in training.",
      source: OURS,
    }),
  })
  .prefault({});

const stage2 = z
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
      default: 20,
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
    embeddingRate: embeddingRate(1, "stage 2"),
    dropout: real({
      default: 0,
      min: 0,
      max: 0.5,
      label: "Dropout",
      help: "Share of activations dropped in training.",
      source: OURS,
    }),
  })
  .prefault({});

const baselines = z
  .object({
    equalise: choice({
      default: "pairs",
      choices: { pairs: "pairs seen", steps: "steps of stage 1", flops: "training FLOPs" },
      label: "Equalise",
      help: "What the baselines share with ScalingNote. Pairs: as many as stage 1 and stage 2 together.",
      source: OURS,
    }),
    twinbertLearningRate: learningRate(2e-3, "TwinBERT"),
    twinbertEmbeddingRate: embeddingRate(0.2, "TwinBERT"),
    scalingdocLearningRate: learningRate(2e-3, "ScalingDoc"),
    scalingdocEmbeddingRate: embeddingRate(0.5, "ScalingDoc"),
  })
  .prefault({});

const training = z
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
    start: choice({
      default: "checkpoint",
      choices: { checkpoint: "one checkpoint", own: "each its own" },
      label: "Towers start from",
      help: "A pair's weights before training, random in both cases (no pre-training). From one checkpoint, equal words match at once, and that has to be unlearned where askers use other words.",
      source: OURS,
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
      help: "How often the training state is saved, so that a lost GPU costs little.",
      source: OURS,
    }),
    step: choice({
      default: "captured",
      choices: { captured: "captured and replayed", eager: "eager" },
      label: "Step",
      help: "Captured: recorded once and replayed as one command buffer. Eager: op by op, the reference.",
      source: OURS,
    }),
  })
  .prefault({});

const evaluation = z
  .object({
    style: choice({
      default: "trec",
      choices: { trec: "trec_eval", "sentence-transformers": "sentence-transformers" },
      label: "Metric style",
      help: "Whose definitions of gain, ties and average precision are used.",
      source: "trec_eval 9; sentence-transformers 6.0",
    }),
    dropSelf: flag({
      default: false,
      label: "Drop the query's own document",
      help: "Leave out a document whose id equals the query's, as BEIR does.",
      source: "BEIR",
    }),
    bootstrap: whole({
      default: 1000,
      min: 100,
      max: 10_000,
      label: "Bootstrap samples",
      unit: "samples",
      help: "Resamples of the queries behind every 95 % interval.",
      source: "Efron",
    }),
  })
  .prefault({});

/** The whole experiment. `experimentSchema.parse({})` is the default one. */
export const experimentSchema = z.strictObject({
  version: z.literal(SCHEMA_VERSION).default(SCHEMA_VERSION),
  seed: whole({
    default: 7,
    min: 0,
    max: 2 ** 31 - 1,
    label: "Seed",
    help: "Equal seed, adapter and build give an equal run.",
    source: OURS,
  }),
  embeddingSize: whole({
    default: 64,
    min: 4,
    max: 1024,
    log: true,
    label: "Embedding size",
    unit: "dimensions",
    help: "Length of the vectors that both towers share.",
    source: METHOD,
  }),
  data,
  teacher,
  student,
  stage1,
  stage2,
  baselines,
  training,
  evaluation,
});

export type Experiment = z.output<typeof experimentSchema>;
/** A partial experiment: what a preset, a link or a file says; the schema fills in the rest. */
export type ExperimentInput = z.input<typeof experimentSchema>;
