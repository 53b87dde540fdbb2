/**
 * Learns a byte-level BPE vocabulary from texts and writes it as a tokenizer.json (Sennrich et al., arXiv 1508.07909; byte
 * alphabet and word pattern as in GPT-2). Applying it is @huggingface/tokenizers' work.
 */

/** GPT-2's word pattern: contractions, words, numbers and symbols, each with the blank before it. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** GPT-2's byte alphabet: printable Latin-1 stands for itself, the other bytes for characters from U+0100 on. */
const BYTE_CHARACTERS: string[] = (() => {
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

export interface BpeOptions {
  /** Put [CLS] before and [SEP] after every text: for towers that pool the first or the last token. */
  special: boolean;
}

// Statistics of words settle long before this; it bounds the time on a large corpus.
const MOST_CHARACTERS = 8_000_000;

/**
 * @param texts read in order until 8 million characters have been seen
 * @param size of the vocabulary, at least 259 (3 special tokens and 256 bytes); fewer where the texts do not give as many
 * @returns a tokenizer.json object. Texts are lower-cased. Equal texts give an equal vocabulary.
 */
export function trainBpe(texts: Iterable<string>, size: number, options: BpeOptions): Record<string, unknown> {
  const { words, counts } = countWords(texts);
  const alphabet = BYTE_CHARACTERS.toSorted();
  const vocabulary = new Map<string, number>([...SPECIAL, ...alphabet].map((token, id) => [token, id]));
  const merges = learnMerges(words, counts, vocabulary, size);
  return tokenizerJson(vocabulary, merges, options);
}

function countWords(texts: Iterable<string>): { words: string[][]; counts: number[] } {
  const seen = new Map<string, number>();
  const utf8 = new TextEncoder();
  let characters = 0;
  for (const text of texts) {
    for (const word of ` ${text.normalize("NFC").toLowerCase().trimStart()}`.match(WORD) ?? [])
      seen.set(word, (seen.get(word) ?? 0) + 1);
    characters += text.length;
    if (characters > MOST_CHARACTERS) break;
  }
  const sorted = [...seen].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return {
    words: sorted.map(([word]) => Array.from(utf8.encode(word), (byte) => BYTE_CHARACTERS[byte]!)),
    counts: sorted.map(([, count]) => count),
  };
}

/** Merges the most frequent pair, again and again; ties go to the pair that sorts first. Extends the vocabulary. */
function learnMerges(words: string[][], counts: number[], vocabulary: Map<string, number>, size: number): [string, string][] {
  const pairs = new Map<string, { count: number; words: Set<number> }>();
  const key = (a: string, b: string) => `${a} ${b}`; // the byte alphabet has no blank
  const add = (word: number, sign: 1 | -1) => {
    const symbols = words[word]!;
    for (let i = 1; i < symbols.length; i++) {
      const name = key(symbols[i - 1]!, symbols[i]!);
      let pair = pairs.get(name);
      if (!pair) pairs.set(name, (pair = { count: 0, words: new Set() }));
      pair.count += sign * counts[word]!;
      if (sign > 0) pair.words.add(word);
      if (pair.count === 0) pairs.delete(name);
    }
  };
  for (let w = 0; w < words.length; w++) add(w, 1);
  const merges: [string, string][] = [];
  while (vocabulary.size < size) {
    let best = "";
    let most = 1; // a pair that occurs once teaches nothing
    for (const [name, { count }] of pairs)
      if (count > most || (count === most && best !== "" && name < best)) {
        best = name;
        most = count;
      }
    if (best === "") break;
    const [first, second] = best.split(" ") as [string, string];
    const merged = first + second;
    merges.push([first, second]);
    vocabulary.set(merged, vocabulary.size);
    for (const w of [...pairs.get(best)!.words].sort((a, b) => a - b)) {
      add(w, -1);
      words[w] = mergeIn(words[w]!, first, second);
      add(w, 1);
    }
  }
  return merges;
}

function mergeIn(symbols: string[], first: string, second: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === first && symbols[i + 1] === second) {
      result.push(first + second);
      i++;
    } else result.push(symbols[i]!);
  }
  return result;
}

function tokenizerJson(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly [string, string][],
  { special }: BpeOptions,
): Record<string, unknown> {
  const token = (content: string) => ({ [content]: { id: content, ids: [vocabulary.get(content)!], tokens: [content] } });
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = { Sequence: { id: "A", type_id: 0 } };
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
    normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    post_processor: special
      ? {
          type: "TemplateProcessing",
          single: [piece(CLS), text, piece(SEP)],
          pair: [piece(CLS), text, piece(SEP), { Sequence: { id: "B", type_id: 0 } }, piece(SEP)],
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
      vocab: Object.fromEntries(vocabulary),
      merges: merges.map(([a, b]) => [a, b]),
    },
  };
}
