/**
 * The first pieces of a long text without reading it to its end: a tower reads no more than its first N tokens, and a word
 * of a million letters takes GPT-2's tokenizer ten seconds.
 *
 * What follows a cut can change the pieces before it only so far. Where words stand alone, a cut between two of them changes
 * nothing. Elsewhere: of byte-pair encoding a merge gives way only to a later one of lower rank, so that the effect of an
 * end runs back over merges of strictly rising rank, a few pieces; the best path of Unigram runs through one of the few last
 * places; WordPiece decides a word at a time, and one longer than its limit is a single unknown piece. So the first pieces
 * of a cut text hold where `margin` more follow them, and where a shorter cut has the same ones; else more is read.
 * longTexts.test.ts holds it against whole texts.
 */
type Json = Readonly<Record<string, unknown>>;

export interface Reading {
  /** Ids of a text without special tokens. */
  encode(text: string): number[];
  /** Whether the pieces of a word do not depend on the words after it. */
  wordsStandAlone: boolean;
  /** Pieces at a cut that may be others than in the whole text. */
  margin: number;
}

// Characters a piece; where they are longer more is read.
const LONG_PIECE = 6;

/** Ids of a text, `room` at most, as the whole text has them. */
export function firstPieces({ encode, wordsStandAlone, margin }: Reading, text: string, room: number): number[] {
  for (let length = LONG_PIECE * (room + margin); text.length > length; length *= 4) {
    const words = wordsStandAlone ? cutAtWord(text, length) : null;
    if (words !== null) {
      const ids = encode(words);
      if (ids.length >= room) return ids.slice(0, room);
      continue;
    }
    const part = cut(text, length);
    if (part === text) break;
    const ids = encode(part);
    if (ids.length < room + margin) continue;
    const shorter = encode(cut(text, Math.floor(length * 0.9)));
    const first = ids.slice(0, room);
    if (first.every((id, i) => shorter[i] === id)) return first;
  }
  return encode(text).slice(0, room);
}

const MARGIN = 128;

/** A word that a cut leaves whole may be one unknown piece in the text, and as many pieces as it has letters here. */
export function marginOf(model: Json | null): number {
  const longest = model?.max_input_chars_per_word;
  return Math.max(MARGIN, typeof longest === "number" && longest < 10_000 ? 1 + longest : 0);
}

/** Whether the pieces of a word do not depend on the words after it. */
export function wordsStandAlone(splitter: Json | null): boolean {
  const type = splitter?.type;
  if (type === "ByteLevel") return splitter?.use_regex !== false;
  return type === "BertPreTokenizer" || type === "Whitespace" || type === "WhitespaceSplit";
}

const WORD_END = /[\p{L}\p{N}](?= [\p{L}\p{N}])/gu;

/** The text up to a single blank between two words near `at`; null where there is none. */
function cutAtWord(text: string, at: number): string | null {
  const from = Math.max(0, at - 200);
  let end = 0;
  for (const found of text.slice(from, at).matchAll(WORD_END)) end = from + found.index + found[0].length;
  return end > 0 ? text.slice(0, end) : null;
}

/** The text up to `at`, or before the marks there: they are put in order together, however many they are. */
function cut(text: string, at: number): string {
  let end = at;
  while (end > 0 && /^(\p{M}|[\uDC00-\uDFFF])/u.test(text.slice(end, end + 2))) end--;
  return end > 0 ? text.slice(0, end) : text;
}
