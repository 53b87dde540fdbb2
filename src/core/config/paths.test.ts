import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../errors";
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
import { presetExperiment } from "./presets";
import { experimentSchema } from "./schema";
import { experiments, settingValue } from "./testExperiments";

const defaults = experimentSchema.parse({});

describe("the list of settings", () => {
  test("holds every value of the experiment but its version, once", () => {
    const leaves = (value: unknown, prefix: string): string[] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, part]) => leaves(part, prefix ? `${prefix}.${key}` : key))
        : [prefix];
    expect(SETTINGS.map((s) => s.path).sort()).toEqual(
      leaves(defaults, "")
        .filter((path) => path !== "version")
        .sort(),
    );
  });

  test.each(SETTINGS.map((entry) => [entry.path, entry] as const))("%s is described and its default fits", (path, entry) => {
    const { info, kind } = entry;
    expect(info.label).toMatch(/\S/);
    expect(info.help).toMatch(/\.$/);
    expect(info.source).toMatch(/\S/);
    expect(entry.default).toBe(getSetting(defaults, path));
    if (kind === "number") {
      expect(info.min).toBeLessThan(info.max!);
      expect(entry.default).toBeGreaterThanOrEqual(info.min!);
      expect(entry.default).toBeLessThanOrEqual(info.max!);
      // A slider in ratios cannot start at zero.
      if (info.log) expect(info.min).toBeGreaterThan(0);
    }
    if (kind === "choice") expect(Object.keys(info.choices!)).toContain(entry.default);
  });

  test.each(SETTINGS.map((entry) => [entry.path, entry] as const))("%s keeps in its schema what its range promises", (path, entry) => {
    fc.assert(
      fc.property(settingValue(entry), (value) => {
        expect(getSetting(experimentSchema.parse(withSetting(defaults, path, value)), path)).toBe(value);
      }),
      { numRuns: 20 },
    );
    if (entry.kind !== "number") return;
    const { min, max } = entry.info as { min: number; max: number };
    for (const outside of [min - 1, max + 1, Number.NaN])
      expect(experimentSchema.safeParse(withSetting(defaults, path, outside)).success).toBe(false);
  });
});

describe("names", () => {
  const messageOf = (path: string): LabError => {
    try {
      settingEntry(path);
    } catch (error) {
      return error as LabError;
    }
    throw new Error(`${path} was found`);
  };

  test("a misspelt one is met with the nearest", () => {
    expect(settingEntry("stage2.mseWeight").info.label).toBe("MSE weight");
    for (const [wrong, right] of [
      ["stage2.mseWieght", "stage2.mseWeight"],
      ["mseWeight", "stage2.mseWeight"],
      ["STAGE1.STEPS", "stage1.steps"],
      ["teacher.layer", "teacher.layers"],
      ["data.corpusSize", "data.notes.corpusSize"],
      ["batchsize", "training.batch"],
    ]) {
      const error = messageOf(wrong!);
      expect(error).toBeInstanceOf(LabError);
      expect(error.kind).toBe("bad-setting");
      expect(error.message).toContain(wrong);
      expect(error.remedy).toContain(right);
    }
  });

  test("nothing that objects inherit is a setting", () => {
    for (const path of ["", "__proto__", "constructor", "stage1", "version", "stage1.toString"])
      expect(messageOf(path).kind).toBe("bad-setting");
  });
});

describe("values", () => {
  test("one set is the one read, and no other changes", () => {
    const change = fc
      .constantFrom(...SETTINGS)
      .chain((entry) => settingValue(entry).map((value) => ({ path: entry.path, value })));
    fc.assert(
      fc.property(experiments, change, ({ experiment }, { path, value }) => {
        const before = JSON.stringify(experiment);
        const after = withSetting(experiment, path, value);
        expect(getSetting(after, path)).toBe(value);
        expect(JSON.stringify(experiment)).toBe(before);
        const from = getSetting(experiment, path);
        expect(differences(experiment, after)).toEqual(from === value ? [] : [{ path, from, to: value }]);
      }),
    );
  });

  test.each(SETTINGS.map((entry) => [entry.path, entry] as const))("%s: what is written as text reads back the same", (path, entry) => {
    fc.assert(
      fc.property(settingValue(entry), (value) => {
        const back = parseAssignment(`${path}=${String(value)}`);
        expect(back.path).toBe(path);
        // Zero has no sign in a link.
        expect(back.value === value).toBe(true);
        expect(formatSetting(path, value)).toEqual(expect.any(String));
      }),
      { numRuns: 20 },
    );
  });

  test("text that means nothing is refused with what would do", () => {
    for (const [path, text, remedy] of [
      ["training.batch", "many", "2 to 4096"],
      ["training.batch", "", "2 to 4096"],
      ["training.batch", "NaN", "2 to 4096"],
      ["training.clip", "Infinity", "0 to 100"],
      ["teacher.sharedTowers", "yes please", "true or false"],
      ["student.kind", "giant", "encoder, decoder, lookup"],
      ["student.kind", "constructor", "encoder, decoder, lookup"],
    ] as const) {
      let error: unknown;
      try {
        parseSettingText(path, text);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ kind: "bad-setting", remedy: expect.stringContaining(remedy) });
      expect((error as LabError).message).toContain(path);
    }
    for (const text of ["", "=", "=3", "training.batch"]) expect(() => parseAssignment(text)).toThrow(/key=value/);
    expect(parseAssignment("teacher.prompt=a=b").value).toBe("a=b");
    expect(parseAssignment("teacher.sharedTowers=on").value).toBe(true);
  });

  test("are said in words", () => {
    expect(formatSetting("training.batch", 64)).toBe("64 pairs");
    expect(formatSetting("data.notes.corpusSize", 1_000_000)).toBe("1,000,000 notes");
    expect(formatSetting("student.init", "embeddings")).toBe("teacher's token embeddings");
    expect(formatSetting("teacher.sharedTowers", true)).toBe("on");
    expect(formatSetting("teacher.prompt", "")).toBe("none");
    expect(formatSetting("stage1.learningRate", 0.0012345)).toBe("0.001235");
  });

  test("differences come in the schema's order", () => {
    const paths = differences(presetExperiment("quick"), presetExperiment("tiny")).map((d) => d.path);
    expect(paths).toEqual(SETTINGS.map((s) => s.path).filter((path) => paths.includes(path)));
    expect(paths).toContain("embeddingSize");
    expect(differences(presetExperiment("tiny"), presetExperiment("tiny"))).toEqual([]);
  });
});
