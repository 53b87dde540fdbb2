import { describe, expect, it } from "vitest";
import { dataFile } from "./dataFile.test-helper";
import type { DataFile } from "./files";
import { readCorpus, readQueries } from "./jsonl";
import { Problems } from "./problems";
import { startReading } from "./watch";

const reading = startReading([]);
const file = (path: string, ...lines: (string | object)[]): DataFile =>
  dataFile(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
async function corpus(...lines: (string | object)[]) {
  const problems = new Problems();
  const { list } = await readCorpus([file("corpus.jsonl", ...lines)], problems, reading);
  problems.throwIfAny();
  return list;
}

describe("documents", () => {
  it("are read with the keys of BEIR and of Anserini; numbers serve as ids", async () => {
    expect(
      await corpus(
        { _id: "MED-10", title: "T", text: "x", metadata: { url: "u" } },
        { id: "a", contents: "y" },
        { _id: 7, title: null, text: "" },
      ),
    ).toEqual([
      { id: "MED-10", title: "T", text: "x" },
      { id: "a", title: "", text: "y" },
      { id: "7", title: "", text: "" },
    ]);
  });

  it.each<[string, string | object, string]>([
    ["no JSON", "{oops", "corpus.jsonl, line 2: this is not JSON; each line must be one JSON object."],
    ["a list", "[1]", "corpus.jsonl, line 2: each line must be one JSON object; here it is a list."],
    ["no id", { text: "x" }, "corpus.jsonl, line 2, field _id: it is missing."],
    ["an empty id", { _id: "", text: "x" }, "corpus.jsonl, line 2, field _id: the id is empty."],
    [
      "an id of another kind",
      { id: [1], text: "x" },
      "corpus.jsonl, line 2, field id: an id must be text or a number; here it is a list.",
    ],
    [
      "an id that JSON cannot hold",
      '{"_id": 12345678901234567890, "text": ""}',
      "corpus.jsonl, line 2, field _id: this number is too large to be read exactly; write the id in quotation marks.",
    ],
    ["no text", { _id: "b" }, "corpus.jsonl, line 2, field text: it is missing."],
    [
      "a number for text",
      { _id: "b", text: 3 },
      "corpus.jsonl, line 2, field text: it must be text; here it is a number.",
    ],
    [
      "a list for a title",
      { _id: "b", title: [], text: "" },
      "corpus.jsonl, line 2, field title: it must be text; here it is a list.",
    ],
    [
      "an inherited key",
      { _id: "b", __proto__: null, toString: "x" },
      "corpus.jsonl, line 2, field text: it is missing.",
    ],
  ])("with %s are refused by file, line and field", async (_, line, message) => {
    await expect(corpus({ _id: "a", text: "x" }, line)).rejects.toThrow(message);
  });

  it("may use an id once in all segments", async () => {
    const problems = new Problems();
    await readCorpus(
      [file("s1.jsonl", { _id: "a", text: "" }, "", { _id: 5, text: "" }), file("s2.jsonl", { _id: "5", text: "" })],
      problems,
      reading,
    );
    expect(() => problems.throwIfAny()).toThrow(
      's2.jsonl, line 1, field _id: "5" was used before, in s1.jsonl, line 3.',
    );
  });

  it("are named in part where their id is long", async () => {
    const _id = "x".repeat(1e6);
    await expect(corpus({ _id, text: "" }, { _id, text: "" })).rejects.toThrow(
      `corpus.jsonl, line 2, field _id: "${"x".repeat(57)}..." was used before, in corpus.jsonl, line 1.`,
    );
  });

  it("may be long, deep or of odd ids", async () => {
    const long = "word ".repeat(1e6);
    const deep = `{"_id":"b","text":"","other":${"[".repeat(1e5)}${"]".repeat(1e5)}}`;
    const read = await corpus({ _id: "a", text: long }, deep, '{"_id":"__proto__","title":"t","text":"x"}');
    expect(read.map(({ id, title, text }) => [id, title, text.length])).toEqual([
      ["a", "", long.length],
      ["b", "", 0],
      ["__proto__", "t", 1],
    ]);
  });

  it("with many faults name 20 and count the rest", async () => {
    const lines = Array.from({ length: 32 }, () => "{}");
    // Two faults a line: no id and no text.
    const { message } = await corpus(...lines).then(
      () => new Error("nothing was thrown"),
      (error: Error) => error,
    );
    expect(message).toMatch(/^The files have 64 faults\.\ncorpus\.jsonl, line 1, field _id: it is missing\.\n/);
    expect(message.split("\n")).toHaveLength(22);
    expect(message).toMatch(/\.\.\. and 44 more\.$/);
  });

  it("have halves of characters replaced, which UTF-8 cannot hold", async () => {
    expect(await corpus('{"_id": "a\\ud800", "text": "\\udc00 \\ud83d\\ude00"}')).toEqual([
      { id: "a\uFFFD", title: "", text: "\uFFFD \u{1F600}" },
    ]);
  });
});

describe("queries", () => {
  it("carry known negatives, numbers as text, each once", async () => {
    const problems = new Problems();
    const { list } = await readQueries(
      [
        file(
          "queries.jsonl",
          { _id: "a", text: "x", metadata: { negative_ids: ["d", 3, "3", "d"] } },
          { _id: "b", text: "y", metadata: {} },
          { _id: "c", text: "z", metadata: "free text" },
        ),
      ],
      problems,
      reading,
    );
    expect(list).toEqual([
      { id: "a", text: "x", negatives: ["d", "3"] },
      { id: "b", text: "y" },
      { id: "c", text: "z" },
    ]);
    await readQueries(
      [
        file(
          "q.jsonl",
          { _id: "a", text: "", metadata: { negative_ids: "d" } },
          { _id: "b", text: "", metadata: { negative_ids: ["d", {}] } },
        ),
      ],
      problems,
      reading,
    );
    expect(() => problems.throwIfAny()).toThrow(
      "q.jsonl, line 1, field metadata.negative_ids: it must be a list of document ids; here it is text.\nq.jsonl, line 2, field metadata.negative_ids[1]: an id must be text or a number; here it is an object.",
    );
  });
});
