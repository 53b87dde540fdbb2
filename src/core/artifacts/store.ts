/**
 * Where bytes are kept: a flat space of slash-separated paths. The worker keeps them in the browser's private file
 * system (OPFS), the command line in a folder, tests in memory.
 */
export interface Store {
  /** Null where there is none. */
  read(path: string): Promise<Uint8Array | null>;
  /** Bytes of a file, without reading it; null where there is none. */
  size(path: string): Promise<number | null>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Paths that start with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** Removes the path itself and everything below it; silent where there is none. */
  remove(path: string): Promise<void>;
}

/** A store in memory: for tests, and where the browser keeps nothing (private windows). */
export function memoryStore(): Store {
  const files = new Map<string, Uint8Array>();
  return {
    read: async (path) => files.get(path)?.slice() ?? null,
    size: async (path) => files.get(path)?.byteLength ?? null,
    write: async (path, bytes) => {
      files.set(path, bytes.slice());
    },
    list: async (prefix) => [...files.keys()].filter((path) => path.startsWith(prefix)).sort(),
    remove: async (path) => {
      for (const key of files.keys()) if (key === path || key.startsWith(`${path}/`)) files.delete(key);
    },
  };
}
