/**
 * Rows of text for a language model: texts one after another with a separator after each, shuffled anew for every pass. A
 * row begins where a text does, as everything that a tower reads does; what does not fit its end is cut and comes again in
 * another pass. Order depends on (seed, step) alone, so it is resumed by knowing the step.
 */
import { random } from "../random";
import type { TokenTable } from "./inputs";

/**
 * The rows of one pass over all texts.
 * @param tokens of a row
 */
export function* passRows(
  texts: TokenTable,
  tokens: number,
  separator: number,
  order: Iterable<number>,
): Generator<Int32Array> {
  let row = new Int32Array(tokens);
  let filled = 0;
  for (const i of order) {
    const text = texts.flat.subarray(texts.offsets[i]!, texts.offsets[i + 1]!);
    const taken = text.subarray(0, tokens - filled);
    row.set(taken, filled);
    filled += taken.length;
    if (filled < tokens) row[filled++] = separator;
    if (filled === tokens) {
      yield row;
      row = new Int32Array(tokens);
      filled = 0;
    }
  }
}

/** Rows that are filled before the texts end; what the last row lacks is taken from the next pass. */
function* endless(texts: TokenTable, tokens: number, separator: number, seed: number): Generator<Int32Array> {
  const count = texts.offsets.length - 1;
  function* order() {
    for (let pass = 0; ; pass++) yield* random(seed, "rows", pass).shuffle(Array.from({ length: count }, (_, i) => i));
  }
  yield* passRows(texts, tokens, separator, order());
}

/**
 * Gives the rows of any step from 1 on; steps asked for in order cost nothing, going back starts again from the first.
 * @param texts at least one, with at least one token
 */
export function rowOrder(
  texts: TokenTable,
  tokens: number,
  separator: number,
  batch: number,
  seed: number,
): (step: number) => Int32Array[] {
  let rows = endless(texts, tokens, separator, seed);
  let next = 1;
  const take = () => Array.from({ length: batch }, () => rows.next().value as Int32Array);
  return (step) => {
    if (step < next) {
      rows = endless(texts, tokens, separator, seed);
      next = 1;
    }
    for (; next < step; next++) take();
    next++;
    return take();
  };
}
