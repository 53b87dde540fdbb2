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
    split === "test" ? (testDomains > 0 ? all.slice(-testDomains) : all) : trainDomains > 0 ? all.slice(0, trainDomains) : all;
  const drift = split === "test" ? settings.drift : 0;
  const favour = new Float64Array(world.facts.length).fill(1);
  const moved = (list: Weighted): Weighted => {
    const usual = chances(list);
    const chance = list.facts.map((fact) => usual.get(fact)!);
    const result = weighted(list.facts, (rank) => (1 - drift) * chance[rank]! + drift * chance[chance.length - 1 - rank]!);
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

/**
 * Which split a set of facts belongs to, by its hash: no set is in two splits, whatever is drawn in which order.
 *
 * @param counts queries wanted a split; a split gets at least a twentieth of the sets
 */
export function splitOf(seed: number, facts: readonly number[], counts: Readonly<Record<SplitName, number>>): SplitName {
  const total = SPLITS.reduce((sum, split) => sum + counts[split], 0);
  const share = SPLITS.map((split) => Math.max(counts[split], total / 20));
  let x = (hash32(seed, 0x5e7, ...[...facts].sort((a, b) => a - b)) / 2 ** 32) * share.reduce((sum, s) => sum + s, 0);
  for (const [k, split] of SPLITS.entries()) {
    x -= share[k]!;
    if (x < 0) return split;
  }
  return "train";
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
 * @param spare may constraints that are not wished for be added as the last means against too many answers?
 * @returns facts, the topic first; null where this draw led to nothing
 */
export function drawNeed(world: World, truth: Truth, source: NeedSource, wish: Wish, spare: boolean, r: Random): number[] | null {
  const topic = draw(source.topics[r.pick(source.domains)]!, r);
  const notes = stating(truth, topic);
  if (notes.length === 0) return null;
  const facts = factsOf(truth, notes[r.int(notes.length)]!).slice(1);
  const of = (kind: string) => r.shuffle(facts.filter((fact) => world.facts[fact]!.kind === kind));
  const bindings = of("binding");
  const negations = of("negation");
  if ((wish.bindings && bindings.length === 0) || (wish.negation && negations.length === 0)) return null;
  const concepts = byFavour(
    facts.filter((fact) => world.slots[fact]! < 0),
    source.favour,
    r,
  );
  const constraints = [
    ...(wish.bindings ? bindings.splice(0, r.chance(0.6) ? 2 : 1) : []),
    ...(wish.negation ? negations.splice(0, 1) : []),
  ];
  const further = constraints.length > 0 ? r.int(2) : r.chance(0.4) ? 1 : 2;
  const need = [topic, ...concepts.splice(0, further), ...constraints];
  const more = [...concepts, ...(wish.bindings || spare ? bindings : []), ...(wish.negation || spare ? negations : [])];
  while (countStating(truth, need, MOST_ANSWERS + 1) > MOST_ANSWERS) {
    const next = more.shift();
    if (next === undefined) return null;
    need.push(next);
  }
  return need.length > 1 ? need : null;
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
