/** What the command line remembers between runs of one machine, in the user's cache folder. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { memoryStore, type Store } from "../core/artifacts/store";
import { type EngineOptions, settleEngine } from "../core/pipeline/engine";
import { codeVersion } from "../version";
import { folderStore } from "./folderStore";

/** As the XDG base directory specification has it: a relative path is passed over. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(given) ? given : join(homedir(), ".cache"), "scalingnote-lab");
}

/** JSON files of the cache folder. What cannot be read is not there; what cannot be written lasts as long as the store. */
export function cacheStore(folder = cacheFolder()): Store {
  const disk = folderStore(folder);
  const memory = memoryStore();
  return {
    ...memory,
    async read(path) {
      const here = await memory.read(path);
      if (here) return here;
      try {
        const bytes = await disk.read(path);
        if (bytes) JSON.parse(new TextDecoder().decode(bytes));
        return bytes;
      } catch {
        return null;
      }
    },
    async write(path, bytes) {
      await memory.write(path, bytes);
      await disk.write(path, bytes).catch(() => undefined);
    },
  };
}

/** Settles how matrices are multiplied, with what was measured on this machine before. */
export const settleHere = (options: Omit<EngineOptions, "codeVersion" | "store">, store = cacheStore()) =>
  settleEngine({ ...options, codeVersion, store });
