/** A list of texts as tokens, made once for a tokenizer, a prompt and a longest length. */
import type { TextTokenizer } from "./tokenizer";

/** Text i is flat[offsets[i] .. offsets[i + 1]): 4 bytes a token and 4 a text, however many there are. */
export interface TokenCache {
  flat: Int32Array;
  /** [texts + 1] */
  offsets: Int32Array;
  /** Texts that were cut at the longest length. */
  truncated: number;
  /** Tokens of the longest text. */
  longest: number;
  /** The tokens of text i, as a view of `flat`. */
  at(i: number): Int32Array;
}

export interface TokenCacheOptions {
  /** Longest length in tokens, special tokens included. */
  maxTokens: number;
  /** Put before every text. */
  prompt?: string;
  /** Told after every 10,000 texts. */
  onProgress?: (done: number) => void;
}

/**
 * Tokenises texts in their order, as a stream: apart from the result only one text is held.
 * @throws RangeError for more than 2^31 - 1 tokens
 */
export function tokenCache(tokenizer: TextTokenizer, texts: Iterable<string>, options: TokenCacheOptions): TokenCache {
  const { maxTokens, prompt = "", onProgress } = options;
  let flat = new Int32Array(1 << 12);
  let offsets = new Int32Array(1 << 10);
  let count = 0;
  let end = 0;
  let truncated = 0;
  let longest = 0;
  for (const text of texts) {
    const { ids, cut } = tokenizer.encodeAndTell(prompt + text, maxTokens);
    if (cut) truncated++;
    longest = Math.max(longest, ids.length);
    if (end + ids.length >= 2 ** 31) throw new RangeError("there are more than 2^31 - 1 tokens");
    flat = withRoom(flat, end + ids.length);
    flat.set(ids, end);
    end += ids.length;
    offsets = withRoom(offsets, ++count + 1);
    offsets[count] = end;
    if (count % 10_000 === 0) onProgress?.(count);
  }
  const tokens = flat.slice(0, end);
  const ends = offsets.slice(0, count + 1);
  return { flat: tokens, offsets: ends, truncated, longest, at: (i) => tokens.subarray(ends[i]!, ends[i + 1]!) };
}

function withRoom(list: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= list.length) return list;
  const larger = new Int32Array(Math.max(length, Math.ceil(list.length * 1.5)));
  larger.set(list);
  return larger;
}
