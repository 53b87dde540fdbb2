import { zipSync } from "fflate";
import { expect, describe as group, it } from "vitest";
import { memoryStore } from "../core/artifacts/store";
import { presetExperiment } from "../core/config/presets";
import type { Dataset } from "../core/data/types";
import { wordnetFiles } from "../core/data/wordnet/build";
import { files } from "./beirFiles.test-helper";
import { createCollections } from "./collections";
import type { LoadingReport } from "./protocol";

const base = presetExperiment("tiny");
const experiment = (seed: number, source: "files" | "wordnet" = "files") => ({
  ...base,
  seed,
  data: { ...base.data, source },
});
const testIds = (dataset: Dataset) => dataset.test.queries.map(({ id }) => id);
const numbers = Array.from({ length: 60 }, (_, i) => i);
const table = new Blob([
  `query,answer,label\n${numbers.map((i) => `where is ${i},text ${i},${i % 10 ? 1 : 0}\n`).join("")}`,
]);
const pairs = { kind: "files" as const, files: [{ path: "pairs.csv", file: table }] };

it("a run's own seed splits the user's files, and the kept collection is the same again", async () => {
  const collections = createCollections();
  await collections.open({ kind: "files", files });
  const loaded = await collections.read(experiment(7), null);
  expect(testIds(await collections.get(experiment(7)))).toEqual(testIds(loaded));
  const other = await collections.get(experiment(8));
  expect(testIds(other)).not.toEqual(testIds(loaded));
  const store = memoryStore();
  await collections.keep(experiment(8), store);
  const { notices: _, ...kept } = await createCollections().of(experiment(8), store);
  const { notices: __, ...before } = other;
  expect(kept).toEqual(before);
});

it("keeps a table as it was read, with the columns that were chosen", async () => {
  const collections = createCollections();
  const preview = await collections.open(pairs);
  expect(preview).toMatchObject({
    form: "pairs",
    files: [{ path: "pairs.csv", bytes: table.size }],
    table: { names: ["query", "answer", "label"], guess: { query: "query", positive: "answer", score: "label" } },
  });
  expect((await collections.lookAgain(false)).table?.names).toEqual(["column 1", "column 2", "column 3"]);
  await collections.lookAgain(true);
  const columns = { ...preview.table!.guess, query: "answer", positive: "query", score: null };
  const read = await collections.read(experiment(7), columns);
  expect(read.docs[0]).toEqual({ id: "d1", title: "", text: "where is 0" });
  // Another seed reads it again, with the same columns.
  expect((await collections.get(experiment(9))).docs).toEqual(read.docs);
  const store = memoryStore();
  await collections.keep(experiment(9), store);
  const again = await createCollections().of(experiment(9), store);
  expect(again.name).toBe("pairs");
  expect(testIds(again)).toEqual(testIds(await collections.get(experiment(9))));
});

group("what was loaded stays", () => {
  it("where data cannot be opened, or a table cannot be read", async () => {
    const collections = createCollections();
    await collections.open({ kind: "files", files });
    const loaded = await collections.read(experiment(7), null);
    await expect(collections.open({ kind: "files", files: files.slice(1) })).rejects.toThrow(/no corpus\.jsonl/);
    const { table } = await collections.open(pairs);
    await expect(collections.read(experiment(7), { ...table!.guess, query: "nothing" })).rejects.toThrow(
      'There is no column "nothing".',
    );
    await expect(collections.open({ kind: "url", url: "no address" })).rejects.toThrow(/is no address/);
    expect(await collections.get(experiment(7))).toBe(loaded);
  });

  it("where loading is stopped, while it fetches and while it reads", async () => {
    const reports: (LoadingReport | null)[] = [];
    let stopAt: string | null = null;
    const onLoading = (report: LoadingReport | null) => {
      reports.push(report);
      if (report && report.file === stopAt) collections.stop();
    };
    let fetching: () => void = () => {};
    const begun = new Promise<void>((done) => {
      fetching = done;
    });
    const fetcher = ((_: unknown, init?: RequestInit) =>
      new Promise((_, refuse) => {
        fetching();
        init?.signal?.addEventListener("abort", () => refuse(new Error("aborted")));
      })) as typeof fetch;
    const collections = createCollections({ fetcher, onLoading });
    await collections.open({ kind: "files", files });
    const loaded = await collections.read(experiment(7), null);
    const fetched = collections.open({ kind: "url", url: "https://example.org/a.zip" });
    await begun;
    collections.stop();
    await expect(fetched).rejects.toMatchObject({ kind: "stopped" });
    expect(reports.at(-1)).toBeNull();

    // Large enough to be read in several pieces: between two of them the worker hears that it should stop.
    const line = `${JSON.stringify({ query: "q", answer: "a".repeat(1000) })}\n`;
    const large = new Blob([line.repeat(4000)]);
    await collections.open({ kind: "files", files: [{ path: "large.jsonl", file: large }] });
    stopAt = "large.jsonl";
    const read = collections.read(experiment(7), null);
    await expect(read).rejects.toMatchObject({ kind: "stopped" });
    expect(await collections.get(experiment(7))).toBe(loaded);
  });
});

it("WordNet is fetched from beside the page when it is asked for, once", async () => {
  const synset = (id: string, lemma: string) => ({
    id,
    lemmas: [lemma],
    links: [],
    definition: `what ${lemma} means`,
    examples: [],
  });
  const all = numbers.map((i) => synset(`n${i}`, `word${i}`));
  const made = wordnetFiles({ all, nouns: all, byId: new Map(), counts: new Map() }, "20k");
  const zip = zipSync(Object.fromEntries(made.map(({ path, bytes }) => [path, bytes])));
  const asked: string[] = [];
  const fetcher = (async (url: string) => {
    asked.push(url);
    return new Response(zip as BodyInit, { headers: { "Content-Length": String(zip.length) } });
  }) as typeof fetch;
  const collections = createCollections({ fetcher, base: "https://example.org/lab/" });
  expect(asked).toEqual([]);
  const dataset = await collections.get(experiment(7, "wordnet"));
  expect(dataset).toMatchObject({ name: "wordnet-20k", docs: { length: 60 } });
  expect(await collections.get(experiment(7, "wordnet"))).toBe(dataset);
  expect(await collections.of(experiment(7, "wordnet"), memoryStore())).toBe(dataset);
  expect(asked).toEqual(["https://example.org/lab/wordnet/wordnet-20k.zip"]);
});
