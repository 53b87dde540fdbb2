/**
 * The reverse dictionary: find the word from its definition. A document is a synset without its definition: its words, what
 * it is a kind of, its kinds, parts and related words, and one example. A query is a definition, and its synset the answer.
 *
 * Queries are split by synset, by a hash of its name: the same in every build, whatever a run's seed. A synset that tests or
 * validates in the small set never trains in the large one.
 */
import { hash32, hashString } from "../../random";
import { type Dictionary, PARTS_OF_SPEECH, parseCounts, parseData, type Synset } from "./parse";

export const WORDNET_SIZES = ["20k", "all"] as const;
export type WordnetSize = (typeof WORDNET_SIZES)[number];

/** Documents of the small set: the most used nouns. */
export const MOST_USED = 20_000;
const SPLIT_SEED = 31;
const TEST_SHARE = 0.1;
const VALIDATION_SHARE = 0.025;

const MOST_KINDS = 8;
const MOST_PARTS = 6;
const MOST_RELATED = 8;

const IS_A = ["@", "@i"];
const KINDS = ["~", "~i"];
const PARTS = ["%p", "%m", "%s"];
const WHOLES = ["#p", "#m", "#s"];
const RELATED = ["+", "&", "^", "=", "\\", "<", "*", ">", "$", ";c"];
const OPPOSITE = ["!"];

type ById = ReadonlyMap<string, Synset>;

/** What a synset's links of some kinds lead to, each word once: the word linked to, or the first of its synset. */
function linked(synset: Synset, kinds: readonly string[], byId: ById, most: number): string[] {
  const own = new Set(synset.lemmas);
  const found = new Set<string>();
  for (const { kind, to, lemma } of synset.links) {
    if (!kinds.includes(kind)) continue;
    const word = byId.get(to)?.lemmas[Math.max(0, lemma - 1)];
    if (word !== undefined && !own.has(word)) found.add(word);
    if (found.size === most) break;
  }
  return [...found];
}

/** All words of what it is a kind of, and the first word of what that is a kind of. */
function isA(synset: Synset, byId: ById): string[] {
  const parents = synset.links.filter(({ kind }) => IS_A.includes(kind)).flatMap(({ to }) => byId.get(to) ?? []);
  const above = parents.flatMap((parent) => linked(parent, IS_A, byId, 1));
  return [...new Set([...parents.flatMap(({ lemmas }) => lemmas), ...above])];
}

/** The text of a synset's document; its words are the title. */
export function entryText(synset: Synset, byId: ById): string {
  const parts: [string, string[]][] = [
    ["A kind of", isA(synset, byId)],
    ["Kinds:", linked(synset, KINDS, byId, MOST_KINDS)],
    ["Parts:", linked(synset, PARTS, byId, MOST_PARTS)],
    ["Part of", linked(synset, WHOLES, byId, MOST_PARTS)],
    ["Related:", linked(synset, RELATED, byId, MOST_RELATED)],
    ["Opposite:", linked(synset, OPPOSITE, byId, MOST_PARTS)],
  ];
  const sentences = parts.flatMap(([words, list]) => (list.length > 0 ? [`${words} ${list.join(", ")}.`] : []));
  const [example] = synset.examples;
  return [...sentences, ...(example === undefined ? [] : [`Example: ${example}`])].join(" ");
}

type SplitName = "train" | "dev" | "test";

/** The split of a synset's query. Null: held out in the small set, and not needed for the tests of this one. */
export function splitOf(id: string, documents: number): SplitName | null {
  const place = hash32(SPLIT_SEED, hashString(id)) / 2 ** 32;
  // As many test and validation queries in a large set as in the small one.
  const share = Math.min(1, MOST_USED / documents);
  if (place < TEST_SHARE) return place < TEST_SHARE * share ? "test" : null;
  if (place < TEST_SHARE + VALIDATION_SHARE) return place < TEST_SHARE + VALIDATION_SHARE * share ? "dev" : null;
  return "train";
}

/** The most used nouns: by how often they were met, then by how many links they have, then by their place in WordNet. */
function mostUsed(nouns: readonly Synset[], counts: ReadonlyMap<string, number>): Synset[] {
  const count = ({ id }: Synset) => counts.get(id) ?? 0;
  const ranked = [...nouns].sort(
    (a, b) => count(b) - count(a) || b.links.length - a.links.length || (a.id < b.id ? -1 : 1),
  );
  const kept = new Set(ranked.slice(0, MOST_USED));
  return nouns.filter((synset) => kept.has(synset));
}

/** The dictionary, read. */
export interface Wordnet {
  all: Synset[];
  nouns: Synset[];
  byId: ById;
  counts: ReadonlyMap<string, number>;
}

export function readDictionary({ data, senses }: Dictionary): Wordnet {
  const lists = PARTS_OF_SPEECH.map((pos) => parseData(data[pos]));
  const all = lists.flat();
  return { all, nouns: lists[0]!, byId: new Map(all.map((s) => [s.id, s])), counts: parseCounts(senses) };
}

const encoder = new TextEncoder();

/** The files of the collection, in BEIR form. */
export function wordnetFiles(wordnet: Wordnet, size: WordnetSize): { path: string; bytes: Uint8Array }[] {
  const synsets = size === "20k" ? mostUsed(wordnet.nouns, wordnet.counts) : wordnet.all;
  const docs = synsets.map((s) => ({ _id: s.id, title: s.lemmas.join(", "), text: entryText(s, wordnet.byId) }));
  const queries: object[] = [];
  const judgements: Record<SplitName, string[]> = { train: [], dev: [], test: [] };
  for (const { id, definition } of synsets) {
    const split = splitOf(id, synsets.length);
    if (split === null || definition === "") continue;
    // Not the document's own id: some evaluations leave out a document that is called like its query.
    queries.push({ _id: `definition-${id}`, text: definition });
    judgements[split].push(`definition-${id}\t${id}\t1`);
  }
  const file = (path: string, lines: readonly string[]) => ({ path, bytes: encoder.encode(`${lines.join("\n")}\n`) });
  const jsonl = (records: readonly object[]) => records.map((record) => JSON.stringify(record));
  return [
    file("corpus.jsonl", jsonl(docs)),
    file("queries.jsonl", jsonl(queries)),
    ...(["train", "dev", "test"] as const).map((split) =>
      file(`qrels/${split}.tsv`, ["query-id\tcorpus-id\tscore", ...judgements[split]]),
    ),
  ];
}
