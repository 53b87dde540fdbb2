/** What a ready-made experiment is: a question, a sweep that answers it in two sizes, and how to read the answer. */
import type { ExperimentInput } from "../config/schema";
import type { SystemName } from "../formats/result";
import type { Assignments, SweepInput } from "../pipeline/sweep/spec";
import type { LawName } from "../scaling/laws";

/** Letters by which the command line and the page name them. */
export type ReadyKey = "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i";

/** The view that shows the answer, and what is chosen there first. */
export type Look =
  | {
      view: "ablation";
      system: SystemName;
      metric: string;
      /** The setting across; with `down` a heat map, without it a line. */
      across: string;
      down?: string;
    }
  | { view: "scaling"; system: SystemName; form: LawName };

export interface ReadyForm {
  /** As `lab sweep --config` reads it. Its name tells the form again from its trials. */
  sweep: SweepInput & { name: string; seeds: number[] };
  /** Where the whole grid does not fit: which cells are kept, and why these. */
  keeps?: string;
}

export interface ReadyExperiment {
  key: ReadyKey;
  title: string;
  question: string;
  /** What to expect and why, in plain words: only what was measured, or what the source says. */
  expect: string;
  /** Where the expectation comes from. */
  source: string;
  /** How to read the result. */
  reading: string;
  look: Look;
  /** At most `SMALL_FLOPS` a seed, for any machine. */
  small: ReadyForm;
  /** For a GPU. */
  full: ReadyForm;
}

/** What a small form may take for one seed, stages that trials share counted once. */
export const SMALL_FLOPS = 3e12;

/** Three seeds: intervals that say something of other seeds. */
export const SEEDS = [7, 8, 9];

/** A form of this name with `SEEDS`. */
export const form = (name: string, sweep: Omit<SweepInput, "name" | "seeds">, keeps?: string): ReadyForm => ({
  sweep: { ...sweep, name, seeds: SEEDS },
  ...(keeps === undefined ? {} : { keeps }),
});

/**
 * A list of trials that all name the same settings, so that each setting is an axis with a value everywhere.
 * @param usual what a cell has where it says nothing else
 */
export const cells = (usual: Assignments, ...changes: Assignments[]): Assignments[] =>
  changes.map((change) => ({ ...usual, ...change }));

/**
 * Makes a form's sweep of a list of trials.
 * @param systems that are measured
 * @param usual what a trial has where it says nothing else
 */
export const listed =
  (systems: readonly SystemName[], usual: Assignments = {}) =>
  (list: readonly Assignments[], rest: SweepInput): SweepInput => ({
    ...rest,
    mode: "list",
    list: cells(usual, ...list),
    systems: [...systems],
  });

/** The bundled notes of most full forms. */
export const LARGE_NOTES = {
  corpusSize: 20_000,
  trainQueries: 20_000,
  testQueries: 4000,
} as const satisfies NonNullable<NonNullable<ExperimentInput["data"]>["notes"]>;
