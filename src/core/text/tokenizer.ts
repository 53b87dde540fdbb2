/** A tokenizer.json applied to texts, through @huggingface/tokenizers. */
import { Tokenizer } from "@huggingface/tokenizers";
import { LabError } from "../errors";
import { firstPieces, marginOf, type Reading, wordsStandAlone } from "./longTexts";

export interface TextTokenizer {
  /** Ids are below this. */
  vocabulary: number;
  /** What fills up short texts. */
  padId: number;
  /**
   * Ids with special tokens, `maxTokens` at most. A longer text is cut, keeping the special tokens around it; one without
   * any token gives the padding token, so that no text is without one.
   */
  encode(text: string, maxTokens: number): Int32Array;
  /** Special tokens and ids outside the vocabulary are left out. */
  decode(ids: ArrayLike<number>): string;
  /** The tokenizer.json object. */
  toJson(): unknown;
  /** tokenizer_config.json, which with it makes this tokenizer again. */
  settings(): Readonly<Record<string, unknown>>;
}

/** How a checkpoint reads texts, where that is not in its tokenizer.json. */
export interface TokenizerOptions {
  /** Without special tokens around the text. */
  bare?: boolean;
  /** Unknown tokens are left out. */
  dropUnknown?: boolean;
  /** Texts are lower-cased first. */
  lowerCase?: boolean;
}

type Json = Record<string, unknown>;

const REMEDY = "Use a tokenizer.json of the Hugging Face tokenizers library.";
const asObject = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;

/**
 * @param json a tokenizer.json object; an old file without `model.type` is understood by what its model holds
 * @param config tokenizer_config.json, where there is one
 * @throws LabError "bad-input" where it is not a tokenizer
 */
export function loadTokenizer(json: unknown, config: unknown = {}, options: TokenizerOptions = {}): TextTokenizer {
  const given = asObject(config) ?? {};
  // This program's own key: what was said of a checkpoint's texts when it was first read.
  const said: TokenizerOptions = { ...asObject(given.scalingnote), ...options };
  const settings = Object.values(said).some(Boolean) ? { ...given, scalingnote: said } : given;
  const file = adapted(complete(json), said);
  const tokenizer = inWords("cannot be read", () => new Tokenizer(file, settings));
  let vocabulary = 0;
  for (const id of tokenizer.get_vocab(true).values()) vocabulary = Math.max(vocabulary, id + 1);
  if (vocabulary === 0) throw new LabError("bad-input", "tokenizer.json has no vocabulary.", REMEDY);
  const padId = paddingId(tokenizer, file, settings);
  const { before, after } = inWords("cannot be used", () => specialTokens(tokenizer));
  const unknown = said.dropUnknown ? unknownId(tokenizer, file) : undefined;
  const prepared = preparation(file);
  const reading: Reading = {
    encode: (text) =>
      inWords("fails on a text", () =>
        known(tokenizer.encode(prepared(text), { add_special_tokens: false }).ids).filter((id) => id !== unknown),
      ),
    wordsStandAlone: wordsStandAlone(asObject(file.pre_tokenizer)),
    margin: marginOf(asObject(file.model)),
  };
  // Tidying blanks before punctuation loses what byte-level pieces hold exactly.
  const tidy = settings.clean_up_tokenization_spaces ?? asObject(file.decoder)?.type !== "ByteLevel";
  return {
    vocabulary,
    padId,
    encode(text, maxTokens) {
      const room = maxTokens - before.length - after.length;
      // Where not even the special tokens fit, the first of them stay.
      if (room <= 0) return Int32Array.from([...before, ...after].slice(0, maxTokens));
      const pieces = firstPieces(reading, text, room);
      const ids = Int32Array.from([...before, ...pieces, ...after]);
      return ids.length > 0 ? ids : Int32Array.of(padId);
    },
    decode(ids) {
      const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return "";
      return inWords("fails on a text", () =>
        tokenizer.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: tidy === true }),
      );
    },
    toJson: () => file,
    settings: () => settings,
  };
}

/** The library looks at parts of a file only when it needs them, and stumbles over those that are not what they should be. */
function inWords<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new LabError("bad-input", `tokenizer.json ${what}: ${(cause as Error).message}`, REMEDY, { cause });
  }
}

/** The file with what is said of the texts, as far as a tokenizer.json can say it. */
function adapted(file: Json, { bare, lowerCase }: TokenizerOptions): Json {
  if (!bare && !lowerCase) return file;
  const lower = { type: "Lowercase" };
  const own = file.normalizer;
  const normalizer = lowerCase ? (own ? { type: "Sequence", normalizers: [lower, own] } : lower) : own;
  return { ...file, normalizer, post_processor: bare ? null : file.post_processor };
}

function unknownId(tokenizer: Tokenizer, file: Json): number | undefined {
  const model = asObject(file.model) ?? {};
  if (typeof model.unk_id === "number") return model.unk_id;
  return typeof model.unk_token === "string" ? tokenizer.token_to_id(model.unk_token) : undefined;
}

const MODELS = ["BPE", "WordPiece", "Unigram", "WordLevel"];
// The library fills in all ids below the highest: with one of 1,000,000,000 it took three minutes. The largest
// vocabularies have some 260,000.
const MAX_ID = 1_999_999;

/**
 * The file with what older ones leave out.
 * @throws LabError "bad-input" where it has no model, one of a kind that is not known, or an id that is none
 */
function complete(json: unknown): Json {
  const file = asObject(json);
  const model = asObject(file?.model);
  if (!file || !model) throw new LabError("bad-input", "tokenizer.json has no model.", REMEDY);
  const type = model.type ?? (model.merges ? "BPE" : Array.isArray(model.vocab) ? "Unigram" : "WordPiece");
  // The library takes a type it does not know for one that it does, and any number for an id.
  if (!MODELS.includes(type as string))
    throw new LabError(
      "bad-input",
      `tokenizer.json: a model of type ${JSON.stringify(type).slice(0, 40)} cannot be read.`,
      `It has to be one of ${MODELS.join(", ")}.`,
    );
  const added = Array.isArray(file.added_tokens) ? file.added_tokens.map(asObject) : [];
  const ids = [
    ...(asObject(model.vocab) ? Object.entries(model.vocab as Json) : []),
    ...added.map((token) => [String(token?.content), token?.id] as const),
  ];
  const strange = ids.find(([, id]) => !Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_ID);
  if (strange)
    throw new LabError(
      "bad-input",
      `tokenizer.json: the id of ${JSON.stringify(strange[0]).slice(0, 40)} is ${JSON.stringify(strange[1])?.slice(0, 40) ?? "missing"}, not a whole number from 0 to ${MAX_ID}.`,
      "Fetch or export the tokenizer again.",
    );
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...file,
    added_tokens: file.added_tokens ?? [],
    model: { ...model, type },
  };
}

function paddingId(tokenizer: Tokenizer, file: Json, settings: Json): number {
  const named = settings.pad_token;
  const name = typeof named === "string" ? named : asObject(named)?.content;
  const stored = asObject(file.padding)?.pad_id;
  for (const token of [name, "[PAD]", "<pad>"]) {
    const id = typeof token === "string" ? tokenizer.token_to_id(token) : undefined;
    if (id !== undefined) return id;
  }
  return typeof stored === "number" ? stored : 0;
}

// The library's type says number; it gives undefined where a model without an unknown token does not know a piece.
const known = (ids: readonly (number | undefined)[]): number[] => ids.filter((id) => id !== undefined);

/** What a text is wrapped in. */
function specialTokens(tokenizer: Tokenizer): { before: number[]; after: number[] } {
  const bare = known(tokenizer.encode("a", { add_special_tokens: false }).ids);
  const whole = known(tokenizer.encode("a").ids);
  const extra = whole.length - bare.length;
  for (let at = 0; at <= extra; at++)
    if (bare.every((id, i) => whole[at + i] === id))
      return { before: whole.slice(0, at), after: whole.slice(at + bare.length) };
  return { before: [], after: [] };
}

// Those of BertNormalizer beyond 16 bits, as the reference (huggingface/tokenizers, normalizers/bert.rs) has them.
const IDEOGRAPH = /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/**
 * Where the library departs from the reference: it does not set apart ideographs beyond 16 bits, and JavaScript makes
 * another small letter of a sigma at a word's end, while the reference goes letter by letter.
 */
function preparation(file: Json): (text: string) => string {
  const normalizer = asObject(file.normalizer);
  const list = Array.isArray(normalizer?.normalizers) ? normalizer.normalizers.map(asObject) : [normalizer];
  const bert = list.find((one) => one?.type === "BertNormalizer");
  const lower = bert?.lowercase === true || list.some((one) => one?.type === "Lowercase");
  const apart = bert?.handle_chinese_chars === true;
  return (text) => {
    const sigmas = lower ? text.replaceAll("\u03a3", "\u03c3") : text;
    return apart ? sigmas.replace(IDEOGRAPH, " $& ") : sigmas;
  };
}
