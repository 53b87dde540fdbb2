import type { StoreApi } from "zustand/vanilla";

/** Waits for what a store comes to hold: for its change, not for a time. */
export const until = <S>(store: Pick<StoreApi<S>, "getState" | "subscribe">, wanted: (state: S) => boolean) =>
  new Promise<void>((resolve) => {
    if (wanted(store.getState())) return resolve();
    const stop = store.subscribe((state) => {
      if (!wanted(state)) return;
      stop();
      resolve();
    });
  });
