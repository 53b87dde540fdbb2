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

const NO_WEBGPU = {
  kind: "no-webgpu",
  message: "This browser does not offer WebGPU.",
  remedy: "Use a current Chrome, Edge, Safari or Firefox, and open the page over https or from localhost.",
};

/** @param webGpu false where the page knows without asking that this browser has none */
export function createDeviceStore(client: LabClient, webGpu = true) {
  return createStore<DeviceState>((set, get) => ({
    report: null,
    opening: false,
    async open() {
      if (get().opening) return;
      if (!webGpu) {
        set({ report: { adapter: null, problem: NO_WEBGPU } });
        return;
      }
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
