/** From command-line words to an experiment and its collection. */
import { basename, resolve } from "node:path";
import { parseAssignment, withSetting } from "../core/config/paths";
import { PRESETS, type PresetName, presetExperiment } from "../core/config/presets";
import { checkSetting, readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import { readBeir } from "../core/data/beir";
import { openFiles } from "../core/data/files";
import { notesDataset } from "../core/data/notes";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { folderEntries } from "./folder";

const bad = (message: string, remedy: string) => new LabError("bad-setting", message, remedy);

/**
 * The experiment that a preset, `--set key=value`, `--seed` and `--data` together ask for.
 *
 * @throws LabError "bad-setting": a script must not go on with other values than it asked for
 */
export function settle(preset: string, assignments: string[], seed: string | undefined, ownData: boolean): Experiment {
  if (!Object.hasOwn(PRESETS, preset))
    throw bad(`There is no preset "${preset}".`, `Choose one of ${Object.keys(PRESETS).join(", ")}.`);
  let experiment = presetExperiment(preset as PresetName);
  if (ownData) experiment = withSetting(experiment, "data.source", "files");
  for (const assignment of [...assignments, ...(seed === undefined ? [] : [`seed=${seed}`])]) {
    const { path, value } = parseAssignment(assignment);
    experiment = withSetting(experiment, path, checkSetting(path, value));
  }
  const ownSource = experiment.data.source === "files";
  if (ownSource && !ownData) throw bad("data.source=files wants a collection.", "Name its folder or .zip: --data DIR.");
  if (!ownSource && ownData) throw bad("--data and data.source=notes exclude each other.", "Leave one of them away.");
  const read = readExperiment(experiment);
  if (read.notices.length > 0)
    throw bad(`These settings do not fit together: ${read.notices.join(" ")}`, "Nothing was run: give what fits.");
  return read.experiment;
}

/** The bundled notes, or the folder or file given with --data, named after it. */
export async function collection(experiment: Experiment, folder: string | undefined): Promise<Dataset> {
  if (folder === undefined) return notesDataset(experiment.data.notes, experiment.seed);
  const name = basename(resolve(folder)).replace(/\.zip$/i, "");
  const files = await openFiles(await folderEntries(folder));
  return readBeir(files, { seed: experiment.seed, ...(name ? { name } : {}) });
}
