import { describe, expect, it } from "vitest";
import { dataFile } from "./dataFile.test-helper";
import { Problems } from "./problems";
import { Passed, readJudgements, writeJudgements } from "./qrels";
import type { Qrels } from "./types";
import { startReading } from "./watch";

const place = (...ids: string[]) => new Map(ids.map((id, i) => [id, i]));
const ids = { queries: place("q1", "q 2", "#3", "1"), docs: place("d1", "d 2", "d%203", "0 d4", "31715818", "d\t5") };
async function read(text: string, path = "test.tsv") {
  const qrels: Qrels = new Map();
  const problems = new Problems();
  const passed = new Passed();
  await readJudgements(dataFile(path, text), { ids, qrels, problems, passed }, startReading([]));
  problems.throwIfAny();
  return {
    rows: [...qrels].flatMap(([q, grades]) => [...grades].map(([d, grade]) => [q, d, grade])),
    notices: passed.notices(),
  };
}

describe("judgements", () => {
  it.each<[string, string, [string, string, number][]]>([
    ["BEIR's form", "query-id\tcorpus-id\tscore\r\nq1\td1\t1\r\n", [["q1", "d1", 1]]],
    ["no header", "q1\td1\t2\n", [["q1", "d1", 2]]],
    [
      "TREC's form",
      "q1 0 d1 1\nq1 Q0 31715818 0\n",
      [
        ["q1", "d1", 1],
        ["q1", "31715818", 0],
      ],
    ],
    ["TREC's form with tabs", "q1\t0\td1\t1\n", [["q1", "d1", 1]]],
    ["mixed separators", "1\t 0 31715818\t1\n", [["1", "31715818", 1]]],
    ["blanks around", "  q1   d1  1  \n", [["q1", "d1", 1]]],
    [
      "scores that are not whole",
      "q1\td1\t0.5\nq1\t31715818\t1.0\n",
      [
        ["q1", "d1", 0.5],
        ["q1", "31715818", 1],
      ],
    ],
    ["a million blanks", `q1${" ".repeat(1e6)}d1 1${" ".repeat(1e6)}\n`, [["q1", "d1", 1]]],
    ["ids with blanks", "q 2\td 2\t1\nq 2 \t d 2\t1\n", [["q 2", "d 2", 1]]],
    ["an id that looks like mixed separators", "q1\t0 d4\t1\n", [["q1", "0 d4", 1]]],
    ["a comment, and a query that looks like one", "# a comment\n#3\td1\t1\n", [["#3", "d1", 1]]],
    [
      "ids that look escaped",
      "q1\td%203\t1\nq1\td%095\t1\n",
      [
        ["q1", "d%203", 1],
        ["q1", "d\t5", 1],
      ],
    ],
    ["a header in other words", "query_id corpus_id score\nq1 d1 1\n", [["q1", "d1", 1]]],
    [
      "no line end at all, Windows line ends and a byte order mark",
      "\uFEFFq1\td1\t1\r\nq1\t31715818\t0",
      [
        ["q1", "d1", 1],
        ["q1", "31715818", 0],
      ],
    ],
  ])("with %s are read", async (_, text, rows) => {
    expect((await read(text)).rows).toEqual(rows);
  });

  it("of unknown ids, of scores below 0 and repeated ones are counted", async () => {
    const text = "q1\td1\t1\nq1\td1\t1.0\nq1\td 2\t-1\nq1\tx1\t1\nq1\tx2\t1\nq1\tx1\t1\nq9\td1\t1\nq9\tx1\t1\n";
    expect(await read(text)).toEqual({
      rows: [["q1", "d1", 1]],
      notices: [
        '3 judgements passed over: the document is not in the corpus ("x1", "x2"). The first: test.tsv, line 4.',
        '2 judgements passed over: there is no query of that id ("q9"). The first: test.tsv, line 7.',
        "1 judgement passed over: a score below 0 means not judged. The first: test.tsv, line 3.",
        "1 judgement passed over: given before with the same score. The first: test.tsv, line 2.",
      ],
    });
  });

  it.each([
    ["too few columns", "q1\td1\nq1", "test.tsv, line 1: 2 columns; query, document and score are needed."],
    ["too many columns", "q1 0 d1 1 more", "test.tsv, line 1: 5 columns; query, document and score are needed."],
    ["a word for a score", "q1\td1\t1\nq1\td1\tyes", 'test.tsv, line 2, field score: "yes" is not a number.'],
    [
      "a second header",
      "query-id\tcorpus-id\tscore\nquery-id\tcorpus-id\tscore",
      'test.tsv, line 2, field score: "score" is not a number.',
    ],
    ["an infinite score", "q1\td1\tInfinity", 'test.tsv, line 1, field score: "Infinity" is not a number.'],
    ["a score beyond all numbers", "q1\td1\t1e999", 'test.tsv, line 1, field score: "1e999" is not a number.'],
    [
      "a score of a million digits and a letter",
      `q1\td1\t${"1".repeat(1e6)}x`,
      `test.tsv, line 1, field score: "${"1".repeat(57)}..." is not a number.`,
    ],
    ["an empty document id", "q1\t\t1", "test.tsv, line 1, field corpus-id: the id is empty."],
    ["an empty query id", "\td1\t1", "test.tsv, line 1, field query-id: the id is empty."],
    [
      "two scores for a document",
      "q1\td1\t1\nq1\td1\t2",
      'test.tsv, line 2, field score: document "d1" has score 1 for query "q1" already; here it is 2.',
    ],
  ])("with %s are refused by file, line and field", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it("as records are read by the fields' names", async () => {
    const records = (...all: object[]) => all.map((record) => JSON.stringify(record)).join("\n");
    const text = records(
      { "query-id": "q1", "corpus-id": "d1", score: 2 },
      { query_id: 1, doc_id: 31715818 },
      { "query-id": "q1", "corpus-id": "x", score: 1 },
    );
    expect(await read(text, "test.jsonl")).toEqual({
      rows: [
        ["q1", "d1", 2],
        ["1", "31715818", 1],
      ],
      notices: ['1 judgement passed over: the document is not in the corpus ("x"). The first: test.jsonl, line 3.'],
    });
    await expect(
      read(records({ "corpus-id": "d1", score: 1 }, { qid: [], docid: "d1", score: "x" }), "test.jsonl"),
    ).rejects.toThrow(
      'test.jsonl, line 1, field query-id: it is missing.\ntest.jsonl, line 2, field qid: an id must be text or a number; here it is a list.\ntest.jsonl, line 2, field score: "x" is not a number.',
    );
  });

  it("are written with their header, and without what was not judged", () => {
    expect(
      writeJudgements(
        new Map([
          [
            "q\t1",
            new Map([
              ["a%09", 1],
              [" b ", 0.5],
              ["c", -1],
            ]),
          ],
        ]),
      ),
    ).toBe("query-id\tcorpus-id\tscore\nq%091\ta%2509\t1\nq%091\t%20b%20\t0.5\n");
  });
});
