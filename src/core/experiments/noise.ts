/** (h) What is left of a student where queries are not as those that it learned from. */
import type { Assignments } from "../pipeline/sweep/spec";
import { form, LARGE_NOTES, listed, type ReadyExperiment } from "./types";

const USUAL = {
  "evaluation.typos": 0,
  "evaluation.wordDrop": 0,
  "data.notes.drift": 0,
  "data.notes.trainDomains": 0,
  "data.notes.testDomains": 0,
  "stage2.copies": 0,
};

/** One kind of noise at a time: a cross, whose middle is the clean query. */
const arms = (typos: readonly number[], drops: readonly number[], drifts: readonly number[]): Assignments[] => [
  {},
  ...typos.map((level) => ({ "evaluation.typos": level })),
  ...drops.map((level) => ({ "evaluation.wordDrop": level })),
  ...drifts.map((level) => ({ "data.notes.drift": level })),
  // The last domains' queries, once asked of towers that learned all domains, once of towers that never saw them.
  { "data.notes.testDomains": 3 },
  { "data.notes.testDomains": 3, "data.notes.trainDomains": 7 },
];

/** Each for a student of the queries as they are, and for one that also learned altered copies. */
const students = (list: Assignments[], copies: number): Assignments[] => [
  ...list,
  ...list.map((cell) => ({ ...cell, "stage2.copies": copies })),
];

const sweep = listed(["teacher", "scalingnote", "bm25"], USUAL);

export const noise: ReadyExperiment = {
  key: "h",
  title: "Noise, other domains, drift",
  question:
    "How much of the teacher does the student keep where queries are misspelt, cut short, or about other things?",
  expect:
    "Both towers lose, and the student keeps more than nine tenths of the teacher whatever words are missing or tastes drift, .87 with 40 % of the words misspelt. One that learned altered copies is better from 10 % of misspelt words on, passes its teacher at 20 %, has .34 where that has .24 recall@10 at 40 %, and pays .02 for it on clean queries. Domains held out of training are lost to both: .03, where BM25 has .37 (three seeds).",
  source: "measured: docs/experiments-more.md; copies: self-teaching, arXiv 2204.00716",
  reading:
    "Retention is the student's recall over the teacher's at the same noise: both lose, and retention says who loses more. It takes one teacher (another one for the domains held out of training) and one student with altered copies and one without; the levels of noise are asked of these, and nothing is trained anew. The settings for word drop, drift and domains have arms of their own.",
  look: { view: "ablation", system: "scalingnote", metric: "retention", across: "evaluation.typos" },
  small: form(
    "h: noise",
    sweep(students(arms([0.1, 0.2, 0.4], [0.15, 0.3, 0.5], [0.5, 1]), 4), {
      preset: "quick",
      base: { stage2: { typos: 0.2, wordDrop: 0.2 }, training: { validateEvery: 400 } },
    }),
    "One kind of noise at a time in place of every combination.",
  ),
  full: form(
    "h: noise, full",
    sweep(students(arms([0.05, 0.1, 0.2, 0.3, 0.4, 0.6], [0.1, 0.2, 0.3, 0.4, 0.5], [0.25, 0.5, 0.75, 1]), 8), {
      preset: "standard",
      base: {
        data: { notes: LARGE_NOTES },
        stage1: { steps: 1000 },
        stage2: { steps: 800, typos: 0.2, wordDrop: 0.2 },
      },
    }),
  ),
};
