/** The folder that `--out` names: looked at before a long run, written after it. */
import { mkdtemp, readdir, readFile, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Store } from "../core/artifacts/store";
import { LabError } from "../core/errors";
import { RESULT_FILE } from "../core/formats/archive";
import { isArchiveFile } from "../core/pipeline/files";
import { folderStore } from "./folderStore";

const REMEDY = "Name another folder: --out DIR.";

/**
 * Sees to it that a run will not end with nowhere to write to, nor over files that are no run's. Leaves nothing behind.
 *
 * @throws LabError bad-input where the folder is a file, lies below one, may not be written, or holds files of a run's
 * names that no run wrote (a collection has a queries.jsonl too)
 */
export const checkOut = (dir: string): Promise<void> => checkFolder(dir, checkEarlier);

/**
 * Sees to it that a folder can be written, or made. Leaves nothing behind.
 *
 * @param look at the folder, where it is there
 * @throws LabError bad-input where it is a file, lies below one or may not be written
 */
export async function checkFolder(dir: string, look?: (folder: string) => Promise<void>): Promise<void> {
  for (let place = resolve(dir); ; place = dirname(place)) {
    let folder: boolean;
    try {
      folder = (await stat(place)).isDirectory();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // Not there yet, or below a file: what it would be made in decides.
      if ((code === "ENOENT" || code === "ENOTDIR") && dirname(place) !== place) continue;
      throw new LabError("bad-input", `The folder ${dir} cannot be used (${code ?? String(cause)}).`, REMEDY, {
        cause,
      });
    }
    if (folder && place === resolve(dir)) await look?.(place);
    if (!folder) throw new LabError("bad-input", `${place} is a file, so results cannot go to ${dir}.`, REMEDY);
    try {
      // Asked by doing it: rights say "yes" to root, also where the file system says "no".
      return await rmdir(await mkdtemp(join(place, ".lab-")));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new LabError("bad-input", `No folder can be made in ${place} (${code}).`, REMEDY, { cause });
    }
  }
}

async function checkEarlier(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // what may not be read is told by the next trial
  const taken = names.find((name) => isArchiveFile(name, false) || name === "checkpoints");
  if (taken === undefined) return;
  let earlier: unknown = null;
  try {
    earlier = JSON.parse(await readFile(join(folder, RESULT_FILE), "utf8"));
  } catch {
    // None, or none of ours: told below.
  }
  if (typeof earlier !== "object" || earlier === null || !("formatVersion" in earlier))
    throw new LabError("bad-input", `${folder} holds ${taken}, which is not of an earlier run.`, REMEDY);
}

/**
 * Copies a run's files to a folder. An earlier run there is replaced, also the files of it that this one has not; what
 * else lies there stays. result.json is written last.
 *
 * @param checkpoints whether checkpoints/ is written too
 * @throws LabError bad-input where the disk refuses
 */
export async function writeRun(run: Store, dir: string, checkpoints: boolean): Promise<void> {
  const out = folderStore(dir);
  const paths = (await run.list("")).filter((path) => isArchiveFile(path, checkpoints));
  // Looked for by name: the folder may hold much else.
  for (const prefix of ["run.", "checkpoints/"])
    for (const old of await out.list(prefix))
      if (isArchiveFile(old, true) && !paths.includes(old)) await out.remove(old);
  const last = (path: string) => Number(path === RESULT_FILE);
  for (const path of paths.sort((a, b) => last(a) - last(b))) await out.write(path, (await run.read(path))!);
}
