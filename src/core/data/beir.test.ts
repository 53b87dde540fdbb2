import { existsSync } from "node:fs";
import { gzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { folderEntries } from "../../cli/folder";
import { LabError } from "../errors";
import { readBeir } from "./beir";
import { dataFile } from "./dataFile.test-helper";
import { bytesEntry, openFiles } from "./files";
import type { Dataset } from "./types";

const utf8 = (text: string) => new TextEncoder().encode(text);
const jsonl = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
async function read(files: Record<string, string | Uint8Array>, name?: string): Promise<Dataset> {
  const entries = Object.entries(files).map(([path, content]) =>
    bytesEntry(path, typeof content === "string" ? utf8(content) : content),
  );
  return readBeir(await openFiles(entries), { seed: 7, ...(name === undefined ? {} : { name }) });
}
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const corpus = jsonl(...range(6).map((i) => ({ _id: `d${i}`, title: "", text: `text ${i}` })));
const queries = jsonl(...range(6).map((i) => ({ _id: `q${i}`, text: `question ${i}` })));
const rows = (from: number, to: number) =>
  range(to - from)
    .map((i) => `q${from + i}\td${from + i}\t1\n`)
    .join("");
const plain = { "corpus.jsonl": corpus, "queries.jsonl": queries };
const named = { "qrels/train.tsv": rows(0, 3), "qrels/dev.tsv": rows(3, 4), "qrels/test.tsv": rows(4, 6) };
const sizes = (d: Dataset) =>
  [d.docs, d.train.queries, d.validation.queries, d.test.queries].map((list) => list.length);

describe("a collection", () => {
  const half = corpus.indexOf('{"_id":"d3"');
  const split = { "queries.jsonl": queries, ...named };
  const inFolder = (files: Record<string, string>, top: string) =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [top + path, text]));
  it.each<[string, Record<string, string | Uint8Array>]>([
    ["a folder", { ...plain, ...named }],
    ["a folder below others", inFolder({ ...plain, ...named }, "down/here/")],
    ["loose files", { ...plain, "train.tsv": rows(0, 3), "validation.tsv": rows(3, 4), "test.tsv": rows(4, 6) }],
    [
      "files with the split in their names",
      {
        ...plain,
        "qrels.train.tsv": rows(0, 3),
        "qrels-valid.txt": rows(3, 4),
        "test.qrels": rows(4, 6),
        "set.qrels.test.trec": "",
      },
    ],
    [
      "gzipped files",
      { ...named, "corpus.jsonl.gz": gzipSync(utf8(corpus)), "queries.jsonl.gz": gzipSync(utf8(queries)) },
    ],
    [
      "a .zip",
      {
        "set.zip": zipSync(
          Object.fromEntries(Object.entries(inFolder({ ...plain, ...named }, "set/")).map(([p, t]) => [p, utf8(t)])),
        ),
      },
    ],
    ["segments", { ...split, "segment1.jsonl": corpus.slice(0, half), "segment2.jsonl": corpus.slice(half) }],
    [
      "segments in a folder",
      { ...split, "corpus/a.jsonl": corpus.slice(0, half), "corpus/b.jsonl": corpus.slice(half) },
    ],
    ["a corpus of another name", { ...split, "notes.jsonl": corpus }],
    ["the corpus twice", { ...plain, ...named, "corpus.jsonl.gz": gzipSync(utf8(corpus)) }],
  ])("is read from %s", async (_, files) => {
    const dataset = await read(files, "set");
    expect(dataset.docs.map(({ id, text }) => [id, text])).toEqual(range(6).map((i) => [`d${i}`, `text ${i}`]));
    expect(dataset).toMatchObject({ name: "set", relevanceLevel: 1 });
    expect(sizes(dataset)).toEqual([6, 3, 1, 2]);
    expect([...dataset.test.qrels]).toEqual([
      ["q4", new Map([["d4", 1]])],
      ["q5", new Map([["d5", 1]])],
    ]);
  });

  it("is named after its folder or .zip", async () => {
    expect((await read({ ...plain, "qrels.tsv": rows(0, 6) })).name).toBe("collection");
    expect(
      (await read({ "a/b/corpus.jsonl": corpus, "a/b/queries.jsonl": queries, "a/b/qrels.tsv": rows(0, 6) })).name,
    ).toBe("b");
    const zip = zipSync({
      "corpus.jsonl": utf8(corpus),
      "queries.jsonl": utf8(queries),
      "qrels.tsv": utf8(rows(0, 6)),
    });
    expect((await read({ "my set.zip": zip })).name).toBe("my set");
  });

  it("has known negatives from the queries and from scores of 0", async () => {
    const listed = jsonl(
      { _id: "q0", text: "a", metadata: { negative_ids: ["d5", "d0", "gone"] } },
      ...range(5).map((i) => ({ _id: `q${i + 1}`, text: `question ${i + 1}` })),
    );
    const dataset = await read({
      "corpus.jsonl": corpus,
      "queries.jsonl": listed,
      "qrels/train.tsv": `${rows(0, 3)}q0\td4\t0\nq0\td3\t-1\nq1\td4\t0\n`,
      "qrels/dev.tsv": rows(3, 4),
      "qrels/test.tsv": rows(4, 6),
    });
    expect(dataset.train.queries.map(({ negatives }) => negatives)).toEqual([["d5", "d4"], ["d4"], undefined]);
    expect(dataset.train.qrels.get("q0")).toEqual(
      new Map([
        ["d0", 1],
        ["d4", 0],
      ]),
    );
    expect(dataset.notices).toEqual(
      expect.arrayContaining([
        "2 queries have known negatives.",
        '1 known negative passed over: not in the corpus. The first: "gone" in queries.jsonl, line 1.',
        "1 known negative passed over: judged above 0 for the same query.",
        "1 judgement passed over: a score below 0 means not judged. The first: qrels/train.tsv, line 5.",
      ]),
    );
  });

  it("reads on over judgements of what is not there, and says so", async () => {
    const dataset = await read({ ...plain, ...named, "qrels/test.tsv": `${rows(4, 6)}q4\tnone\t1\nq77\td1\t1\n` });
    expect(sizes(dataset)).toEqual([6, 3, 1, 2]);
    expect(dataset.notices).toContain(
      '1 judgement passed over: the document is not in the corpus ("none"). The first: qrels/test.tsv, line 3.',
    );
    expect(dataset.notices).toContain(
      '1 judgement passed over: there is no query of that id ("q77"). The first: qrels/test.tsv, line 4.',
    );
  });

  it("without queries gets them from its documents", async () => {
    const long = jsonl(
      ...range(20).map((i) => ({
        id: i,
        contents: `This is the first sentence ${i}. And here is the second one ${i}.`,
      })),
    );
    const dataset = await read({ "corpus.jsonl": long });
    expect(sizes(dataset)).toEqual([20, 13, 1, 6]);
    expect(dataset.notices[0]).toMatch(/^No queries: one sentence from each of 20 documents serves as one/);
    expect(dataset.docs.every(({ id }) => /^\d+$/.test(id))).toBe(true);
  });

  it("tells its progress in bytes", async () => {
    const steps: [string, number, number][] = [];
    const files = await openFiles(
      Object.entries({ ...plain, "qrels.tsv": rows(0, 6) }).map(([path, text]) => bytesEntry(path, utf8(text))),
    );
    await readBeir(files, { seed: 1, onProgress: (...step) => steps.push(step) });
    const total = files.reduce((sum, { size }) => sum + size, 0);
    expect(steps).toEqual([
      ["corpus.jsonl", corpus.length, total],
      ["queries.jsonl", corpus.length + queries.length, total],
      ["qrels.tsv", total, total],
    ]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["no files", {}, /^There is no corpus\.jsonl among the files\.$/],
    [
      "no corpus",
      { "queries.jsonl": queries, "qrels.tsv": rows(0, 6) },
      /^There is no corpus\.jsonl .* Seen: "queries\.jsonl", "qrels\.tsv"\.$/,
    ],
    ["an empty corpus", { ...plain, "corpus.jsonl": "\n" }, /^corpus\.jsonl holds no documents\.$/],
    [
      "two corpora",
      { "a/corpus.jsonl": corpus, "b/corpus.jsonl": corpus },
      /^There are several collections: "a", "b"\.$/,
    ],
    ["queries but no judgements", plain, /^There are 6 queries but no judgements\.$/],
    ["judgements but no queries", { "corpus.jsonl": corpus, ...named }, /^There are judgements but no queries\.$/],
    [
      "judgements of another collection",
      { ...plain, "qrels.tsv": "x\ty\t1\n" },
      /^No judgement is left to use\. 1 judgement passed over: there is no query of that id \("x"\)\. The first: qrels\.tsv, line 1\.$/,
    ],
    [
      "faults in several files",
      { "corpus.jsonl": `${corpus}{}\n`, "queries.jsonl": `${queries}nonsense`, "qrels.tsv": "q1\td1\tone" },
      /^The files have 4 faults\.\ncorpus\.jsonl, line 7, field _id: it is missing\.\ncorpus\.jsonl, line 7, field text: it is missing\.\nqueries\.jsonl, line 7: this is not JSON.*\nqrels\.tsv, line 1, field score: "one" is not a number\.$/,
    ],
  ])("is refused with %s", async (_, files, message) => {
    const error: unknown = await read(files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LabError);
    expect(error).toMatchObject({
      kind: "bad-input",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\S/),
    });
  });
});

const DATA = "../shared/data";
const missing = !existsSync(DATA);
if (missing && process.env.CI) throw new Error(`${DATA} is missing, and these tests need it.`);
if (missing) console.warn(`${DATA} is missing: real collections are not tested.`);

describe.skipIf(missing)("real collections", () => {
  const folder = async (name: string) => readBeir(await openFiles(await folderEntries(`${DATA}/${name}`)), { seed: 7 });

  it.each<[string, number[], number, RegExp]>([
    // 2 of SciFact's and 7 of banking77's training queries are test queries in other letters.
    ["scifact", [5183, 726, 81, 300], 339, /^2 queries taken out of training/],
    ["banking77", [77, 9496, 500, 3080], 3080, /^7 queries taken out of training/],
    ["stackfaq", [719, 787, 87, 375], -1, /^No training split: the 1,249 queries of the test split/],
    ["med", [1033, 19, 2, 9], -1, /^No validation split: 2 queries of the 21 queries/],
    ["xquad-en", [240, 750, 83, 357], 357, /^No training split: the 1,190 queries/],
    ["xquad-de", [240, 750, 83, 357], 357, /^No training split: the 1,190 queries/],
  ])("%s", async (name, expected, judgements, notice) => {
    const dataset = await folder(name);
    expect(sizes(dataset)).toEqual(expected);
    expect(dataset.notices).toContainEqual(expect.stringMatching(notice));
    if (judgements >= 0)
      expect([...dataset.test.qrels.values()].reduce((sum, grades) => sum + grades.size, 0)).toBe(judgements);
  });

  const edge = `${DATA}/beir-edge-cases/orig`;
  it.each(["collection1", "collection2"])("%s of the edge cases, a corpus in segments", async (name) => {
    const files = await openFiles(await folderEntries(`${edge}/beir/${name}`));
    const extra = dataFile("queries.jsonl", queries);
    const qrels = dataFile("qrels.tsv", "q0 doc1 1\nq1 doc2 1\nq2 doc3 1\n");
    const dataset = await readBeir([...files, extra, qrels], { seed: 7 });
    expect(dataset.docs).toEqual(
      range(3).map((i) => ({ id: `doc${i + 1}`, title: `doc${i + 1} title`, text: `doc${i + 1} text` })),
    );
    expect(dataset.notices[0]).toBe("The corpus is in 2 segments.");
  });

  it("NFCorpus' two records, without queries: too few to train on, and so it says", async () => {
    const files = await openFiles(await folderEntries(`${edge}/beir-nfcorpus`));
    await expect(readBeir(files, { seed: 7 })).rejects.toThrow(
      /^There are no queries, and only 2 documents could give/,
    );
  });

  it("judgements without a header and with mixed separators equal the well-formed ones", async () => {
    const entries = await folderEntries(`${DATA}/scifact`);
    const odd = (await folderEntries(edge)).find(({ path }) => path.startsWith("malformed"))!;
    const changed = entries.map((entry) => (entry.path === "qrels/test.tsv" ? { ...odd, path: entry.path } : entry));
    const [right, read] = await Promise.all([folder("scifact"), readBeir(await openFiles(changed), { seed: 7 })]);
    expect(read.test).toEqual(right.test);
  });
});
