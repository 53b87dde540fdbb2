import { gzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { lookAt, readCollection } from "./collection";
import { download } from "./download";
import { openFiles } from "./files";
import { hubFiles, hubName, wantedFiles } from "./hub";
import { hubFetch } from "./hub.test-helper";
import { writeParquet } from "./parquet.test-helper";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const utf8 = (text: string) => new TextEncoder().encode(text);
const jsonl = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const corpus = jsonl(range(9).map((i) => ({ _id: `d${i}`, title: "", text: `text ${i}` })));
const queries = jsonl(range(9).map((i) => ({ _id: `q${i}`, text: `question ${i}` })));
const rows = (from: number, to: number) =>
  range(to - from)
    .map((i) => `q${from + i}\td${from + i}\t1\n`)
    .join("");
const pairs = range(9).map((i) => ({ query: `q${i}`, answer: `a${i}` }));
const listed = (...paths: string[]) => paths.map((path) => ({ path, size: 1 }));

describe("a dataset's name", () => {
  it.each<[string, object]>([
    ["BeIR/scifact", { name: "BeIR/scifact", revision: undefined, part: "" }],
    [" hub:a/b@v1.0:triplet ", { name: "a/b", revision: "v1.0", part: "triplet" }],
    ["squad@refs/convert/parquet", { name: "squad", revision: "refs/convert/parquet", part: "" }],
    ["https://huggingface.co/datasets/a/b", { name: "a/b", revision: undefined, part: "" }],
    ["https://huggingface.co/datasets/a/b/tree/main/pair", { name: "a/b", revision: "main", part: "pair" }],
  ])("%s", (text, name) => {
    expect(hubName(text)).toEqual(name);
  });
  it.each(["", "a/b/c", "a b", "../x", "a/b:../../c", "a/b@..", "a/b@"])("not %j", (text) => {
    expect(() => hubName(text)).toThrow(/is no name of a dataset/);
  });
});

describe("of a dataset's files are fetched", () => {
  const wanted = (...paths: string[]) => wantedFiles(listed(...paths), "a/b").map(({ path }) => path);
  it("those in BEIR form, without what lies beside them", () => {
    expect(
      wanted(
        "README.md",
        ".gitattributes",
        "corpus.jsonl.gz",
        "queries.jsonl.gz",
        "qrels/test.tsv",
        "img/a.png",
        "x.csv",
      ),
    ).toEqual(["corpus.jsonl.gz", "queries.jsonl.gz", "qrels/test.tsv"]);
  });
  it("tables of one folder; of several only where one is named", () => {
    expect(wanted("README.md", "data/train-0.parquet", "data/test-0.parquet")).toHaveLength(2);
    expect(() => wanted("pair/train-0.parquet", "triplet/train-0.parquet")).toThrow(
      'a/b has several parts: "pair", "triplet".',
    );
  });
  it("texts or a .zip where there is nothing else", () => {
    expect(wanted("README.md", "a.txt")).toEqual(["a.txt"]);
    expect(wanted("README.md", "all.zip")).toEqual(["all.zip"]);
    expect(() => wanted("README.md", "model.safetensors")).toThrow("a/b has no files that this program reads.");
  });
});

describe("the hub", () => {
  const datasets = {
    "BeIR/tiny": {
      files: {
        "README.md": "#",
        "corpus/corpus-0.parquet": writeParquet([JSON.parse(`[${corpus.trim().replaceAll("\n", ",")}]`)]),
        "queries.jsonl.gz": gzipSync(utf8(queries)),
      },
    },
    "BeIR/tiny-qrels": { files: { "train.tsv": rows(0, 6), "test.tsv": rows(6, 9) } },
    "me/pairs": { files: { "pair/train-0.parquet": writeParquet([pairs]), "other/train.csv": "a,b\n" } },
  };
  const load = async (name: string, steps: [string, number, number][] = []) => {
    const options = { fetcher: hubFetch(datasets), hubUrl: "http://hub.test/" };
    const { files, commit } = await hubFiles(hubName(name), { ...options, onProgress: (...step) => steps.push(step) });
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    return readCollection(await lookAt(await openFiles(files), name), { seed: 7 });
  };
  it("gives a collection, with the judgements that the BEIR organisation keeps apart", async () => {
    const steps: [string, number, number][] = [];
    const { docs, train, test } = await load("BeIR/tiny", steps);
    expect([docs.length, train.queries.length + 1, test.queries.length]).toEqual([9, 6, 3]);
    const [, done, total] = steps.at(-1)!;
    expect(done).toBe(total);
  });
  it("gives the part that is named", async () => {
    await expect(load("me/pairs")).rejects.toThrow(/several parts/);
    expect((await load("me/pairs:pair")).docs).toHaveLength(9);
  });
  it("says that there is no such dataset", async () => {
    await expect(load("me/nothing")).rejects.toMatchObject({
      kind: "bad-input",
      message: expect.stringMatching(/no dataset me\/nothing.*404/),
    });
  });
});

describe("an address", () => {
  const serve = (files: Record<string, Uint8Array | string>, headers: Record<string, string> = {}) =>
    (async (input: string) => {
      const content = files[new URL(input).pathname];
      if (content === undefined) return new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } });
      return new Response(content as BodyInit, { headers: { "Content-Type": "application/octet-stream", ...headers } });
    }) as typeof fetch;
  const load = async (url: string, fetcher: typeof fetch) =>
    readCollection(await lookAt(await openFiles(await download(url, { fetcher }))), { seed: 7 });
  const beir = {
    "corpus.jsonl": corpus,
    "queries.jsonl": queries,
    "qrels/train.tsv": rows(0, 6),
    "qrels/test.tsv": rows(6, 9),
  };

  it("of a .zip, of a table and of a folder gives the collection", async () => {
    const zip = zipSync(Object.fromEntries(Object.entries(beir).map(([path, text]) => [`set/${path}`, utf8(text)])));
    const zipped = await load("https://a.test/set.zip", serve({ "/set.zip": zip }));
    const inFolder = Object.fromEntries(Object.entries(beir).map(([path, text]) => [`/data/set/${path}`, text]));
    const loose = await load("https://a.test/data/set/", serve(inFolder));
    expect(loose).toEqual(zipped);
    expect(loose).toMatchObject({ name: "set", docs: { length: 9 } });
    // A server may unpack what it sends.
    expect((await load("https://a.test/p.jsonl.gz?x=1", serve({ "/p.jsonl.gz": jsonl(pairs) }))).docs).toHaveLength(9);
  });

  it.each<[string, string, typeof fetch, RegExp]>([
    ["no address", "set.zip", serve({}), /^"set\.zip" is no address\.$/],
    ["another protocol", "file:///a.zip", serve({}), /^An address of file: cannot be fetched\.$/],
    ["a web page", "https://a.test/a.zip", serve({}), /answers with a web page/],
    ["a folder without a corpus", "https://a.test/set/", serve({}), /has no corpus\.jsonl and no corpus\.jsonl\.gz/],
    [
      "an error",
      "https://a.test/a.zip",
      (async () => new Response("", { status: 403 })) as typeof fetch,
      /answers 403\.$/,
    ],
    [
      "no connection",
      "https://a.test/a.zip",
      (async () => {
        throw new TypeError("Failed to fetch");
      }) as typeof fetch,
      /could not be fetched: Failed to fetch\.$/,
    ],
    [
      "too much",
      "https://a.test/a.zip",
      serve({ "/a.zip": "x" }, { "Content-Length": "3000000000" }),
      /^a\.zip is larger than 2\.1 GB\.$/,
    ],
  ])("that is %s is refused", async (_, url, fetcher, message) => {
    await expect(load(url, fetcher)).rejects.toMatchObject({
      kind: "bad-input",
      message: expect.stringMatching(message),
    });
  });
});
