/** A small sweep for tests. */
import { expect } from "vitest";
import type { Gpu } from "../../../gpu/device";
import type { TowerOps } from "../../../gpu/ops";
import { memoryStore, type Store } from "../../artifacts/store";
import { toyDataset } from "../../training/toy";
import { createControl } from "../control";
import type { Job } from "./queue";
import type { DoneTrial, TrialRecord } from "./record";
import { runSweep, type SweepOptions, type SweepProgress } from "./runSweep";
import { readSweep, type SweepInput } from "./spec";
import { storeTrialLog } from "./trialLog";

export const BASE = {
  data: { source: "files" },
  student: { width: 16 },
  stage1: { steps: 8 },
  stage2: { steps: 12 },
  training: { batch: 8, validateEvery: 5, saveEvery: 3600 },
  evaluation: { bootstrap: 100 },
};
export const sweepOf = (input: SweepInput) => readSweep({ preset: "tiny", base: BASE, seeds: [1], ...input });

/** Loss weights, two by two, on one teacher. */
export const ABLATION = sweepOf({
  name: "loss weights",
  axes: [
    { path: "stage2.mseWeight", values: [0, 20] },
    { path: "stage2.cosineWeight", values: [0.5, 2] },
  ],
  systems: ["teacher", "scalingnote", "bm25"],
});

export interface Heard {
  trials: [string, Job["status"]][];
  stacks: number[];
  progress: SweepProgress[];
  norms: { key: string; step: number; metrics: Record<string, number> }[];
}

export interface Ran {
  records: TrialRecord[];
  heard: Heard;
  store: Store;
}

/** Runs `ABLATION`, or another sweep, on the toy collection; whatever happens, nothing stays on the device. */
export async function runTestSweep(gpu: Gpu, ops: TowerOps, options: Partial<SweepOptions>): Promise<Ran> {
  const heard: Heard = { trials: [], stacks: [], progress: [], norms: [] };
  const store = options.store ?? memoryStore();
  const before = gpu.bytes();
  try {
    const records = await runSweep({
      gpu,
      ops,
      adapter: { ...gpu.adapter, host: "node" },
      codeVersion: "test",
      sweep: ABLATION,
      store,
      log: storeTrialLog(store),
      collection: async ({ seed }) => toyDataset(seed, 300),
      prepare: async () => null,
      control: createControl(),
      now: () => 0,
      listener: {
        trial: ({ key, status }) => heard.trials.push([key, status]),
        progress: (progress) => heard.progress.push(progress),
        stack: (students) => heard.stacks.push(students),
        norms: ({ key }, step, metrics) => heard.norms.push({ key, step, metrics }),
      },
      ...options,
    });
    return { records, heard, store };
  } finally {
    expect(gpu.bytes()).toBe(before); // towers, steps and indices are let go, whatever happens
  }
}

export const done = (records: readonly TrialRecord[]) =>
  records.filter((record): record is DoneTrial => record.status === "done");
