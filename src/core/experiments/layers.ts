/** (f) A student from the teacher's first and last layers, or from one block of them. */
import type { SweepInput } from "../pipeline/sweep/spec";
import { form, LARGE_NOTES, type ReadyExperiment } from "./types";

const INITS = ["random", "first-last", "first", "last"];

/** The student is as wide as the teacher, with its heads: what the copied layers need. */
const towers = (width: number, heads: number, teacher: number, layers: number) => ({
  teacher: { width, heads, kvHeads: heads / 2, layers: teacher },
  student: { kind: "decoder", width, heads, layers },
});

const sweep = (axes: SweepInput["axes"], rest: SweepInput): SweepInput => ({
  ...rest,
  axes,
  systems: ["teacher", "scalingnote"],
});

export const layers: ReadyExperiment = {
  key: "f",
  title: "First and last layers, or a block",
  question: "Which of the teacher's layers should a student of half its depth start from?",
  expect:
    "On BEIR students of a large teacher's first and last layers kept 92.5 % (2 layers) and 96.2 % (4 layers) of its nDCG@10, those of one block 2.5 to 8 points less. Here, with a small teacher trained from random values, which layers are taken makes no difference, and a start from the teacher is worth .01 or less: recall@10 .403 to .407 after 30 steps, .524 to .533 after 120 (three seeds).",
  source: "Wang & Lyu 2023; measured: docs/experiments-more.md",
  reading:
    "Rows differ in what the student starts from; all but the random one have the teacher's token embeddings and projection too. The fewer steps, the more a start is worth.",
  look: {
    view: "ablation",
    system: "scalingnote",
    metric: "recall@10",
    across: "stage2.steps",
    down: "student.init",
  },
  small: form(
    "f: layers",
    sweep(
      [
        { path: "student.init", values: INITS },
        { path: "stage2.steps", values: [30, 120] },
      ],
      { preset: "quick", base: { ...towers(32, 4, 4, 2), stage1: { steps: 240 }, training: { validateEvery: 400 } } },
    ),
    "A narrow teacher, 32 wide, for its four layers are four times the work of one.",
  ),
  full: form(
    "f: layers, full",
    sweep(
      [
        { path: "student.init", values: INITS },
        { path: "student.layers", values: [2, 4] },
        { path: "stage2.steps", values: [50, 200, 800] },
      ],
      {
        preset: "standard",
        base: {
          ...towers(96, 6, 8, 2),
          data: { notes: LARGE_NOTES },
          stage1: { steps: 1500 },
        },
      },
    ),
  ),
};
