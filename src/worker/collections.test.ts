import { expect, it } from "vitest";
import { memoryStore } from "../core/artifacts/store";
import { presetExperiment } from "../core/config/presets";
import type { Dataset } from "../core/data/types";
import { files } from "./beirFiles.test-helper";
import { createCollections } from "./collections";

const testIds = (dataset: Dataset) => dataset.test.queries.map(({ id }) => id);

it("a run's own seed splits the user's files, and the kept files give the same splits again", async () => {
  const base = presetExperiment("tiny");
  const experiment = (seed: number) => ({ ...base, seed, data: { ...base.data, source: "files" as const } });
  const collections = createCollections();
  const loaded = testIds(await collections.load(files, 7));
  expect(testIds(await collections.get(experiment(7)))).toEqual(loaded);
  const other = testIds(await collections.get(experiment(8)));
  expect(other).not.toEqual(loaded);
  const store = memoryStore();
  await collections.keep(store);
  expect(testIds(await createCollections().of(experiment(8), store))).toEqual(other);
});
