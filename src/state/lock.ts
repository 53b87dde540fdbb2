/**
 * One tab owns training. The owner holds a Web Lock for as long as it lives; a second tab is read-only and takes over
 * when the first one closes. Without the Locks API the tab owns training: there is nobody to ask.
 */
import { createStore } from "zustand/vanilla";

export const LOCK_NAME = "scalingnote-lab-training";

export interface LockState {
  /** "asking" until the browser has answered. */
  owner: "asking" | "here" | "elsewhere";
}

type Locks = Pick<LockManager, "request">;

/**
 * Asks for the lock at once, and again in the queue where another tab holds it. `decided` is kept as soon as the browser
 * has said who owns training; `ready` and `release` are for tests.
 */
export function createLockStore(locks: Locks | null | undefined) {
  const store = createStore<LockState>(() => ({ owner: locks ? "asking" : "here" }));
  const decided = new Promise<void>((done) => {
    if (store.getState().owner !== "asking") done();
    const stop = store.subscribe(({ owner }) => {
      if (owner === "asking") return;
      stop();
      done();
    });
  });
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  const own = () => {
    store.setState({ owner: "here" });
    return held;
  };
  const ask = async () => {
    if (!locks) return;
    const taken = await locks.request(LOCK_NAME, { ifAvailable: true }, (lock) => {
      if (lock) return own().then(() => true);
      return false;
    });
    if (taken) return;
    store.setState({ owner: "elsewhere" });
    await locks.request(LOCK_NAME, own);
  };
  // A browser that refuses locks altogether (a sandboxed frame) must not keep its only tab from training.
  const ready = ask().catch(() => store.setState({ owner: "here" }));
  return { store, release, ready, decided };
}
