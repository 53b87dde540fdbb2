/** The checkpoints that are kept here, and the one that is being looked at or fetched. */
import { createStore } from "zustand/vanilla";
import type { ErrorReport, FetchingReport, ModelFrom, ModelReport, StoredModel } from "../worker/protocol";
import { type LabClient, toReport } from "./client";

/** A model that comes with the page: public/models/index.json. */
export interface BundledModel {
  name: string;
  parameters: number;
  withoutEmbeddings: number;
  bytes: number;
  /** On held-out text of its kind. */
  perplexity: number;
}

export type ModelTab = "here" | "files" | "url" | "hub" | "train";

export interface ModelsState {
  /** Whose start is being chosen; null: the window is closed. */
  choosing: "teacher" | "student" | null;
  tab: ModelTab;
  /** What is typed into the fields. */
  url: string;
  hub: string;
  hubUrl: string;
  /** Null until the worker has answered. */
  list: StoredModel[] | null;
  bundled: readonly BundledModel[];
  /** What was looked at, until it is kept or put aside. */
  looked: ModelReport | null;
  /** Something is looked at or fetched. */
  busy: boolean;
  fetching: FetchingReport | null;
  error: ErrorReport | null;
  choose(side: "teacher" | "student", tab?: ModelTab): void;
  close(): void;
  setTab(tab: ModelTab): void;
  type(field: "url" | "hub" | "hubUrl", text: string): void;
  refresh(): Promise<void>;
  look(from: ModelFrom): Promise<void>;
  /** Keeps what was looked at; answers with its reference. */
  keep(): Promise<string | null>;
  /** Goes on fetching one that is not whole. */
  goOn(reference: string): Promise<void>;
  stop(): Promise<void>;
  putAside(): void;
  remove(id: string): Promise<void>;
  /** A kept model's folder as a .zip; null where it failed. */
  archive(reference: string): Promise<Blob | null>;
  hear(report: FetchingReport | null): void;
}

export function createModelsStore(client: LabClient, fetcher: typeof fetch = (...a) => fetch(...a)) {
  return createStore<ModelsState>((set, get) => {
    /** One thing at a time; what is asked for meanwhile takes its place. */
    let asked = 0;
    const work = async <T>(what: () => Promise<T>): Promise<T | null> => {
      const mine = ++asked;
      set({ busy: true, error: null });
      try {
        const made = await what();
        return mine === asked ? made : null;
      } catch (cause) {
        const error = toReport(cause);
        if (mine === asked && error.kind !== "stopped") set({ error });
        return null;
      } finally {
        if (mine === asked) set({ busy: false });
      }
    };
    return {
      choosing: null,
      tab: "here",
      url: "",
      hub: "",
      hubUrl: "",
      list: null,
      bundled: [],
      looked: null,
      busy: false,
      fetching: null,
      error: null,
      choose: (choosing, tab = "here") => set({ choosing, tab, looked: null, error: null }),
      // What is being fetched goes on.
      close: () => set({ choosing: null, looked: null, error: null }),
      setTab: (tab) => set({ tab, looked: null, error: null }),
      type: (field, text) => set({ [field]: text }),
      async refresh() {
        const list = await client.send("listModels", {}).catch(() => null);
        if (list) set({ list });
        if (get().bundled.length > 0) return;
        const answer = await fetcher("models/index.json").catch(() => null);
        const index = answer?.ok ? ((await answer.json().catch(() => null)) as BundledModel[] | null) : null;
        if (Array.isArray(index)) set({ bundled: index });
      },
      async look(from) {
        set({ looked: null });
        const looked = await work(() => client.send("lookAtModel", { from }));
        if (looked) set({ looked });
      },
      async keep() {
        const stored = await work(() => client.send("keepModel", {}));
        await get().refresh();
        if (!stored) return null;
        set({ looked: null, tab: "here" });
        return stored.reference;
      },
      async goOn(reference) {
        await work(() => client.send("fetchModel", { reference }));
        await get().refresh();
      },
      async stop() {
        await client.send("stopModel", {}).catch(() => null);
        await get().refresh();
      },
      putAside: () => set({ looked: null, error: null }),
      async remove(id) {
        await work(() => client.send("removeModel", { id }));
        await get().refresh();
      },
      async archive(reference) {
        set({ error: null });
        try {
          return await client.send("exportModel", { reference });
        } catch (cause) {
          set({ error: toReport(cause) });
          return null;
        }
      },
      hear: (fetching) => set({ fetching }),
    };
  });
}
