import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../errors";
import { anyExperiment, anyValue } from "./arbitrary.test-helper";
import {
  differences,
  formatSetting,
  getSetting,
  parseAssignment,
  parseSettingText,
  SETTINGS,
  settingEntry,
  withSetting,
} from "./paths";
import { experimentSchema } from "./schema";

const plain = experimentSchema.parse({});

/** Every path of a plain value that leads to something other than an object. */
function leaves(value: unknown, prefix = ""): string[] {
  return Object.entries(value as object).flatMap(([key, part]) =>
    typeof part === "object" ? leaves(part, `${prefix}${key}.`) : [prefix + key],
  );
}

/** What the function throws. */
function thrown(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("SETTINGS", () => {
  test("holds every value of the schema but its version, in the schema's order", () => {
    expect(SETTINGS.map(({ path }) => path)).toEqual(leaves(plain).filter((path) => path !== "version"));
  });

  test("describes each in full: label, help, source, kind, default within the range", () => {
    for (const { path, kind, info, default: value } of SETTINGS) {
      expect(info.label, path).not.toBe("");
      expect(info.help, path).toMatch(/[.]$/);
      expect(info.source, path).toBeTruthy();
      expect(value, path).toBe(getSetting(plain, path));
      if (kind === "number") {
        expect(value, path).toBeGreaterThanOrEqual(info.min!);
        expect(value, path).toBeLessThanOrEqual(info.max!);
      } else if (kind === "choice") expect(Object.keys(info.choices!), path).toContain(value);
      else if (kind === "text") expect(info.maxLength, path).toBeGreaterThan(0);
      else expect(typeof value, path).toBe("boolean");
    }
  });
});

test("a changed setting is there, is the only difference, and leaves the first experiment alone", () => {
  for (const entry of SETTINGS) {
    fc.assert(
      fc.property(anyValue(entry), (value) => {
        const changed = withSetting(plain, entry.path, value);
        expect(getSetting(changed, entry.path)).toBe(value);
        expect(getSetting(plain, entry.path)).toBe(entry.default);
        const expected = value === entry.default ? [] : [{ path: entry.path, from: entry.default, to: value }];
        expect(differences(plain, changed)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  }
});

test("the differences, applied, lead from one experiment to the other", () => {
  fc.assert(
    fc.property(anyExperiment(), anyExperiment(), (a, b) => {
      let walked = a;
      for (const { path, to } of differences(a, b)) walked = withSetting(walked, path, to);
      expect(walked).toEqual(b);
    }),
  );
});

test("values in words", () => {
  expect(formatSetting("training.batch", 64)).toBe("64 pairs");
  expect(formatSetting("data.notes.corpusSize", 10_000)).toBe("10,000 notes");
  expect(formatSetting("stage1.temperature", 0.05)).toBe("0.05");
  expect(formatSetting("stage1.learningRate", 1 / 3000)).toBe("0.0003333");
  expect(formatSetting("teacher.sharedTowers", true)).toBe("on");
  expect(formatSetting("student.init", "embeddings")).toBe("teacher's token embeddings");
  expect(formatSetting("teacher.prompt", "")).toBe("none");
});

describe("parseAssignment", () => {
  test("reads each kind", () => {
    expect(parseAssignment("stage2.mseWeight=2")).toEqual({ path: "stage2.mseWeight", value: 2 });
    expect(parseAssignment("stage1.learningRate=1e-3")).toEqual({ path: "stage1.learningRate", value: 0.001 });
    expect(parseAssignment("stage1.learnTemperature=true")).toEqual({ path: "stage1.learnTemperature", value: true });
    expect(parseAssignment("student.kind=lookup")).toEqual({ path: "student.kind", value: "lookup" });
    expect(parseAssignment("teacher.prompt=a=b")).toEqual({ path: "teacher.prompt", value: "a=b" });
    expect(parseAssignment("teacher.prompt=")).toEqual({ path: "teacher.prompt", value: "" });
  });

  test("reads back what a link writes, for every setting", () => {
    for (const entry of SETTINGS)
      fc.assert(
        fc.property(anyValue(entry), (value) => {
          expect(parseAssignment(`${entry.path}=${String(value)}`).value === value).toBe(true);
        }),
        { numRuns: 10 },
      );
  });

  test("names the nearest settings where there is none of the name", () => {
    expect(thrown(() => parseAssignment("stage2.mseweight=2"))).toMatchObject({
      kind: "bad-setting",
      message: 'There is no setting "stage2.mseweight".',
      remedy: expect.stringContaining("stage2.mseWeight") as string,
    });
    // The last name alone is enough.
    expect(thrown(() => settingEntry("batch")).remedy).toContain("training.batch");
    expect(thrown(() => settingEntry("bacth")).remedy).toContain("training.batch");
    expect(thrown(() => settingEntry("version")).kind).toBe("bad-setting");
    expect(thrown(() => settingEntry("__proto__.x")).kind).toBe("bad-setting");
  });

  test("says what is wrong with a value", () => {
    expect(thrown(() => parseSettingText("training.batch", "many"))).toMatchObject({
      message: 'training.batch: "many" is not a number.',
      remedy: "Give a number from 2 to 4096.",
    });
    for (const text of ["", " ", "Infinity", "NaN", "1,000", "2;"])
      expect(thrown(() => parseSettingText("training.batch", text)).kind).toBe("bad-setting");
    expect(thrown(() => parseSettingText("stage1.learnTemperature", "maybe")).remedy).toBe("Give true or false.");
    // Names that every object has are no choices.
    expect(thrown(() => parseSettingText("student.kind", "constructor")).remedy).toBe(
      "Choose one of encoder, decoder, lookup.",
    );
    for (const text of ["stage2.mseWeight", "=2", ""])
      expect(thrown(() => parseAssignment(text)).message).toContain("key=value");
  });
});
