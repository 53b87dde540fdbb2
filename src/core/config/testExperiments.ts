/** For tests: experiments made from the list of settings, so that a new setting is tested without a word said of it. */
import fc from "fast-check";
import { SETTINGS, type SettingEntry, type SettingValue, withSetting } from "./paths";
import { DEFAULT_PRESET, type PresetName, PRESETS, presetExperiment } from "./presets";
import { readExperiment } from "./read";
import type { Experiment } from "./schema";

export const presetName = fc.constantFrom(...(Object.keys(PRESETS) as PresetName[]));

/** Any value within a setting's range. */
export function settingValue({ kind, info }: SettingEntry): fc.Arbitrary<SettingValue> {
  if (kind === "flag") return fc.boolean();
  if (kind === "choice") return fc.constantFrom(...Object.keys(info.choices!));
  if (kind === "text") return fc.string({ unit: "binary", maxLength: 100 });
  const range = { min: info.min!, max: info.max! };
  return info.integer ? fc.integer(range) : fc.double({ ...range, noNaN: true });
}

/** A preset with every setting moved somewhere in its range, or only a few, made sound by readExperiment. */
export const experiments: fc.Arbitrary<{ preset: PresetName; experiment: Experiment }> = fc
  .record({
    preset: presetName,
    values: fc.oneof(
      fc.tuple(...SETTINGS.map((entry) => settingValue(entry).map((value) => ({ path: entry.path, value })))),
      fc.array(
        fc.constantFrom(...SETTINGS).chain((entry) => settingValue(entry).map((value) => ({ path: entry.path, value }))),
        { maxLength: 4 },
      ),
    ),
  })
  .map(({ preset, values }) => {
    let wanted = presetExperiment(preset);
    for (const { path, value } of values) wanted = withSetting(wanted, path, value);
    return { preset, experiment: readExperiment(wanted, presetExperiment(DEFAULT_PRESET)).experiment };
  });
