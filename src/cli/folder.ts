/** The files of a folder, for readers that take files from anywhere. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileEntry } from "../core/data/files";
import { LabError } from "../core/errors";

/**
 * All files below a folder, sorted by path; the paths begin with the folder's own name. A single file gives itself.
 * Contents are read when they are asked for.
 * @throws LabError bad-input where there is no such file or folder
 */
export async function folderEntries(dir: string): Promise<FileEntry[]> {
  const entry = (path: string, full: string): FileEntry => ({ path, bytes: async () => new Uint8Array(await readFile(full)) });
  try {
    if (!(await stat(dir)).isDirectory()) return [entry(basename(dir), dir)];
    const entries: FileEntry[] = [];
    const walk = async (path: string, full: string): Promise<void> => {
      const found = (await readdir(full, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const item of found) {
        const [inner, innerFull] = [`${path}/${item.name}`, join(full, item.name)];
        // A link to a folder is not followed: it may lead in a circle. One to a file is.
        if (item.isDirectory()) await walk(inner, innerFull);
        else if (item.isFile() || (item.isSymbolicLink() && (await stat(innerFull)).isFile()))
          entries.push(entry(inner, innerFull));
      }
    };
    await walk(basename(join(dir, ".", "x", "..")), dir);
    return entries;
  } catch (cause) {
    throw new LabError("bad-input", `${dir} cannot be read: ${(cause as Error).message}`, "Give the path of a folder or file.", {
      cause,
    });
  }
}
