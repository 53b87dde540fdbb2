import { existsSync, readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import { trainBpe } from "./bpe";
import { loadTokenizer, type TokenizerOptions } from "./tokenizer";

const TEXTS = [
  "Sourdough bread with roasted garlic, for two people. It took me three tries!",
  "The garlic bread isn't sweet; sourdough takes time and bread flour.",
  "Naïve café crème — 12 loaves of bread 🍞",
];

describe("a checkpoint's texts", () => {
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "Hello"];
  const file = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] } },
    },
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, i) => [word, i])),
    },
  };
  it("go without special tokens, unknown ones or capitals where the model wants that", () => {
    const ids = (options: TokenizerOptions) => [...loadTokenizer(file, {}, options).encode("Hello strange world", 9)];
    expect(ids({})).toEqual([2, 6, 1, 5]);
    expect(ids({ bare: true })).toEqual([6, 1, 5]);
    expect(ids({ bare: true, dropUnknown: true })).toEqual([6, 5]);
    expect(ids({ lowerCase: true })).toEqual([2, 4, 1, 5]);
  });
  it("are lower-cased letter by letter, and every ideograph is a word of its own", () => {
    const vocab = Object.fromEntries(
      ["[PAD]", "[UNK]", "\u03b1\u03c3", "\u{20000}", "\u{2f800}", "a"].map((w, i) => [w, i]),
    );
    const normalizer = { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true };
    const made = loadTokenizer({ ...file, normalizer, model: { ...file.model, vocab } }, {}, { bare: true });
    expect([...made.encode("\u0391\u03a3 a\u{20000}\u{20000}\u{2a700}a", 9)]).toEqual([2, 5, 3, 3, 1, 5]);
  });
  it("are read the same way from what is stored of the tokenizer", () => {
    const made = loadTokenizer(file, { pad_token: "[PAD]" }, { bare: true, dropUnknown: true, lowerCase: true });
    const again = loadTokenizer(JSON.parse(JSON.stringify(made.toJson())), JSON.parse(JSON.stringify(made.settings())));
    expect([...again.encode("Hello strange world", 9)]).toEqual([4, 5]);
    expect([...made.encode("Hello strange world", 9)]).toEqual([4, 5]);
  });
});

/** Sequences of one normalizer each. */
function nested(depth: number): object {
  let normalizer: object = { type: "Lowercase" };
  for (let i = 0; i < depth; i++) normalizer = { type: "Sequence", normalizers: [normalizer] };
  return normalizer;
}

describe("a tokenizer file that is none", () => {
  const model = { type: "WordPiece", unk_token: "[UNK]", vocab: { "[UNK]": 0, hello: 1 } };
  const refused: [string, unknown, RegExp][] = [
    ["another kind of model", { model: { ...model, type: "Magic" } }, /type "Magic".*/],
    ["an id below 0", { model: { ...model, vocab: { "[UNK]": 0, hello: -4 } } }, /id of "hello" is -4/],
    [
      "an id beyond any vocabulary",
      { model: { ...model, vocab: { "[UNK]": 0, hello: 2 ** 52 } } },
      /id of "hello" is 45/,
    ],
    [
      "an id of an added token that nothing fills up to",
      { model, added_tokens: [{ content: "<x>", id: 1e9 }] },
      /id of "<x>"/,
    ],
    [
      "special tokens that are no list",
      { model, post_processor: { type: "TemplateProcessing", single: { A: 1 }, pair: [], special_tokens: {} } },
      /cannot be used/,
    ],
    [
      "special tokens that are texts",
      { model, post_processor: { type: "TemplateProcessing", single: ["[CLS]"], pair: [], special_tokens: {} } },
      /cannot be used/,
    ],
    [
      "a split that is none",
      { model, pre_tokenizer: { type: "Split", pattern: { Regex: "a" }, behavior: 7, invert: false } },
      /cannot be used/,
    ],
    ["normalizers within each other without end", { model, normalizer: nested(20_000) }, /cannot be read/],
    ["an id that is a text", { model: { ...model, vocab: { "[UNK]": 0, hello: "1" } } }, /id of "hello" is "1"/],
    ["an added token without an id", { model, added_tokens: [{ content: "<x>" }] }, /id of "<x>" is missing/],
    ["no vocabulary", { model: { type: "WordPiece", vocab: null } }, /tokenizer.json/],
  ];
  it.each(refused)("is refused in words: %s", (_, file, words) => {
    expect(() => loadTokenizer(file)).toThrow(words);
    expect(() => loadTokenizer(file)).toThrow(LabError);
  });
});

describe("a tokenizer file with parts that are not what they should be", () => {
  it("is refused in words, then or when a text is read: nothing else is thrown", () => {
    const file = {
      normalizer: {
        type: "Sequence",
        normalizers: [{ type: "NFKC" }, { type: "Replace", pattern: { Regex: " +" }, content: " " }],
      },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "Metaspace", replacement: "\u2581", prepend_scheme: "always" }],
      },
      post_processor: null,
      decoder: { type: "Sequence", decoders: [{ type: "Metaspace", replacement: "\u2581" }] },
      model: {
        type: "Unigram",
        unk_id: 0,
        vocab: [
          ["<unk>", 0],
          ["\u2581", -1],
          ["some", -1],
        ],
      },
    };
    const parts = ["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"] as const;
    const inner = [
      "type",
      "normalizers",
      "pretokenizers",
      "decoders",
      "vocab",
      "unk_id",
      "single",
      "pattern",
      "behavior",
    ];
    const wrong = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>({ Regex: "(" }, [null], [[]], { type: "Split" }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.constantFrom(null, ...inner), wrong, (part, key, value) => {
        const changed = { ...file, [part]: key === null ? value : { ...file[part], [key]: value } };
        try {
          const made = loadTokenizer(changed);
          made.decode([...made.encode("some 12 words", 8), 1, 2]);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe("trainBpe", () => {
  const json = trainBpe(TEXTS, 320, { special: false });
  const tokenizer = loadTokenizer(json);
  it("learns whole words and gives back what it read, lower-cased", () => {
    expect(tokenizer.vocabulary).toBeGreaterThan(270); // as far as these few texts repeat themselves
    expect(tokenizer.vocabulary).toBeLessThanOrEqual(320);
    expect(tokenizer.encode("bread", 10)).toHaveLength(1);
    for (const text of TEXTS) expect(tokenizer.decode(tokenizer.encode(text, 500)).trim()).toBe(text.toLowerCase());
  });
  it("encodes any text and decodes it again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        const ids = tokenizer.encode(text, 1000);
        expect(ids.length).toBeGreaterThan(0);
        for (const id of ids) expect(id).toBeLessThan(tokenizer.vocabulary);
        if (text.trim() !== "" && !/\[(PAD|CLS|SEP)\]/.test(text))
          expect(tokenizer.decode(ids).trim()).toBe(text.normalize("NFC").toLowerCase().normalize("NFC").trim());
      }),
      { numRuns: 200 },
    );
  });
  it("is the same for the same texts", () => {
    expect(trainBpe(TEXTS, 320, { special: false })).toEqual(json);
  });
  it("applies the merges in the order they were learned, as a plain encoder does", () => {
    const model = json.model as { vocab: Record<string, number>; merges: [string, string][] };
    const rank = new Map(model.merges.map(([a, b], i) => [`${a} ${b}`, i]));
    const plain = (word: string): number[] => {
      let symbols = [...`Ġ${word}`];
      for (;;) {
        let best = -1;
        let lowest = Number.POSITIVE_INFINITY;
        for (let i = 1; i < symbols.length; i++) {
          const r = rank.get(`${symbols[i - 1]} ${symbols[i]}`);
          if (r !== undefined && r < lowest) {
            lowest = r;
            best = i;
          }
        }
        if (best < 0) return symbols.map((s) => model.vocab[s]!);
        symbols = [...symbols.slice(0, best - 1), symbols[best - 1]! + symbols[best]!, ...symbols.slice(best + 1)];
      }
    };
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/), (word) => {
        expect([...tokenizer.encode(word, 100)]).toEqual(plain(word));
      }),
    );
  });
  it("keeps the end token of a text that is cut", () => {
    const special = loadTokenizer(trainBpe(TEXTS, 320, { special: true }));
    const ids = special.encode(TEXTS[0]!, 6);
    expect(ids).toHaveLength(6);
    expect(ids[0]).toBe(1);
    expect(ids[5]).toBe(2);
    expect([...special.encode("", 6)]).toEqual([1, 2]);
  });
});

const DATA = "../shared/data/tokenizers";
describe.skipIf(!existsSync(DATA) && !process.env.CI)("published tokenizers (../shared/data/tokenizers)", () => {
  interface Case {
    text: string;
    text_pair?: string;
    tokens?: string[];
    ids: number[];
    decoded: string;
  }
  const read = <T>(file: string) => JSON.parse(readFileSync(`${DATA}/${file}`, "utf8")) as T;

  it.each([
    ["bert-base-uncased", 43],
    ["gpt2", 52],
  ])("%s gives ids, pieces and text of every published case", (name, count) => {
    const tokenizer = loadTokenizer(read(`${name}.tokenizer.json`));
    // Pairs, pieces and special tokens in the text are nothing that a tower asks for: the library itself is asked.
    const library = new Tokenizer(tokenizer.toJson() as object, {});
    const found = Object.entries(read<Record<string, Record<string, Case>>>("cases.json")).filter(([model]) =>
      model.includes(name),
    );
    let compared = 0;
    for (const [model, group] of found)
      for (const [title, { text, text_pair, tokens, ids, decoded }] of Object.entries(group)) {
        const words = `${model} ${title}`;
        if (text_pair === undefined) expect([...tokenizer.encode(text, 1e6)], words).toEqual(ids);
        else expect(library.encode(text, { text_pair }).ids, words).toEqual(ids);
        if (tokens)
          expect(
            library.encode(text, { ...(text_pair ? { text_pair } : {}), add_special_tokens: false }).tokens,
            words,
          ).toEqual(tokens);
        expect(library.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: true }), words).toBe(
          decoded,
        );
        compared++;
      }
    expect(compared).toBe(count);
  });

  it("gives the published ids of 10,570 questions", () => {
    const tokenizer = loadTokenizer(read("bert-base-uncased.tokenizer.json"));
    const questions = read<{ original: string }[]>("question_tokens.json");
    const ids = read<number[][]>("tokenized_questions.json");
    expect(questions).toHaveLength(10_570);
    const wrong = questions.filter(
      ({ original }, i) => [...tokenizer.encode(original, 512)].slice(1, -1).join() !== ids[i]!.join(),
    );
    expect(wrong).toEqual([]);
  });
  it("rejects what is no tokenizer", () => {
    expect(() => loadTokenizer({})).toThrow(/no model/);
  });
});
