/** The experiment on the form: preset, changes, collection, and the link that carries them. */
import { createStore } from "zustand/vanilla";
import { fromLink, toLink } from "../core/config/link";
import { differences, SETTINGS, type SettingValue, withSetting } from "../core/config/paths";
import { DEFAULT_PRESET, type PresetName, presetExperiment } from "../core/config/presets";
import { readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import type { CollectionReport, ErrorReport, MemoryReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import { runName } from "./names";

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
  /**
   * Several settings at once, such as those of a sweep's configuration.
   *
   * @param whole the experiment that they are of: what a configuration had besides. Files of the user's own that it was
   * measured on are not in it: then the data on the form stay.
   */
  apply(settings: Record<string, SettingValue>, whole?: Record<string, unknown>): void;
  reset(): void;
  /** Takes the settings of an address (what follows #). */
  readLink(hash: string): void;
  /** The address of the Lab with these settings, from # on. */
  link(): string;
  dismissNotices(): void;
  /** Whether data of the user's own was loaded: the worker still has it when another source is chosen. */
  hasOwn: boolean;
  /**
   * Loads the user's own collection; null from `work`: there is none yet. What was loaded before stays where it fails.
   *
   * @param tell whether the form shows what went wrong
   * @returns what went wrong; null also where the user stopped it
   */
  adopt(work: () => Promise<CollectionReport | null>, tell?: () => boolean): Promise<ErrorReport | null>;
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
    const read = async (
      work: () => Promise<CollectionReport | null>,
      tell: (error: ErrorReport) => boolean = () => true,
    ): Promise<{ collection: CollectionReport | null; error: ErrorReport | null }> => {
      const mine = ++asked;
      set({ describing: true });
      try {
        const collection = await work();
        if (mine === asked) set({ describing: false, ...(collection ? { collection, collectionError: null } : {}) });
        return { collection, error: null };
      } catch (cause) {
        const error = toReport(cause);
        if (mine === asked) set({ describing: false, ...(tell(error) ? { collectionError: error } : {}) });
        return { collection: null, error };
      }
    };
    /** What is the user's own choice, whatever the preset. */
    const ownChoice = ({ source, wordnet, queriesFrom }: Experiment["data"]) => ({ source, wordnet, queriesFrom });
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
        const own = ownChoice(get().experiment.data);
        set({
          preset,
          base: next,
          experiment: { ...next, seed: get().experiment.seed, data: { ...next.data, ...own } },
          notices: [],
          collection: own.source === "notes" ? null : get().collection,
        });
      },
      set(path, value) {
        const before = get().experiment;
        const { experiment, notices } = readExperiment(withSetting(before, path, value), before);
        set({ experiment, notices });
        if (path.startsWith("data.")) set({ collection: null, collectionError: null });
      },
      apply(settings, whole = {}) {
        const before = get().experiment;
        const { data, ...rest } = whole;
        const files = (data as { source?: unknown } | undefined)?.source === "files";
        const read = readExperiment(files || data === undefined ? rest : whole, before);
        const known = (path: string) => SETTINGS.some((entry) => entry.path === path);
        const others = Object.keys(settings).filter((path) => !known(path));
        const wanted = Object.entries(settings).reduce(
          (e, [path, value]) => (known(path) ? withSetting(e, path, value) : e),
          read.experiment,
        );
        const { experiment, notices } = readExperiment(wanted, read.experiment);
        const unknown = others.map((path) => `There is no setting "${path.slice(0, 60)}"; it is left out.`);
        set({ experiment, notices: [...read.notices, ...unknown, ...notices] });
        if (differences(before, experiment).some(({ path }) => path.startsWith("data.")))
          set({ collection: null, collectionError: null });
      },
      reset() {
        const { base } = get();
        const { data } = get().experiment;
        const collection = data.source === "notes" ? null : get().collection;
        set({ experiment: { ...base, data: { ...base.data, ...ownChoice(data) } }, notices: [], collection });
      },
      readLink(hash) {
        const { experiment, preset, notices } = fromLink(hash);
        set({ experiment, preset, base: presetExperiment(preset), notices, collection: null });
      },
      link: () => toLink({ view: "lab", preset: get().preset, experiment: get().experiment }),
      dismissNotices: () => set({ notices: [] }),
      hasOwn: false,
      async adopt(work, tell = () => true) {
        loading++;
        const { collection, error } = await read(work, (cause) => cause.kind !== "stopped" && tell());
        loading--;
        if (!collection) return error?.kind === "stopped" ? null : error;
        const { experiment } = get();
        set({ hasOwn: true, experiment: { ...experiment, data: { ...experiment.data, source: "files" } } });
        return null;
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
