/**
 * Text for language models to be pre-trained on: threads in which notes, comments and queries come back to the same things
 * in writers' and in askers' words. From notes alone, each of which names its things once, a model learns topics; that two
 * words mean one thing it can learn only where a text says both.
 *
 * It comes of worlds of its own. A collection's seed is below 2^31, a world's here is not, so that no text here is made from
 * a collection's note or query, nor is any judgement. But the words of the generator are the same in all worlds, and so a
 * query of a few words may be written again by chance: `without` names texts that must not be.
 */
import type { Experiment } from "../../config/schema";
import { hash32, type Random, random } from "../../random";
import { documentText } from "../types";
import { DOMAINS } from "./domains";
import { type Wording, wording } from "./mentions";
import { writeNote } from "./noteText";
import { type NotePlan, planFacts, planNote, rates } from "./plan";
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

/** A world with every concept's writers' words among its askers' and the other way round: who speaks cannot be told by the word. */
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

/** A world in which writers use askers' words. */
function turned(world: World): World {
  return {
    ...world,
    facts: world.facts.map((fact) =>
      "concept" in fact ? { ...fact, concept: { ...fact.concept, say: fact.concept.ask } } : fact,
    ),
  };
}

/**
 * Streams threads: each is two or three texts about the same things, a line each (the blank after the break makes a line's
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
  const worlds = { usual: world, turned: turned(world), mixed: mixed(world) };
  const words = wording(world, settings);
  const rate = rates(settings);
  for (let i = 0; i < count; i++) {
    const plan = planNote(world, settings, rate, own, i);
    const r = random(own, "thread", i);
    const note = (kind: keyof typeof worlds) =>
      documentText(writeNote(worlds[kind], plan, words, settings.comments, "", r));
    const query = () => writeThreadQuery(world, plan, words, settings.typos, without, r);
    yield r
      .pick([
        () => [query(), note("usual")],
        () => [note("usual"), query(), query()],
        () => [note("usual"), note("turned")],
        () => [note("turned"), note("usual")],
        () => [query(), note("usual"), query()],
        () => [query(), query(), note("usual")],
        () => [note("mixed"), query()],
        () => [query(), note("mixed")],
      ])()
      .filter(Boolean)
      .join("\n ");
  }
}

/** A query for some of what the note states, as a collection's queries ask: the topic and one to three other facts. */
function writeThreadQuery(
  world: World,
  plan: NotePlan,
  words: Wording,
  typos: number,
  without: ReadonlySet<string>,
  r: Random,
): string {
  const [topic, ...others] = planFacts(plan);
  for (let tries = 0; tries < 5; tries++) {
    const asked = r.shuffle([...others]).slice(0, 1 + r.int(3));
    const text = writeQuery(world, [topic!, ...asked], words, typos, r);
    if (!without.has(plainForm(text))) return text;
  }
  return "";
}
