/** The collections that runs use: generated anew from their settings, or read from the user's files and kept. */

import { contentHash } from "../core/artifacts/hash";
import type { Store } from "../core/artifacts/store";
import type { Experiment } from "../core/config/schema";
import { readBeir } from "../core/data/beir";
import { openFiles } from "../core/data/files";
import { notesDataset } from "../core/data/notes";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { describeCollection } from "../core/pipeline/run";
import type { CollectionReport } from "./protocol";

export interface Collections {
  /** Reads the user's files; on an error the collection loaded before stays. */
  load(files: { path: string; file: Blob }[], seed: number): Promise<Dataset>;
  /** The user's files as they were read last. */
  loaded(): Dataset | null;
  /** The collection that an experiment uses. */
  get(experiment: Experiment): Promise<Dataset>;
  /** Keeps the user's files for a run, so that it can be resumed and searched after a reload. */
  keep(runStore: Store): Promise<void>;
  /** The collection of a stored run. */
  of(experiment: Experiment, runStore: Store): Promise<Dataset>;
}

const FOLDER = "collection/";

export function createCollections(): Collections {
  let own: { files: { path: string; bytes: Uint8Array }[]; seed: number; dataset: Dataset } | null = null;
  let generated: { key: string; dataset: Dataset } | null = null;

  const read = async (files: { path: string; bytes: Uint8Array }[], seed: number) =>
    readBeir(await openFiles(files.map(({ path, bytes }) => ({ path, bytes: async () => bytes }))), { seed });
  const notes = async (experiment: Experiment) => {
    const key = await contentHash({ notes: experiment.data.notes, seed: experiment.seed });
    if (!generated || generated.key !== key)
      generated = { key, dataset: notesDataset(experiment.data.notes, experiment.seed) };
    return generated.dataset;
  };
  return {
    async load(files, seed) {
      const bytes = await Promise.all(
        files.map(async ({ path, file }) => ({ path, bytes: new Uint8Array(await file.arrayBuffer()) })),
      );
      const dataset = await read(bytes, seed);
      own = { files: bytes, seed, dataset };
      return dataset;
    },
    loaded: () => own?.dataset ?? null,
    async get(experiment) {
      if (experiment.data.source === "notes") return notes(experiment);
      if (!own)
        throw new LabError(
          "bad-input",
          "No files have been loaded.",
          "Drop a folder, a .zip or files in BEIR form on the page.",
        );
      // The splits follow the run's seed: a run that is resumed or searched later must find the same ones.
      if (own.seed !== experiment.seed)
        own = { ...own, seed: experiment.seed, dataset: await read(own.files, experiment.seed) };
      return own.dataset;
    },
    async keep(runStore) {
      for (const { path, bytes } of own?.files ?? []) await runStore.write(`${FOLDER}${path}`, bytes);
    },
    async of(experiment, runStore) {
      if (experiment.data.source === "notes") return notes(experiment);
      const paths = await runStore.list(FOLDER);
      if (paths.length === 0)
        throw new LabError(
          "bad-input",
          "The collection of this run is not kept here.",
          "Load its files again and start a new run.",
        );
      const files = await Promise.all(
        paths.map(async (path) => ({ path: path.slice(FOLDER.length), bytes: (await runStore.read(path))! })),
      );
      return read(files, experiment.seed);
    },
  };
}

const SAMPLES = 8;

/** What the page shows of a collection. */
export function describe(dataset: Dataset): CollectionReport {
  const spread = <T>(list: readonly T[]) => {
    const stride = Math.max(1, Math.floor(list.length / SAMPLES));
    return list.filter((_, i) => i % stride === 0).slice(0, SAMPLES);
  };
  return {
    ...describeCollection(dataset),
    sampleDocuments: spread(dataset.docs),
    sampleQueries: spread(dataset.train.queries).map(({ id, text }) => ({ id, text })),
  };
}
