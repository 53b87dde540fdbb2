/** Slips of the finger. */
import type { Random } from "../../random";

/** The letters beside each letter on a keyboard. */
const BESIDE: Readonly<Record<string, string>> = {
  a: "sqz",
  b: "vn",
  c: "xv",
  d: "sf",
  e: "wr",
  f: "dg",
  g: "fh",
  h: "gj",
  i: "uo",
  j: "hk",
  k: "jl",
  l: "k",
  m: "n",
  n: "bm",
  o: "ip",
  p: "o",
  q: "w",
  r: "et",
  s: "ad",
  t: "ry",
  u: "yi",
  v: "cb",
  w: "qe",
  x: "zc",
  y: "tu",
  z: "x",
};

/** Gives each word one wrong letter with probability p: a neighbour's key, two swapped, one left out or one doubled. */
export function withTypos(text: string, p: number, r: Random): string {
  if (p <= 0) return text;
  return text.replace(/[a-z]+/gi, (word) => (r.chance(p) ? misspelt(word, r) : word));
}

function misspelt(word: string, r: Random): string {
  const at = r.int(word.length);
  const letter = word[at]!;
  const rest = word.slice(at + 1);
  const kind = word.length < 3 ? 0 : r.int(4);
  if (kind === 1 && rest && rest[0] !== letter) return word.slice(0, at) + rest[0]! + letter + rest.slice(1);
  if (kind === 2) return word.slice(0, at) + rest;
  if (kind === 3) return word.slice(0, at) + letter + letter + rest;
  return word.slice(0, at) + r.pick([...(BESIDE[letter.toLowerCase()] ?? "e")]) + rest;
}
