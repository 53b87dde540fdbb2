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

it("takes a configuration with the rest of its experiment, but not files that are not here", () => {
  const lab = createLabStore(createFakeClient({}));
  lab.getState().set("stage2.steps", 500);
  lab.getState().apply({ "stage2.mseWeight": 3, "no.such": 1 });
  expect(lab.getState().experiment.stage2).toMatchObject({ mseWeight: 3, steps: 500 });
  expect(lab.getState().notices).toEqual(['There is no setting "no.such"; it is left out.']);
  lab
    .getState()
    .apply({ "stage2.mseWeight": 4 }, { stage2: { steps: 120, mseWeight: 9 }, data: { source: "wordnet" } });
  expect(lab.getState().experiment).toMatchObject({
    stage2: { mseWeight: 4, steps: 120 },
    data: { source: "wordnet" },
  });
  lab.getState().apply({}, { stage2: { steps: 60 }, data: { source: "files" } });
  expect(lab.getState().experiment).toMatchObject({ stage2: { steps: 60 }, data: { source: "wordnet" } });
  expect(lab.getState().notices).toEqual([]);
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
