/** (e) InfoNCE after the alignment, beside it, and in its place. */
import type { Assignments, SweepInput } from "../pipeline/sweep/spec";
import { cells, form, type ReadyExperiment } from "./types";

/** All take as many steps: `align`, of which the refinement has a quarter. */
const students = (steps: number, rates: readonly (readonly [number, number])[]): Assignments[] => {
  const usual = {
    "stage2.steps": steps,
    "stage2.refineSteps": 0,
    "stage2.mseWeight": 50,
    "stage2.cosineWeight": 1,
    "stage2.infoNceWeight": 0,
    "stage2.learningRate": 0.03,
    "stage2.embeddingRate": 2,
  };
  return cells(
    usual,
    {},
    { "stage2.steps": (steps * 3) / 4, "stage2.refineSteps": steps / 4 },
    { "stage2.infoNceWeight": 1 },
    // Without alignment the loss is another one, and so may its best rates be.
    ...rates.map(([rate, embeddings]) => ({
      "stage2.mseWeight": 0,
      "stage2.cosineWeight": 0,
      "stage2.infoNceWeight": 1,
      "stage2.learningRate": rate,
      "stage2.embeddingRate": embeddings,
    })),
  );
};

const sweep = (list: Assignments[], rest: SweepInput): SweepInput => ({
  ...rest,
  mode: "list",
  list,
  systems: ["teacher", "scalingnote"],
});

export const refinement: ReadyExperiment = {
  key: "e",
  title: "InfoNCE after alignment, or in its place",
  question: "Is a student that has learned the teacher's vectors helped by labels, and are labels alone enough?",
  expect: "",
  source: "",
  reading:
    "The table of configurations has one row a student, all with as many steps. Alignment alone has refinement and InfoNCE weight 0; a student of labels alone has MSE and cosine weight 0, at two pairs of learning rates, the better of which counts.",
  look: { view: "ablation", system: "scalingnote", metric: "recall@10", across: "stage2.refineSteps" },
  small: form(
    "e: refinement",
    sweep(
      students(240, [
        [0.03, 2],
        [0.005, 0.5],
      ]),
      { preset: "quick", base: { training: { validateEvery: 400 } } },
    ),
  ),
  full: form(
    "e: refinement, full",
    sweep(
      students(800, [
        [0.03, 2],
        [0.01, 1],
        [0.005, 0.5],
        [0.001, 0.05],
      ]),
      {
        preset: "standard",
        base: {
          data: { notes: { corpusSize: 20_000, trainQueries: 20_000, testQueries: 4000 } },
          stage1: { steps: 1000 },
        },
      },
    ),
  ),
};
