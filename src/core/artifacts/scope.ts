/** A part of a store as a store of its own. */
import type { Store } from "./store";

export function scopeStore(store: Store, folder: string): Store {
  const prefix = `${folder}/`;
  return {
    read: (path) => store.read(prefix + path),
    size: (path) => store.size(prefix + path),
    write: (path, bytes) => store.write(prefix + path, bytes),
    list: async (start) => (await store.list(prefix + start)).map((path) => path.slice(prefix.length)),
    remove: (path) => store.remove(prefix + path),
  };
}
