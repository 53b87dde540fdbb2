/**
 * Test queries as hurried people type them: words left out, letters wrong. The judgements stay, so that what a system
 * still finds of them says how much of its answers hangs on clean text. Only what is asked changes, never what is learned:
 * towers that were trained once are measured at every level.
 */
import type { Experiment } from "../config/schema";
import { random } from "../random";
import { withTypos } from "./notes/typos";
import type { Dataset } from "./types";

/** Shares of a query's words, 0 to 1. */
export type Noise = Pick<Experiment["evaluation"], "typos" | "wordDrop">;

/**
 * A query with noise. Levels are nested: a word that is missing or misspelt at one level is so at every higher one, in the
 * same way, so that figures of two levels differ by what the step between them did. One word always stays.
 * @param stream tells a query's noise from another's
 */
export function noisyText(text: string, { typos, wordDrop }: Noise, seed: number, stream: string): string {
  const words = text.split(/\s+/).filter(Boolean);
  const drawn = words.map((_, i) => random(seed, "noise: drop", stream, i).next());
  const stays = drawn.indexOf(Math.max(...drawn));
  return words
    .map((word, i) => withTypos(word, typos, random(seed, "noise: typo", stream, i)))
    .filter((_, i) => i === stays || drawn[i]! >= wordDrop)
    .join(" ");
}

/** The collection with its test queries as the experiment asks them; the same object where they are asked as they are. */
export function askedDataset(dataset: Dataset, { evaluation, seed }: Pick<Experiment, "evaluation" | "seed">): Dataset {
  if (evaluation.typos === 0 && evaluation.wordDrop === 0) return dataset;
  const queries = dataset.test.queries.map((query) => ({
    ...query,
    text: noisyText(query.text, evaluation, seed, query.id),
  }));
  return { ...dataset, test: { ...dataset.test, queries } };
}
