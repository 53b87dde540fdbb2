/**
 * The generator's world with everything in it numbered, so that a million notes' truth fits in small typed arrays.
 *
 * A FACT is one thing that a note can state or a query can ask for, and has a number:
 *
 *     0 ..                 concepts (topics, features, situations), all domains one after the other
 *     .. then              bindings: one fact for each noun with each value ("white walls", "oak walls", ...)
 *     .. then              negations: two facts a noun ("no oven", "with the oven")
 *
 * Bindings and negations are the CONSTRAINTS. Facts that exclude each other share a SLOT (the walls' colour; whether
 * there is an oven), so a fact is violated exactly where another fact of its slot is stated.
 */
import type { Random } from "../../random";
import { random } from "../../random";
import type { Concept, Domain } from "./types";

/** A list to draw from by weight. */
export interface Weighted {
  /** Facts, the most frequent first. */
  facts: readonly number[];
  /** Running sums of the whole-number weights. */
  sums: readonly number[];
}

/** One binding of a domain: the fact of noun n with value v is `base + n * values.length + v`. */
export interface WorldBinding {
  nouns: readonly string[];
  values: readonly string[];
  base: number;
  /** How often each noun and each value, by their place in the lists. */
  nounRanks: Weighted;
  valueRanks: Weighted;
}

export interface WorldDomain {
  name: string;
  topics: Weighted;
  features: Weighted;
  situations: Weighted;
  bindings: readonly WorldBinding[];
  /** The fact "no noun k" is `negationBase + 2 * k`, "with noun k" is one more. */
  negationBase: number;
  negatables: readonly string[];
  negatableRanks: Weighted;
  fillers: readonly string[];
}

export type Fact =
  | { kind: "topic" | "feature" | "situation"; domain: number; concept: Concept }
  | { kind: "binding"; domain: number; noun: string; value: string }
  | { kind: "negation"; domain: number; noun: string; absent: boolean };

export interface World {
  domains: readonly WorldDomain[];
  /** By fact number. */
  facts: readonly Fact[];
  /** By fact number: the slot of a constraint, -1 for a concept. */
  slots: Int32Array;
  /** By slot: its facts. */
  slotFacts: readonly (readonly number[])[];
  /** By fact number of a concept: the constraints' nouns that its words name too, as stems. */
  nouns: readonly ReadonlySet<string>[];
  /** The share of the drawn concepts that have an ambiguous word. */
  ambiguous: number;
}

/**
 * Numbers the domains' concepts and constraints.
 *
 * @param zipf exponent: the concept of rank r has weight r^-zipf, and so have nouns, values and absent things. Ranks are
 *   shuffled by the seed, list by list.
 */
export function buildWorld(domains: readonly Domain[], zipf: number, seed: number): World {
  const ranked = (list: readonly number[], ...stream: (number | string)[]) =>
    weighted(random(seed, "rank", ...stream).shuffle([...list]), (rank) => (rank + 1) ** -zipf);
  const places = (list: readonly string[], ...stream: (number | string)[]) =>
    ranked(
      list.map((_, k) => k),
      ...stream,
    );
  const facts: Fact[] = [];
  const slots: number[] = [];
  const nouns: ReadonlySet<string>[] = [];
  const lists = domains.map((d, domain) => {
    const constraintNouns = [...d.bindings.flatMap((b) => b.nouns), ...d.negatables];
    const add = (kind: "topic" | "feature" | "situation", concepts: readonly Concept[]): number[] =>
      concepts.map((concept) => {
        facts.push({ kind, domain, concept });
        slots.push(-1);
        nouns.push(namedNouns(concept, constraintNouns));
        return facts.length - 1;
      });
    return {
      topics: add("topic", d.topics),
      features: add("feature", d.features),
      situations: add("situation", d.situations),
    };
  });
  let slot = 0;
  const bindings = domains.map((d, domain) =>
    d.bindings.map((b, k) => {
      const base = facts.length;
      for (const noun of b.nouns) {
        for (const value of b.values) {
          facts.push({ kind: "binding", domain, noun, value });
          slots.push(slot);
        }
        slot++;
      }
      return {
        nouns: b.nouns,
        values: b.values,
        base,
        nounRanks: places(b.nouns, "nouns", domain, k),
        valueRanks: places(b.values, "values", domain, k),
      };
    }),
  );
  const worldDomains = domains.map((d, domain): WorldDomain => {
    const negationBase = facts.length;
    for (const noun of d.negatables) {
      for (const absent of [true, false]) {
        facts.push({ kind: "negation", domain, noun, absent });
        slots.push(slot);
      }
      slot++;
    }
    return {
      name: d.name,
      topics: ranked(lists[domain]!.topics, "topics", domain),
      features: ranked(lists[domain]!.features, "features", domain),
      situations: ranked(lists[domain]!.situations, "situations", domain),
      bindings: bindings[domain]!,
      negationBase,
      negatables: d.negatables,
      negatableRanks: places(d.negatables, "negatables", domain),
      fillers: d.fillers,
    };
  });
  const slotFacts: number[][] = Array.from({ length: slot }, () => []);
  for (const [fact, s] of slots.entries()) slotFacts[s]?.push(fact);
  return {
    domains: worldDomains,
    facts,
    slots: Int32Array.from(slots),
    slotFacts,
    nouns,
    ambiguous: ambiguousShare(worldDomains, facts),
  };
}

/** A note mentions about one topic, one and a half features and half a situation. */
function ambiguousShare(domains: readonly WorldDomain[], facts: readonly Fact[]): number {
  let share = 0;
  for (const d of domains)
    for (const [list, weight] of [
      [d.topics, 1 / 3],
      [d.features, 1 / 2],
      [d.situations, 1 / 6],
    ] as const)
      for (const [number, chance] of chances(list)) {
        const fact = facts[number]!;
        if ("concept" in fact && fact.concept.ambiguous) share += (weight * chance) / domains.length;
      }
  return share;
}

/**
 * A list to draw from. Weights are rounded to whole numbers, so that a last digit in which engines' powers may differ
 * changes no note.
 */
export function weighted(facts: readonly number[], weight: (rank: number) => number): Weighted {
  let sum = 0;
  const sums = facts.map((_, rank) => {
    sum += Math.max(1, Math.round(weight(rank) * 1e6));
    return sum;
  });
  return { facts, sums };
}

/** Draws one fact by its weight. */
export function draw(list: Weighted, r: Random): number {
  const x = r.next() * list.sums[list.sums.length - 1]!;
  return list.facts[list.sums.findIndex((sum) => x < sum)]!;
}

/** Draws up to `count` different members that pass the test. */
export function drawSome(list: Weighted, count: number, r: Random, fits: (member: number) => boolean): number[] {
  const drawn: number[] = [];
  const free = list.facts.filter(fits).length;
  while (drawn.length < Math.min(count, free)) {
    const member = draw(list, r);
    if (fits(member) && !drawn.includes(member)) drawn.push(member);
  }
  return drawn;
}

/** The chance of each fact of a list. */
export function chances(list: Weighted): Map<number, number> {
  const total = list.sums[list.sums.length - 1]!;
  return new Map(list.facts.map((fact, i) => [fact, (list.sums[i]! - (list.sums[i - 1] ?? 0)) / total]));
}

/** Every phrase by which a concept may be called. */
export function forms(concept: Concept): string[] {
  return [concept.name, ...concept.ask, ...concept.say, ...(concept.ambiguous ? [concept.ambiguous] : [])];
}

/** A noun without the plural's s, and its last word only: what makes "doors" and "door" one thing. */
export function nounStem(noun: string): string {
  const word =
    noun
      .toLowerCase()
      .match(/\p{L}+/gu)
      ?.at(-1) ?? "";
  return word.length > 3 && word.endsWith("s") ? word.slice(0, -1) : word;
}

function namedNouns(concept: Concept, nouns: readonly string[]): ReadonlySet<string> {
  const said = new Set(forms(concept).flatMap((form) => form.split(/[^\p{L}]+/u).map(nounStem)));
  return new Set(nouns.map(nounStem).filter((stem) => said.has(stem)));
}
