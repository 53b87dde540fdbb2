/** How views reach the stores. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { StoreApi } from "zustand/vanilla";
import type { Lab } from "./app";

export const LabContext = createContext<Lab | null>(null);

export function useLab(): Lab {
  const lab = useContext(LabContext);
  if (!lab) throw new Error("A view was shown outside the app.");
  return lab;
}

type StoreName =
  | "device"
  | "run"
  | "runs"
  | "lock"
  | "lab"
  | "data"
  | "models"
  | "pretrain"
  | "search"
  | "trials"
  | "sweeps"
  | "recorded"
  | "theme";
type StateOf<K extends StoreName> = ReturnType<Lab[K]["getState"]>;

/** One value of one store; the view is drawn anew when it changes. */
export function useLabStore<K extends StoreName, T>(name: K, pick: (state: StateOf<K>) => T): T {
  return useStore(useLab()[name] as unknown as StoreApi<StateOf<K>>, pick);
}
