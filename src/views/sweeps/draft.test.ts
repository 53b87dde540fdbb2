import { expect, it } from "vitest";
import { settingEntry } from "../../core/config/paths";
import { presetExperiment } from "../../core/config/presets";
import { readSweep } from "../../core/pipeline/sweep/spec";
import { sweepTrials } from "../../core/pipeline/sweep/trials";
import { ABLATION_DRAFT, axisProblem, newAxis, optionsOf, SCALING_DRAFT, sweepOf } from "./draft";

const base = presetExperiment("tiny");
const axis = (path: string, text: string, picked: string[] = []) => ({ path, text, picked });

it("offers sweeps that can be run as they stand", () => {
  for (const [draft, preset, trials] of [
    [ABLATION_DRAFT, "tiny", 9],
    [ABLATION_DRAFT, "quick", 9],
    [SCALING_DRAFT, "quick", 48],
    [SCALING_DRAFT, "tiny", 48],
  ] as const)
    expect(sweepTrials(readSweep(sweepOf(draft, presetExperiment(preset))))).toHaveLength(trials);
});

it("makes a sweep of what was typed and ticked", () => {
  const axes = [
    axis("stage2.mseWeight", "1, 2,,2"),
    axis("stage2.mseOn", "", ["raw"]),
    axis("teacher.sharedTowers", "", ["true", "false"]),
  ];
  expect(sweepOf({ ...ABLATION_DRAFT, name: " ", axes, seeds: 2 }, base)).toMatchObject({
    name: "Sweep",
    mode: "grid",
    axes: [
      { path: "stage2.mseWeight", values: [1, 2] },
      { path: "stage2.mseOn", values: ["raw"] },
      { path: "teacher.sharedTowers", values: [true, false] },
    ],
    seeds: [7, 8],
  });
  const random = [axis("stage2.mseWeight", "1 .. 20"), axis("stage2.cosineWeight", "")];
  expect(sweepOf({ ...ABLATION_DRAFT, mode: "random", axes: random }, base)).toMatchObject({
    samples: 20,
    axes: [{ path: "stage2.mseWeight", min: 1, max: 20 }, { path: "stage2.cosineWeight" }],
  });
});

it("says in words what is wrong with an axis", () => {
  expect(axisProblem(axis("stage2.mseWeight", "1"), "grid")).toBe(null);
  expect(axisProblem(axis("stage2.mseWeight", "1, x"), "grid")).toMatch(/"x" is not a number/);
  expect(axisProblem(axis("stage2.mseWeight", "2000"), "grid")).toMatch(/from 0 to 1000/);
  expect(axisProblem(axis("stage2.mseWeight", " , "), "grid")).toMatch(/^MSE weight has no value/);
  expect(axisProblem(axis("stage2.mseWeight", "1..x"), "random")).toMatch(/"x" is not a number/);
  expect(axisProblem(axis("stage2.mseOn", "", []), "grid")).toMatch(/Tick at least one/);
  expect(() => sweepOf({ ...ABLATION_DRAFT, systems: [] }, base)).toThrow("No system is measured.");
});

it("begins an axis with what the setting can be, or is", () => {
  expect(newAxis("stage2.mseOn", "raw").picked).toEqual(optionsOf(settingEntry("stage2.mseOn")).map(({ id }) => id));
  expect(newAxis("stage2.mseWeight", 50).text).toBe("50");
});
