/** The recorded run that ships with the page: shown as an example, and replayed where there is no WebGPU. */
import { createStore } from "zustand/vanilla";
import type { RunResult } from "../core/formats/result";
import type { ErrorReport } from "../worker/protocol";
import { toReport } from "./client";
import { totalSeconds } from "./stages";

/** Relative, so that the page works under any path. */
export const RECORDED_URL = "./recorded/default.zip";
export const SPEEDS = [1, 4, 16] as const;

export interface RecordedState {
  result: RunResult | null;
  /** missing: the file is not there; failed: it is there and cannot be read. */
  status: "idle" | "loading" | "ready" | "missing" | "failed";
  error: ErrorReport | null;
  /** The replay: where it is, in seconds of the recorded run. */
  seconds: number;
  playing: boolean;
  speed: number;
  load(): Promise<void>;
  play(): void;
  pause(): void;
  seek(seconds: number): void;
  setSpeed(speed: number): void;
  /** Moves on by so many seconds of the viewer's time. */
  tick(elapsed: number): void;
}

export type ReadRecord = (bytes: Uint8Array) => Promise<RunResult>;

/** The reader is loaded only when it is needed: most visitors with WebGPU and runs of their own never do. */
const readRecord: ReadRecord = async (bytes) => {
  const { readArchive } = await import("../core/formats/archive");
  return (await readArchive([{ path: "default.zip", bytes }])).result;
};

export function createRecordedStore(fetcher: typeof fetch = (...a) => fetch(...a), read: ReadRecord = readRecord) {
  return createStore<RecordedState>((set, get) => {
    const length = () => totalSeconds(get().result?.stages ?? []);
    return {
      result: null,
      status: "idle",
      error: null,
      seconds: 0,
      playing: false,
      speed: 4,
      async load() {
        if (get().status !== "idle") return;
        set({ status: "loading" });
        try {
          const answer = await fetcher(RECORDED_URL);
          const bytes = answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
          // Some static hosts answer a missing file with their start page and status 200.
          if (bytes?.[0] !== 0x50 || bytes[1] !== 0x4b) {
            set({ status: "missing" });
            return;
          }
          set({ result: await read(bytes), status: "ready" });
        } catch (cause) {
          set({ status: "failed", error: toReport(cause) });
        }
      },
      play: () => set((s) => ({ playing: s.result !== null, seconds: s.seconds >= length() ? 0 : s.seconds })),
      pause: () => set({ playing: false }),
      seek: (seconds) => set({ seconds: Math.min(length(), Math.max(0, seconds)) }),
      setSpeed: (speed) => set({ speed }),
      tick(elapsed) {
        const s = get();
        if (!s.playing) return;
        const seconds = Math.min(length(), s.seconds + elapsed * s.speed);
        set({ seconds, playing: seconds < length() });
      },
    };
  });
}
