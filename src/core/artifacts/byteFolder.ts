/**
 * Where the library keeps its files: written piece by piece from the front and read by ranges, so that a checkpoint larger
 * than memory can be kept and a download that broke off goes on where it stood.
 */
export interface ByteFolder {
  /** Every file below `prefix` with its size in bytes, sorted by path. */
  list(prefix: string): Promise<{ path: string; size: number }[]>;
  /** Null where there is none. */
  size(path: string): Promise<number | null>;
  /** Bytes from .. to; fewer where the file ends before. */
  read(path: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes at `at` and cuts the file off behind it; makes file and folders where they are not there. */
  write(path: string, at: number, bytes: Uint8Array): Promise<void>;
  /** Removes the path and everything below it; silent where there is none. */
  remove(path: string): Promise<void>;
}

/** In memory: for tests, and where the browser keeps nothing. */
export function memoryByteFolder(): ByteFolder {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    list: async (prefix) =>
      [...files]
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, { byteLength }]) => ({ path, size: byteLength }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    size: async (path) => files.get(path)?.byteLength ?? null,
    read: async (path, from, to) => files.get(path)?.slice(from, to) ?? new Uint8Array(),
    write: async (path, at, bytes) => {
      const whole = new Uint8Array(at + bytes.byteLength);
      whole.set(files.get(path)?.subarray(0, at) ?? new Uint8Array());
      whole.set(bytes, at);
      files.set(path, whole);
    },
    remove: async (path) => {
      for (const key of files.keys()) if (key === path || key.startsWith(`${path}/`)) files.delete(key);
    },
  };
}
