/** From command-line words to an experiment and its collection. */
import { parseAssignment, withSetting } from "../core/config/paths";
import { PRESETS, type PresetName, presetExperiment } from "../core/config/presets";
import { readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import { readBeir } from "../core/data/beir";
import { openFiles } from "../core/data/files";
import { notesDataset } from "../core/data/notes";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { folderEntries } from "./folder";

/** @throws LabError "bad-setting": a script must not go on with other values than it asked for */
export function settle(preset: string, assignments: string[], seed: string | undefined, ownData: boolean): Experiment {
  if (!Object.hasOwn(PRESETS, preset))
    throw new LabError(
      "bad-setting",
      `There is no preset "${preset}".`,
      `Choose one of ${Object.keys(PRESETS).join(", ")}.`,
    );
  let experiment = presetExperiment(preset as PresetName);
  if (ownData) experiment = withSetting(experiment, "data.source", "files");
  for (const assignment of [...assignments, ...(seed === undefined ? [] : [`seed=${seed}`])]) {
    const { path, value } = parseAssignment(assignment);
    experiment = withSetting(experiment, path, value);
  }
  const read = readExperiment(experiment);
  if (read.notices.length > 0) throw new LabError("bad-setting", read.notices.join(" "), "Change the setting.");
  return read.experiment;
}

/** The bundled notes, or the folder given with --data. */
export async function collection(experiment: Experiment, folder: string | undefined): Promise<Dataset> {
  if (folder === undefined) return notesDataset(experiment.data.notes, experiment.seed);
  return readBeir(await openFiles(await folderEntries(folder)), { seed: experiment.seed });
}
