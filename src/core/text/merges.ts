/**
 * Which pairs byte-pair encoding merges, in which order. Counts are kept up to date pair by pair, and a heap finds the most
 * frequent one; its entries may be out of date and are put right when they come up (the idea of Hugging Face's trainer).
 */

/** A word as symbol ids, and how often it occurs. `symbols` is changed in place. */
export interface CountedWord {
  symbols: number[];
  count: number;
}

interface Pair {
  a: number;
  b: number;
  count: number;
  /** Words that hold the pair, or held it once. */
  words: Set<number>;
}

interface Entry {
  pair: Pair;
  /** The pair's count when this was put in: never below the true one, for a known pair only loses. */
  count: number;
}

const FEWEST = 2; // a pair that occurs once teaches nothing
const SPAN = 2 ** 26; // a pair's key is a * SPAN + b, an exact integer

/**
 * @param words changed: afterwards they are as the merges leave them
 * @param firstId id of the first merged symbol, above all ids in the words
 * @param size merges until there are this many ids
 * @returns the merges in order; the i-th makes id firstId + i
 */
export function learnMerges(words: readonly CountedWord[], firstId: number, size: number): [number, number][] {
  const pairs = new Map<number, Pair>();
  const heap = createHeap();
  words.forEach(({ symbols, count }, w) => {
    for (let i = 1; i < symbols.length; i++) change(pairs, symbols[i - 1]!, symbols[i]!, count, w);
  });
  for (const pair of pairs.values()) heap.push({ pair, count: pair.count });

  const merges: [number, number][] = [];
  while (firstId + merges.length < size) {
    const top = heap.pop();
    if (!top || top.count < FEWEST) break;
    const { pair } = top;
    if (pair.count !== top.count) {
      if (pair.count >= FEWEST) heap.push({ pair, count: pair.count });
      continue;
    }
    const id = firstId + merges.length;
    merges.push([pair.a, pair.b]);
    const fresh = new Set<Pair>();
    for (const w of pair.words) {
      const word = words[w]!;
      const merged = merge(word.symbols, pair.a, pair.b, id);
      if (merged.length === word.symbols.length) continue;
      const old = word.symbols;
      for (let i = 1; i < old.length; i++) change(pairs, old[i - 1]!, old[i]!, -word.count, w);
      for (let i = 1; i < merged.length; i++) {
        const now = change(pairs, merged[i - 1]!, merged[i]!, word.count, w);
        if (now.a === id || now.b === id) fresh.add(now);
      }
      word.symbols = merged;
    }
    for (const made of fresh) heap.push({ pair: made, count: made.count });
    pairs.delete(pair.a * SPAN + pair.b);
  }
  return merges;
}

function change(pairs: Map<number, Pair>, a: number, b: number, by: number, word: number): Pair {
  const key = a * SPAN + b;
  let pair = pairs.get(key);
  if (!pair) {
    pair = { a, b, count: 0, words: new Set() };
    pairs.set(key, pair);
  }
  pair.count += by;
  if (by > 0) pair.words.add(word);
  return pair;
}

function merge(symbols: readonly number[], a: number, b: number, id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < symbols.length; i++)
    if (symbols[i] === a && symbols[i + 1] === b) {
      merged.push(id);
      i++;
    } else merged.push(symbols[i]!);
  return merged;
}

/** Whether x is merged before y: more frequent, else lower ids. */
function before(x: Entry, y: Entry): boolean {
  if (x.count !== y.count) return x.count > y.count;
  return x.pair.a !== y.pair.a ? x.pair.a < y.pair.a : x.pair.b < y.pair.b;
}

/** A binary heap with the entry to merge next on top. */
function createHeap() {
  const items: Entry[] = [];
  const swap = (i: number, j: number) => {
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  };
  return {
    push(entry: Entry): void {
      items.push(entry);
      for (let i = items.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1;
        if (!before(items[i]!, items[parent]!)) return;
        swap(i, parent);
        i = parent;
      }
    },
    pop(): Entry | undefined {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0) items[0] = last!;
      for (let i = 0; ; ) {
        let next = i;
        for (const child of [2 * i + 1, 2 * i + 2])
          if (child < items.length && before(items[child]!, items[next]!)) next = child;
        if (next === i) return top;
        swap(i, next);
        i = next;
      }
    },
  };
}
