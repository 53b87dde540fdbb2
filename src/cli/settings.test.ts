/** What `--data` and `--columns` take. Nothing is trained. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeParquet } from "../core/data/parquet.test-helper";
import { collection, settle } from "./settings";

let top = "";
const path = (...parts: string[]) => join(top, ...parts);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const pairs = range(9).map((i) => ({ query: `q ${i}`, answer: `a ${i}`, other: `o ${i}` }));
const csv = `query,answer,other\n${pairs.map((pair) => `${Object.values(pair).join(",")}\n`).join("")}`;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "lab-data-"));
  mkdirSync(path("notes"));
  for (const i of range(5))
    writeFileSync(path("notes", `${i}.md`), `# Title ${i}\n\nThe text of this note, number ${i}. More of it.\n`);
  writeFileSync(path("pairs.csv"), csv);
  writeFileSync(path("pairs.parquet"), writeParquet([pairs]));
  writeFileSync(path("packed.zip"), zipSync({ "set/train.csv": new TextEncoder().encode(csv) }));
  writeFileSync(path("faulty.csv"), `${csv}one,two\n`);
});
afterAll(() => rmSync(top, { recursive: true }));

const load = (name: string, columns?: string, ...set: string[]) =>
  collection(settle("tiny", set, undefined, true), path(name), columns);

describe("--data", () => {
  it.each(["pairs.csv", "pairs.parquet", "packed.zip"])("takes %s", async (name) => {
    const { docs, name: called } = await load(name);
    expect(docs.map(({ text }) => text)).toEqual(pairs.map(({ answer }) => answer));
    expect(called).toBe(name.split(".")[0]);
  });

  it("takes the columns that --columns names", async () => {
    const { docs, train } = await load("pairs.csv", "query=answer,positive=query,negative=other");
    expect(docs[0]!.text).toBe("q 0");
    expect(train.queries.every(({ negatives }) => negatives?.length === 1)).toBe(true);
    await expect(load("pairs.csv", "query=what")).rejects.toThrow('There is no column "what".');
    await expect(load("pairs.csv", "what=query")).rejects.toMatchObject({ kind: "bad-setting" });
    await expect(load("notes", "query=a")).rejects.toThrow("notes is no table: it has no columns to choose.");
    await expect(collection(settle("tiny", [], undefined, false), undefined, "query=a")).rejects.toThrow(
      /^--columns is for/,
    );
    await expect(load("faulty.csv")).rejects.toThrow("faulty.csv, line 11: 2 fields; there are 3 columns.");
  });

  it("takes texts, asked for by their sentences or their titles", async () => {
    expect((await load("notes")).train.queries[0]!.text).toMatch(/^The text of this note/);
    const titles = await load("notes", undefined, "data.queriesFrom=titles");
    expect(titles.test.queries[0]!.text).toMatch(/^Title \d$/);
  });

  it("and a bundled collection exclude each other", () => {
    expect(() => settle("tiny", ["data.source=wordnet"], undefined, true)).toThrow(/^--data and data\.source=wordnet/);
    expect(settle("tiny", ["data.source=wordnet"], undefined, false).data).toMatchObject({
      source: "wordnet",
      wordnet: "20k",
    });
  });
});
