import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import { lookAt, readCollection } from "./collection";
import { bytesEntry, openFiles } from "./files";
import { parquetBatches } from "./parquet";
import { writeParquet } from "./parquet.test-helper";
import { startReading } from "./watch";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
async function rowsOf(bytes: Uint8Array): Promise<{ at: number | string; value: object }[]> {
  const [file] = await openFiles([bytesEntry("a.parquet", bytes)]);
  const all: { at: number | string; value: object }[] = [];
  for await (const batch of parquetBatches(file!, startReading([file!])))
    all.push(...batch.map(({ at, value }) => ({ at, value })));
  return all;
}
const read = async (files: Record<string, Uint8Array>) => {
  const found = await lookAt(await openFiles(Object.entries(files).map(([path, bytes]) => bytesEntry(path, bytes))));
  return readCollection(found, { seed: 7 });
};

describe("parquet", () => {
  it("gives its rows back, in several groups, packed or not", async () => {
    const text = fc.string({ unit: "grapheme" });
    const row = fc.record({ query: text, n: fc.nat(2 ** 31 - 1) });
    const groups = fc.array(fc.array(row, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(groups, fc.boolean(), async (groups, packed) => {
        const rows = await rowsOf(writeParquet(groups, packed));
        expect(rows).toEqual(groups.flat().map((value, i) => ({ at: `row ${i + 1}`, value })));
      }),
      { numRuns: 40 },
    );
  });

  it("gives the columns that are wanted, and as many rows", async () => {
    const rows = range(6).map((i) => ({ a: `a${i}`, b: i, c: "c" }));
    const [file] = await openFiles([bytesEntry("a.parquet", writeParquet([rows.slice(0, 4), rows.slice(4)]))]);
    const all: object[] = [];
    for await (const batch of parquetBatches(file!, startReading([file!]), { columns: ["b", "a", "z"], most: 5 }))
      all.push(...batch.map(({ value }) => value));
    expect(all).toEqual(rows.slice(0, 5).map(({ a, b }) => ({ a, b })));
  });

  it("holds collections as hubs keep them, judgements in a folder of any name", async () => {
    const corpus = range(6).map((i) => ({ _id: `d${i}`, title: "", text: `text ${i}` }));
    const queries = range(6).map((i) => ({ _id: `q${i}`, text: `question ${i}` }));
    const judged = range(6).map((i) => ({ "query-id": `q${i}`, "corpus-id": `d${i}`, score: 1 }));
    const dataset = await read({
      "set/corpus/corpus-00000-of-00001.parquet": writeParquet([corpus.slice(0, 3), corpus.slice(3)], true),
      "set/queries/queries-00000-of-00001.parquet": writeParquet([queries]),
      "set/data/train-00000-of-00001.parquet": writeParquet([judged.slice(0, 4)]),
      "set/data/test-00000-of-00001.parquet": writeParquet([judged.slice(4)]),
    });
    expect(dataset).toMatchObject({ name: "set", docs: corpus.map(({ _id: id, ...doc }) => ({ id, ...doc })) });
    expect(dataset.test.queries.map(({ id }) => id)).toEqual(["q4", "q5"]);
  });

  it("holds pairs, whose faults are told by row and field", async () => {
    const pairs = range(9).map((i) => ({ anchor: `q${i}`, positive: `a${i}` }));
    expect((await read({ "pairs.parquet": writeParquet([pairs]) })).docs).toHaveLength(9);
    const scored = pairs.map((pair, i) => ({ ...pair, score: i === 4 ? "x" : "1" }));
    const found = await lookAt(await openFiles([bytesEntry("s.parquet", writeParquet([scored]))]));
    const columns = { ...found.table!.guess, score: "score" };
    await expect(readCollection(found, { seed: 7, columns })).rejects.toThrow(
      's.parquet, row 5, field score: "x" is not a number.',
    );
  });

  it("that is damaged is refused by its name, whatever is wrong with it", async () => {
    const whole = writeParquet([range(20).map((i) => ({ text: `text ${i}`, n: i }))], true);
    await expect(rowsOf(whole.slice(0, -7))).rejects.toThrow(/^a\.parquet is not a parquet file that can be read/);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = whole.slice();
        broken[at % broken.length]! ^= flip;
        await rowsOf(broken).catch((error: unknown) => {
          expect(error).toBeInstanceOf(LabError);
        });
      }),
      { numRuns: 2000 },
    );
  });
});
