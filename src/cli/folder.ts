/** The files below a folder, for readers that take files wherever they come from. */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileEntry } from "../core/data/files";
import { LabError } from "../core/errors";

/** `path` is below the folder, with "/". */
export interface FolderEntry extends FileEntry {
  bytes: () => Promise<Uint8Array>;
}

/** A part of a file, as much of it as there is. */
async function part(path: string, from: number, to: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function entry(path: string, full: string): Promise<FolderEntry> {
  const { size } = await stat(full);
  return {
    path,
    size,
    slice: (from, to) => part(full, from, to),
    bytes: async () => new Uint8Array(await readFile(full)),
  };
}

/**
 * Lists the files below a folder, sorted by path, without reading them. Hidden files and folders are passed over, links to
 * folders are not followed. For a file (a .zip), it alone.
 *
 * @param remedy what to give, where the path is no good
 * @throws LabError bad-input where the folder is missing, may not be read or holds no files
 */
export async function folderEntries(
  dir: string,
  remedy = "Give the path of a folder with a collection, of a .zip of one, or of a table (.csv, .tsv, .jsonl, .parquet).",
): Promise<FolderEntry[]> {
  const fail = (what: string, cause?: unknown) => new LabError("bad-input", what, remedy, { cause });
  const entries: FolderEntry[] = [];
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const found of await readdir(folder, { withFileTypes: true })) {
      if (found.name.startsWith(".")) continue;
      const full = join(folder, found.name);
      const path = `${prefix}${found.name}`;
      if (found.isDirectory()) await walk(full, `${path}/`);
      else if (found.isFile() || (found.isSymbolicLink() && (await isFile(full))))
        entries.push(await entry(path, full));
    }
  };
  try {
    if (await isFile(dir)) return [await entry(basename(dir), dir)];
    await walk(dir, "");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw fail(`There is no folder ${dir}.`, cause);
    throw fail(`The folder ${dir} could not be read (${code ?? String(cause)}).`, cause);
  }
  if (entries.length === 0) throw fail(`The folder ${dir} holds no files.`);
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    // A link that leads nowhere, or nothing at all: listing the folder says which.
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw cause;
  }
}
