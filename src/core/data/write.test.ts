import fc from "fast-check";
import { expect, it } from "vitest";
import { readBeir } from "./beir";
import { bytesEntry, openFiles } from "./files";
import type { Dataset, Query, Split } from "./types";
import { writeBeir } from "./write";

const LINE_ENDS = [
  "\t",
  "\n",
  "\r",
  " ",
  "%",
  "%09",
  "%25",
  "#",
  '"',
  "\\",
  "\u2028",
  "\u00a0",
  "\uFEFF",
  "\u0000",
  "é",
  "\u{1F600}",
];
const unicode = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.array(fc.constantFrom(...LINE_ENDS, "a", "0", "query-id")).map((parts) => parts.join("")),
  fc.constantFrom("__proto__", "constructor", "toString"),
);
// Half characters cannot be written as UTF-8.
const wellFormed = unicode.map((text) => text.replace(/\p{Surrogate}/gu, ""));
const id = wellFormed.filter((text) => text !== "");

/** A collection as reading gives it: grades from 0, negatives with the grade-0 documents, texts that differ. */
const dataset: fc.Arbitrary<Dataset> = fc
  .record({
    docs: fc.uniqueArray(fc.record({ id, title: wellFormed, text: wellFormed }), {
      selector: (doc) => doc.id,
      minLength: 2,
      maxLength: 8,
    }),
    queries: fc.uniqueArray(
      fc.record({
        id,
        text: wellFormed,
        negatives: fc.array(fc.nat()),
        grades: fc.array(fc.constantFrom(0, 1, 2, 1.5)),
      }),
      {
        selector: (query) => query.id,
        minLength: 3,
        maxLength: 8,
      },
    ),
  })
  .map(({ docs, queries }) => {
    const made = queries.map(({ id, text, negatives, grades }, q) => {
      const judged = new Map([[docs[q % docs.length]!.id, 1]]);
      grades.forEach((grade, i) => {
        const doc = docs[(q + 1 + i) % docs.length]!.id;
        if (!judged.has(doc)) judged.set(doc, grade);
      });
      const listed = negatives.map((n) => docs[n % docs.length]!.id).filter((doc) => !(judged.get(doc)! > 0));
      const zero = [...judged].filter(([, grade]) => grade === 0).map(([doc]) => doc);
      const all = [...new Set([...listed, ...zero])];
      const query: Query = { id, text: `${q}: ${text}`, ...(all.length > 0 ? { negatives: all } : {}) };
      return { query, judged };
    });
    const split = (part: typeof made): Split => ({
      queries: part.map(({ query }) => query),
      qrels: new Map(part.map(({ query, judged }) => [query.id, judged])),
    });
    const third = Math.floor(made.length / 3);
    return {
      name: "made",
      docs,
      train: split(made.slice(0, third)),
      validation: split(made.slice(third, 2 * third)),
      test: split(made.slice(2 * third)),
      relevanceLevel: 1,
      notices: [],
    };
  });

it("what is written is read back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(dataset, async (written) => {
      const files = await openFiles(writeBeir(written).map(({ path, bytes }) => bytesEntry(path, bytes)));
      const read = await readBeir(files, { seed: 1, name: "made" });
      expect({ ...read, notices: [] }).toEqual(written);
    }),
    { numRuns: 500 },
  );
});
