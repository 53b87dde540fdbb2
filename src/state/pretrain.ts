/** The language model that is trained here: its settings on the form, its text, and the training itself. */
import { createStore } from "zustand/vanilla";
import {
  type LanguageShape,
  type LanguageSize,
  PRETRAIN_DEFAULTS,
  type PretrainField,
  type PretrainSettings,
  pretrainInfo,
  shapeOf,
  THREADS,
} from "../core/config/pretrain";
import type { Commands, ErrorReport, LanguageSource, PretrainReport, TextReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import type { PickedFile } from "./runs";

export interface PretrainState {
  name: string;
  size: LanguageSize | "own";
  numbers: Record<PretrainField, number>;
  source: LanguageSource["kind"];
  text: TextReport | null;
  /** What was clamped, by its field. */
  notices: Partial<Record<PretrainField, string>>;
  /** What it would take; null: not known (yet). */
  plan: Commands["planPretrain"][1] | null;
  /** The training that is under way, was cut off, or has just ended. */
  report: PretrainReport | null;
  /** A command is on its way. */
  busy: boolean;
  error: ErrorReport | null;
  setName(name: string): void;
  setSize(size: LanguageSize | "own"): void;
  setNumber(field: PretrainField, value: number): void;
  setSource(source: LanguageSource["kind"]): void;
  takeFiles(files: PickedFile[]): Promise<void>;
  /** Asks what the training would take. */
  measure(): Promise<void>;
  /** Asks whether one was cut off. */
  refresh(): Promise<void>;
  start(): Promise<void>;
  goOn(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** Deletes what was cut off. */
  drop(): Promise<void>;
  /** Back to the form, from one that is done. */
  putAside(): void;
  hear(report: PretrainReport | null): void;
  /** The worker died. */
  broken(error: ErrorReport): void;
}

/** Whether one is trained now. */
export const trainingModel = ({ report }: Pick<PretrainState, "report">): boolean =>
  report?.status === "running" || report?.status === "paused";

/** The settings that the form stands for. */
export function settingsOf({ size, numbers }: Pick<PretrainState, "size" | "numbers">): PretrainSettings {
  const { width, layers, threads: _, ...rest } = numbers;
  return { ...rest, size: size === "own" ? { width, layers } : size };
}

/** @param memoryLimit the experiment's, in MB */
export function createPretrainStore(client: LabClient, memoryLimit: () => number) {
  return createStore<PretrainState>((set, get) => {
    const command = async (what: () => Promise<unknown>) => {
      set({ busy: true, error: null });
      try {
        await what();
      } catch (cause) {
        const error = toReport(cause);
        if (error.kind !== "stopped") set({ error });
      } finally {
        set({ busy: false });
      }
    };
    const change = (some: Partial<PretrainState>) => set({ ...some, plan: null, error: null });
    return {
      name: "my-model",
      size: "0.1m",
      numbers: { ...PRETRAIN_DEFAULTS, ...shapeOf("0.1m"), threads: THREADS },
      source: "notes",
      text: null,
      notices: {},
      plan: null,
      report: null,
      busy: false,
      error: null,
      setName: (name) => set({ name, error: null }),
      setSize(size) {
        // A shape of one's own begins as the one that was chosen.
        const shape: LanguageShape | null = size === "own" ? null : shapeOf(size);
        change({ size, numbers: { ...get().numbers, ...shape } });
      },
      setNumber(field, value) {
        const { label, min, max, integer } = pretrainInfo(field);
        const step = field === "width" ? 8 : 1;
        const within = Math.min(max, Math.max(min, integer ? step * Math.round(value / step) : value));
        if (!Number.isFinite(within)) return;
        const words = (n: number) => n.toLocaleString("en", { maximumSignificantDigits: 10 });
        const beyond = value < min ? "under the least" : value > max ? "over the most" : "between two values";
        const notice = `${label} ${words(value)} is ${beyond} that can be had; taken is ${words(within)}.`;
        const { [field]: _, ...notices } = get().notices;
        change({
          numbers: { ...get().numbers, [field]: within },
          notices: within === value ? notices : { ...notices, [field]: notice },
        });
      },
      setSource: (source) => set({ source, error: null }),
      takeFiles: (files) =>
        command(async () => {
          set({ text: await client.send("readText", { files }), source: "files" });
        }),
      async measure() {
        const { size, numbers } = get();
        const asked = { settings: settingsOf({ size, numbers }), memoryLimit: memoryLimit() };
        const plan = await client.send("planPretrain", asked).catch(() => null);
        if (get().size === size && get().numbers === numbers) set({ plan });
      },
      async refresh() {
        // What has just ended stays to be read.
        if (get().report?.status === "done") return;
        const report = await client.send("pretrainState", {}).catch(() => undefined);
        if (report !== undefined) set({ report });
      },
      start: () =>
        command(async () => {
          const { name, source, numbers } = get();
          const from: LanguageSource =
            source === "notes" ? { kind: "notes", threads: numbers.threads } : { kind: "files" };
          const settings = settingsOf(get());
          const asked = { name: name.trim(), settings, source: from, memoryLimit: memoryLimit() };
          const report = await client.send("pretrain", asked);
          // Events may have come before the answer.
          if (!trainingModel(get())) set({ report });
        }),
      goOn: () => command(() => client.send("resumePretrain", { memoryLimit: memoryLimit() })),
      pause: () => command(() => client.send("pause", {})),
      resume: () => command(() => client.send("resume", {})),
      stop: () => command(() => client.send("stop", {})),
      drop: () =>
        command(async () => {
          await client.send("dropPretrain", {});
          set({ report: null });
        }),
      putAside: () => set({ report: null, error: null }),
      hear(report) {
        set({ report });
        // Nothing is kept of one that failed before its first step: then the form says what was wrong.
        if (report?.status === "failed" && report.step === 0) set({ report: null, error: report.error });
      },
      broken(error) {
        const { report } = get();
        if (report && trainingModel({ report }))
          set({ report: { ...report, status: "interrupted", error, doing: null } });
      },
    };
  });
}
