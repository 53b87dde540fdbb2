/**
 * The store in the browser's private file system (OPFS), for a dedicated worker: sync access handles write in place and
 * are there in every browser with WebGPU. Only one handle may be open on a file, so operations on a path wait in line.
 */
import { LabError } from "../errors";
import { splitPath as split, unlessMissing } from "./opfsPaths";
import { memoryStore, type Store } from "./store";

type Folder = FileSystemDirectoryHandle;

/**
 * @param root name of the folder that everything is kept in
 * Where the browser keeps nothing (no OPFS, or refused as in some private windows) the store is in memory.
 */
export async function opfsStore(root: string): Promise<Store> {
  try {
    const top = await navigator.storage.getDirectory();
    const folder = await top.getDirectoryHandle(root, { create: true });
    await tryOut(folder);
    return folderStore(folder);
  } catch {
    return memoryStore();
  }
}

/** A browser may grant the folder and yet refuse to write in it; better to know now. */
async function tryOut(folder: Folder): Promise<void> {
  // A name of its own: another tab may be trying at the same time.
  const name = `.try-${crypto.randomUUID()}`;
  const file = await folder.getFileHandle(name, { create: true });
  const handle = await file.createSyncAccessHandle();
  handle.close();
  await folder.removeEntry(name);
}

function folderStore(root: Folder): Store {
  const inLine = linePerPath();
  // A snapshot, not a handle: another tab may read the same file.
  const snapshot = async (path: string) => (await find(root, path))?.getFile();
  return {
    read: (path) =>
      inLine(path, async () => {
        const file = await snapshot(path);
        return file ? new Uint8Array(await file.arrayBuffer()) : null;
      }),
    size: (path) => inLine(path, async () => (await snapshot(path))?.size ?? null),
    write: (path, bytes) =>
      inLine(path, async () => {
        const names = split(path);
        const name = names.pop()!;
        let folder = root;
        for (const part of names) folder = await folder.getDirectoryHandle(part, { create: true });
        const part = `${name}${PARTIAL}`;
        try {
          await fill(await folder.getFileHandle(part, { create: true }), bytes, path);
          await rename(folder, part, name, bytes, path);
        } catch (error) {
          await folder.removeEntry(part).catch(unlessMissing); // a full disk is not to be kept full
          throw error;
        }
      }),
    async list(prefix) {
      const found: string[] = [];
      await walk(root, "", prefix, found);
      return found.sort();
    },
    remove: (path) =>
      inLine(path, async () => {
        const names = split(path);
        const name = names.pop()!;
        const folder = await descend(root, names);
        await folder?.removeEntry(name, { recursive: true }).catch(unlessMissing);
      }),
  };
}

/** While a file is being written it carries this ending: a page closed in the middle leaves the old one whole. */
const PARTIAL = ".partial";

async function fill(file: FileSystemFileHandle, bytes: Uint8Array, path: string): Promise<void> {
  const handle = await file.createSyncAccessHandle();
  try {
    handle.truncate(0);
    let at = 0;
    while (at < bytes.byteLength) {
      const count = handle.write(bytes.subarray(at), { at });
      if (count === 0) throw new Error(`nothing more of ${path} could be written`);
      at += count;
    }
    handle.flush();
  } catch (cause) {
    throw new LabError(
      "bad-input",
      `The browser could not keep ${path} (${(bytes.byteLength / 1e6).toFixed(1)} MB).`,
      "Delete runs that are no longer needed, or free disk space.",
      { cause },
    );
  } finally {
    handle.close();
  }
}

/** Moving is atomic; where a browser lacks it, the target is written directly. */
async function rename(folder: Folder, from: string, to: string, bytes: Uint8Array, path: string): Promise<void> {
  const file = (await folder.getFileHandle(from)) as FileSystemFileHandle & { move?(name: string): Promise<void> };
  if (file.move) {
    try {
      return await file.move(to);
    } catch {
      // Some versions refuse to move onto a file that is there: written in place below.
    }
  }
  await fill(await folder.getFileHandle(to, { create: true }), bytes, path);
  await folder.removeEntry(from).catch(unlessMissing);
}

async function walk(folder: Folder, at: string, prefix: string, found: string[]): Promise<void> {
  for await (const [name, entry] of folder.entries()) {
    const path = at + name;
    if (entry.kind === "file") {
      if (path.startsWith(prefix) && !name.endsWith(PARTIAL) && !name.startsWith(".try-")) found.push(path);
    } else if (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)) {
      await walk(entry as Folder, `${path}/`, prefix, found);
    }
  }
}

async function find(root: Folder, path: string): Promise<FileSystemFileHandle | null> {
  const names = split(path);
  const name = names.pop()!;
  const folder = await descend(root, names);
  if (!folder) return null;
  return folder.getFileHandle(name).catch(unlessMissing);
}

async function descend(root: Folder, names: string[]): Promise<Folder | null> {
  let folder: Folder | null = root;
  for (const name of names) folder = folder && (await folder.getDirectoryHandle(name).catch(unlessMissing));
  return folder;
}

/** Runs the works on one path one after another; those on different paths do not wait for each other. */
function linePerPath() {
  const last = new Map<string, Promise<unknown>>();
  return <T>(path: string, work: () => Promise<T>): Promise<T> => {
    const run = (last.get(path) ?? Promise.resolve()).then(work);
    const settled = run.then(
      () => undefined,
      () => undefined,
    );
    last.set(path, settled);
    void settled.then(() => {
      if (last.get(path) === settled) last.delete(path);
    });
    return run;
  };
}
