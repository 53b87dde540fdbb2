/** (d) A scaling law in the towers' size and in the number of labelled pairs. */
import type { Assignments } from "../pipeline/sweep/spec";
import { form, LARGE_NOTES, listed, type ReadyExperiment } from "./types";

/** The collection of each law: L(N) and L(D) are two lines, and no point of one stands in the other's. */
const OF_SIZES: Assignments = { "data.notes.trainQueries": 16_000, "training.batch": 128 };
const OF_PAIRS: Assignments = { "data.notes.trainQueries": 64_000, "training.batch": 64 };

/** Widths with all labels: half a pass, in which no tower is at its plateau and none learns by heart. */
const sizes = (steps: number, widths: readonly number[]): Assignments[] =>
  widths.map((width) => ({ ...OF_SIZES, "teacher.width": width, "training.labelledShare": 1, "stage1.steps": steps }));

/**
 * Shares of the labels at one width, which the sizes do not have, each walked through about twice: with equal steps, few
 * pairs are learnt by heart and many are hardly seen, and there is no law (docs/experiments.md).
 * @param steps for all of them
 */
const shares = (steps: number, width: number, of: readonly number[]): Assignments[] =>
  of.map((share) => ({
    ...OF_PAIRS,
    "teacher.width": width,
    "training.labelledShare": share,
    "stage1.steps": steps * share,
  }));

const sweep = listed(["teacher"]);

// Two heads divide every width of the list into an even number.
const HEADS = { heads: 2, kvHeads: 1 };

export const scalingLaw: ReadyExperiment = {
  key: "d",
  title: "A scaling law in size and data",
  question: "How does the contrastive entropy fall with the towers' parameters N and with the labelled pairs D?",
  expect:
    "Clean laws in both. In N, six widths over a factor of 37, three seeds: R2 of the logs .9999, 1.6 % off on the largest, alpha .46. In D, six amounts over a factor of 32: R2 .9999, 5.2 % off on the largest, beta .68 [.64, .82].",
  source: "measured: docs/experiments.md; law: Fang et al. 2024, arXiv 2403.18684",
  reading:
    "L(N) is along the widths with all labels, L(D) along the shares of the labels at one width: choose the form. The largest is held out: its error says what the law is worth.",
  look: { view: "scaling", system: "teacher", form: "N" },
  small: form(
    "d: scaling law",
    sweep([...sizes(100, [8, 12, 16, 32, 48, 64]), ...shares(3680, 24, [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1])], {
      preset: "quick",
      base: { teacher: HEADS, training: { validateEvery: 4000 } },
    }),
    "Sizes with all labels and labels at one size, in place of every combination: a law in each of both, not a joint one.",
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
          data: { notes: { ...LARGE_NOTES, trainQueries: 100_000 } },
          teacher: HEADS,
          stage1: { steps: 2000 },
        },
      },
    ),
  ),
};
