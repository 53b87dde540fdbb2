/** The GPU: opened once at the start, and again after it was lost. */
import { createStore } from "zustand/vanilla";
import type { DeviceReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";

export interface DeviceState {
  /** Null until the worker has answered. */
  report: DeviceReport | null;
  opening: boolean;
  open(): Promise<void>;
  /** The worker says that the GPU went away. */
  lost(report: DeviceReport): void;
}

export function createDeviceStore(client: LabClient) {
  return createStore<DeviceState>((set, get) => ({
    report: null,
    opening: false,
    async open() {
      if (get().opening) return;
      set({ opening: true });
      try {
        set({ report: await client.send("open", {}), opening: false });
      } catch (cause) {
        set({ report: { adapter: null, problem: toReport(cause) }, opening: false });
      }
    },
    lost: (report) => set({ report }),
  }));
}
