/** (b) The weights of the distillation's two losses, and the temperature of a third. */
import type { Assignments } from "../pipeline/sweep/spec";
import { form, listed, type ReadyExperiment } from "./types";

const USUAL = {
  "stage2.mseWeight": 0,
  "stage2.cosineWeight": 0,
  "stage2.klWeight": 0,
  "stage2.klTeacherTemperature": 0.07,
  "stage2.klStudentTemperature": 0.2,
};

const weights = (mse: readonly number[], cosine: readonly number[]): Assignments[] =>
  mse
    .flatMap((m) => cosine.map((c) => ({ "stage2.mseWeight": m, "stage2.cosineWeight": c })))
    .filter((cell) => cell["stage2.mseWeight"] + cell["stage2.cosineWeight"] > 0);

/** Score KL by both temperatures: alone, where its weight only moves the step, or beside the other two losses. */
const temperatures = (
  teacher: readonly number[],
  student: readonly number[],
  beside: Assignments = {},
): Assignments[] =>
  teacher.flatMap((t) =>
    student.map((s) => ({
      ...beside,
      "stage2.klWeight": 400,
      "stage2.klTeacherTemperature": t,
      "stage2.klStudentTemperature": s,
    })),
  );
const BESIDE = { "stage2.mseWeight": 50, "stage2.cosineWeight": 1 };

const sweep = listed(["teacher", "scalingnote"], USUAL);

export const lossWeights: ReadyExperiment = {
  key: "b",
  title: "Distillation: weights and temperature",
  question: "How do the weights of MSE and cosine, and the temperature of score KL, move the student?",
  expect:
    "MSE's and cosine's weights move little: recall@10 .543 to .555 wherever there is MSE, .535 with cosine alone, the teacher .598 (three seeds). After normalisation the two are one loss; before it, MSE also teaches the length. Score KL moves most, and by its temperatures: nothing with the student's below the teacher's, .613 alone with the student's above, and .630 beside MSE and cosine: more than its teacher.",
  source: "measured: docs/experiments.md; algebra: |s-t|² = 2(1-cos)",
  reading:
    "The heat map has both weights. For the temperatures choose those two settings: these trials have score KL, alone or beside MSE and cosine. The best is named only where seeds and queries can tell it from the others.",
  look: {
    view: "ablation",
    system: "scalingnote",
    metric: "recall@10",
    across: "stage2.cosineWeight",
    down: "stage2.mseWeight",
  },
  small: form(
    "b: weights and temperature",
    sweep(
      [
        ...weights([0, 10, 50, 200], [0, 1, 4]),
        ...temperatures([0.03, 0.07, 0.2], [0.05, 0.1, 0.2]),
        ...temperatures([0.07], [0.05, 0.1, 0.2], BESIDE),
      ],
      { preset: "quick", base: { training: { validateEvery: 400 } } },
    ),
  ),
  full: form(
    "b: weights and temperature, full",
    sweep(
      [
        ...weights([0, 2, 10, 50, 200, 800], [0, 0.3, 1, 4, 16]),
        ...temperatures([0.02, 0.05, 0.07, 0.1, 0.2], [0.02, 0.05, 0.1, 0.2, 0.4]),
        ...temperatures([0.03, 0.07, 0.2], [0.05, 0.1, 0.2, 0.4], BESIDE),
      ],
      { preset: "standard" },
    ),
  ),
};
