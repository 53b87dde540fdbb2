/**
 * Learns a byte-level BPE vocabulary from texts and writes it as a tokenizer.json (Sennrich et al. 2016, arXiv 1508.07909;
 * byte alphabet and word pattern as in GPT-2). Applying it is @huggingface/tokenizers' work.
 *
 * The merges are those that Hugging Face's own trainer learns with the same settings: the most frequent pair first, ties to
 * the pair with the lower ids.
 */
import { hash32 } from "../random";
import { learnMerges } from "./merges";

/** GPT-2's word pattern: contractions, words, numbers and symbols, each with the blank before it. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * A longer word is counted in parts. Each merge writes the words anew that it occurs in: with one of 100,000 letters
 * learning took ten times as long.
 */
const LONGEST_WORD = 256;
const PARTS = /.{1,256}/gsu;

/** GPT-2's byte alphabet: printable Latin-1 stands for itself, the other bytes for characters from U+0100 on. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const characters: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    characters.push(String.fromCharCode(printable ? byte : next++));
  }
  return characters;
})();

export const PAD = "[PAD]";
export const CLS = "[CLS]";
export const SEP = "[SEP]";
const SPECIAL = [PAD, CLS, SEP];
/** The separator's id in every vocabulary that is learned here. */
export const SEP_ID = SPECIAL.indexOf(SEP);
export const SMALLEST_VOCABULARY = SPECIAL.length + 256;

export interface BpeOptions {
  /** Put [CLS] before and [SEP] after every text: for towers that pool the first or the last token. On by default. */
  special?: boolean;
  /** Ignore the case of letters. On by default. */
  lowercase?: boolean;
  /** Learn from about this many characters; statistics of words settle long before. 8 million by default. */
  characters?: number;
  /** Draws the texts to learn from where there are more. 0 by default. */
  seed?: number;
}

/**
 * @param texts A list that is longer than `characters` is sampled, each text with equal chance, by seed; any other source,
 * whose length nobody knows, is read from its beginning until there are as many.
 * @param size of the vocabulary, at least 259 (3 special tokens and 256 bytes); it comes out smaller where no pair occurs
 * twice any more
 * @returns a tokenizer.json object. Equal texts, in any order, give an equal one.
 * @throws RangeError for a smaller size
 */
export function trainBpe(texts: Iterable<string>, size: number, options: BpeOptions = {}): Record<string, unknown> {
  if (!Number.isInteger(size) || size < SMALLEST_VOCABULARY)
    throw new RangeError(`a byte-level vocabulary has at least ${SMALLEST_VOCABULARY} tokens, not ${size}`);
  const { special = true, lowercase = true, characters = 8_000_000, seed = 0 } = options;
  const counts = countWords(sample(texts, characters, seed), lowercase);
  // In the order of their bytes' characters, as Hugging Face's trainer numbers an alphabet.
  const tokens = [...SPECIAL, ...BYTE_CHARACTERS.toSorted()];
  const idOfCharacter = new Map(tokens.map((token, id) => [token, id]));
  const idOfByte = BYTE_CHARACTERS.map((character) => idOfCharacter.get(character)!);
  const utf8 = new TextEncoder();
  const words = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => ({ symbols: Array.from(utf8.encode(word), (byte) => idOfByte[byte]!), count }));
  const merges = learnMerges(words, tokens.length, size);
  for (const [a, b] of merges) tokens.push(tokens[a]! + tokens[b]!);
  return tokenizerJson(
    tokens,
    merges.map(([a, b]) => [tokens[a]!, tokens[b]!]),
    special,
    lowercase,
  );
}

function* sample(texts: Iterable<string>, characters: number, seed: number): Generator<string> {
  let total = 0;
  if (Array.isArray(texts)) {
    for (const text of texts as readonly string[]) total += text.length;
    const share = characters / total;
    let i = 0;
    for (const text of texts) if (share >= 1 || hash32(seed, i++) < share * 2 ** 32) yield text;
    return;
  }
  for (const text of texts) {
    if (total >= characters) return;
    total += text.length;
    yield text;
  }
}

function countWords(texts: Iterable<string>, lowercase: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const normal = text.normalize("NFC");
    const plain = lowercase ? normal.toLowerCase() : normal;
    if (plain === "") continue;
    for (const word of (plain.startsWith(" ") ? plain : ` ${plain}`).match(WORD) ?? [])
      for (const part of word.length > LONGEST_WORD ? word.match(PARTS)! : [word])
        counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return counts;
}

function tokenizerJson(
  tokens: readonly string[],
  merges: readonly [string, string][],
  special: boolean,
  lowercase: boolean,
): Record<string, unknown> {
  const token = (content: string) => ({
    [content]: { id: content, ids: [tokens.indexOf(content)], tokens: [content] },
  });
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: lowercase
      ? { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] }
      : { type: "NFC" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    post_processor: special
      ? {
          type: "TemplateProcessing",
          single: [piece(CLS), sequence("A"), piece(SEP)],
          pair: [piece(CLS), sequence("A"), piece(SEP), sequence("B"), piece(SEP)],
          special_tokens: { ...token(CLS), ...token(SEP) },
        }
      : null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((content, id) => [content, id])),
      merges,
    },
  };
}
