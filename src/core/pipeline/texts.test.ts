import { describe, expect, it } from "vitest";
import { presetExperiment } from "../config/presets";
import { toyDataset } from "../training/toy";
import { prepareTexts } from "./texts";

describe("a collection's tokens", () => {
  const tiny = presetExperiment("tiny");
  const long = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");

  it("know nothing of the test queries: whatever they are, the same towers read the same", () => {
    const toy = toyDataset();
    const other = { ...toy, test: { ...toy.test, queries: [{ id: "q", text: long }] } };
    const [one, two] = [toy, other].map((dataset) => {
      const { tokenizer: _t, encodeQuery: _e, asked: _a, ...tables } = prepareTexts(tiny, dataset).student;
      return tables;
    });
    expect(two).toEqual(one);
  });

  it("of what is asked are padded as in training, and further where a query is longer, up to the longest", () => {
    const { student } = prepareTexts(tiny, toyDataset());
    expect(student.queryLength).toBeLessThan(tiny.student.queryTokens);
    expect(student.asked(["one"])).toMatchObject({ length: student.queryLength });
    const { table, length } = student.asked(["one", long]);
    expect(length).toBe(tiny.student.queryTokens);
    expect([...table.flat.subarray(0, table.offsets[1])]).toEqual([...student.encodeQuery("one")]);
    expect(table.offsets[2]! - table.offsets[1]!).toBe(tiny.student.queryTokens);
  });
});
