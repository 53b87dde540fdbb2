import { describe, expect, it } from "vitest";
import { LabError } from "../core/errors";
import { size } from "./arguments";
import { parseAxis } from "./axes";

describe("an axis", () => {
  it("is a setting and its values", () => {
    expect(parseAxis("sweep", "stage1.steps=1,20")).toEqual({ path: "stage1.steps", values: [1, 20] });
    expect(parseAxis("tune", "student.kind=lookup,encoder").values).toEqual(["lookup", "encoder"]);
    expect(parseAxis("tune", "teacher.sharedTowers=on,off").values).toEqual([true, false]);
    expect(parseAxis("sweep", "stage1.learningRate=1e-3", true).values).toEqual([0.001]);
  });

  it("of a random sweep may be a range, or the setting alone", () => {
    const rate = "stage1.learningRate";
    expect(parseAxis("sweep", `${rate}=1e-4..1e-2`, true)).toEqual({ path: rate, min: 1e-4, max: 1e-2 });
    expect(parseAxis("sweep", "stage1.temperature=.01...5", true)).toMatchObject({ path: "stage1.temperature" });
    expect(parseAxis("sweep", rate, true)).toEqual({ path: rate });
  });

  it.each([
    ["stage1.steps", /not of the form key=a,b,c/],
    ["stage1.steps=", /not of the form/],
    ["=1", /not of the form/],
    ["steps=1", /no setting "steps"/],
    ["stage1.steps=1,x", /"x" is not a number/],
    ["stage1.steps=1,,2", /"" is not a number/],
    ["stage1.steps=0", /^stage1\.steps=0 is not possible/],
    ["stage1.steps=1..5", /"1\.\.5" is not a number/],
    ["student.kind=rnn", /no choice "rnn"/],
  ])("%s is refused", (text, message) => {
    expect(() => parseAxis("tune", text)).toThrow(LabError);
    expect(() => parseAxis("tune", text)).toThrow(message);
  });
});

describe("a size", () => {
  it("is written as people write it", () => {
    expect(["5", "500 MB", "2GB", "1.5k", "7b"].map((text) => size("sweep", "limit", text))).toEqual([
      5, 5e8, 2e9, 1500, 7,
    ]);
    for (const text of ["", "much", "-1", "5 TB"]) expect(() => size("sweep", "limit", text)).toThrow(/--limit wants/);
  });
});
