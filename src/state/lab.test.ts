import { expect, it } from "vitest";
import type { CollectionReport } from "../worker/protocol";
import { createFakeClient } from "./fakeClient.test-helper";
import { createLabStore } from "./lab";

const report = (name: string): CollectionReport => ({
  name,
  documents: 1,
  trainQueries: 1,
  validationQueries: 1,
  testQueries: 1,
  relevanceLevel: 1,
  notices: [],
  sampleDocuments: [],
  sampleQueries: [],
});

it("files that are being loaded are not overtaken by a look at the bundled notes", async () => {
  let loaded: (answer: CollectionReport) => void = () => {};
  const client = createFakeClient({
    loadFiles: () =>
      new Promise<CollectionReport>((done) => {
        loaded = done;
      }),
    describe: () => report("notes"),
  });
  const lab = createLabStore(client);
  const loading = lab.getState().loadFiles([{ path: "corpus.jsonl", file: new Blob() }]);
  await lab.getState().describe();
  expect(client.calls.map(({ name }) => name)).toEqual(["loadFiles"]);
  loaded(report("own"));
  await loading;
  expect(lab.getState()).toMatchObject({ collection: { name: "own" }, experiment: { data: { source: "files" } } });
  await lab.getState().describe();
  expect(lab.getState().collection?.name).toBe("notes");
});
