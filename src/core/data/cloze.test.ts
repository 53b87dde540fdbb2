import { describe, expect, it } from "vitest";
import { clozePairs } from "./cloze";
import type { Doc } from "./types";

const docs: Doc[] = Array.from({ length: 400 }, (_, i) => ({
  id: `d${i}`,
  title: i % 2 ? `Title ${i}` : "",
  text: `The first sentence of number ${i} is here. Another one speaks of ${i * 3} apples! Read on: version 3.5 costs ${i} coins.\nAll rights are reserved by us.`,
}));

describe("inverse cloze", () => {
  const pairs = clozePairs(docs, 7);
  const splits = [pairs.train, pairs.validation, pairs.test];

  it("makes one query of a document, split by seed", () => {
    expect(splits.map(({ queries }) => queries.length)).toEqual([252, 28, 120]);
    const answers = splits.flatMap(({ qrels }) => [...qrels.values()].flatMap((grades) => [...grades]));
    expect(new Set(answers.map(([id]) => id)).size).toBe(400);
    expect(answers.every(([, grade]) => grade === 1)).toBe(true);
    expect(clozePairs(docs, 7)).toEqual(pairs);
    expect(clozePairs(docs, 8).test.queries).not.toEqual(pairs.test.queries);
  });

  it("takes the sentence out of its document, but for 1 in 10 of training", () => {
    const kept = splits.map(({ queries, qrels }) => {
      const whole = queries.filter((query) => {
        const [id] = [...qrels.get(query.id)!.keys()];
        const place = docs.findIndex((doc) => doc.id === id);
        const original = docs[place]!;
        const left = pairs.docs[place]!;
        expect(original.text).toContain(query.text);
        if (left.text.includes(query.text)) {
          expect(left).toEqual(original);
          return true;
        }
        // Nothing but the sentence is gone.
        expect(left.text.length).toBeGreaterThanOrEqual(original.text.length - query.text.length - 2);
        return false;
      });
      return whole.length;
    });
    expect(kept[0]).toBeGreaterThan(8);
    expect(kept[0]).toBeLessThan(50);
    expect(kept.slice(1)).toEqual([0, 0]);
  });

  it("takes whole sentences, and none that stands in several documents", () => {
    for (const { text } of splits.flatMap(({ queries }) => queries)) {
      expect(text).toMatch(/^(The first .* here\.|Another .* apples!|Read on: .* coins\.)$/);
    }
  });

  it("reads sentences without blanks", () => {
    const text = "今日はとても良い天気ですね。明日は雨が降るかもしれません。";
    const asian = Array.from({ length: 9 }, (_, i) => ({
      id: `${i}`,
      title: "",
      text: text.replaceAll("は", `は${i}`),
    }));
    const { train, validation, test } = clozePairs(asian, 1);
    expect([train, validation, test].map(({ queries }) => queries.length)).toEqual([5, 1, 3]);
    expect(test.queries[0]!.text).toMatch(/。$/);
  });

  it("needs documents that can spare a sentence", () => {
    const single = docs.map((doc, i) => ({ ...doc, title: "", text: `Only one sentence stands in ${i}.` }));
    expect(() => clozePairs(single, 7)).toThrow(
      "There are no queries, and only 0 documents could give a sentence as one.",
    );
    // With a title there is something left to find.
    expect(
      clozePairs(
        single.map((doc) => ({ ...doc, title: "A title" })),
        7,
      ).test.queries,
    ).toHaveLength(120);
  });

  it("looks at a long row of full stops once", () => {
    const rows = { id: "rows", title: "", text: `${"A sentence of five words. ".repeat(3)}${".".repeat(1e6)}x` };
    expect(clozePairs([...docs, rows], 7).docs).toHaveLength(401);
  });
});
