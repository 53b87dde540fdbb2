import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowBatches } from "./delimited";
import { bytesEntry, openFiles } from "./files";
import { Problems } from "./problems";
import { startReading } from "./watch";

/** All rows of a .csv, and its faults. */
async function rowsOf(text: string) {
  const files = await openFiles([bytesEntry("a.csv", new TextEncoder().encode(text))]);
  const problems = new Problems();
  const rows: [number, string[]][] = [];
  for await (const batch of rowBatches(files[0]!, problems, startReading(files, {})))
    for (const { number, fields } of batch) rows.push([number, fields]);
  let faults = "";
  try {
    problems.throwIfAny();
  } catch (error) {
    faults = (error as Error).message;
  }
  return { rows, faults };
}

describe("rows of a .csv", () => {
  it("keep their places, quoted or not, and a fault is told of its own line", async () => {
    const { rows, faults } = await rowsOf('q,p\n"a","b\nc"\nplain,d\n"e"x,f\n"g ""h""",i\nj,"k\rl"\n');
    expect(rows).toEqual([
      [1, ["q", "p"]],
      [2, ["a", "b\nc"]],
      [4, ["plain", "d"]],
      [6, ['g "h"', "i"]],
      [7, ["j", "k\rl"]],
    ]);
    expect(faults).toMatch(/^a\.csv, line 5: field 1 goes on after its closing quotation mark/);
  });

  it("are the fields that were written, whatever stands in them", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", ";", "é"), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (written, all) => {
          const quote = (text: string) => (all || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
          const { rows, faults } = await rowsOf(
            `"q",p\n${written.map((row) => `${row.map(quote).join(",")}\n`).join("")}`,
          );
          // A line end is read as LF.
          const read = written.map((row) => row.map((text) => text.replaceAll("\r\n", "\n")));
          expect(rows.slice(1).map(([, fields]) => fields)).toEqual(read);
          expect(faults).toBe("");
        },
      ),
      { numRuns: 200 },
    );
  });
});
