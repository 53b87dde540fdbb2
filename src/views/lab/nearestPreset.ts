/** A stored run does not say which preset it began with: the one it differs from in the fewest settings. */
import { type Difference, differences } from "../../core/config/paths";
import { PRESETS, type PresetName, presetExperiment } from "../../core/config/presets";
import type { Experiment } from "../../core/config/schema";

export interface NearestPreset {
  name: PresetName;
  preset: Experiment;
  differences: Difference[];
}

/** The preset nearest to an experiment; of equally near ones the first. */
export function nearestPreset(experiment: Experiment): NearestPreset {
  const all = (Object.keys(PRESETS) as PresetName[]).map((name) => {
    const preset = presetExperiment(name);
    return { name, preset, differences: differences(preset, experiment) };
  });
  return all.reduce((best, next) => (next.differences.length < best.differences.length ? next : best));
}
