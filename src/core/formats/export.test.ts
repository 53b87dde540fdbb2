import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultTable, toCsv, toJson } from "./export";
import { testRun } from "./testRun";

/** A reader of RFC 4180, to see what a spreadsheet would. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe("the result table", () => {
  it("has every measure with its interval, nulls as empty cells, full precision", () => {
    const table = resultTable(testRun());
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    const rows = parseCsv(toCsv(table));
    expect(rows).toHaveLength(3);
    const cell = (system: number, column: string) => rows[system]![rows[0]!.indexOf(column)];
    expect(cell(1, "recall@10")).toBe("0.8");
    expect(cell(1, "recall@10 low")).toBe(String(0.8 - 0.1));
    expect(cell(1, "auc")).toBe("");
    expect(cell(2, "system")).toBe("bm25");
    expect(cell(2, "encode ms")).toBe("");
  });

  it("is a list of objects in JSON", () => {
    const rows = JSON.parse(toJson(resultTable(testRun()))) as Record<string, unknown>[];
    expect(rows[0]).toMatchObject({ system: "teacher", "recall@10": 0.8, auc: null, "search ms": 0.5 });
  });
});

describe("CSV", () => {
  it("holds any text, and none of it is a formula", () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r", "a;b", 'a"b', "a,b", "a\nb", "|calc"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 4 }), (rows) => {
        const read = parseCsv(toCsv({ columns: ["a", "b"], rows }));
        expect(read.slice(1).map((row) => row.map((text, i) => [text, rows.length > 0 && i]))).toHaveLength(
          rows.length,
        );
        read.slice(1).forEach((row, r) => {
          row.forEach((text, c) => {
            const original = rows[r]![c]!;
            expect([original, `'${original}`]).toContain(text);
            expect(text).not.toMatch(/^\s*[=+\-@]/);
          });
        });
      }),
    );
  });

  it("leaves negative numbers numbers", () => {
    expect(toCsv({ columns: ["a"], rows: [[-0.5], [null]] })).toBe("a\r\n-0.5\r\n\r\n");
  });
});
