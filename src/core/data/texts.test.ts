import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lookAt, readCollection } from "./collection";
import { dataFile } from "./dataFile.test-helper";
import { LONGEST_PIECE, pieces, textDocs } from "./texts";
import { titlePairs } from "./titles";

const docs = (path: string, text: string) => textDocs(path, text.split("\n"));
const sentence = (i: number) => `This is sentence number ${i} of a text that goes on. `;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const long = (from: number) =>
  range(30)
    .map((i) => sentence(from + i))
    .join("")
    .trim();

describe("a text file", () => {
  it("is one document, its first heading the title", () => {
    expect(docs("a.md", "# Bread\n\nFlour and water.\n\n## Oven\n\nHot.")).toEqual([
      { id: "a.md", title: "Bread", text: "Flour and water.\n\nOven\nHot." },
    ]);
    expect(docs("b.md", "Bread\n=====\n\nFlour.")).toEqual([{ id: "b.md", title: "Bread", text: "Flour." }]);
    expect(docs("c.md", '---\ntags: x\ntitle: "A day"\n---\nText.')).toEqual([
      { id: "c.md", title: "A day", text: "Text." },
    ]);
    expect(docs("d.txt", "# no heading here\n\nText.")).toEqual([
      { id: "d.txt", title: "", text: "# no heading here\n\nText." },
    ]);
    expect(docs("e.md", "```\n# a comment\n```\nText.")).toEqual([
      { id: "e.md", title: "", text: "```\n# a comment\n```\nText." },
    ]);
    expect(docs("f.md", " \n")).toEqual([]);
  });

  it("that is long is cut at its headings, then at blank lines", () => {
    const text = `# Bread\n\nIntro.\n\n## Oven\n\n${long(0)}\n\n${long(30)}\n\n## Flour ##\n\nWhite.`;
    const made = docs("x/bread.md", text);
    expect(made.map(({ id, title }) => [id, title])).toEqual([
      ["x/bread.md", "Bread"],
      ["x/bread.md#2", "Bread: Oven"],
      ["x/bread.md#3", "Bread: Oven"],
      ["x/bread.md#4", "Bread: Flour"],
    ]);
    expect(made[1]!.text).toBe(long(0));
  });

  it("loses nothing but blanks when it is cut, and no piece is too long", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    const between = fc.constantFrom(" ", "\n", "\n\n", ". ", "。");
    fc.assert(
      fc.property(fc.array(fc.tuple(word, between), { minLength: 200, maxLength: 900 }), fc.nat(3000), (parts, run) => {
        const text = `${parts.flat().join("")}${"x".repeat(run)}`.replaceAll("\r", "");
        const cut = pieces(text);
        for (const piece of cut) {
          expect(piece.length).toBeLessThanOrEqual(LONGEST_PIECE);
          expect(piece).not.toMatch(/\p{Surrogate}/u);
        }
        const bare = (t: string) => t.replace(/\s+/g, "");
        expect(bare(cut.join(""))).toBe(bare(text));
      }),
      { numRuns: 40 },
    );
  });
});

describe("a corpus of texts", () => {
  const files = range(12).map((i) =>
    dataFile(`notes/note-${i}.md`, `# Title ${i}\n\n${sentence(i)}${sentence(i + 100)}`),
  );

  it("asks with its sentences, or with its titles", async () => {
    const found = await lookAt(files);
    expect(found).toMatchObject({ form: "texts", name: "notes", table: null });
    const cloze = await readCollection(found, { seed: 7 });
    expect(cloze.docs[3]!.title).toBe("Title 3");
    expect(cloze.train.queries[0]!.text).toMatch(/^This is sentence/);
    const titles = await readCollection(found, { seed: 7, queriesFrom: "titles" });
    expect(titles.docs.map(({ title }) => title).join("")).toBe("");
    const [query] = titles.test.queries;
    const answer = [...titles.test.qrels.get(query!.id)!.keys()];
    expect(answer).toEqual([`notes/note-${query!.text.slice(6)}.md`]);
    expect(titles.notices).toContain(
      "No queries: 12 titles serve as queries, and the texts below them are the answers.",
    );
  });

  it("names the file and line that is not UTF-8", async () => {
    const bad = dataFile("notes/bad.txt", Uint8Array.of(0x61, 10, 10, 0xff, 0xfe, 0x61));
    const found = await lookAt([...files, bad]);
    await expect(readCollection(found, { seed: 7 })).rejects.toThrow(
      "notes/bad.txt, line 3: these bytes are not UTF-8 text.",
    );
  });
});

describe("titles as queries", () => {
  it("ask for every document of that title", () => {
    const made = titlePairs(
      range(8).map((i) => ({ id: `d${i}`, title: i < 2 ? "Same  title" : `Title ${i}`, text: i === 7 ? "" : "text" })),
      7,
    );
    const all = [made.train, made.validation, made.test];
    const same = all.flatMap(({ queries }) => queries).find(({ text }) => text === "Same title")!;
    const qrels = all.map((split) => split.qrels.get(same.id)).find(Boolean)!;
    expect([...qrels.keys()]).toEqual(["d0", "d1"]);
    expect(made.notices[2]).toBe("1 document without a title or a text of its own: searched, never asked for.");
    expect(() => titlePairs([{ id: "a", title: "A", text: "x" }], 7)).toThrow(/only 1 title could serve/);
  });
});
