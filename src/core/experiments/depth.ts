/** (i) Does depth pay? A lookup table and towers of 1, 2 and 4 layers, as wide, each to its plateau. */
import type { ExperimentInput } from "../config/schema";
import type { Assignments } from "../pipeline/sweep/spec";
import { form, LARGE_NOTES, listed, type ReadyExperiment } from "./types";

const USUAL = {
  "student.kind": "decoder",
  "student.layers": 1,
  "student.checkpoint": "",
  "student.checkpointTakes": "all",
  "stage1.hardNegatives": 0,
};

/** A lookup table stands at depth 0; its setting of layers has no effect. */
const depths = (layers: readonly number[], twins: readonly number[]): Assignments[] =>
  twins.flatMap((hardNegatives) => [
    { "student.kind": "lookup", "student.layers": 0, "stage1.hardNegatives": hardNegatives },
    ...layers.map((count) => ({ "student.layers": count, "stage1.hardNegatives": hardNegatives })),
  ]);

/** Pairs of equal towers, trained end to end, that stop where validation does not rise any more. */
const pairs = (width: number, steps: number, every: number, rest: ExperimentInput): ExperimentInput => ({
  ...rest,
  student: { kind: "decoder", width, heads: 4, queryTokens: 20, docTokens: 44 },
  stage1: { steps },
  baselines: { equalise: "steps", twinbertSharedTowers: true, twinbertLearningRate: 2e-3, twinbertEmbeddingRate: 0.2 },
  training: { validateEvery: every, patience: 4 },
});

// Much that only a reading of the whole text can tell: which attribute is whose, what is absent.
const BOUND = { bindings: 0.8, negation: 0.2, nearTwins: 0.6 };

const sweep = listed(["twinbert", "bm25"], USUAL);

export const depth: ReadyExperiment = {
  key: "i",
  title: "Does depth pay?",
  question: "At equal width, does a tower of 1, 2 or 4 layers find more than a lookup table without any?",
  expect:
    "So far it does not. 32 wide, each to its plateau, three seeds: MRR@10 is .413 without any layer, .367 with 1 and .342 with 2; with near twins as hard negatives .393, .355 and .344. The table is first with every seed. BM25 has .286.",
  source: "measured: docs/experiments-more.md",
  reading:
    "All towers are as wide and take the same rates; each stops where validation recall has not risen four times in a row. With one hard negative a query, most of them near twins: the same words, other bindings. MRR tells twins apart, recall@10 hardly does.",
  look: {
    view: "ablation",
    system: "twinbert",
    metric: "mrr@10",
    across: "student.layers",
    down: "stage1.hardNegatives",
  },
  small: form(
    "i: depth",
    sweep(depths([1, 2], [0, 1]), { preset: "quick", base: pairs(32, 400, 25, { data: { notes: BOUND } }) }),
    "No 4 layers and no start from the language model: 4 layers alone are as much work as 1 and 2 together, and the bundled model is twice as wide.",
  ),
  full: form(
    "i: depth, full",
    sweep(
      [
        ...depths([1, 2, 4], [0, 1]),
        // The bundled model has 2 layers; of other depths there is none.
        ...[0, 1].map((hardNegatives) => ({
          "student.layers": 2,
          "student.checkpoint": "bundled:notes-lm-0.1m",
          "student.checkpointTakes": "words",
          "stage1.hardNegatives": hardNegatives,
        })),
      ],
      { preset: "quick", base: pairs(64, 4000, 100, { data: { notes: { ...BOUND, ...LARGE_NOTES } } }) },
    ),
    "A start from the language model at 2 layers alone: the bundled one has no other depth.",
  ),
};
