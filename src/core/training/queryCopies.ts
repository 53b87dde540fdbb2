/** Training queries in other forms: words left out, letters wrong, or written anew. */
import { withTypos } from "../data/notes/typos";
import { type Random, random } from "../random";

export interface CopyOptions {
  /** Copies of each query. */
  copies: number;
  /** Chance of each word of a copy to be left out, and to be misspelt. */
  wordDrop: number;
  typos: number;
  /** Share of the copies that are written anew, where the collection's generator can. */
  paraphrase: number;
  seed: number;
}

/**
 * Copy c of query i is number c * queries + i. Each depends on (seed, i, c) alone.
 * @param paraphrase other words for query i; null where there are none
 */
export function queryCopies(
  queries: readonly string[],
  options: CopyOptions,
  paraphrase: ((query: number, r: Random) => string) | null,
): string[] {
  return Array.from({ length: options.copies * queries.length }, (_, n) => {
    const query = n % queries.length;
    const r = random(options.seed, "copy", query, Math.floor(n / queries.length));
    const anew = paraphrase !== null && r.chance(options.paraphrase);
    const text = anew ? paraphrase(query, r) : queries[query]!;
    return withTypos(withoutWords(text, options.wordDrop, r), options.typos, r);
  });
}

/** Leaves out each word with probability p; where that would be all, one stays. */
export function withoutWords(text: string, p: number, r: Random): string {
  if (p <= 0) return text;
  const words = text.split(/\s+/).filter(Boolean);
  const kept = words.filter(() => !r.chance(p));
  return words.length === 0 ? text : (kept.length > 0 ? kept : [r.pick(words)]).join(" ");
}
