/** A checkpoint in a folder of the disk, read a range at a time. */
import { open, readdir, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { CheckpointFile, CheckpointFiles } from "../core/checkpoints";
import { LabError } from "../core/errors";

/** A module's folder lies in the checkpoint's own: whoever names a whole disk is not kept waiting for its files. */
const MOST_FOLDERS = 3;

/** Of a model that comes with the page: its name follows. The same word as there, so that a sweep runs in both. */
const BUNDLED = "bundled:";

/** Where a checkpoint lies: a folder, or bundled:NAME in the project's own, from which the command is started. */
const folderOf = (reference: string) =>
  reference.startsWith(BUNDLED) ? join("public/models", reference.slice(BUNDLED.length)) : reference;

/**
 * Follows links to files, as the hub's cache is made of them; hidden files and folders are passed over.
 * @param reference a folder, or bundled:NAME
 * @throws LabError "bad-input" where the folder is not there or cannot be read; so do its functions
 */
export async function folderCheckpoint(reference: string): Promise<CheckpointFiles> {
  const dir = folderOf(reference);
  const top = resolve(dir);
  const fail = (what: string, cause?: unknown) =>
    new LabError("bad-input", what, "Give the folder of a checkpoint: config.json and model.safetensors.", { cause });
  const found: CheckpointFile[] = [];
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const { name } of (await readdir(folder, { withFileTypes: true })).filter((e) => !e.name.startsWith("."))) {
      const place = join(folder, name);
      // A link to nowhere is no file; what is missing is told when it is wanted.
      const info = await stat(place).catch(() => null);
      if (info?.isDirectory() && prefix.split("/").length <= MOST_FOLDERS) await walk(place, `${prefix}${name}/`);
      else if (info?.isFile()) found.push({ path: prefix + name, size: info.size });
    }
  };
  try {
    await walk(top, "");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw fail(
      code === "ENOENT" ? `There is no folder ${dir}.` : `The folder ${dir} could not be read (${code}).`,
      cause,
    );
  }
  return {
    name: dir,
    list: async () => found,
    async read(path, from = 0, to) {
      const place = join(top, path);
      if (!place.startsWith(top + sep)) throw fail(`"${path}" is no path within ${dir}.`);
      const size = found.find((file) => file.path === path)?.size;
      if (size === undefined) throw fail(`${dir} has no file ${path}.`);
      const bytes = new Uint8Array((to ?? size) - from);
      const file = await open(place);
      try {
        for (let at = 0; at < bytes.length; ) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
          if (bytesRead === 0) throw fail(`${place} ends at ${from + at} bytes; ${from + bytes.length} were expected.`);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
      return bytes;
    },
  };
}
