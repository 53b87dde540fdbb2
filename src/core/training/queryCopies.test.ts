import { describe, expect, it } from "vitest";
import { experimentSchema } from "../config/schema";
import { notesDataset } from "../data/notes";
import { paraphraser } from "../data/notes/paraphrase";
import { random } from "../random";
import { queryCopies, withoutWords } from "./queryCopies";

const queries = ["a small garden with roses", "cheap boots", "tea"];
const options = { copies: 2, wordDrop: 0, typos: 0, paraphrase: 0, seed: 4 };

describe("copies of queries", () => {
  it("are the queries where nothing is changed, copy by copy", () => {
    expect(queryCopies(queries, options, null)).toEqual([...queries, ...queries]);
  });
  it("lose words in their order, never all of them", () => {
    const r = random(1, "words");
    const long = Array.from({ length: 400 }, (_, i) => `w${i}`).join(" ");
    const kept = withoutWords(long, 0.25, r).split(" ");
    expect(kept.length).toBeGreaterThan(260);
    expect(kept.length).toBeLessThan(340);
    expect(kept).toEqual(kept.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    for (let i = 0; i < 50; i++) expect(withoutWords("one two", 0.9, r)).toMatch(/^(one|two|one two)$/);
    expect(withoutWords("", 0.9, r)).toBe("");
  });
  it("depend on seed, query and copy alone", () => {
    const changed = { ...options, wordDrop: 0.3, typos: 0.5 };
    const all = queryCopies(queries, changed, null);
    expect(queryCopies(queries, changed, null)).toEqual(all);
    expect(queryCopies(queries, { ...changed, copies: 1 }, null)).toEqual(all.slice(0, 3));
    expect(queryCopies(queries, { ...changed, seed: 5 }, null)).not.toEqual(all);
    expect(all.slice(3)).not.toEqual(all.slice(0, 3));
  });
  it("are written anew by the notes' generator, asking for the same in other words", () => {
    const { data } = experimentSchema.parse({
      data: { notes: { corpusSize: 300, trainQueries: 60, validationQueries: 20, testQueries: 20 } },
    });
    const dataset = notesDataset(data.notes, 3);
    const texts = dataset.train.queries.map(({ text }) => text);
    const anew = paraphraser(data.notes, 3, dataset.train)!;
    const copies = queryCopies(texts, { ...options, copies: 1, paraphrase: 1 }, anew);
    const other = copies.filter((copy, i) => copy !== texts[i]);
    expect(other.length).toBeGreaterThan(40);
    // Facts have few words each, so that two wordings of the same share some more often than strangers do.
    const shared = (shift: number) =>
      copies.filter((copy, i) => {
        const words = new Set(texts[(i + shift) % texts.length]!.toLowerCase().match(/[a-z]{5,}/g));
        return copy
          .toLowerCase()
          .match(/[a-z]{5,}/g)
          ?.some((word) => words.has(word));
      }).length;
    expect(shared(0)).toBeGreaterThan(2 * shared(17));
    expect(paraphraser(data.notes, 3, dataset.test)).toBeNull();
  });
});
