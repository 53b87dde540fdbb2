/** A command whose failure is shown rather than thrown, as several stores have them. */
import type { ErrorReport } from "../worker/protocol";
import { toReport } from "./client";

/** @returns what runs a command: the store is busy meanwhile, and holds its error after it; null where it failed */
export const trying =
  (set: (change: { busy?: boolean; error?: ErrorReport | null }) => void) =>
  async <T>(what: () => Promise<T>): Promise<T | null> => {
    set({ busy: true, error: null });
    try {
      return await what();
    } catch (cause) {
      set({ error: toReport(cause) });
      return null;
    } finally {
      set({ busy: false });
    }
  };
