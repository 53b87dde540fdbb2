/** The files below a folder, for readers that take files wherever they come from. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { LabError } from "../core/errors";

export interface FolderEntry {
  /** Below the folder, with "/". */
  path: string;
  bytes: () => Promise<Uint8Array>;
}

const plain = async (path: string) => new Uint8Array(await readFile(path));

/**
 * Lists the files below a folder, sorted by path, without reading them. Hidden files and folders are passed over, links to
 * folders are not followed. For a file (a .zip), it alone.
 *
 * @param remedy what to give, where the path is no good
 * @throws LabError bad-input where the folder is missing, may not be read or holds no files
 */
export async function folderEntries(
  dir: string,
  remedy = "Give the path of a folder with a collection in BEIR form, or of a .zip of one.",
): Promise<FolderEntry[]> {
  const fail = (what: string, cause?: unknown) => new LabError("bad-input", what, remedy, { cause });
  const entries: FolderEntry[] = [];
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const full = join(folder, entry.name);
      const path = `${prefix}${entry.name}`;
      if (entry.isDirectory()) await walk(full, `${path}/`);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(full))))
        entries.push({ path, bytes: () => plain(full) });
    }
  };
  try {
    if (await isFile(dir)) return [{ path: basename(dir), bytes: () => plain(dir) }];
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
