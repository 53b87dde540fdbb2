/** From command-line words to an experiment and its collection. */
import { basename, resolve } from "node:path";
import { bytesInWords } from "../core/bytes";
import { parseAssignment, withSetting } from "../core/config/paths";
import { PRESETS, type PresetName, presetExperiment } from "../core/config/presets";
import { checkSetting, readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import { readBeir } from "../core/data/beir";
import { chooseColumns, lookAt, readCollection } from "../core/data/collection";
import { download } from "../core/data/download";
import { bytesEntry, type FileEntry, openFiles } from "../core/data/files";
import { hubFiles, hubName } from "../core/data/hub";
import { notesDataset } from "../core/data/notes";
import type { Dataset } from "../core/data/types";
import { wordnetFiles } from "../core/data/wordnet/build";
import { LabError } from "../core/errors";
import { folderEntries } from "./folder";
import { loadWordnet } from "./wordnet";

/** What `--data` takes, for the help of every command that has it. */
export const DATA_USAGE = `  --data WHERE       a collection instead of the bundled notes: a folder, a .zip, a table (.csv, .tsv, .jsonl, .parquet),
                     text files, https://..., or hub:owner/name[@revision][:folder]
  --columns LIST     a table's columns, where their names do not tell: query=question,positive=answer,
                     negative=wrong,score=label,relevant-from=0.5,header=no`;

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
  const { source } = experiment.data;
  if (source === "files" && !ownData)
    throw bad("data.source=files wants a collection.", "Name its folder or .zip: --data DIR.");
  if (source !== "files" && ownData)
    throw bad(`--data and data.source=${source} exclude each other.`, "Leave one of them away.");
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

/** A file's ending is no part of its collection's name. */
const ENDING = /\.(zip|csv|tsv|jsonl|ndjson|parquet|txt|md)(\.gz)?$/i;
const isAddress = (data: string) => /^https?:\/\//i.test(data);

/** The files that `--data` names, and what they are called. */
async function entriesOf(data: string): Promise<{ entries: FileEntry[]; name?: string; notices: string[] }> {
  const onProgress = (file: string, done: number, total: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${file}: ${bytesInWords(done)} of ${bytesInWords(total)}   `);
    if (done === total && process.stderr.isTTY) process.stderr.write("\n");
  };
  if (data.startsWith("hub:")) {
    const wanted = hubName(data);
    // The hub's own programs take another hub from the same variable.
    const { files, commit } = await hubFiles(wanted, { hubUrl: process.env.HF_ENDPOINT, onProgress });
    const words = `From the hub: ${wanted.name}${wanted.part ? `, ${wanted.part}` : ""}, commit ${commit}.`;
    return { entries: files, name: wanted.name, notices: [words] };
  }
  if (isAddress(data)) return { entries: await download(data, { onProgress }), notices: [`From ${data}.`] };
  return { entries: await folderEntries(data), name: basename(resolve(data)).replace(ENDING, ""), notices: [] };
}

/**
 * The bundled notes, WordNet, or the collection given with --data, named after it.
 *
 * @param columns what --columns says
 * @throws LabError bad-input, bad-setting
 */
export async function collection(
  experiment: Experiment,
  data: string | undefined,
  columns?: string | undefined,
): Promise<Dataset> {
  const { seed } = experiment;
  if (data === undefined) {
    if (columns !== undefined)
      throw bad("--columns is for a table given with --data.", "Leave it away, or give --data.");
    if (experiment.data.source === "notes") return notesDataset(experiment.data.notes, seed);
    const size = experiment.data.wordnet;
    const files = wordnetFiles(loadWordnet(), size).map(({ path, bytes }) => bytesEntry(path, bytes));
    return readBeir(await openFiles(files), { seed, name: `wordnet-${size}` });
  }
  const { entries, name, notices } = await entriesOf(data);
  const found = await lookAt(await openFiles(entries), name);
  const chosen = columns === undefined ? undefined : await chooseColumns(found, columns);
  const dataset = await readCollection(found, { seed, queriesFrom: experiment.data.queriesFrom, columns: chosen });
  return { ...dataset, notices: [...notices, ...dataset.notices] };
}
