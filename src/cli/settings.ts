/** From command-line words to an experiment and its collection. */
import { basename, resolve } from "node:path";
import { parseAssignment, type SettingEntry, type SettingValue, settingEntry, withSetting } from "../core/config/paths";
import { PRESETS, type PresetName, presetExperiment } from "../core/config/presets";
import { fitSetting, readExperiment } from "../core/config/read";
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
    checkRange(settingEntry(path), value);
    experiment = withSetting(experiment, path, value);
  }
  const ownSource = experiment.data.source === "files";
  if (ownSource && !ownData) throw bad("data.source=files wants a collection.", "Name its folder or .zip: --data DIR.");
  if (!ownSource && ownData) throw bad("--data and data.source=notes exclude each other.", "Leave one of them away.");
  const read = readExperiment(experiment);
  if (read.notices.length > 0)
    throw bad(`These settings do not fit together: ${read.notices.join(" ")}`, "Nothing was run: give what fits.");
  return read.experiment;
}

/**
 * --teacher and --student as settings: a folder's path, or for the student a shape.
 *
 * @throws LabError "bad-setting" for a shape that is none
 */
export function towerAssignments(teacher: string | undefined, student: string | undefined): string[] {
  const assignments = teacher === undefined ? [] : [`teacher.checkpoint=${teacher}`];
  if (student === undefined) return assignments;
  const shape = /^(encoder|decoder|lookup):(.*)$/.exec(student);
  if (!shape) return [...assignments, `student.checkpoint=${student}`];
  const sizes = shape[2]!.split("x");
  const names = shape[1] === "lookup" ? ["width"] : ["width", "layers", "heads"];
  if (sizes.length > names.length || !sizes.every((size) => /^\d+$/.test(size)))
    throw bad(
      `--student ${student} is no shape.`,
      "Write encoder:WIDTHxLAYERSxHEADS (encoder:64x2x4), decoder:WIDTHxLAYERSxHEADS or lookup:WIDTH.",
    );
  return [...assignments, `student.kind=${shape[1]}`, ...sizes.map((size, i) => `student.${names[i]}=${size}`)];
}

/** What would be moved to the nearest bound in a form or a link is refused here. */
function checkRange(entry: SettingEntry, value: SettingValue): void {
  const { path, kind, info } = entry;
  if (!fitSetting(entry, value, value).notice) return;
  throw kind === "text"
    ? bad(`${path}: the text does not fit.`, `Give at most ${info.maxLength} characters of text.`)
    : bad(
        `${path}=${String(value)} is not possible.`,
        `Give a ${info.integer ? "whole " : ""}number from ${info.min} to ${info.max}.`,
      );
}

/** The bundled notes, or the folder or file given with --data, named after it. */
export async function collection(experiment: Experiment, folder: string | undefined): Promise<Dataset> {
  if (folder === undefined) return notesDataset(experiment.data.notes, experiment.seed);
  const name = basename(resolve(folder)).replace(/\.zip$/i, "");
  const files = await openFiles(await folderEntries(folder));
  return readBeir(files, { seed: experiment.seed, ...(name ? { name } : {}) });
}
