/** (g) Vectors cut short: does a student inherit from its teacher that its vectors may be cut? */
import { form, LARGE_NOTES, type ReadyExperiment } from "./types";

const axes = (dimensions: number[], halvings: number) => [
  { path: "stage1.matryoshka", values: [0, halvings] },
  { path: "stage2.matryoshka", values: [0, halvings] },
  { path: "evaluation.dimensions", values: dimensions },
];

export const prefixes: ReadyExperiment = {
  key: "g",
  title: "Matryoshka: vectors cut short",
  question:
    "What do teacher and student find with the first 8, 16, 32 values of their vectors, and does the student inherit it?",
  expect:
    "The student inherits it: without a prefix loss of its own it keeps at least .89 of its teacher at every cut. Cut to 8 of 64 values a teacher trained with prefixes has .37 recall@10, one without .13, and their students .35 and .12. Whole, prefixes cost the teacher .01, and its student is the better one (.567 against .555; three seeds).",
  source: "measured: docs/experiments-more.md; Kusupati et al., arXiv 2205.13147",
  reading:
    "Two teachers, without and with Matryoshka prefixes, and of each two students. Recall at each number of dimensions, with the teacher's own beside it; all of them is the last point. Retention compares the student with its teacher at the same cut.",
  look: {
    view: "ablation",
    system: "scalingnote",
    metric: "recall@10",
    across: "evaluation.dimensions",
    down: "stage1.matryoshka",
  },
  small: form("g: Matryoshka", {
    preset: "quick",
    base: { training: { validateEvery: 400 } },
    axes: axes([8, 16, 32, 64], 3),
    systems: ["teacher", "scalingnote"],
  }),
  full: form("g: Matryoshka, full", {
    preset: "standard",
    base: {
      embeddingSize: 128,
      data: { notes: LARGE_NOTES },
      stage1: { steps: 1000 },
      stage2: { steps: 800 },
    },
    axes: axes([8, 16, 32, 64, 128], 4),
    systems: ["teacher", "scalingnote"],
  }),
};
