import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { presetExperiment } from "../config/presets";
import { toyDataset } from "../training/toy";
import { askedDataset, noisyText } from "./noise";
import { notesDataset } from "./notes";

const CLEAN = { typos: 0, wordDrop: 0 };
const long = Array.from({ length: 400 }, (_, i) => `garden${i}bench`).join(" ");
const wordsOf = (text: string) => text.split(" ").filter(Boolean);

describe("noise in a query", () => {
  it("is none at level 0, and changes about as many words as it says", () => {
    expect(noisyText("a small  garden", CLEAN, 7, "q")).toBe("a small garden");
    const kept = wordsOf(noisyText(long, { typos: 0, wordDrop: 0.25 }, 7, "q"));
    expect(kept.length).toBeGreaterThan(265);
    expect(kept.length).toBeLessThan(335);
    const wrong = wordsOf(noisyText(long, { typos: 0.25, wordDrop: 0 }, 7, "q")).filter(
      (w, i) => w !== wordsOf(long)[i],
    );
    // Each of these words has two groups of letters.
    expect(wrong.length).toBeGreaterThan(140);
    expect(wrong.length).toBeLessThan(210);
  });

  it("is nested: what is gone or wrong at one level is so at every higher one", () => {
    const text = "quiet corner for a reading bench under roses";
    const levels = fc.tuple(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.double({ min: 0, max: 0.9, noNaN: true }));
    fc.assert(
      fc.property(levels, fc.integer(), ([a, b], seed) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const kept = (wordDrop: number) => wordsOf(noisyText(text, { typos: 0, wordDrop }, seed, "q"));
        expect(kept(low)).toEqual(expect.arrayContaining(kept(high)));
        const typed = (typos: number) => wordsOf(noisyText(text, { typos, wordDrop: 0 }, seed, "q"));
        const [clean, some, more] = [wordsOf(text), typed(low), typed(high)];
        for (const [i, word] of clean.entries()) if (some[i] !== word) expect(more[i]).toBe(some[i]);
      }),
    );
  });

  it("leaves one word, and what holds none as it is", () => {
    for (let seed = 0; seed < 50; seed++)
      expect(noisyText("one two", { typos: 0, wordDrop: 0.9 }, seed, "q")).toMatch(/^(one|two|one two)$/);
    expect(noisyText("", { typos: 1, wordDrop: 0.9 }, 1, "q")).toBe("");
  });

  it("depends on seed and query", () => {
    const all = [
      ["q", 1],
      ["r", 1],
      ["q", 2],
    ] as const;
    const texts = all.map(([stream, seed]) => noisyText(long, { typos: 0.2, wordDrop: 0.2 }, seed, stream));
    expect(new Set(texts).size).toBe(3);
    expect(noisyText(long, { typos: 0.2, wordDrop: 0.2 }, 1, "q")).toBe(texts[0]);
  });
});

describe("what is asked", () => {
  const tiny = presetExperiment("tiny");
  const noisy = { ...tiny, evaluation: { ...tiny.evaluation, typos: 0.6 } };

  it("is the collection itself without noise; with it only the test queries' texts differ", () => {
    const toy = toyDataset();
    expect(askedDataset(toy, tiny)).toBe(toy);
    const asked = askedDataset(toy, noisy);
    expect({ ...asked, test: null }).toEqual({ ...toy, test: null });
    expect(asked.test.qrels).toBe(toy.test.qrels);
    expect(asked.test.queries.map(({ id }) => id)).toEqual(toy.test.queries.map(({ id }) => id));
    expect(asked.test.queries).not.toEqual(toy.test.queries);
  });

  it("of notes touches nothing that towers learn from or search: neither do other domains, nor drift", () => {
    const { notes } = tiny.data;
    const plain = notesDataset(notes, 5);
    for (const change of [{ drift: 0.8 }, { testDomains: 3 }]) {
      const other = notesDataset({ ...notes, ...change }, 5);
      for (const part of ["docs", "train", "validation"] as const) expect(other[part]).toEqual(plain[part]);
      expect(other.test).not.toEqual(plain.test);
    }
  });
});
