/** A tokenizer.json applied to texts, through @huggingface/tokenizers. */
import { Tokenizer } from "@huggingface/tokenizers";
import { LabError } from "../errors";

export interface TextTokenizer {
  /** Ids are below this. */
  vocabulary: number;
  /** What fills up short texts. */
  padId: number;
  /**
   * Ids with special tokens. A longer text is cut, keeping the special token at its end; an empty one gives one id, so
   * that no text is without a token.
   */
  encode(text: string, maxTokens: number): Int32Array;
  decode(ids: ArrayLike<number>): string;
  /** The tokenizer.json object. */
  toJson(): unknown;
}

type Json = Record<string, unknown>;

/**
 * @param json a tokenizer.json object; an old file without `model.type` is understood by what its model holds
 * @param config tokenizer_config.json, where there is one
 * @throws LabError "bad-input" where it is not a tokenizer
 */
export function loadTokenizer(json: unknown, config: unknown = {}): TextTokenizer {
  const file = withModelType(json);
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(file, config as object);
  } catch (cause) {
    throw new LabError(
      "bad-input",
      `tokenizer.json cannot be read: ${(cause as Error).message}`,
      "Use a tokenizer.json of the Hugging Face tokenizers library.",
      { cause },
    );
  }
  const ids = [...tokenizer.get_vocab(true).values()];
  const padId = tokenizer.token_to_id("[PAD]") ?? tokenizer.token_to_id("<pad>") ?? 0;
  // What an empty text is wrapped in: the number of special tokens, and the one that ends a text.
  const wrapped = tokenizer.encode("").ids;
  const last = wrapped.length > 0 ? wrapped[wrapped.length - 1]! : null;
  return {
    vocabulary: Math.max(...ids) + 1,
    padId,
    encode(text, maxTokens) {
      const { ids } = tokenizer.encode(text);
      if (ids.length === 0) return Int32Array.of(padId);
      const cut = Int32Array.from(ids.length > maxTokens ? ids.slice(0, maxTokens) : ids);
      if (ids.length > maxTokens && last !== null && ids[ids.length - 1] === last) cut[cut.length - 1] = last;
      return cut;
    },
    decode: (tokens) => tokenizer.decode(Array.from(tokens), { skip_special_tokens: true }),
    toJson: () => file,
  };
}

function withModelType(json: unknown): Json {
  const file = json as Json | null;
  const model = file?.["model"] as Json | undefined;
  if (!file || typeof model !== "object" || model === null)
    throw new LabError("bad-input", "tokenizer.json has no model.", "Use a tokenizer.json of the Hugging Face tokenizers library.");
  if (model["type"]) return file;
  const type = model["merges"] ? "BPE" : Array.isArray(model["vocab"]) ? "Unigram" : "WordPiece";
  return { ...file, model: { ...model, type } };
}
