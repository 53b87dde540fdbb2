/**
 * Text for language models to be pre-trained on: threads in which notes and queries come back to the same things
 * in writers' and in askers' words. From notes alone, each of which names its things once, a model learns topics; that two
 * words mean one thing it can learn only where a text says both.
 *
 * It comes of worlds of its own. A collection's seed is below 2^31, a world's here is not, so that no text here is made from
 * a collection's note or query, nor is any judgement. But the words of the generator are the same in all worlds, and so a
 * query of a few words may be written again by chance: `without` names texts that must not be.
 */
import type { Experiment } from "../../config/schema";
import { hash32, random } from "../../random";
import { documentText } from "../types";
import { DOMAINS } from "./domains";
import { wording } from "./mentions";
import { writeNote } from "./noteText";
import { planFacts, planNote, rates } from "./plan";
import { writeQuery } from "./queryText";
import { buildWorld, type World } from "./world";

type NotesSettings = Experiment["data"]["notes"];

/** The seed of a world that no collection has: experiments' seeds are below 2^31. */
export const pretrainingSeed = (seed: number): number => (hash32(seed, 0x9e7) | 0x8000_0000) >>> 0;

/** The form in which a text is compared with those that must not occur. */
export const plainForm = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** A world in which writers use askers' words too, and askers writers': who speaks cannot be told by the word. */
function mixed(world: World): World {
  return {
    ...world,
    facts: world.facts.map((fact) => {
      if (!("concept" in fact)) return fact;
      const all = [...fact.concept.ask, ...fact.concept.say];
      return { ...fact, concept: { ...fact.concept, ask: all, say: all } };
    }),
  };
}

/**
 * What a thread is made of: a note in writers' words or in anybody's, and queries for the same things in askers' words or
 * in anybody's. Queries are short and nearly all of their words name something, so most of what can be learned of words is
 * learned from them; notes are there because towers will read notes.
 */
const THREADS: readonly (readonly Part[])[] = [
  ["query", "note"],
  ["note", "query"],
  ["any query", "query", "any query"],
  ["query", "any query", "any query", "query"],
  ["any note", "query"],
  ["query", "any query", "note"],
];
type Part = "note" | "any note" | "query" | "any query";

/**
 * Streams threads: each is two to four texts about the same things, a line each (the blank after the break makes a line's
 * first word the token that it is at a text's beginning). Thread i depends on (settings, seed, i) alone.
 * @param without plain forms of queries that must not be written
 */
export function* notesThreads(
  settings: NotesSettings,
  seed: number,
  count: number,
  without: ReadonlySet<string> = new Set(),
): Generator<string> {
  const own = pretrainingSeed(seed);
  const world = buildWorld(DOMAINS, settings.zipf, own);
  const anybodys = mixed(world);
  const words = wording(world, settings);
  const rate = rates(settings);
  for (let i = 0; i < count; i++) {
    const plan = planNote(world, settings, rate, own, i);
    const r = random(own, "thread", i);
    const [topic, ...others] = planFacts(plan);
    const asked = [topic!, ...r.shuffle(others).slice(0, 1 + r.int(3))];
    const write: Record<Part, () => string> = {
      note: () => documentText(writeNote(world, plan, words, settings.comments, "", r)),
      "any note": () => documentText(writeNote(anybodys, plan, words, settings.comments, "", r)),
      query: () => writeQuery(world, asked, words, settings.typos, r),
      "any query": () => writeQuery(anybodys, asked, words, settings.typos, r),
    };
    yield r
      .pick(THREADS)
      .map((part) => write[part]())
      .filter((text) => !without.has(plainForm(text)))
      .join("\n ");
  }
}
