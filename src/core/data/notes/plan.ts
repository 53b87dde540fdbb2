/**
 * What a note says, before a word of it is chosen. Note i is a pure function of (settings, seed, i); it does not depend on
 * the corpus size, so a larger corpus begins with the smaller one.
 *
 * Near twins stand next to each other: of a pair (2j, 2j + 1) that is drawn to be twins, the second states what the first
 * does with the values swapped among the nouns, or with the other of "no" and "with".
 */
import type { Experiment } from "../../config/schema";
import { type Random, random } from "../../random";
import { draw, drawSome, nounStem, type World, type WorldDomain } from "./world";

export type NotesSettings = Experiment["data"]["notes"];

/** The facts of one note, by their place in it. */
export interface NotePlan {
  domain: number;
  topic: number;
  /** One or two. */
  features: readonly number[];
  /** At most one. */
  situations: readonly number[];
  /** None, or two to three of different nouns and different values, in the order of mention. */
  bindings: readonly number[];
  /** None, one, or two of opposite sign. */
  negations: readonly number[];
}

/** The most facts that a note has. */
export const MAX_FACTS = 9;

/** All facts of a note, the topic first. */
export function planFacts(plan: NotePlan): number[] {
  return [plan.topic, ...plan.features, ...plan.situations, ...plan.bindings, ...plan.negations];
}

/** How often what is drawn, so that the shares over all notes are the settings'. */
export interface Rates {
  /** Of the pairs: twins. */
  twinPairs: number;
  /** Of the notes that are in no pair of twins. */
  bindings: number;
  negation: number;
  /** Of the twins that drew neither: bindings rather than a negation. */
  bindingOfForced: number;
}

/**
 * A share s of the notes comes with a twin: of all pairs, 2s/(1+s) are twins, since a pair of twins holds one such note and
 * another pair holds two notes without. Twins need a binding or a negation; the other notes have fewer of both in return, as
 * far as that goes.
 */
export function rates(settings: NotesSettings): Rates {
  const { bindings: b, negation: n, nearTwins: s } = settings;
  const twinPairs = b + n > 0 ? (2 * s) / (1 + s) : 0;
  const bindingOfForced = b + n > 0 ? b / (b + n) : 0;
  const forced = (1 - b) * (1 - n);
  const rest = (share: number, part: number) => {
    const ofTwins = share + forced * part;
    return twinPairs < 1 ? Math.max(0, (share - twinPairs * ofTwins) / (1 - twinPairs)) : 0;
  };
  return { twinPairs, bindings: rest(b, bindingOfForced), negation: rest(n, 1 - bindingOfForced), bindingOfForced };
}

/** Whether notes 2 * pair and 2 * pair + 1 are twins. */
export function areTwins(seed: number, pair: number, rate: Rates): boolean {
  return rate.twinPairs > 0 && random(seed, "pair", pair).chance(rate.twinPairs);
}

/** The note whose words note i takes: its own, or those of the note before it where i is the second of twins. */
export function wordsOf(seed: number, i: number, rate: Rates): number {
  return i % 2 === 1 && areTwins(seed, i >> 1, rate) ? i - 1 : i;
}

/** What note i says. */
export function planNote(world: World, settings: NotesSettings, rate: Rates, seed: number, i: number): NotePlan {
  const twins = areTwins(seed, i >> 1, rate);
  const first = twins ? i & ~1 : i;
  const r = random(seed, "note", first);
  const plan = drawPlan(world, settings, rate, r, twins);
  return first === i ? plan : twinOf(world, plan, r);
}

function drawPlan(world: World, settings: NotesSettings, rate: Rates, r: Random, twins: boolean): NotePlan {
  const index = r.int(world.domains.length);
  const domain = world.domains[index]!;
  let hasBindings = r.chance(twins ? settings.bindings : rate.bindings);
  let hasNegation = r.chance(twins ? settings.negation : rate.negation);
  if (twins && !hasBindings && !hasNegation) {
    hasBindings = r.chance(rate.bindingOfForced);
    hasNegation = !hasBindings;
  }
  // A short note has room for three further things: clauses take the place of features and of the situation.
  const room = 3 - (hasBindings ? 1 : 0) - (hasNegation ? 1 : 0);
  const topic = draw(domain.topics, r);
  const features = [draw(domain.features, r)];
  if (room > 1 && r.chance(room > 2 ? 0.7 : 0.5)) {
    const second = draw(domain.features, r);
    if (second !== features[0]) features.push(second);
  }
  const situations = room > features.length - 1 && r.chance(0.55) ? [draw(domain.situations, r)] : [];
  const taken = new Set([topic, ...features, ...situations].flatMap((fact) => [...world.nouns[fact]!]));
  const bindings = hasBindings ? drawBindings(domain, taken, r) : [];
  for (const fact of bindings) {
    const said = world.facts[fact]!;
    if (said.kind === "binding") taken.add(nounStem(said.noun));
  }
  const negations = hasNegation ? drawNegations(domain, taken, r) : [];
  return { domain: index, topic, features, situations, bindings, negations };
}

/** Two nouns, seldom three, with different values. */
function drawBindings(domain: WorldDomain, taken: ReadonlySet<string>, r: Random): number[] {
  const binding = r.pick(domain.bindings);
  const { nouns, values, base } = binding;
  const free = (n: number) => !taken.has(nounStem(nouns[n]!));
  const fits = nouns.filter((_, n) => free(n)).length > 1 ? free : () => true;
  const chosen = drawSome(binding.nounRanks, r.chance(0.3) ? 3 : 2, r, fits);
  const bound = drawSome(binding.valueRanks, chosen.length, r, () => true);
  return chosen.map((n, k) => base + n * values.length + bound[k]!);
}

/** "no oven", "with the oven", or one of each: "no oven, but with the mixer". */
function drawNegations(domain: WorldDomain, taken: ReadonlySet<string>, r: Random): number[] {
  const { negatables, negationBase } = domain;
  const free = (k: number) => !taken.has(nounStem(negatables[k]!));
  const fits = negatables.some((_, k) => free(k)) ? free : () => true;
  const [absent = 0, there] = drawSome(domain.negatableRanks, r.chance(0.5) ? 2 : 1, r, fits);
  if (there !== undefined) return [negationBase + 2 * absent, negationBase + 2 * there + 1];
  return [negationBase + 2 * absent + (r.chance(0.75) ? 0 : 1)];
}

/** The same words, another binding or negation. */
function twinOf(world: World, plan: NotePlan, r: Random): NotePlan {
  if (plan.bindings.length > 0 && (plan.negations.length === 0 || r.chance(0.5))) {
    // Each noun takes the next noun's value.
    const bindings = plan.bindings.map((fact, k) => {
      const to = world.facts[fact]!;
      const from = world.facts[plan.bindings[(k + 1) % plan.bindings.length]!]!;
      if (to.kind !== "binding" || from.kind !== "binding") throw new Error("a binding that is none");
      const { values } = world.domains[plan.domain]!.bindings.find(
        ({ nouns }) => nouns.includes(to.noun) && nouns.includes(from.noun),
      )!;
      return fact + values.indexOf(from.value) - values.indexOf(to.value);
    });
    return { ...plan, bindings };
  }
  // The two facts of a noun have consecutive numbers.
  const negations = plan.negations.map((fact) => {
    const said = world.facts[fact]!;
    return said.kind === "negation" && said.absent ? fact + 1 : fact - 1;
  });
  return { ...plan, negations };
}
