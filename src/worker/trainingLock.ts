/**
 * A language model's training as other tabs see it: for as long as it lasts its worker holds a Web Lock, which the browser
 * lets go of too where the tab is closed or the worker dies.
 */
import { LabError } from "../core/errors";

export type Locks = Pick<LockManager, "request" | "query">;

export interface TrainingLock {
  /** Holds it from now on. @returns what lets go of it. @throws LabError "bad-input" where another tab has it */
  hold(): Promise<() => void>;
  /** Whether anybody has it, here or in another tab. */
  held(): Promise<boolean>;
  /** Once nobody has it. */
  free(): Promise<void>;
}

const NAME = "scalingnote-lab-pretrain";
const nothing = () => {};

/** @param locks none on a page that was not opened over https or from localhost: then no other tab is known of */
export function trainingLock(locks: Locks | undefined): TrainingLock {
  const held = async () => (await locks?.query().catch(() => null))?.held?.some(({ name }) => name === NAME) === true;
  return {
    held,
    async hold() {
      if (await held())
        throw new LabError(
          "bad-input",
          "This training is under way in another tab.",
          "Stop it there, or wait for its end.",
        );
      if (!locks) return nothing;
      return new Promise((resolve) => {
        locks
          .request(NAME, () => new Promise<void>((release) => resolve(() => release())))
          // A browser that refuses locks (a sandboxed frame): it trains all the same.
          .catch(() => resolve(nothing));
      });
    },
    // Shared: who waits for its end does not keep another one waiting.
    free: async () => {
      await locks?.request(NAME, { mode: "shared" }, nothing).catch(nothing);
    },
  };
}
