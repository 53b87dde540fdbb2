/** The list of runs in IndexedDB. Their files lie in the private file system under runs/<id>/. */
import Dexie, { type EntityTable } from "dexie";
import type { RunSummary } from "./protocol";

export interface RunStore {
  list(): Promise<RunSummary[]>;
  get(id: string): Promise<RunSummary | undefined>;
  put(run: RunSummary): Promise<void>;
  update(id: string, change: Partial<RunSummary>): Promise<void>;
  remove(id: string): Promise<void>;
}

export function openRunStore(name = "scalingnote-lab"): RunStore {
  const db = new Dexie(name) as Dexie & { runs: EntityTable<RunSummary, "id"> };
  db.version(1).stores({ runs: "id, createdAt" });
  return {
    list: () => db.runs.orderBy("createdAt").reverse().toArray(),
    get: (id) => db.runs.get(id),
    put: async (run) => {
      await db.runs.put(run);
    },
    update: async (id, change) => {
      await db.runs.update(id, change);
    },
    remove: (id) => db.runs.delete(id),
  };
}
