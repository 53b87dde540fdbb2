/** What is asked of a sweep's trials: reading their file, and the work that would hold the page up (resampling, fits). */
import { ablationReport } from "../core/analysis/ablation";
import { readTrials } from "../core/analysis/readTrials";
import { scalingReport } from "../core/analysis/scaling";
import type { Trial } from "../core/analysis/trial";
import { blobEntry, openFiles } from "../core/data/files";
import { LabError } from "../core/errors";
import type { Commands } from "./protocol";

type Handlers = {
  [K in "readTrials" | "holdTrials" | "ablation" | "scaling"]: (payload: Commands[K][0]) => Promise<Commands[K][1]>;
};

/** Holds the trials that were sent last, so that a question does not carry them again. */
export function trialHandlers(): Handlers {
  let held: { key: string; trials: readonly Trial[] } | null = null;
  const need = (key: string): readonly Trial[] => {
    if (held?.key === key) return held.trials;
    throw new LabError("not-held", "These trials are not held any more.", "Load them again.");
  };
  return {
    async readTrials({ files }) {
      const texts = await openFiles(files.map(({ path, file }) => blobEntry(path, file)));
      if (texts.length === 0)
        throw new LabError(
          "bad-input",
          "None of these files can hold trials.",
          "Give the trials.jsonl that `npm run lab -- sweep` wrote.",
        );
      const read = await Promise.all(texts.map(readTrials));
      return {
        trials: read.flatMap(({ trials }) => trials),
        failed: read.reduce((sum, { failed }) => sum + failed, 0),
      };
    },
    async holdTrials({ key, trials }) {
      held = { key, trials };
      return null;
    },
    ablation: async ({ key, system, metric, samples, seed }) =>
      ablationReport(need(key), system, metric, { samples, seed }),
    scaling: async ({ key, question }) => scalingReport(need(key), question),
  };
}
