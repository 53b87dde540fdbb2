/** What a language model learns from where nobody gives a text: threads of notes and queries of a world of its own. */
import { presetExperiment } from "../config/presets";
import { notesDataset } from "../data/notes";
import { notesThreads, plainForm } from "../data/notes/pretraining";

export interface LanguageTexts {
  texts: string[];
  /** For the model card. */
  words: string;
}

/**
 * Threads without the validation and test queries of the preset that has most of them.
 * @param breathe awaited now and then; what it throws ends the writing
 */
export async function generatedTexts(
  seed: number,
  threads: number,
  breathe: () => Promise<unknown> = async () => {},
): Promise<LanguageTexts> {
  const experiment = presetExperiment("standard");
  const { notes } = experiment.data;
  const { test, validation } = notesDataset(notes, experiment.seed);
  await breathe();
  const without = new Set([...test.queries, ...validation.queries].map(({ text }) => plainForm(text)));
  const texts: string[] = [];
  for (const text of notesThreads(notes, seed, threads, without)) if (texts.push(text) % 100 === 0) await breathe();
  return {
    texts,
    words: `${threads.toLocaleString("en")} threads that the program generated (src/core/data/notes/pretraining.ts, seed ${seed}): a note with queries for what it says, or a
note told again in askers' words, so that the text says which words mean one thing. They come of a world that no
collection has: no note, query or judgement of a collection is in it. The validation and test queries of the preset
standard at its own seed do not occur by chance either. The words of the generator are the same in all worlds: that is what
a model can know of them without a label of the collection it is tried on.`,
  };
}
