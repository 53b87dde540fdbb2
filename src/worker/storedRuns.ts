/** What is done with a run that is stored: renamed, deleted, exported in every form, and one of an archive taken in. */
import type { Store } from "../core/artifacts/store";
import type { Experiment } from "../core/config/schema";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { RESULT_FILE, readArchive, writeArchive, writeResult } from "../core/formats/archive";
import { isArchiveFile } from "../core/pipeline/files";
import type { Gpu } from "../gpu/device";
import type { TowerOps } from "../gpu/ops";
import type { Commands, RunSummary } from "./protocol";
import type { RunStore } from "./runStore";

export interface StoredRunsHost {
  runs: RunStore;
  /** A run's own space. */
  storeOf(runId: string): Store;
  removeFiles(runId: string): Promise<void>;
  newId(): string;
  /** The collection that a run was made on. */
  collectionOf(experiment: Experiment, store: Store): Promise<Dataset>;
  /** @throws LabError where something is trained, or there is no GPU */
  open(): Promise<{ gpu: Gpu; ops: TowerOps }>;
  /** Lets go of what is held of a run. @throws LabError where it is under way */
  leave(runId: string): Promise<void>;
}

type Handlers = {
  [K in "renameRun" | "deleteRun" | "exportRun" | "exportFiles" | "importRun"]: (
    payload: Commands[K][0],
  ) => Promise<Commands[K][1]>;
};

/** @throws LabError "bad-input" where it is not here */
export async function storedRun(runs: RunStore, runId: string): Promise<RunSummary> {
  const run = await runs.get(runId);
  if (!run) throw new LabError("bad-input", "This run is not stored here any more.", "Choose another one.");
  return run;
}

/** Bytes of all that a store holds. */
export async function bytesOf(store: Store): Promise<number> {
  let sum = 0;
  for (const path of await store.list("")) sum += (await store.size(path)) ?? 0;
  return sum;
}

export function storedRunHandlers({
  runs,
  storeOf,
  removeFiles,
  newId,
  collectionOf,
  open,
  leave,
}: StoredRunsHost): Handlers {
  return {
    async renameRun({ runId, name }) {
      const run = await storedRun(runs, runId);
      const result = run.result && { ...run.result, name };
      await runs.update(runId, { name, result });
      if (result) await storeOf(runId).write(RESULT_FILE, writeResult(result));
      return null;
    },
    async deleteRun({ runId }) {
      await leave(runId);
      await runs.remove(runId);
      await removeFiles(runId);
      return null;
    },
    async exportRun({ runId, checkpoints }) {
      const runStore = storeOf(runId);
      const files = new Map<string, Uint8Array>();
      for (const path of await runStore.list(""))
        if (isArchiveFile(path, checkpoints)) files.set(path, (await runStore.read(path))!);
      if (!files.has(RESULT_FILE))
        throw new LabError("bad-input", "This run has no result yet.", "Let it run to its end first.");
      return new Blob([writeArchive(files) as BlobPart], { type: "application/zip" });
    },
    async exportFiles({ runId, what, form }) {
      const { experiment, result } = await storedRun(runs, runId);
      if (!result) throw new LabError("bad-input", "This run has no result yet.", "Let it run to its end first.");
      const source = { store: storeOf(runId), result };
      const dataset = () => collectionOf(experiment, source.store);
      const exports = await import("../core/pipeline/exports");
      const made = async () => {
        if (what === "rankings") return exports.rankingsExport(source);
        if (what === "data") return exports.dataExport(await dataset());
        if (what !== "vectors") return exports.towerExport(source, what, form === "onnx" ? "onnx" : "folder");
        const device = await open();
        const { vectorsExport } = await import("../core/pipeline/exportVectors");
        return vectorsExport(device, source, await dataset(), form === "safetensors" ? "safetensors" : "npy");
      };
      return new Blob([writeArchive(await made()) as BlobPart], { type: "application/zip" });
    },
    async importRun({ files }) {
      const entries = await Promise.all(
        files.map(async ({ path, file }) => ({ path, bytes: new Uint8Array(await file.arrayBuffer()) })),
      );
      const archive = await readArchive(entries);
      const { result } = archive;
      const run: RunSummary = {
        id: newId(),
        name: result.name,
        createdAt: result.createdAt,
        status: "done",
        experiment: result.config as Experiment,
        collection: result.collection.name,
        stages: result.stages,
        result,
        bytes: 0,
        origin: "imported",
      };
      const runStore = storeOf(run.id);
      for (const [path, bytes] of archive.files) await runStore.write(path, bytes);
      run.bytes = await bytesOf(runStore);
      await runs.put(run);
      return run;
    },
  };
}
