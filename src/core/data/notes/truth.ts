/**
 * What all notes of a corpus state, and which of them answer a query. A million notes take 18 MB, and their inverted index
 * about 25 MB.
 *
 * Grades: 2 where the note states every concept and every constraint of the query; 1 where it states the main concept and
 * at least half of the query's concepts (the main one counts) and violates no constraint; else 0. A constraint HOLDS only
 * where the note states it and is VIOLATED only where the note states another fact of its slot: of a note that does not
 * speak of an oven, "no oven" neither holds nor is violated, and the note may have grade 1 but not 2.
 */
import { areTwins, MAX_FACTS, type NotesSettings, planFacts, planNote, rates } from "./plan";
import type { World } from "./world";

const NONE = 0xffff;

export interface Truth {
  size: number;
  /** uint16 [size, MAX_FACTS]: the facts of each note, the topic first, filled up with 65535. */
  facts: Uint16Array;
  /** uint32 [facts + 1] and its list: fact f is stated by notes list[starts[f]] to list[starts[f + 1] - 1], ascending. */
  starts: Uint32Array;
  list: Uint32Array;
}

/** Plans all notes of the corpus and indexes what they state. */
export function buildTruth(world: World, settings: NotesSettings, seed: number): Truth {
  const size = settings.corpusSize;
  const rate = rates(settings);
  const facts = new Uint16Array(size * MAX_FACTS).fill(NONE);
  const starts = new Uint32Array(world.facts.length + 1);
  for (let i = 0; i < size; i++)
    planFacts(planNote(world, settings, rate, seed, i)).forEach((fact, k) => {
      facts[i * MAX_FACTS + k] = fact;
      starts[fact + 1]!++;
    });
  for (let f = 1; f < starts.length; f++) starts[f]! += starts[f - 1]!;
  const next = starts.slice();
  const list = new Uint32Array(starts[starts.length - 1]!);
  for (let at = 0; at < facts.length; at++) {
    const fact = facts[at]!;
    if (fact !== NONE) list[next[fact]!++] = Math.floor(at / MAX_FACTS);
  }
  return { size, facts, starts, list };
}

/** The facts of note i, the topic first. */
export function factsOf(truth: Truth, i: number): number[] {
  return Array.from(truth.facts.subarray(i * MAX_FACTS, (i + 1) * MAX_FACTS)).filter((fact) => fact !== NONE);
}

/** The notes that state a fact, ascending. */
export function stating(truth: Truth, fact: number): Uint32Array {
  return truth.list.subarray(truth.starts[fact]!, truth.starts[fact + 1]!);
}

/** How many notes state all the facts, counted up to `limit`. */
export function countStating(truth: Truth, facts: readonly number[], limit: number): number {
  let shortest = stating(truth, facts[0]!);
  for (const fact of facts) if (stating(truth, fact).length < shortest.length) shortest = stating(truth, fact);
  let count = 0;
  for (const i of shortest) {
    if (facts.every((fact) => states(truth, i, fact))) count++;
    if (count >= limit) break;
  }
  return count;
}

function states(truth: Truth, i: number, fact: number): boolean {
  for (let k = i * MAX_FACTS; k < (i + 1) * MAX_FACTS; k++) if (truth.facts[k] === fact) return true;
  return false;
}

export interface Judgements {
  /** Notes of grade 2 and of grade 1, ascending: all there are. */
  full: number[];
  partial: number[];
  /** Near misses, the twins of full answers first: notes that state every concept but violate a constraint. */
  misses: number[];
}

/** The most near misses kept for a query, beyond the twins of its answers. */
const MOST_MISSES = 10;

/**
 * Judges the whole corpus for a query.
 *
 * @param query facts, the main concept first. Only notes with that topic can have a grade above 0.
 */
export function judge(
  world: World,
  truth: Truth,
  query: readonly number[],
  isTwin: (pair: number) => boolean,
): Judgements {
  const constraints = query.filter((fact) => world.slots[fact]! >= 0);
  const concepts = query.length - constraints.length;
  // By fact: 1 a concept asked for, 2 a constraint asked for, 3 what violates one.
  const role = new Uint8Array(world.facts.length);
  for (const fact of query) role[fact] = 1;
  for (const constraint of constraints)
    for (const fact of world.slotFacts[world.slots[constraint]!]!) role[fact] = fact === constraint ? 2 : 3;
  const found: Judgements = { full: [], partial: [], misses: [] };
  const violating = new Set<number>();
  for (const i of stating(truth, query[0]!)) {
    let has = 0;
    let held = 0;
    let violated = false;
    for (let k = i * MAX_FACTS; k < (i + 1) * MAX_FACTS && truth.facts[k] !== NONE; k++) {
      const r = role[truth.facts[k]!];
      if (r === 1) has++;
      else if (r === 2) held++;
      else if (r === 3) violated = true;
    }
    if (violated) {
      if (has === concepts) violating.add(i);
    } else if (has === concepts && held === constraints.length) found.full.push(i);
    else if (2 * has >= concepts) found.partial.push(i);
  }
  for (const i of found.full) if (isTwin(i >> 1) && violating.delete(i ^ 1)) found.misses.push(i ^ 1);
  for (const i of violating) {
    if (found.misses.length >= MOST_MISSES) break;
    found.misses.push(i);
  }
  return found;
}

/** Tells which pairs of notes are twins. */
export function twinTest(settings: NotesSettings, seed: number): (pair: number) => boolean {
  const rate = rates(settings);
  return (pair) => areTwins(seed, pair, rate);
}
