/** The library of checkpoints as a browser keeps it: OPFS for the bytes, its quota, its locks between tabs. */
import { opfsBytes } from "../core/artifacts/opfsBytes";
import { checkpointLibrary, type Library } from "../core/checkpoints/library";
import { LabError } from "../core/errors";

export async function browserLibrary(): Promise<Library> {
  return checkpointLibrary({
    folder: await opfsBytes("scalingnote-models"),
    now: () => new Date(),
    room: async () => {
      const storage = navigator.storage as StorageManager | undefined;
      if (!storage?.estimate) return null;
      // Asked for: a model of hundreds of megabytes is not to go when the disk gets full. A browser may refuse.
      await storage.persist?.().catch(() => false);
      const { quota, usage } = await storage.estimate();
      return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
    },
    alone: async (name, work) => {
      // No locks on a page that was not opened over https or from localhost: OPFS is not there either.
      if (!navigator.locks) return work();
      return navigator.locks.request(`scalingnote-lab-${name}`, { ifAvailable: true }, (lock) => {
        if (lock) return work();
        throw new LabError(
          "bad-input",
          "Another tab is fetching this model.",
          "Wait until it is done; it is here then, too.",
        );
      });
    },
  });
}
