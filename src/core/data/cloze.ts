/**
 * Queries made from the documents themselves, where a collection brings none: the inverse cloze task (Lee et al. 2019,
 * arXiv 1906.00300). A sentence is taken as the query, and the text it stood in is what it must find.
 *
 * In 9 of 10 pairs (the paper's share) the sentence is taken out of its document, or the query would be found by its very
 * words; in every test and validation pair it is, for there a word match would be all that is measured. Documents are
 * shared by all queries, so a sentence that is taken out is gone from the collection: one sentence a document at most.
 */
import { random } from "../random";
import { counted } from "./problems";
import type { Doc, Qrels, Query } from "./types";

const REMOVED = 0.9;
const FEWEST_WORDS = 4;
const MOST_WORDS = 64;
const MOST_PAIRS = 20_000;

export interface ClozePairs {
  /** All documents in their order, those of the pairs without their sentence. */
  docs: Doc[];
  queries: Query[];
  qrels: Qrels;
  /** Puts the sentence back, or takes it out: [query id] to the document with it. */
  whole: ReadonlyMap<string, Doc>;
}

/** A sentence's place in a text. */
interface Span {
  from: number;
  to: number;
}

/**
 * Sentences end at . ! ? or their Chinese and Japanese forms, or at a line end. A rule of our own: that of
 * Intl.Segmenter differs between browsers, and equal seeds must give equal pairs.
 */
export function sentences(text: string): Span[] {
  const spans: Span[] = [];
  for (const { 0: piece, index } of text.matchAll(/[^\n]*?(?:[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？]+[”’」』]*|(?=\n)|$)/gu)) {
    const from = index + piece.length - piece.trimStart().length;
    const to = index + piece.trimEnd().length;
    if (to > from) spans.push({ from, to });
  }
  return spans;
}

// A script without blanks has no words to count: 3 characters stand for one.
const wordCount = (text: string) => {
  const words = text.match(/\S+/gu)?.length ?? 0;
  return Math.max(words, Math.floor([...text.matchAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)].length / 3));
};

/** One pair from each document with at least two sentences, of 4 to 64 words; from 20,000 documents at most. */
export function clozePairs(docs: readonly Doc[], seed: number): ClozePairs {
  const order = random(seed, "cloze documents").shuffle(docs.map((_, i) => i));
  const chosen = new Map<number, Span>();
  for (const i of order) {
    if (chosen.size >= MOST_PAIRS) break;
    const { text } = docs[i]!;
    const spans = sentences(text);
    if (spans.length < 2) continue;
    const fit = spans.filter(({ from, to }) => {
      const words = wordCount(text.slice(from, to));
      return words >= FEWEST_WORDS && words <= MOST_WORDS;
    });
    if (fit.length > 0) chosen.set(i, random(seed, "cloze sentence", i).pick(fit));
  }
  const queries: Query[] = [];
  const qrels: Qrels = new Map();
  const whole = new Map<string, Doc>();
  const result = docs.map((doc, i) => {
    const span = chosen.get(i);
    if (!span) return doc;
    const id = `cloze-${doc.id}`;
    queries.push({ id, text: doc.text.slice(span.from, span.to).replace(/\s+/g, " ") });
    qrels.set(id, new Map([[doc.id, 1]]));
    whole.set(id, doc);
    const rest = `${doc.text.slice(0, span.from).trimEnd()} ${doc.text.slice(span.to).trimStart()}`;
    return { ...doc, text: rest.trim() };
  });
  return { docs: result, queries, qrels, whole };
}

/** Gives 1 of 10 training documents its sentence back. `train` are the queries that train. */
export function restoreSome(pairs: ClozePairs, train: readonly Query[], seed: number, notices: string[]): Doc[] {
  const back = new Map<string, Doc>();
  train.forEach((query) => {
    const doc = pairs.whole.get(query.id)!;
    if (random(seed, "cloze kept", query.id).chance(1 - REMOVED)) back.set(doc.id, doc);
  });
  notices.push(
    `The collection has no judged queries, so ${counted(pairs.queries.length, "sentence", "sentences")} of its documents serve as queries (inverse cloze task), each to find the document it stood in. ` +
      `It was taken out of that document (except for ${counted(back.size, "training pair", "training pairs")}: 1 in 10, as in Lee et al. 2019), so these sentences are missing in the collection that is searched. ` +
      "Figures from such queries compare the systems, but say little about real questions.",
  );
  return pairs.docs.map((doc) => back.get(doc.id) ?? doc);
}
