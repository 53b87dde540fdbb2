import { describe, expect, it } from "vitest";
import type { CollectionReport, DataPreview } from "../worker/protocol";
import { createDataStore } from "./data";
import { createFakeClient } from "./fakeClient.test-helper";
import { createLabStore } from "./lab";

const report: CollectionReport = {
  name: "own",
  documents: 1,
  trainQueries: 1,
  validationQueries: 1,
  testQueries: 1,
  relevanceLevel: 1,
  notices: [],
  sampleDocuments: [],
  sampleQueries: [],
};
const guess = { query: "q", positive: "p", negatives: [], score: null, relevantFrom: 1, header: true };
const beir: DataPreview = { form: "beir", name: "own", files: [], table: null };
const table: DataPreview = { form: "pairs", name: "own", files: [], table: { names: ["q", "p"], rows: [], guess } };
const files = { kind: "files" as const, files: [] };

function stores(answers: Parameters<typeof createFakeClient>[0]) {
  const client = createFakeClient(answers);
  const lab = createLabStore(client);
  return { client, lab, data: createDataStore(client, lab) };
}
const fail =
  (kind = "bad-input") =>
  () => {
    throw { kind, message: "Line 4 is wrong.", remedy: "Mend it." };
  };

describe("the user's data", () => {
  it("in BEIR form is read at once, with the settings on the form", async () => {
    const { client, lab, data } = stores({ openData: () => beir, readData: () => report });
    lab.getState().set("seed", 11);
    await data.getState().take(files);
    expect(client.calls).toMatchObject([
      { name: "openData", payload: { from: files } },
      { name: "readData", payload: { experiment: { seed: 11 }, columns: null } },
    ]);
    expect(lab.getState()).toMatchObject({
      collection: report,
      hasOwn: true,
      experiment: { data: { source: "files" } },
    });
    expect(data.getState()).toMatchObject({ open: false, busy: false });
  });

  it("that is a table opens the dialog and waits for its columns", async () => {
    const { client, lab, data } = stores({ openData: () => table, readData: () => report, lookAgain: () => table });
    await data.getState().take(files);
    expect(data.getState()).toMatchObject({ open: true, tab: "files", preview: table, columns: guess, busy: false });
    expect(lab.getState()).toMatchObject({
      collection: null,
      describing: false,
      experiment: { data: { source: "notes" } },
    });
    await data.getState().setHeader(false);
    const columns = { ...guess, query: "p", positive: "q" };
    data.getState().setColumns(columns);
    await data.getState().read();
    expect(client.calls.at(-1)).toMatchObject({ name: "readData", payload: { columns } });
    expect(data.getState()).toMatchObject({ open: false, preview: null, columns: null });
    expect(lab.getState().collection).toBe(report);
  });

  it("that cannot be opened is told in the panel, or in the dialog where that is open", async () => {
    const { lab, data } = stores({ openData: fail() });
    await data.getState().take(files);
    expect(data.getState()).toMatchObject({ open: false, error: null });
    expect(lab.getState().collectionError).toMatchObject({ message: "Line 4 is wrong." });
    const other = stores({ openData: fail() });
    other.data.getState().show("url");
    await other.data.getState().take({ kind: "url", url: "x" });
    expect(other.data.getState()).toMatchObject({ open: true, tab: "url", error: { message: "Line 4 is wrong." } });
    expect(other.lab.getState().collectionError).toBeNull();
  });

  it("that was stopped is no fault; a table whose reading failed still waits", async () => {
    const { data } = stores({ openData: fail("stopped") });
    data.getState().show("hub");
    await data.getState().take(files);
    expect(data.getState()).toMatchObject({ open: true, error: null, busy: false });
    const other = stores({ openData: () => table, readData: fail() });
    await other.data.getState().take(files);
    await other.data.getState().read();
    expect(other.data.getState()).toMatchObject({ open: true, preview: table, error: { remedy: "Mend it." } });
  });

  it("that is asked for while other data is opened takes its place", async () => {
    const answers: ((preview: DataPreview) => void)[] = [];
    const { lab, data } = stores({
      openData: () => new Promise<DataPreview>((done) => answers.push(done)),
      readData: () => report,
    });
    const first = data.getState().take(files);
    const second = data.getState().take(files);
    answers[1]!(beir);
    await second;
    answers[0]!(table);
    await first;
    expect(data.getState()).toMatchObject({ preview: null, open: false, busy: false });
    expect(lab.getState().collection).toBe(report);
  });

  it("a collection that comes with the page is chosen and described", async () => {
    const { client, lab, data } = stores({ describe: () => report });
    data.getState().show("wordnet");
    data.getState().use("wordnet");
    expect(data.getState().open).toBe(false);
    await Promise.resolve();
    expect(lab.getState().experiment.data.source).toBe("wordnet");
    expect(client.calls.map(({ name }) => name)).toEqual(["describe"]);
  });
});
