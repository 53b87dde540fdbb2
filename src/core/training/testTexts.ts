/** Made-up texts for tests. */
import { random } from "../random";
import { type TokenTable, tokenTable } from "./inputs";

/** So many texts of 1 to 8 tokens below `vocabulary`, by seed. */
export function madeUpTexts(seed: number, count: number, vocabulary: number): TokenTable {
  const r = random(seed, "texts");
  const all = Array.from({ length: count }, () => Array.from({ length: 1 + r.int(8) }, () => r.int(vocabulary)));
  return tokenTable(all, (text) => Int32Array.from(text));
}
