import { describe, expect, it } from "vitest";
import { withSetting } from "../../core/config/paths";
import { presetExperiment } from "../../core/config/presets";
import { nearestPreset } from "./nearestPreset";

describe("the nearest preset", () => {
  it.each(["tiny", "quick", "standard"] as const)("of %s itself is itself", (name) => {
    expect(nearestPreset(presetExperiment(name))).toMatchObject({ name, differences: [] });
  });
  it("stays the one a changed experiment began with, and says what was changed", () => {
    const changed = withSetting(withSetting(presetExperiment("tiny"), "stage1.steps", 80), "seed", 3);
    const { name, differences } = nearestPreset(changed);
    expect(name).toBe("tiny");
    expect(differences.map((d) => d.path)).toEqual(["seed", "stage1.steps"]);
  });
});
