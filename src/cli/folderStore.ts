/** The store in a folder of the disk: the command line's, as OPFS is the page's. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Store } from "../core/artifacts/store";
import { LabError } from "../core/errors";

/** While a file is being written it carries this ending; renaming is atomic, so a file is old or new, never half. */
const PARTIAL = ".partial";

/**
 * @param root the folder; made with the first file that is written
 * Each function throws LabError "bad-input" where a path leads out of the folder or the disk refuses.
 */
export function folderStore(root: string): Store {
  const top = resolve(root);
  let writes = 0;

  const locate = (path: string): string => {
    const place = join(top, path);
    // An imported archive may name its files as it likes.
    if (place.startsWith(top + sep)) return place;
    throw new LabError("bad-input", `"${path}" is no path within ${root}.`, "Name files by a path below the folder.");
  };

  const unlessMissing = async <T>(path: string, look: (place: string) => Promise<T>): Promise<T | null> => {
    const place = locate(path);
    try {
      return await look(place);
    } catch (error) {
      if (isMissing(error)) return null;
      throw refused("read", place, error);
    }
  };

  return {
    read: (path) =>
      unlessMissing(path, async (place) => {
        const { buffer, byteOffset, byteLength } = await readFile(place);
        return new Uint8Array(buffer, byteOffset, byteLength);
      }),
    size: (path) =>
      unlessMissing(path, async (place) => {
        const found = await stat(place);
        return found.isDirectory() ? null : found.size;
      }),
    async write(path, bytes) {
      const place = locate(path);
      // A name of its own for each write: two at once to one path must not mix.
      const part = `${place}.${process.pid}-${++writes}${PARTIAL}`;
      try {
        await mkdir(dirname(place), { recursive: true });
        await writeFile(part, bytes);
        await rename(part, place);
      } catch (error) {
        await rm(part, { force: true }).catch(() => undefined); // the first error is the one to tell
        throw refused("written", place, error);
      }
    },
    async list(prefix) {
      const found: string[] = [];
      // Only the folders that the prefix can lead to.
      const walk = async (folder: string): Promise<void> => {
        const entries = await readdir(join(top, folder), { withFileTypes: true }).catch((error: unknown) => {
          if (isMissing(error)) return [];
          throw refused("read", join(top, folder), error);
        });
        for (const entry of entries) {
          const path = folder + entry.name;
          if (entry.isDirectory()) {
            if (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)) await walk(`${path}/`);
          } else if (path.startsWith(prefix) && !path.endsWith(PARTIAL)) found.push(path);
        }
      };
      await walk("");
      return found.sort();
    },
    async remove(path) {
      const place = locate(path);
      try {
        await rm(place, { recursive: true, force: true });
      } catch (error) {
        throw refused("removed", place, error);
      }
    },
  };
}

/** Not there, or a file where a folder was asked for, or the other way round: nothing can be read in either case. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function refused(done: string, place: string, cause: unknown): LabError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LabError(
    "bad-input",
    `${place} could not be ${done}: ${why}.`,
    "Check the folder's rights and free space.",
    {
      cause,
    },
  );
}
