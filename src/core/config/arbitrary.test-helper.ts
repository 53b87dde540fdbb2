/** Experiments for property tests: any value that a setting allows, for every setting there is. */
import fc from "fast-check";
import { SETTINGS, type SettingEntry, type SettingValue, withSetting } from "./paths";
import { readExperiment } from "./read";
import { type Experiment, experimentSchema } from "./schema";

/** Any value within the setting's own limits. */
export function anyValue({ kind, info }: SettingEntry): fc.Arbitrary<SettingValue> {
  if (kind === "flag") return fc.boolean();
  if (kind === "choice") return fc.constantFrom(...Object.keys(info.choices!));
  // "binary": every character there is, those outside the basic plane too.
  if (kind === "text") return fc.string({ unit: "binary", maxLength: info.maxLength! / 2 });
  const { min, max } = info as { min: number; max: number };
  return info.integer ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
}

/** Any experiment that can be run: what does not fit together has been settled. */
export function anyExperiment(): fc.Arbitrary<Experiment> {
  const values = Object.fromEntries(SETTINGS.map((entry) => [entry.path, anyValue(entry)]));
  // Some settings only: most links differ from their preset in few.
  return fc.record(values, { requiredKeys: [] }).map((chosen) => {
    let experiment = experimentSchema.parse({});
    for (const [path, value] of Object.entries(chosen)) experiment = withSetting(experiment, path, value!);
    return readExperiment(experiment).experiment;
  });
}
