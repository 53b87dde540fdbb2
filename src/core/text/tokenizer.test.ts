import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trainBpe } from "./bpe";
import { loadTokenizer } from "./tokenizer";

const TEXTS = [
  "Sourdough bread with roasted garlic, for two people. It took me three tries!",
  "The garlic bread isn't sweet; sourdough takes time and bread flour.",
  "Naïve café crème — 12 loaves of bread 🍞",
];

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
  type Case = Record<string, { text: string; text_pair?: string; ids: number[] }>;
  const cases = () => JSON.parse(readFileSync(`${DATA}/cases.json`, "utf8")) as Record<string, unknown>;
  it.each([
    ["bert-base-uncased", "bert-base-uncased"],
    ["gpt2", "gpt2"],
  ])("%s gives the published ids", (name, file) => {
    const tokenizer = loadTokenizer(JSON.parse(readFileSync(`${DATA}/${file}.tokenizer.json`, "utf8")));
    const found = Object.entries(cases()).filter(([model]) => model.toLowerCase().includes(name));
    expect(found.length).toBeGreaterThan(0);
    let compared = 0;
    for (const [, group] of found)
      for (const item of Object.values(group as Case)) {
        if (typeof item?.text !== "string" || !Array.isArray(item.ids) || item.text_pair !== undefined) continue;
        expect([...tokenizer.encode(item.text, 1e6)]).toEqual(item.ids);
        compared++;
      }
    expect(compared).toBeGreaterThan(0);
  });
  it("rejects what is no tokenizer", () => {
    expect(() => loadTokenizer({})).toThrow(/no model/);
  });
});
