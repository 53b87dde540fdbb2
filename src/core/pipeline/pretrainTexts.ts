/** What a language model learns from where nobody gives a text: threads of notes and queries of a world of its own. */
import { PRESETS, type PresetName, presetExperiment } from "../config/presets";
import { notesDataset } from "../data/notes";
import { notesThreads, plainForm } from "../data/notes/pretraining";

export interface LanguageTexts {
  texts: string[];
  /** For the model card. */
  words: string;
}

/**
 * Threads without what the presets are validated and tested on.
 * @param breathe awaited now and then; what it throws ends the writing
 */
export async function generatedTexts(
  seed: number,
  threads: number,
  breathe: () => Promise<unknown> = async () => {},
): Promise<LanguageTexts> {
  const without = new Set<string>();
  for (const name of Object.keys(PRESETS) as PresetName[]) {
    const experiment = presetExperiment(name);
    const { test, validation } = notesDataset(experiment.data.notes, experiment.seed);
    for (const { text } of [...test.queries, ...validation.queries]) without.add(plainForm(text));
    await breathe();
  }
  const { notes } = presetExperiment("standard").data;
  const texts: string[] = [];
  for (const text of notesThreads(notes, seed, threads, without)) if (texts.push(text) % 100 === 0) await breathe();
  return {
    texts,
    words: `${threads.toLocaleString("en")} threads that the program generated (src/core/data/notes/pretraining.ts, seed ${seed}): notes and
queries about the same things, in writers', askers' and anybody's words, so that the text says which words mean one thing. They come of a world that no
collection has, so no note, query or judgement of a collection is in it; the test and validation queries of the presets (at
their own seed) do not occur by chance either. The words of the generator are the same in all worlds: this is what a model can
know of them without a label of the collection it is tried on.`,
  };
}
