/**
 * The order of a ranked list. Scores are compared as 32-bit floats, best first; equal scores go by document id, and
 * which way is what the two metric styles differ in: trec_eval takes the larger id first, sentence-transformers 6.0 the
 * smaller.
 */
import type { RankedList } from "./types";

export type TieOrder = "descending" | "ascending";

/** Surrogates stand for code points above all others, but their own numbers do not. */
const codePointOrder = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/**
 * Compares by code point, which is also the order of the UTF-8 bytes (C's strcmp, Python's str). JavaScript's `<`
 * compares UTF-16 units and disagrees on characters beyond U+FFFF.
 */
export function compareIds(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

/** Negative where (scoreA, idA) ranks before (scoreB, idB). A score that is not a number ranks last. */
function compareRanks(scoreA: number, idA: string, scoreB: number, idB: string, ties: TieOrder): number {
  if (scoreA > scoreB) return -1;
  if (scoreA < scoreB) return 1;
  if (scoreA !== scoreB) {
    const missing = Number(Number.isNaN(scoreA)) - Number(Number.isNaN(scoreB));
    if (missing !== 0) return missing;
  }
  return ties === "ascending" ? compareIds(idA, idB) : compareIds(idB, idA);
}

/** The list in rank order: the list itself where it already is. */
export function inRankOrder(list: RankedList, ties: TieOrder): RankedList {
  const { ids, scores } = list;
  let sorted = true;
  for (let i = 1; i < ids.length && sorted; i++)
    sorted = compareRanks(scores[i - 1]!, ids[i - 1]!, scores[i]!, ids[i]!, ties) < 0;
  if (sorted) return list;
  const order = ids.map((_, i) => i);
  order.sort((i, j) => compareRanks(scores[i]!, ids[i]!, scores[j]!, ids[j]!, ties));
  return { ids: order.map((i) => ids[i]!), scores: Float32Array.from(order, (i) => scores[i]!) };
}

/**
 * The best k of some scored documents, in trec_eval's order (ties by id descending).
 *
 * @param ids document ids, all different
 * @param scores one for each id; rounded to 32-bit floats before they are compared
 */
export function bestOf(ids: readonly string[], scores: ArrayLike<number>, k: number): RankedList {
  const rounded = Float32Array.from(scores);
  let kept = ids.map((_, i) => i);
  if (k < ids.length) {
    const threshold = k > 0 ? rounded.toSorted()[ids.length - k]! : Number.POSITIVE_INFINITY;
    kept = kept.filter((i) => rounded[i]! >= threshold);
  }
  const list = { ids: kept.map((i) => ids[i]!), scores: Float32Array.from(kept, (i) => rounded[i]!) };
  const ranked = inRankOrder(list, "descending");
  return ranked.ids.length > k ? { ids: ranked.ids.slice(0, k), scores: ranked.scores.slice(0, k) } : ranked;
}
