/** (d) A scaling law in the towers' size and in the number of labelled pairs. */
import type { Assignments, SweepInput } from "../pipeline/sweep/spec";
import { form, type ReadyExperiment } from "./types";

/** Widths with all labels, then shares of the labels at one width: a cross, not a grid. */
const cross = (widths: readonly number[], shares: readonly number[], at: number): Assignments[] => [
  ...widths.map((width) => ({ "teacher.width": width, "training.labelledShare": 1 })),
  ...shares.map((share) => ({ "teacher.width": at, "training.labelledShare": share })),
];

const sweep = (list: Assignments[], rest: SweepInput): SweepInput => ({
  ...rest,
  mode: "list",
  list,
  systems: ["teacher"],
});

// Two heads divide every width of the list into an even number.
const HEADS = { heads: 2, kvHeads: 1 };

export const scalingLaw: ReadyExperiment = {
  key: "d",
  title: "A scaling law in size and data",
  question: "How does the contrastive entropy fall with the towers' parameters N and with the labelled pairs D?",
  expect:
    "In a throw-away experiment on a CPU a power law in N showed at once, with exponents of .41 to .50 and R2 of the logs of .97 to .98; width did all the work, and a second layer bought nothing.",
  source: "this project's first measurements, one seed; law: Fang et al. 2024, arXiv 2403.18684",
  reading:
    "L(N) is along the widths with all labels, L(D) along the shares of the labels at one width: choose the form. The largest is held out: its error says what the law is worth.",
  look: { view: "scaling", system: "teacher", form: "N" },
  small: form(
    "d: scaling law",
    sweep(cross([12, 16, 24, 32, 48, 80], [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32], 16), {
      preset: "quick",
      base: {
        data: { notes: { trainQueries: 16_000 } },
        teacher: HEADS,
        stage1: { steps: 200 },
        training: { validateEvery: 400 },
      },
    }),
    "A cross of sizes and data in place of every combination: a law in each of both, not a joint one.",
  ),
  full: form(
    "d: scaling law, full",
    sweep(
      [16, 24, 32, 48, 64, 96, 128, 192, 256].flatMap((width) =>
        [1 / 64, 1 / 16, 1 / 4, 1].map((share) => ({ "teacher.width": width, "training.labelledShare": share })),
      ),
      {
        preset: "quick",
        base: {
          data: { notes: { corpusSize: 20_000, trainQueries: 100_000, testQueries: 4000 } },
          teacher: HEADS,
          stage1: { steps: 2000 },
        },
      },
    ),
  ),
};
