/** What queries ask for: sets of facts drawn from the notes, so that each has one to ten full answers. */
import { hash32, type Random } from "../../random";
import type { NotesSettings } from "./plan";
import { countStating, factsOf, stating, type Truth } from "./truth";
import { chances, draw, type Weighted, type World, weighted } from "./world";

/** The most full answers of a query: recall@10 can reach 1. */
export const MOST_ANSWERS = 10;

export const SPLITS = ["train", "validation", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** What one split draws its queries from. */
export interface NeedSource {
  split: SplitName;
  /** Indices of domains. */
  domains: readonly number[];
  /** By domain: the topics as this split favours them. */
  topics: readonly Weighted[];
  /** By fact: how much more this split favours a concept than the notes do. */
  favour: Float64Array;
}

/**
 * The domains and favourites of a split. Training and validation come from the first `trainDomains` domains, test from the
 * last `testDomains`. Drift d moves a share d of the test queries' interest to the other end of the frequency ranks: at 1
 * the rarest concept of every list is the favourite.
 */
export function needSource(world: World, settings: NotesSettings, split: SplitName): NeedSource {
  const all = world.domains.map((_, i) => i);
  const { trainDomains, testDomains } = settings;
  const domains =
    split === "test"
      ? testDomains > 0
        ? all.slice(-testDomains)
        : all
      : trainDomains > 0
        ? all.slice(0, trainDomains)
        : all;
  const drift = split === "test" ? settings.drift : 0;
  const favour = new Float64Array(world.facts.length).fill(1);
  const moved = (list: Weighted): Weighted => {
    const usual = chances(list);
    const chance = list.facts.map((fact) => usual.get(fact)!);
    const result = weighted(
      list.facts,
      (rank) => (1 - drift) * chance[rank]! + drift * chance[chance.length - 1 - rank]!,
    );
    for (const [fact, now] of chances(result)) favour[fact] = now / usual.get(fact)!;
    return result;
  };
  const topics = world.domains.map((domain) => {
    moved(domain.features);
    moved(domain.situations);
    return moved(domain.topics);
  });
  return { split, domains, topics, favour };
}

/** The facts in ascending order: two queries ask for the same exactly where their keys are equal. */
export function needKey(facts: readonly number[]): string {
  return [...facts].sort((a, b) => a - b).join(" ");
}

/** How the sets of facts are shared out among the splits. */
export type Shares = Readonly<Record<SplitName, number>>;

/**
 * Shares by the number of queries wanted. Where the corpus is too small for that many different sets, training gets fewer,
 * for it may ask for the same set again in other words, but no less than half.
 */
export function sharesOf(settings: NotesSettings): Shares {
  const { trainQueries, validationQueries, testQueries, corpusSize } = settings;
  const held = validationQueries + testQueries;
  const sets = SETS_A_NOTE * corpusSize;
  const train = Math.min(trainQueries, Math.max(sets - held, held));
  const least = (train + held) / 20;
  return {
    train: Math.max(train, least),
    validation: Math.max(validationQueries, least),
    test: Math.max(testQueries, least),
  };
}

/** Different sets of facts that queries find in a corpus, for each of its notes: a low estimate. */
const SETS_A_NOTE = 4;

/** Which split a set of facts belongs to, by its hash: no set is in two splits, whatever is drawn in which order. */
export function splitOf(seed: number, facts: readonly number[], shares: Shares): SplitName {
  const hash = hash32(seed, 0x5e7, ...[...facts].sort((a, b) => a - b)) / 2 ** 32;
  const x = hash * (shares.train + shares.validation + shares.test);
  return x < shares.train ? "train" : x < shares.train + shares.validation ? "validation" : "test";
}

/** What a query is to hold. */
export interface Wish {
  bindings: boolean;
  negation: boolean;
}

/**
 * Draws what one query asks for: a topic, a note of it, and some of that note's facts, more of them until at most ten notes
 * state them all.
 *
 * @param free any number of facts may be taken, and constraints that are not wished for: the last means where the usual
 *   draws find no new set
 * @returns facts, the topic first; null where this draw led to nothing
 */
export function drawNeed(
  world: World,
  truth: Truth,
  source: NeedSource,
  wish: Wish,
  free: boolean,
  r: Random,
): number[] | null {
  const topic = draw(source.topics[r.pick(source.domains)]!, r);
  const notes = stating(truth, topic);
  if (notes.length === 0) return null;
  const facts = noteWith(world, truth, notes, wish, r);
  if (!facts) return null;
  const of = (kind: string) => r.shuffle(facts.filter((fact) => world.facts[fact]!.kind === kind));
  const bindings = of("binding");
  const negations = of("negation");
  const concepts = byFavour(
    facts.filter((fact) => world.slots[fact]! < 0),
    source.favour,
    r,
  );
  const constraints = [
    ...(wish.bindings ? bindings.splice(0, r.chance(0.2) ? 2 : 1) : []),
    ...(wish.negation ? negations.splice(0, 1) : []),
  ];
  const further = free ? r.int(4 - constraints.length) : constraints.length > 0 ? r.int(2) : r.chance(0.4) ? 1 : 2;
  const need = [topic, ...concepts.splice(0, further), ...constraints];
  const more = [...concepts, ...(wish.bindings || free ? bindings : []), ...(wish.negation || free ? negations : [])];
  if (free && need.length < 2) need.push(...more.splice(0, 1));
  while (countStating(truth, need, MOST_ANSWERS + 1) > MOST_ANSWERS) {
    const next = more.shift();
    if (next === undefined) return null;
    need.push(next);
  }
  return need.length > 1 ? need : null;
}

/** The facts of a note that has what is wished for, the topic left out; null where a few draws find none. */
function noteWith(world: World, truth: Truth, notes: Uint32Array, wish: Wish, r: Random): number[] | null {
  for (let tries = 0; tries < 20; tries++) {
    const facts = factsOf(truth, notes[r.int(notes.length)]!).slice(1);
    const has = (kind: string) => facts.some((fact) => world.facts[fact]!.kind === kind);
    if ((!wish.bindings || has("binding")) && (!wish.negation || has("negation"))) return facts;
  }
  return null;
}

/** A random order in which what is favoured tends to come first. */
function byFavour(facts: number[], favour: Float64Array, r: Random): number[] {
  const left = [...facts];
  const order: number[] = [];
  while (left.length > 0) {
    let x = r.next() * left.reduce((sum, fact) => sum + favour[fact]!, 0);
    let k = 0;
    while (k < left.length - 1 && x >= favour[left[k]!]!) x -= favour[left[k++]!]!;
    order.push(...left.splice(k, 1));
  }
  return order;
}
