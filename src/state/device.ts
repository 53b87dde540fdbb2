/** The GPU: opened once at the start, and again after it was lost. */
import { createStore } from "zustand/vanilla";
import type { AdapterRecord } from "../core/formats/result";
import type { DeviceReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";

export interface DeviceState {
  /** Null until the worker has answered. */
  report: DeviceReport | null;
  opening: boolean;
  open(): Promise<void>;
  /** Takes the CPU in the GPU's place. */
  openCpu(): Promise<void>;
  /** The worker says that the GPU went away. */
  lost(report: DeviceReport): void;
}

const NO_WEBGPU = {
  kind: "no-webgpu",
  message: "This browser does not offer WebGPU.",
  remedy: "Use a current Chrome, Edge, Safari or Firefox, and open the page over https or from localhost.",
};

/** Whether this is the CPU in a GPU's place, rather than a GPU or a driver that plays one. */
export const isCpu = (adapter: AdapterRecord): boolean => adapter.architecture === "wasm";

/** @param webGpu false where the page knows without asking that this browser has none */
export function createDeviceStore(client: LabClient, webGpu = true) {
  return createStore<DeviceState>((set, get) => {
    const ask = async (cpu: boolean) => {
      if (get().opening) return;
      set({ opening: true });
      try {
        set({ report: await client.send("open", cpu ? { cpu } : {}), opening: false });
      } catch (cause) {
        set({ report: { adapter: null, problem: toReport(cause) }, opening: false });
      }
    };
    return {
      report: null,
      opening: false,
      async open() {
        if (webGpu) await ask(false);
        else set({ report: { adapter: null, problem: NO_WEBGPU } });
      },
      openCpu: () => ask(true),
      lost: (report) => set({ report }),
    };
  });
}
