/** A folder of the browser's private file system (OPFS) whose files are written piece by piece and read by ranges. */
import { bytesInWords } from "../bytes";
import { LabError } from "../errors";
import { type ByteFolder, memoryByteFolder } from "./byteFolder";
import { splitPath as split, unlessMissing } from "./opfsPaths";

type Folder = FileSystemDirectoryHandle;

/**
 * @param root name of the folder that everything is kept in
 * Where the browser keeps nothing (no OPFS, or refused as in some private windows) the files are in memory.
 */
export async function opfsBytes(root: string): Promise<ByteFolder> {
  try {
    const top = await navigator.storage.getDirectory();
    return byteFolder(await top.getDirectoryHandle(root, { create: true }));
  } catch {
    return memoryByteFolder();
  }
}

function byteFolder(root: Folder): ByteFolder {
  const file = async (path: string): Promise<File | null> => {
    const names = split(path);
    const name = names.pop()!;
    try {
      const folder = await descend(root, names, false);
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      return unlessMissing(error);
    }
  };
  return {
    async list(prefix) {
      const found: { path: string; size: number }[] = [];
      await walk(root, "", prefix, found);
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    size: async (path) => (await file(path))?.size ?? null,
    async read(path, from, to) {
      const found = await file(path);
      return found ? new Uint8Array(await found.slice(from, to).arrayBuffer()) : new Uint8Array();
    },
    async write(path, at, bytes) {
      const names = split(path);
      const name = names.pop()!;
      try {
        const folder = await descend(root, names, true);
        // Exclusive: nobody else writes here meanwhile. The library sees to it that nobody tries (Web Locks).
        const handle = await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
        try {
          for (let done = 0; done < bytes.byteLength; ) {
            const count = handle.write(bytes.subarray(done), { at: at + done });
            if (count === 0) throw new Error("nothing more could be written");
            done += count;
          }
          handle.truncate(at + bytes.byteLength);
          handle.flush();
        } finally {
          handle.close();
        }
      } catch (cause) {
        throw new LabError(
          "bad-input",
          `The browser could not keep ${path} (${bytesInWords(at + bytes.byteLength)}).`,
          "Delete models or runs that are no longer needed, or free disk space; what came until now is kept.",
          { cause },
        );
      }
    },
    async remove(path) {
      const names = split(path);
      const name = names.pop()!;
      try {
        const folder = await descend(root, names, false);
        await folder.removeEntry(name, { recursive: true });
      } catch (error) {
        unlessMissing(error);
      }
    },
  };
}

async function descend(root: Folder, names: readonly string[], create: boolean): Promise<Folder> {
  let folder = root;
  for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

async function walk(folder: Folder, at: string, prefix: string, found: { path: string; size: number }[]) {
  for await (const [name, entry] of folder.entries()) {
    const path = at + name;
    if (entry.kind === "file") {
      if (path.startsWith(prefix)) found.push({ path, size: (await (entry as FileSystemFileHandle).getFile()).size });
    } else if (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)) {
      await walk(entry as Folder, `${path}/`, prefix, found);
    }
  }
}
