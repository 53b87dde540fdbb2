import { existsSync, readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hash32 } from "../random";
import { trainBpe } from "./bpe";
import { firstPieces } from "./longTexts";
import { loadTokenizer } from "./tokenizer";

const WORDS = [
  "the bread is here and there, ",
  "abababab",
  "世界人民",
  "http://a.b/c-d?e=1&",
  "e\u0301",
  "🍞🍞",
  "  \n",
];
/** Long texts of every kind: with blanks and without, of one letter, of letters by chance, of many scripts. */
const long = fc.oneof(
  fc.array(fc.constantFrom(...WORDS), { minLength: 300, maxLength: 900 }).map((parts) => parts.join("")),
  fc
    .tuple(fc.constantFrom(...WORDS, "a", "ab", "aab", ".", "ß"), fc.integer({ min: 2_000, max: 5_000 }))
    .map(([one, n]) => one.repeat(n)),
  fc
    .tuple(fc.nat(), fc.integer({ min: 2, max: 26 }))
    .map(([seed, letters]) =>
      Array.from({ length: 8_000 }, (_, i) => String.fromCharCode(97 + (hash32(seed, i) % letters))).join(""),
    ),
);

const bpe = trainBpe(
  ["The garlic bread isn't sweet; abab aab aaaa takes time.", "Bread abba baba and 12 loaves 世界人民 🍞"],
  330,
);
const split = {
  type: "Split",
  pattern: { Regex: "\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+|\\s+" },
  behavior: "Isolated",
  invert: false,
};
const wordPiece = {
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(
      [
        "[UNK]",
        "the",
        "bread",
        "a",
        "ab",
        "##a",
        "##b",
        "##ab",
        "##aab",
        "世",
        "界",
        "人",
        ".",
        "http",
        "c",
        "##c",
        "e",
        "##e",
      ].map((word, i) => [word, i]),
    ),
  },
};
const unigram = {
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "Unigram",
    unk_id: 0,
    vocab: ["<unk>", "▁", "a", "b", "ab", "aab", "ba", "bread", "▁the", "e", "ea", "世界", "人", "."].map((word, i) => [
      word,
      -1 - ((i * 7) % 5),
    ]),
  },
};
const KINDS: [string, object][] = [
  ["learned here", bpe],
  // Qwen2's and Llama 3's way: nothing is known of what their pattern splits.
  [
    "byte-level behind a pattern",
    {
      ...bpe,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [split, { type: "ByteLevel", add_prefix_space: false, use_regex: false }],
      },
    },
  ],
  // Llama 2's: the whole text is one word.
  ["without words", { ...bpe, pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false } }],
  ["WordPiece", wordPiece],
  ["Unigram", unigram],
];

/** What the library makes of the whole text. */
const whole = (tokenizer: ReturnType<typeof loadTokenizer>) => {
  const library = new Tokenizer(tokenizer.toJson() as object, {});
  return (text: string) => library.encode(text).ids;
};

describe("a long text that is cut", () => {
  it.each(KINDS)("begins as the whole text does: %s", (_, file) => {
    const tokenizer = loadTokenizer(file, {}, { bare: true });
    const all = whole(tokenizer);
    fc.assert(
      fc.property(long, fc.constantFrom(1, 8, 60), (text, room) => {
        expect([...tokenizer.encode(text, room)]).toEqual(all(text).slice(0, room));
      }),
      { numRuns: 25 },
    );
  });

  it("keeps the tokens around it", () => {
    const tokenizer = loadTokenizer(bpe);
    const ids = tokenizer.encode("a".repeat(30_000), 40);
    expect(ids).toHaveLength(40);
    expect([ids[0], ids[39]]).toEqual([1, 2]);
  });

  it("is not read to its end, whatever it is made of", () => {
    let read = 0;
    const reading = (wordsStandAlone: boolean) => ({
      encode: (text: string) => {
        read += text.length;
        return Array.from(text, (letter) => letter.codePointAt(0)!);
      },
      wordsStandAlone,
      margin: 128,
    });
    for (const text of ["a", "世", "🍞", "a b ", "."].map((one) => one.repeat(1e6)))
      for (const alone of [true, false]) {
        read = 0;
        expect(firstPieces(reading(alone), text, 64)).toEqual(
          Array.from(text.slice(0, 200), (letter) => letter.codePointAt(0)).slice(0, 64),
        );
        expect(read).toBeLessThan(5_000);
      }
    // Marks in a row are put in order together: none is left behind.
    read = 0;
    const marks = `a${"\u0301".repeat(20_000)}`;
    expect(firstPieces(reading(false), marks, 8)).toHaveLength(8);
    expect(read).toBe(marks.length);
  });

  it("is read on where two cuts do not agree", () => {
    // Pieces that depend on how long the text is, as no real model's do.
    const encode = (text: string) =>
      Array.from({ length: text.length }, (_, i) => (text.length < 4_000 ? text.length + i : i));
    const ids = firstPieces({ encode, wordsStandAlone: false, margin: 128 }, "x".repeat(50_000), 10);
    expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

const DATA = "../shared/data/tokenizers";
describe.skipIf(!existsSync(DATA) && !process.env.CI)("published tokenizers (../shared/data/tokenizers)", () => {
  it.each(["bert-base-uncased", "gpt2"])("%s begins a long text as it begins the whole one", (name) => {
    const tokenizer = loadTokenizer(
      JSON.parse(readFileSync(`${DATA}/${name}.tokenizer.json`, "utf8")),
      {},
      { bare: true },
    );
    const all = whole(tokenizer);
    fc.assert(
      fc.property(long, (text) => {
        const ids = all(text.slice(0, 6_000));
        expect([...tokenizer.encode(text.slice(0, 6_000), 64)]).toEqual(ids.slice(0, 64));
      }),
      { numRuns: 25 },
    );
  });
});
