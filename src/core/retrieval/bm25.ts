/**
 * BM25 by MiniSearch. What it computes, exactly:
 *
 * score(q, d) = sum over the words w of q (a word said twice counts twice) of
 *   ln(1 + (N - n + .5)/(n + .5)) * f * (k + 1)/(f + k * (1 - b + b * |d|/avg)),   k = 1.2, b = .75
 *
 * with N documents, n of them holding w, f times in d, |d| the number of words of d and avg its mean. A document is one
 * field: title, a full stop, text. Words are the maximal runs of Unicode letters, marks and digits, in lower case; no
 * stemming, no stop words, nothing fuzzy, no prefixes; a document matches that holds any word of the query.
 *
 * MiniSearch's own scoring differs in three ways, which are taken back here: it adds d = .5 to every word (set to 0), it
 * multiplies the sum by the number of different query words that matched (divided out), and it takes for |d| the number
 * of DIFFERENT words (each word is indexed under its position, so that all are different, and the position is cut off
 * before the word is stored). The test compares the result with the formula above, written out.
 *
 * MiniSearch is asked for one word at a time and its answer is kept, since a query's score is the sum over its words: of
 * a test set's queries, most words come again and again. 300 queries over scifact's 5,183 documents took 3.1 s asked
 * whole and take 0.5 s so.
 */
import MiniSearch from "minisearch";
import { type Doc, documentText } from "../data/types";
import { bestOf } from "../evaluation/order";
import type { RankedList } from "../evaluation/types";

/** The parameters of BM25. */
export const BM25 = { k: 1.2, b: 0.75 } as const;

/** The words of a text as BM25 sees them. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

export interface Bm25Index {
  /** The best k documents that share a word with the query (there may be fewer), ties by id descending. */
  search(query: string, k: number): RankedList;
  /** The scores of the given documents: 0 for one that shares no word with the query. */
  score(query: string, docIds: Iterable<string>): Map<string, number>;
}

/** What one word adds to the documents that hold it. */
interface Postings {
  docs: Int32Array;
  scores: Float64Array;
}

/** Kept answers are dropped beyond this many (document, word) pairs: about 100 MB. */
const KEPT_PAIRS = 8_000_000;

/**
 * Indexes documents.
 *
 * @param docs with ids that are all different
 */
export function bm25Index(docs: readonly Doc[]): Bm25Index {
  const index = new MiniSearch<{ id: number }>({
    fields: ["text"],
    extractField: ({ id }, field) => (field === "id" ? id : documentText(docs[id]!)),
    tokenize: (text) => words(text).map((word, i) => `${word} ${i}`),
    processTerm: (term) => term.slice(0, term.indexOf(" ")),
    searchOptions: { bm25: { ...BM25, d: 0 }, combineWith: "OR", fuzzy: false, prefix: false },
  });
  for (let id = 0; id < docs.length; id++) index.add({ id });

  const kept = new Map<string, Postings>();
  let pairs = 0;
  const postingsOf = (word: string): Postings => {
    const known = kept.get(word);
    if (known) return known;
    const hits = index.search(word);
    const postings = {
      docs: Int32Array.from(hits, (hit) => hit.id as number),
      scores: Float64Array.from(hits, (hit) => hit.score / hit.queryTerms.length),
    };
    pairs += hits.length;
    if (pairs > KEPT_PAIRS) {
      kept.clear();
      pairs = hits.length;
    }
    kept.set(word, postings);
    return postings;
  };

  const sums = new Float64Array(docs.length);
  /** Fills `sums` for the query. */
  const add = (query: string): void => {
    sums.fill(0);
    for (const word of words(query)) {
      const { docs: at, scores } = postingsOf(word);
      for (let i = 0; i < at.length; i++) sums[at[i]!] = sums[at[i]!]! + scores[i]!;
    }
  };

  const position = new Map(docs.map((doc, i) => [doc.id, i]));
  return {
    search(query, k) {
      add(query);
      // A word's weight is above 0, so a document with a score of 0 holds none.
      const matching: number[] = [];
      for (let i = 0; i < sums.length; i++) if (sums[i]! > 0) matching.push(i);
      return bestOf(
        matching.map((i) => docs[i]!.id),
        matching.map((i) => sums[i]!),
        k,
      );
    },
    score(query, docIds) {
      add(query);
      return new Map([...docIds].map((id) => [id, sums[position.get(id) ?? -1] ?? 0]));
    },
  };
}
