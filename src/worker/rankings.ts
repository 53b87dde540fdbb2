/** Where a student loses, looked at closer: a trial's rankings, computed where its record has none, and documents' texts. */

import type { Store } from "../core/artifacts/store";
import { readExperiment } from "../core/config/read";
import type { Experiment } from "../core/config/schema";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { testSetHash } from "../core/evaluation/testSetHash";
import { decodeJson } from "../core/pipeline/checkpoints";
import { rankTrial } from "../core/pipeline/sweep/rankTrial";
import type { DoneTrial } from "../core/pipeline/sweep/record";
import { readTrial } from "../core/pipeline/sweep/trialLog";
import type { Commands } from "./protocol";
import type { SweepDevice } from "./sweeps";

type Handlers = {
  [K in "rankTrial" | "documents"]: (payload: Commands[K][0]) => Promise<Commands[K][1]>;
};

export interface RankingsOptions {
  store: Store;
  now: () => Date;
  /** The collection of an experiment as a stored sweep keeps it, and as it is at hand without one. */
  collectionOf: (sweepId: string) => (experiment: Experiment) => Promise<Dataset>;
  collection: (experiment: Experiment) => Promise<Dataset>;
  /** Runs work that needs the device for itself. */
  alone: <T>(work: (device: SweepDevice) => Promise<T>) => Promise<T>;
}

/** Characters of a document that are shown. */
const LONGEST = 400;

export function rankingHandlers(options: RankingsOptions): Handlers {
  const { store } = options;

  /** The stored sweeps that have this trial. */
  async function stored(key: string): Promise<{ path: string; sweepId: string; record: DoneTrial }[]> {
    const found = [];
    for (const path of await store.list("sweeps/")) {
      const [, sweepId] = /^sweeps\/([^/]+)\/trials\//.exec(path) ?? [];
      if (sweepId === undefined || !path.endsWith(`/trials/${key}.json`)) continue;
      const bytes = await store.read(path);
      const record = bytes && readTrial(decodeJson(bytes));
      if (record?.status === "done") found.push({ path, sweepId, record });
    }
    return found;
  }

  /** The trial's own collection, and no other of the same settings. */
  async function collectionFor({ key, config, testSet }: Commands["documents"][0]): Promise<Dataset> {
    const [first] = await stored(key);
    const experiment = first?.record.experiment ?? config;
    if (!experiment)
      throw new LabError("bad-input", "The record does not say what its data was.", "Run its sweep again.");
    const open = first ? options.collectionOf(first.sweepId) : options.collection;
    const dataset = await open(readExperiment(experiment).experiment);
    if ((await testSetHash(dataset.docs, dataset.test)) !== testSet)
      throw new LabError(
        "bad-input",
        "The data at hand is not what this trial was measured on.",
        "Load the trial's data in the Lab, under Data.",
      );
    return dataset;
  }

  return {
    async rankTrial({ key }) {
      const found = await stored(key);
      const [first] = found;
      if (!first)
        throw new LabError(
          "bad-input",
          "This trial's towers are not in this browser: its record comes from a file.",
          "Run the sweep again, here or with `npm run lab -- sweep`: its trials keep the rankings with their records.",
        );
      const collection = options.collectionOf(first.sweepId);
      const now = () => options.now().getTime();
      const rankings = await options.alone((device) => rankTrial(first.record, { ...device, store, collection, now }));
      for (const { path, record } of found)
        await store.write(path, new TextEncoder().encode(JSON.stringify({ ...record, rankings })));
      return rankings;
    },
    async documents(of) {
      const wanted = new Set(of.ids);
      const { docs } = await collectionFor(of);
      return docs
        .filter(({ id }) => wanted.has(id))
        .map(({ id, title, text }) => ({ id, title, text: text.slice(0, LONGEST) }));
    },
  };
}
