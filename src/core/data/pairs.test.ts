import fc from "fast-check";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { chooseColumns, lookAt, readCollection } from "./collection";
import { type Columns, guessColumns, parseColumns, roleOf, withRole } from "./columns";
import { dataFile } from "./dataFile.test-helper";
import { delimitedBatches, rowBatches, separatorOf } from "./delimited";
import { bytesEntry, openFiles } from "./files";
import { Problems } from "./problems";
import type { Dataset } from "./types";
import { startReading } from "./watch";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const utf8 = (text: string) => new TextEncoder().encode(text);
const open = (files: Record<string, string | Uint8Array>) =>
  openFiles(
    Object.entries(files).map(([path, content]) =>
      bytesEntry(path, typeof content === "string" ? utf8(content) : content),
    ),
  );
async function read(files: Record<string, string | Uint8Array>, words?: string): Promise<Dataset> {
  const found = await lookAt(await open(files));
  expect(found.form).toBe("pairs");
  return readCollection(found, {
    seed: 7,
    columns: words === undefined ? undefined : await chooseColumns(found, words),
  });
}
const jsonl = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const pairs = range(10).map((i) => ({ query: `question ${i}`, positive: `answer ${i}` }));
/** Question -> answers, of all splits. */
function answers({ docs, train, validation, test }: Dataset): Record<string, string[]> {
  const text = new Map(docs.map((doc) => [doc.id, doc.text]));
  const all = [train, validation, test].flatMap(({ queries, qrels }) =>
    queries.map((query) => [query.text, [...qrels.get(query.id)!.keys()].map((id) => text.get(id)!)] as const),
  );
  return Object.fromEntries(all);
}
const expected = Object.fromEntries(pairs.map(({ query, positive }) => [query, [positive]]));

describe("a table", () => {
  const csv = `query,positive\n${pairs.map(({ query, positive }) => `${query},${positive}\n`).join("")}`;
  it.each<[string, Record<string, string | Uint8Array>]>([
    [".csv", { "p.csv": csv }],
    [
      ".csv with semicolons, Windows line ends and a byte order mark",
      { "p.csv": `\uFEFF${csv.replace(/,/g, ";").replace(/\n/g, "\r\n")}` },
    ],
    [".tsv", { "p.tsv": csv.replaceAll(",", "\t") }],
    [
      ".tsv without a header, called as judgements may be",
      { "train.tsv": csv.replace(/^.*\n/, "").replaceAll(",", "\t") },
    ],
    [".jsonl", { "p.jsonl": jsonl(pairs) }],
    [".csv.gz", { "p.csv.gz": gzipSync(utf8(csv)) }],
    [
      "columns that no name tells",
      { "p.csv": csv.replace("query,positive", "number,left,right").replace(/^q/gm, "5,q") },
    ],
  ])("is read from %s", async (_, files) => {
    expect(answers(await read(files))).toEqual(expected);
  });

  it("of quoted fields may hold separators, quotation marks and line ends", async () => {
    const rows = range(9).map((i) => `"where, then, is ${i}?","he said ""here"",\nand ${i}"\n`);
    expect(answers(await read({ "p.csv": `question,answer\n${rows.join("")}` }))["where, then, is 3?"]).toEqual([
      'he said "here",\nand 3',
    ]);
  });

  it("of triples gives known negatives; one that answers the same query elsewhere is none", async () => {
    const triples = pairs.map((pair, i) => ({
      ...pair,
      negative: `answer ${(i + 1) % 10}`,
      neg_2: ["wrong", "answer 0"],
    }));
    const dataset = await read({ "t.jsonl": jsonl(triples) });
    const id = (text: string) => dataset.docs.find((doc) => doc.text === text)!.id;
    const query = [dataset.train, dataset.validation, dataset.test]
      .flatMap(({ queries }) => queries)
      .find(({ text }) => text === "question 0")!;
    expect(new Set(query.negatives)).toEqual(new Set([id("answer 1"), id("wrong")]));
    expect(dataset.notices).toContainEqual(expect.stringMatching(/^1 negative passed over/));
    expect(dataset.docs).toHaveLength(11);
  });

  it("of scored pairs counts as answers what reaches the level, and the others as known negatives", async () => {
    const scored = pairs.flatMap(({ query, positive }, i) => [
      { sentence1: query, sentence2: positive, score: 0.9 },
      { sentence1: query, sentence2: `not ${i}`, score: 0.2 },
    ]);
    const dataset = await read({ "s.jsonl": jsonl(scored) });
    expect(answers(dataset)).toEqual(expected);
    expect(dataset.train.queries.every(({ negatives }) => negatives?.length === 1)).toBe(true);
    const strict = read({ "s.jsonl": jsonl(scored) }, "relevant-from=0.95");
    await expect(strict).rejects.toThrow(/too few judged queries/);
  });

  it("keeps the splits that its files' names speak of", async () => {
    const part = (from: number, to: number) => jsonl(pairs.slice(from, to));
    const files = {
      "set/train-00000-of-00001.jsonl": part(0, 6),
      "set/validation/0000.jsonl": part(6, 8),
      "set/test/0000.jsonl": part(8, 10),
    };
    const { train, validation, test, name } = await read(files);
    expect([train, validation, test].map(({ queries }) => queries.length)).toEqual([6, 2, 2]);
    expect(name).toBe("set");
    await expect(lookAt(await open({ "a/p.jsonl": part(0, 5), "b/p.jsonl": part(5, 10) }))).rejects.toThrow(
      'There are several tables: "a", "b".',
    );
  });

  it("passes over rows with an empty query or positive, and counts them", async () => {
    const dataset = await read({
      "p.jsonl": jsonl([...pairs, { query: " ", positive: "x" }, { query: "x", positive: null }]),
    });
    expect(answers(dataset)).toEqual(expected);
    expect(dataset.notices).toContain(
      "2 rows passed over: the query or the positive is empty. The first: p.jsonl, line 11.",
    );
  });

  it("with faults is refused by file, line and field, the first 20 named", async () => {
    const bad = [...pairs, { query: 1 }, { query: [], positive: {} }, ...range(30).map(() => ({ positive: "x" }))];
    const { message } = (await read({ "p.jsonl": jsonl(bad) }).catch((error: Error) => error)) as Error;
    expect(message).toMatch(/^The files have 33 faults\.\n/);
    expect(message).toContain("p.jsonl, line 11, field positive: it is missing.");
    expect(message).toContain("p.jsonl, line 12, field query: it must be text; here it is a list.");
    expect(message.split("\n")).toHaveLength(22);
    await expect(read({ "p.csv": `${csv}a,b,c\n"open\n` })).rejects.toThrow(
      "The files have 2 faults.\np.csv, line 12: 3 fields; there are 2 columns.\np.csv, line 13: a quotation mark opens here and is not closed.",
    );
    await expect(read({ "p.csv": `${csv}5" nail",x\n` })).rejects.toThrow(
      "p.csv, line 12: field 1 has a quotation mark inside",
    );
    await expect(read({ "s.csv": "query,positive,score\na,b,high\n" }, "score=score")).rejects.toThrow(
      's.csv, line 2, field score: "high" is not a number.',
    );
    await expect(read({ "p.csv": csv }, "query=what")).rejects.toThrow('There is no column "what".');
    await expect(read({ "p.jsonl": jsonl(pairs) }, "query=what")).rejects.toThrow('There is no column "what".');
    await expect(read({ "p.jsonl": jsonl(pairs) }, "negative=wrnog")).rejects.toThrow('There is no column "wrnog".');
    // Of JSON, one record with the key is enough.
    const some = jsonl([...pairs, { ...pairs[0], wrong: "no answer" }]);
    expect((await read({ "p.jsonl": some }, "negative=wrong")).docs).toHaveLength(11);
    await expect(read({ "p.csv": "query,positive\n" })).rejects.toThrow("p.csv holds no rows.");
  });

  it("of any records is read or refused, never anything else", async () => {
    const key = fc.constantFrom(
      "query",
      "positive",
      "negative",
      "score",
      "_id",
      "text",
      "constructor",
      "__proto__",
      "toString",
    );
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
      fc.object({ maxDepth: 1 }),
    );
    const record = fc.dictionary(key, value, { maxKeys: 5 }).map((entries) => JSON.stringify(entries));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(record, fc.json()), { maxLength: 12 }), async (lines) => {
        const whole = lookAt(await open({ "p.jsonl": lines.join("\n") })).then((found) =>
          readCollection(found, { seed: 7 }),
        );
        await whole.catch((error: unknown) => {
          expect(error).toMatchObject({ kind: "bad-input" });
        });
      }),
    );
  });

  it("is text and nothing else: names of objects' own fields are columns like others", async () => {
    const rows = range(5).map((i) => `q${i},a${i},c${i}\n`);
    const dataset = await read({ "p.csv": `query,__proto__,constructor\n${rows.join("")}` }, "positive=constructor");
    expect(dataset.docs[0]!.text).toBe("c0");
  });
});

describe("rows", () => {
  const rowsOf = async (path: string, text: string) => {
    const problems = new Problems();
    const rows: string[][] = [];
    for await (const batch of rowBatches(dataFile(path, text), problems, startReading([])))
      for (const { fields } of batch) rows.push(fields);
    return { rows, problems };
  };
  const field = fc.string({ unit: fc.constantFrom("a", "é", "\u{1F600}", " ", '"', ",", ";", "\t", "\n", "-") });
  it("come back as they were quoted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 }), async (rows) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        // The first line settles the separator.
        const text = ["a,b", ...rows.map((row) => row.map(quote).join(","))].join("\n");
        const read = await rowsOf("p.csv", text);
        read.problems.throwIfAny();
        expect(read.rows).toEqual([["a", "b"], ...rows]);
      }),
    );
  });
  it("of any text give rows or faults, never more, never an error of another kind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(field), fc.constantFrom("p.csv", "p.tsv"), async (parts, path) => {
        const text = parts.join("");
        const { rows, problems } = await rowsOf(path, text);
        expect(rows.length + problems.count).toBeLessThanOrEqual(text.split("\n").length);
        if (path === "p.tsv")
          expect(rows).toEqual(
            text
              .split("\n")
              .filter((l) => /\S/.test(l))
              .map((l) => l.split("\t")),
          );
      }),
    );
  });
  it("end a quotation that is never closed after a megabyte, and go on", async () => {
    const text = `a,b\n"${"x\n".repeat(600_000)}`;
    const { problems } = await rowsOf("p.csv", text);
    expect(problems.count).toBeGreaterThan(0);
    expect(() => problems.throwIfAny()).toThrow("p.csv, line 2: a quotation mark opens here and is not closed.");
  });
  it("of columns of the same name get different ones", async () => {
    const names: string[] = [];
    for await (const batch of delimitedBatches(
      dataFile("p.csv", "a,a,,a\n1,2,3,4\n"),
      true,
      new Problems(),
      startReading([]),
    ))
      for (const { value } of batch) names.push(...Object.keys(value));
    expect(names).toEqual(["a", "a (2)", "column 3", "a (3)"]);
  });
  it("are parted by what the first line has most of", () => {
    expect(["a,b;c", "a;b;c,d", "a\tb", "a"].map(separatorOf)).toEqual([",", ";", "\t", ","]);
  });
});

describe("columns", () => {
  const guess = (names: string[], row: object = {}) =>
    guessColumns(names, [{ ...Object.fromEntries(names.map((name) => [name, "words"])), ...row }], true);
  it.each<[string[], object, Partial<Columns>]>([
    [["anchor", "positive", "negative"], {}, { query: "anchor", positive: "positive", negatives: ["negative"] }],
    [["query", "pos", "neg"], { pos: ["a"], neg: ["b"] }, { query: "query", positive: "pos", negatives: ["neg"] }],
    [["id", "Question", "Answer"], { id: 3 }, { query: "Question", positive: "Answer", negatives: [] }],
    [["sentence1", "sentence2", "score"], { score: 4.2 }, { score: "score", relevantFrom: 3 }],
    [["premise", "hypothesis", "label"], { label: 1 }, { query: "premise", positive: "hypothesis", relevantFrom: 1 }],
    [["text1", "text2", "label"], { label: "yes" }, { score: null }],
    [["a1", "b", "c"], { a1: "5" }, { query: "b", positive: "c", negatives: [] }],
    [["eins", "zwei", "drei"], {}, { query: "eins", positive: "zwei", negatives: ["drei"] }],
    [["query", "answer", "negative_1", "negative_2"], {}, { negatives: ["negative_1", "negative_2"] }],
  ])("%j", (names, row, columns) => {
    expect(guess(names, row)).toMatchObject(columns);
  });

  it("as words of the command line", () => {
    const from = guess(["query", "answer", "other", "label"], { label: 1 });
    expect(parseColumns("query=other,positive=query,negative=answer,header=no,relevant-from=.5", from)).toEqual({
      query: "other",
      positive: "query",
      negatives: ["answer"],
      score: "label",
      relevantFrom: 0.5,
      header: false,
    });
    for (const words of ["query", "query=", "colour=red", "header=perhaps", "relevant-from=high"])
      expect(() => parseColumns(words, from), words).toThrow(/^--columns: /);
  });

  it("have one part each, whatever is chosen", () => {
    const names = ["a", "b", "c", "d"];
    const role = fc.constantFrom("query", "positive", "negative", "score", "unused");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), role)), (choices) => {
        let columns = guess(names);
        for (const [name, to] of choices) {
          columns = withRole(columns, name, to);
          expect(roleOf(columns, name)).toBe(to);
        }
        const roles = names.map((name) => roleOf(columns, name));
        for (const single of ["query", "positive", "score"] as const)
          expect(roles.filter((r) => r === single).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
