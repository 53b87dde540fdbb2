/** Which words a mention of a concept takes: the common name, the askers' words, the writers' words, or an ambiguous word. */
import type { Random } from "../../random";
import type { NotesSettings } from "./plan";
import type { Concept } from "./types";
import type { World } from "./world";

/** How the texts of a collection choose their words. */
export interface Wording {
  /** The chance that a mention leaves the common name for its side's own words. */
  gap: number;
  /** The chance that a concept which has an ambiguous word is called by it. */
  ambiguous: number;
}

/**
 * The setting is the share of all mentions that are ambiguous, and only some concepts have such a word, so those take it
 * more often (always, where even that is too little).
 */
export function wording(world: World, settings: NotesSettings): Wording {
  return {
    gap: settings.vocabularyGap,
    ambiguous: world.ambiguous > 0 ? Math.min(1, settings.ambiguity / world.ambiguous) : 0,
  };
}

/** How an asker says it: a query, or a comment under a note. */
export function asked(concept: Concept, w: Wording, r: Random): string {
  return said(concept, concept.ask, w, r);
}

/** How a note says it. */
export function written(concept: Concept, w: Wording, r: Random): string {
  return said(concept, concept.say, w, r);
}

/** A note's two mentions of its main concept, in different words; one of them may be ambiguous, never both. */
export function writtenTwice(concept: Concept, w: Wording, r: Random): [string, string] {
  const first = written(concept, w, r);
  const others = concept.say.filter((form) => form !== first);
  const second = first !== concept.name && !r.chance(w.gap) ? concept.name : r.pick(others);
  return r.chance(0.5) ? [first, second] : [second, first];
}

function said(concept: Concept, own: readonly string[], w: Wording, r: Random): string {
  const ambiguous = r.chance(w.ambiguous);
  const gap = r.chance(w.gap);
  const form = r.pick(own);
  if (ambiguous && concept.ambiguous) return concept.ambiguous;
  return gap ? form : concept.name;
}
