import { describe, expect, test } from "vitest";
import { fromLink } from "./link";
import { DEFAULT_PRESET, type PresetName, PRESETS, presetExperiment } from "./presets";
import { readExperiment } from "./read";
import { experimentSchema } from "./schema";

describe.each(Object.keys(PRESETS) as PresetName[])("%s", (name) => {
  const experiment = presetExperiment(name);

  test("is sound as it stands: no notice, no rule that would change it", () => {
    expect(readExperiment(PRESETS[name].settings)).toEqual({ experiment, notices: [] });
    expect(readExperiment(experiment, experiment)).toEqual({ experiment, notices: [] });
  });

  test("can be named in a link", () => {
    expect(fromLink(`#/lab?preset=${name}`)).toEqual({ view: "lab", preset: name, experiment, notices: [] });
  });

  test("says what it is for", () => {
    expect(PRESETS[name].label).toMatch(/\S/);
    expect(PRESETS[name].help).toMatch(/\.$/);
  });

  test("does not share its parts with another call's", () => {
    presetExperiment(name).teacher.width = 8;
    expect(presetExperiment(name)).toEqual(experiment);
  });

  test("leaves nothing without a query tower smaller than the teacher's", () => {
    expect(experiment.student.width * Math.max(1, experiment.student.layers)).toBeLessThan(
      experiment.teacher.width * experiment.teacher.layers,
    );
  });
});

test("the default preset exists; a setting in a preset that the schema lacks would be refused", () => {
  expect(Object.keys(PRESETS)).toContain(DEFAULT_PRESET);
  expect(() => experimentSchema.parse({ notASetting: 1 })).toThrow();
  expect(() => experimentSchema.parse({ stage1: { notASetting: 1 } })).toThrow();
});
