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
    readData: () =>
      new Promise<CollectionReport>((done) => {
        loaded = done;
      }),
    describe: () => report("notes"),
  });
  const lab = createLabStore(client);
  const { experiment } = lab.getState();
  const loading = lab.getState().adopt(() => client.send("readData", { experiment, columns: null }));
  await lab.getState().describe();
  expect(client.calls.map(({ name }) => name)).toEqual(["readData"]);
  loaded(report("own"));
  await loading;
  expect(lab.getState()).toMatchObject({ collection: { name: "own" }, experiment: { data: { source: "files" } } });
  await lab.getState().describe();
  expect(lab.getState().collection?.name).toBe("notes");
});

it("forgets what it was told of the memory of an experiment that has changed since", async () => {
  const answers: ((words: string) => void)[] = [];
  const client = createFakeClient({
    memory: () => new Promise((done) => answers.push((words) => done({ words, problem: null }))),
  });
  const lab = createLabStore(client);
  const first = lab.getState().measureMemory();
  lab.getState().set("training.batch", 64);
  const second = lab.getState().measureMemory();
  answers[1]!("new");
  await second;
  answers[0]!("old");
  await first;
  expect(lab.getState().memory?.words).toBe("new");
});
