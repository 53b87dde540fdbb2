/** The data dialog: where the user's data comes from, what it looks like, and how far loading it is. */
import { createStore } from "zustand/vanilla";
import type { Columns } from "../core/data/columns";
import type { DataFrom, DataPreview, ErrorReport, LoadingReport } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import type { createLabStore } from "./lab";

export type DataTab = "notes" | "wordnet" | "files" | "url" | "hub";

export interface DataState {
  open: boolean;
  tab: DataTab;
  /** What was typed, kept when the dialog is closed. */
  url: string;
  hub: string;
  hubUrl: string;
  /** A command of this store is under way. */
  busy: boolean;
  /** What the worker fetches or reads now. */
  loading: LoadingReport | null;
  /** A table that was opened and waits for its columns. */
  preview: DataPreview | null;
  columns: Columns | null;
  /** What went wrong while the dialog was open; without it, the panel tells. */
  error: ErrorReport | null;
  show(tab?: DataTab): void;
  /** Closes the dialog; a table that waits is let go. */
  close(): void;
  setTab(tab: DataTab): void;
  type(what: "url" | "hub" | "hubUrl", text: string): void;
  /** Uses one of the collections that come with the page. */
  use(source: "notes" | "wordnet"): void;
  /** Opens data, and reads it at once unless it is a table whose columns must be chosen. */
  take(from: DataFrom): Promise<void>;
  setColumns(columns: Columns): void;
  /** Looks at the table anew, its first row taken as names or not. */
  setHeader(header: boolean): Promise<void>;
  /** Reads the opened table. */
  read(): Promise<void>;
  stop(): void;
}

const TAB_OF = { files: "files", url: "url", hub: "hub" } as const;

export function createDataStore(client: LabClient, lab: ReturnType<typeof createLabStore>) {
  return createStore<DataState>((set, get) => {
    let asked = 0;
    const readIt = () => client.send("readData", { experiment: lab.getState().experiment, columns: get().columns });
    /** Does it as the lab's collection; what goes wrong is told where the user looks. */
    const adopt = async (work: Parameters<ReturnType<typeof lab.getState>["adopt"]>[0]) => {
      const mine = ++asked;
      set({ busy: true, error: null });
      const error = await lab.getState().adopt(work, () => !get().open);
      if (mine !== asked) return;
      set({ busy: false, error: get().open ? error : null });
      if (!error && !get().preview) set({ open: false });
    };
    return {
      open: false,
      tab: "files",
      url: "",
      hub: "",
      hubUrl: "",
      busy: false,
      loading: null,
      preview: null,
      columns: null,
      error: null,
      show: (tab) => set({ open: true, error: null, tab: tab ?? get().tab }),
      close: () => set({ open: false, preview: null, columns: null, error: null }),
      setTab: (tab) => set({ tab, error: null, preview: null, columns: null }),
      type: (what, text) => set({ [what]: text }),
      use(source) {
        lab.getState().set("data.source", source);
        set({ open: false, error: null });
        void lab.getState().describe();
      },
      take(from) {
        set({ preview: null, columns: null });
        return adopt(async () => {
          const preview = await client.send("openData", { from });
          if (!preview.table) return readIt();
          set({ preview, columns: preview.table.guess, open: true, tab: TAB_OF[from.kind] });
          return null;
        });
      },
      setColumns: (columns) => set({ columns }),
      async setHeader(header) {
        try {
          const preview = await client.send("lookAgain", { header });
          set({ preview, columns: preview.table?.guess ?? null, error: null });
        } catch (cause) {
          set({ error: toReport(cause) });
        }
      },
      read: () =>
        adopt(async () => {
          const report = await readIt();
          set({ preview: null, columns: null });
          return report;
        }),
      stop() {
        void client.send("stopData", {}).catch(() => undefined);
      },
    };
  });
}
