/** The stored runs and which of them is selected. */
import { createStore } from "zustand/vanilla";
import type { ErrorReport, ExportForm, ExportWhat, RunSummary } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import { trying } from "./tried";

/** An address may be of any length; this much of it is told back. */
const LONGEST_SHOWN = 200;

export interface PickedFile {
  /** Path with folders, as picked or dropped. */
  path: string;
  file: Blob;
}

export interface RunsState {
  /** Newest first; null until first read. */
  list: RunSummary[] | null;
  /** The run that Search asks and the Lab shows; null: none. */
  selectedId: string | null;
  error: ErrorReport | null;
  busy: boolean;
  refresh(): Promise<void>;
  select(id: string | null): void;
  rename(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The run as a .zip; null where it failed (`error` says why). */
  exportRun(id: string, checkpoints: boolean): Promise<Blob | null>;
  /** Its towers, vectors, rankings or collection for other programs, as a .zip; null where it failed. */
  exportFiles(id: string, what: ExportWhat, form: ExportForm): Promise<Blob | null>;
  /** Imports an archive (a .zip or its loose files) and selects it. */
  importFiles(files: PickedFile[]): Promise<RunSummary | null>;
  importUrl(url: string): Promise<RunSummary | null>;
  dismiss(): void;
}

/** @param owner whether this tab owns training: only then may it tell a run that was cut off from one under way */
export function createRunsStore(
  client: LabClient,
  fetcher: typeof fetch = (...a) => fetch(...a),
  owner: () => boolean = () => true,
) {
  return createStore<RunsState>((set, get) => {
    const tried = trying(set);
    return {
      list: null,
      selectedId: null,
      error: null,
      busy: false,
      async refresh() {
        // Not `tried`: an error that is on show stays there until it is closed.
        try {
          const list = await client.send("listRuns", { owner: owner() });
          list.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
          const { selectedId } = get();
          set({ list, selectedId: list.some((r) => r.id === selectedId) ? selectedId : null });
        } catch (cause) {
          set({ error: toReport(cause) });
        }
      },
      select: (selectedId) => set({ selectedId }),
      async rename(id, name) {
        const clean = name.trim();
        if (!clean) return;
        await tried(() => client.send("renameRun", { runId: id, name: clean }));
        set((s) => ({ list: s.list?.map((r) => (r.id === id ? { ...r, name: clean } : r)) ?? null }));
      },
      async remove(id) {
        const gone = await tried(async () => {
          await client.send("deleteRun", { runId: id });
          return true;
        });
        if (!gone) return;
        set((s) => ({
          list: s.list?.filter((r) => r.id !== id) ?? null,
          selectedId: s.selectedId === id ? null : s.selectedId,
        }));
      },
      exportRun: (id, checkpoints) => tried(() => client.send("exportRun", { runId: id, checkpoints })),
      exportFiles: (id, what, form) => tried(() => client.send("exportFiles", { runId: id, what, form })),
      async importFiles(files) {
        const run = await tried(() => client.send("importRun", { files }));
        if (!run) return null;
        await get().refresh();
        set({ selectedId: run.id });
        return run;
      },
      async importUrl(url) {
        const file = await tried(async () => {
          const shown = url.slice(0, LONGEST_SHOWN);
          if (!/^(https?:|blob:|[^:]*$|[^:/]*\/)/i.test(url))
            throw {
              kind: "bad-input",
              message: `${shown} is not an address to fetch a run from.`,
              remedy: "Give one that begins with https://, or download the file and drop it here.",
            };
          const answer = await fetcher(url).catch(() => {
            throw {
              kind: "bad-input",
              message: `${shown} could not be reached.`,
              remedy:
                "Check the address and the connection. A server must also allow other sites to read the file (CORS); else download it and drop it here.",
            };
          });
          if (!answer.ok)
            throw {
              kind: "bad-input",
              message: `${shown} could not be read: the server answers ${answer.status}.`,
              remedy: "Check the address, or download the file and drop it here.",
            };
          return await answer.blob();
        });
        if (!file) return null;
        const path = new URL(url, "https://a.invalid/").pathname.split("/").at(-1) || "run.zip";
        return get().importFiles([{ path, file }]);
      },
      dismiss: () => set({ error: null }),
    };
  });
}
