/** (a) What a retriever reaches without a language model, and what a start from one adds. */
import { form, LARGE_NOTES, listed, type ReadyExperiment } from "./types";

const USUAL = { "teacher.checkpoint": "", "teacher.checkpointTakes": "all" };
// The base has the bundled model's shape, width 64 and 2 layers: a random start has towers of the same size.
const LM = { "teacher.checkpoint": "bundled:notes-lm-0.1m", "teacher.checkpointTakes": "words" };

const sweep = listed(["teacher", "scalingnote", "twinbert", "bm25"], USUAL);

export const noLanguageModel: ReadyExperiment = {
  key: "a",
  title: "Without a language model",
  question:
    "What do BM25 and a small pair of towers trained from scratch reach, and what does a language-model start add?",
  expect:
    "In the mean of three seeds: TwinBERT from scratch has recall@10 .481 and BM25 .350, for askers and notes use other words. A teacher of two separate towers has .504 from random values and .551 from the bundled model's token embeddings. Its student does not inherit that: .394 in place of .464.",
  source: "measured: docs/experiments.md; a first experiment that a summary of arXiv 2411.15766 suggests",
  reading:
    "One row is the random start, one the start from the model. BM25 and TwinBERT are the same in both: they have no language model.",
  look: { view: "ablation", system: "teacher", metric: "recall@10", across: "teacher.checkpoint" },
  small: form(
    "a: without a language model",
    sweep([{}, LM], {
      preset: "quick",
      base: { teacher: { layers: 2, sharedTowers: false }, training: { validateEvery: 400 } },
    }),
  ),
  full: form(
    "a: without a language model, full",
    sweep([{}, LM], {
      preset: "quick",
      base: {
        data: { notes: LARGE_NOTES },
        teacher: { layers: 2, sharedTowers: false },
        stage1: { steps: 1000 },
        stage2: { steps: 800 },
      },
    }),
  ),
};
