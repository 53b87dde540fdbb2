import { describe, expect, test } from "vitest";
import { settingEntry } from "./paths";
import { DEFAULT_PRESET, PRESETS, type PresetName, presetExperiment } from "./presets";
import { readExperiment } from "./read";

const names = Object.keys(PRESETS) as PresetName[];

function leaves(value: unknown, prefix = ""): string[] {
  return Object.entries(value as object).flatMap(([key, part]) =>
    typeof part === "object" ? leaves(part, `${prefix}${key}.`) : [prefix + key],
  );
}

describe.each(names)("preset %s", (name) => {
  test("needs no correction", () => {
    const experiment = presetExperiment(name);
    expect(readExperiment(experiment)).toEqual({ experiment, notices: [] });
  });

  // The schema's groups drop a key they do not know: a misspelt setting would be none.
  test("names settings that exist", () => {
    for (const path of leaves(PRESETS[name].settings)) expect(settingEntry(path).path).toBe(path);
  });

  test("says what it is for", () => {
    expect(PRESETS[name].label).not.toBe("");
    expect(PRESETS[name].help).toMatch(/\.$/);
  });
});

test("the default preset is one of them, and each call gives a value of its own", () => {
  expect(names).toContain(DEFAULT_PRESET);
  expect(presetExperiment(DEFAULT_PRESET)).not.toBe(presetExperiment(DEFAULT_PRESET));
  expect(presetExperiment(DEFAULT_PRESET)).toEqual(presetExperiment(DEFAULT_PRESET));
});
