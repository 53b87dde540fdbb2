/** A tokenizer as transformers reads it: tokenizer.json, tokenizer_config.json, special_tokens_map.json. */
import type { TextTokenizer } from "../text/tokenizer";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Which token serves as what, by the names it goes by. */
const ROLES: readonly [role: string, contents: readonly string[]][] = [
  ["pad_token", ["[PAD]", "<pad>", "<|pad|>", "<|endoftext|>", "<|end_of_text|>", "</s>"]],
  ["cls_token", ["[CLS]"]],
  ["sep_token", ["[SEP]"]],
  ["mask_token", ["[MASK]"]],
  ["unk_token", ["[UNK]", "<unk>"]],
  ["bos_token", ["<s>", "<|begin_of_text|>"]],
  ["eos_token", ["</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>"]],
];

interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}

const addedTokens = (json: Json): AddedToken[] =>
  (Array.isArray(json.added_tokens) ? json.added_tokens : []).filter(
    (token): token is AddedToken =>
      isObject(token) && typeof token.id === "number" && typeof token.content === "string",
  );

/** Merges as "a b", which every version of the library reads; younger ones write pairs, which older ones do not. */
function mergesAsText(model: Json): Json {
  const { merges } = model;
  if (!Array.isArray(merges)) return model;
  const pairs = merges.filter((merge): merge is [string, string] => Array.isArray(merge));
  if (pairs.length !== merges.length || pairs.some((pair) => pair.some((part) => /\s/.test(part)))) return model;
  return { ...model, merges: pairs.map((pair) => pair.join(" ")) };
}

/** Whether a text without words gets tokens: a tokenizer that puts marks around texts. */
export const addsTokens = (json: unknown): boolean =>
  isObject(json) && isObject(json.post_processor) && marks(json.post_processor);

/** Of processors, byte-level ones only count characters. */
function marks(processor: Json): boolean {
  if (processor.type === "ByteLevel") return false;
  if (processor.type === "Sequence" && Array.isArray(processor.processors))
    return processor.processors.some((part) => isObject(part) && marks(part));
  if (processor.type === "TemplateProcessing" && Array.isArray(processor.single))
    return processor.single.some((part) => isObject(part) && "SpecialToken" in part);
  return true;
}

/**
 * The files of a tokenizer. Its tokenizer_config.json is the one it came with; of our own tokenizers, which came with none,
 * it is made from the special tokens.
 * @param maxTokens of a text, special tokens included
 * @param cut says in tokenizer.json itself that longer texts are cut: for readers that are told nowhere else
 */
export function tokenizerFiles(
  tokenizer: Pick<TextTokenizer, "toJson" | "padId" | "settings">,
  maxTokens: number,
  cut = false,
): Record<"tokenizer.json" | "tokenizer_config.json" | "special_tokens_map.json", Json> {
  const json = tokenizer.toJson() as Json;
  const file: Json = {
    ...json,
    padding: null,
    truncation: cut ? { direction: "Right", max_length: maxTokens, strategy: "LongestFirst", stride: 0 } : null,
    ...(isObject(json.model) ? { model: mergesAsText(json.model) } : {}),
  };
  const roles = rolesOf(json, tokenizer.padId);
  const config = tokenizer.settings();
  const came = Object.keys(config).some((key) => key !== "scalingnote");
  return {
    "tokenizer.json": file,
    "tokenizer_config.json": came
      ? { ...roles.pad, ...config, model_max_length: maxTokens }
      : {
          ...config,
          // Not BERT's or Llama's own class, which would put their normalizer and marks in the place of the file's.
          tokenizer_class: "PreTrainedTokenizerFast",
          // A Llama takes no token types.
          model_input_names: ["input_ids", "attention_mask"],
          model_max_length: maxTokens,
          padding_side: "right",
          truncation_side: "right",
          clean_up_tokenization_spaces: false,
          added_tokens_decoder: Object.fromEntries(addedTokens(json).map(({ id, ...token }) => [String(id), token])),
          ...roles.all,
        },
    "special_tokens_map.json": came ? mapOf(config, roles.all) : roles.all,
  };
}

/** The special tokens by role; there is always one to fill up with, or no batch could be made. */
function rolesOf(json: Json, padId: number): { all: Record<string, string>; pad: Record<string, string> } {
  const special = new Set(addedTokens(json).map(({ content }) => content));
  const all: Record<string, string> = {};
  for (const [role, contents] of ROLES) {
    const content = contents.find((name) => special.has(name));
    if (content !== undefined) all[role] = content;
  }
  const pad = contentOf(json, padId) ?? all.pad_token;
  if (pad !== undefined) all.pad_token = pad;
  return { all, pad: pad === undefined ? {} : { pad_token: pad } };
}

function contentOf(json: Json, id: number): string | undefined {
  const added = addedTokens(json).find((token) => token.id === id);
  if (added) return added.content;
  const vocab = isObject(json.model) ? json.model.vocab : undefined;
  if (Array.isArray(vocab)) {
    const entry: unknown = vocab[id];
    return Array.isArray(entry) && typeof entry[0] === "string" ? entry[0] : undefined;
  }
  return isObject(vocab) ? Object.keys(vocab).find((token) => vocab[token] === id) : undefined;
}

const mapOf = (config: Json, otherwise: Record<string, string>): Json => ({
  ...otherwise,
  ...Object.fromEntries(
    ROLES.map(([role]) => [role, config[role]] as const).filter(
      ([, value]) => typeof value === "string" || isObject(value),
    ),
  ),
});
