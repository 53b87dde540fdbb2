/** The experiment on the form: preset, changes, collection, and the link that carries them. */
import { createStore } from "zustand/vanilla";
import { fromLink, toLink } from "../core/config/link";
import { type SettingValue, withSetting } from "../core/config/paths";
import { DEFAULT_PRESET, type PresetName, presetExperiment } from "../core/config/presets";
import { readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import type { CollectionReport, ErrorReport, MemoryReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import { runName } from "./names";
import type { PickedFile } from "./runs";

export interface LabState {
  experiment: Experiment;
  preset: PresetName;
  /** The preset as it is, to compare with. */
  base: Experiment;
  /** Name of the next run. */
  name: string;
  /** What was clamped or refused, in words. */
  notices: string[];
  collection: CollectionReport | null;
  describing: boolean;
  /** Why the collection could not be read. */
  collectionError: ErrorReport | null;
  /** What the GPU's memory has to hold for this experiment; null: not known (yet). */
  memory: MemoryReport | null;
  setPreset(name: PresetName): void;
  set(path: string, value: SettingValue): void;
  /** Several settings at once, such as those of a sweep's configuration. */
  apply(settings: Record<string, SettingValue>): void;
  reset(): void;
  /** Takes the settings of an address (what follows #). */
  readLink(hash: string): void;
  /** The address of the Lab with these settings, from # on. */
  link(): string;
  dismissNotices(): void;
  loadFiles(files: PickedFile[]): Promise<void>;
  /** Asks what the collection of this experiment holds. */
  describe(): Promise<void>;
  /** Asks how much memory a run of this experiment would take. */
  measureMemory(): Promise<void>;
  nextName(): void;
}

export function createLabStore(client: LabClient) {
  return createStore<LabState>((set, get) => {
    const base = presetExperiment(DEFAULT_PRESET);
    let asked = 0;
    let told = 0;
    let loading = 0;
    const read = async (what: () => Promise<CollectionReport>) => {
      const mine = ++asked;
      set({ describing: true });
      try {
        const collection = await what();
        if (mine === asked) set({ collection, describing: false, collectionError: null });
        return true;
      } catch (cause) {
        if (mine === asked) set({ collectionError: toReport(cause), describing: false });
        return false;
      }
    };
    return {
      experiment: base,
      preset: DEFAULT_PRESET,
      base,
      name: runName(0),
      notices: [],
      collection: null,
      describing: false,
      collectionError: null,
      memory: null,
      setPreset(preset) {
        const next = presetExperiment(preset);
        // A preset says how to train; the collection and the seed stay the user's.
        const { source } = get().experiment.data;
        set({
          preset,
          base: next,
          experiment: { ...next, seed: get().experiment.seed, data: { ...next.data, source } },
          notices: [],
          collection: source === "notes" ? null : get().collection,
        });
      },
      set(path, value) {
        const before = get().experiment;
        const { experiment, notices } = readExperiment(withSetting(before, path, value), before);
        set({ experiment, notices });
        if (path.startsWith("data.")) set({ collection: null, collectionError: null });
      },
      apply(settings) {
        const before = get().experiment;
        const wanted = Object.entries(settings).reduce((e, [path, value]) => withSetting(e, path, value), before);
        const { experiment, notices } = readExperiment(wanted, before);
        set({ experiment, notices });
        if (Object.keys(settings).some((path) => path.startsWith("data.")))
          set({ collection: null, collectionError: null });
      },
      reset() {
        const { base } = get();
        const { source } = get().experiment.data;
        set({ experiment: { ...base, data: { ...base.data, source } }, notices: [], collection: null });
      },
      readLink(hash) {
        const { experiment, preset, notices } = fromLink(hash);
        set({ experiment, preset, base: presetExperiment(preset), notices, collection: null });
      },
      link: () => toLink({ view: "lab", preset: get().preset, experiment: get().experiment }),
      dismissNotices: () => set({ notices: [] }),
      async loadFiles(files) {
        loading++;
        const ok = await read(() => client.send("loadFiles", { files, seed: get().experiment.seed }));
        loading--;
        if (!ok) return;
        const { experiment } = get();
        set({ experiment: { ...experiment, data: { ...experiment.data, source: "files" } } });
      },
      async describe() {
        // What the user is loading says more than what it takes the place of.
        if (loading > 0) return;
        await read(() => client.send("describe", { experiment: get().experiment }));
      },
      async measureMemory() {
        const { experiment } = get();
        // A worker that cannot say has other troubles, which are told elsewhere.
        const memory = await client.send("memory", { experiment }).catch(() => null);
        if (get().experiment === experiment) set({ memory });
      },
      nextName: () => set({ name: runName(++told) }),
    };
  });
}
