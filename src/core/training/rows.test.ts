import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenTable } from "./inputs";
import { passRows, rowOrder } from "./rows";

const SEPARATOR = 2;
const tableOf = (texts: readonly number[][]) => tokenTable(texts, (ids) => Int32Array.from(ids));
const texts = fc.array(fc.array(fc.integer({ min: 3, max: 9 }), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 30,
});

describe("rows of text", () => {
  it("begin with a text, hold texts with a separator after each, and cut the one that does not fit", () => {
    const table = tableOf([[3, 4], [5, 6, 7, 8, 9], [4], [5, 5, 5], [6, 6]]);
    const rows = [...passRows(table, 6, SEPARATOR, [0, 1, 2, 3, 4])].map((row) => [...row]);
    expect(rows).toEqual([
      [3, 4, SEPARATOR, 5, 6, 7],
      [4, SEPARATOR, 5, 5, 5, SEPARATOR],
    ]);
  });

  it("are full, and each is a run of whole texts but for its last", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (all, tokens) => {
        const order = all.map((_, i) => i);
        const left = [...order];
        for (const row of passRows(tableOf(all), tokens, SEPARATOR, order)) {
          const expected: number[] = [];
          while (expected.length < tokens) expected.push(...all[left.shift()!]!, SEPARATOR);
          expect([...row]).toEqual(expected.slice(0, tokens));
        }
      }),
    );
  });

  it("depend on seed and step alone, however they are asked for, and change with the pass", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 10 }), (all, tokens) => {
        const table = tableOf(all);
        const make = () => rowOrder(table, tokens, SEPARATOR, 3, 11);
        const inOrder = make();
        const expected = [1, 2, 3, 4].map((step) => inOrder(step));
        expect(make()(4)).toEqual(expected[3]);
        expect(inOrder(2)).toEqual(expected[1]);
        for (const rows of expected) for (const row of rows) expect(row).toHaveLength(tokens);
      }),
      { numRuns: 30 },
    );
    const table = tableOf(Array.from({ length: 40 }, (_, i) => [i + 3]));
    const order = rowOrder(table, 80, SEPARATOR, 1, 1);
    expect([...order(1)[0]!].sort()).toEqual([...order(2)[0]!].sort());
    expect(order(1)).not.toEqual(order(2));
  });
});
