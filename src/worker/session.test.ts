import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { memoryByteFolder } from "../core/artifacts/byteFolder";
import { memoryStore } from "../core/artifacts/store";
import { checkpointLibrary } from "../core/checkpoints/library";
import { presetExperiment } from "../core/config/presets";
import { QUERIES_FILE, RESULT_FILE, writeResult } from "../core/formats/archive";
import { writeQueries } from "../core/formats/queries";
import { testQueries, testRun } from "../core/formats/testRun";
import { useWasm } from "../gpu/testWasm";
import { file, files } from "./beirFiles.test-helper";
import type { ExportForm, ExportWhat, RunEvent, RunSummary } from "./protocol";
import type { RunStore } from "./runStore";
import { createSession } from "./session";

const cpu = useWasm();

function session(emit: (event: RunEvent) => void = () => {}) {
  const rows = new Map<string, RunSummary>();
  const runs: RunStore = {
    list: async () => [...rows.values()],
    get: async (id) => rows.get(id),
    put: async (run) => {
      rows.set(run.id, run);
    },
    update: async (id, change) => {
      rows.set(id, { ...rows.get(id)!, ...change });
    },
    remove: async (id) => {
      rows.delete(id);
    },
  };
  const store = memoryStore();
  const openCpu = async () => cpu();
  const options = {
    library: checkpointLibrary({ folder: memoryByteFolder(), now: () => new Date(0) }),
    codeVersion: "test",
    openCpu,
    host: "node",
    emit,
    newId: () => "r",
    now: () => new Date(0),
  };
  return { store, rows, commands: createSession({ ...options, store, runs }) };
}

it("splits the user's files by the seed that it is given", async () => {
  const base = presetExperiment("tiny");
  const { commands } = session();
  const load = async (seed: number) => {
    expect(await commands.openData({ from: { kind: "files", files } })).toMatchObject({ form: "beir", name: "own" });
    return commands.readData({ experiment: { ...base, seed }, columns: null });
  };
  const eight = await load(8);
  expect(eight).toMatchObject({ name: "own", documents: 60 });
  const experiment = { ...base, seed: 8, data: { ...base.data, source: "files" as const } };
  expect(await commands.describe({ experiment })).toEqual(eight);
  expect(await load(9)).not.toEqual(eight);
});

it("says what a run would take of the memory, and refuses one that takes too much before it is stored", async () => {
  const { commands, rows } = session();
  const tiny = presetExperiment("tiny");
  expect(await commands.memory({ experiment: tiny })).toEqual({
    words: expect.stringMatching(/^About [\d.]+ MB on the GPU at most, in /),
    problem: null,
  });
  const training = { ...tiny.training, memoryLimit: 16 };
  const large = { ...tiny, training, teacher: { ...tiny.teacher, width: 512 } };
  const { problem } = await commands.memory({ experiment: large });
  expect(problem).toMatchObject({ kind: "bad-setting", message: expect.stringContaining("memory limit of 16 MB") });
  await expect(commands.run({ experiment: large, name: "x" })).rejects.toThrow(problem!.message);
  expect(rows.size).toBe(0);
});

it("counts an imported run's bytes, and a new name goes into its result.json too", async () => {
  const { commands, store, rows } = session();
  const result = writeResult(testRun());
  const queries = writeQueries(testQueries());
  const files = [
    { path: RESULT_FILE, file: new Blob([result as BlobPart]) },
    { path: QUERIES_FILE, file: new Blob([queries as BlobPart]) },
  ];
  const run = await commands.importRun({ files });
  expect(run.bytes).toBe(result.length + queries.length);
  await commands.renameRun({ runId: run.id, name: "best" });
  expect(rows.get(run.id)).toMatchObject({ name: "best", result: { name: "best" } });
  expect(await store.read(`runs/r/${RESULT_FILE}`)).toEqual(writeResult({ ...testRun(), name: "best" }));
});

it("takes the CPU where it is asked to, and starts nothing large on it", async () => {
  const { commands, rows } = session();
  const adapter = { description: "CPU (WebAssembly)", host: "node" };
  expect(await commands.open({ cpu: true })).toMatchObject({ adapter, problem: null });
  // It stays open: a run does not ask again.
  expect(await commands.open({})).toMatchObject({ adapter });
  await expect(commands.run({ experiment: presetExperiment("quick"), name: "large" })).rejects.toMatchObject({
    kind: "bad-setting",
    remedy: expect.stringContaining("Choose the preset Tiny"),
  });
  // A small experiment on a large collection of the user's is large too.
  const lines = Array.from({ length: 20_000 }, (_, i) => i);
  const large = [
    file(
      "corpus.jsonl",
      lines.map((i) => JSON.stringify({ _id: `d${i}`, title: "", text: `text ${i}` })),
    ),
    files[1]!,
    files[2]!,
  ];
  const tiny = presetExperiment("tiny");
  await commands.openData({ from: { kind: "files", files: large } });
  await commands.readData({ experiment: tiny, columns: null });
  const experiment = { ...tiny, data: { ...tiny.data, source: "files" as const } };
  await expect(commands.run({ experiment, name: "large" })).rejects.toThrow(/on the CPU at most/);
  expect(rows.size).toBe(0);
});

it("goes on with a run of an earlier build, with the defaults of what that one did not know, and gives it away", async () => {
  let end: (event: RunEvent) => void;
  const ended = new Promise<RunEvent>((resolve) => {
    end = resolve;
  });
  const { commands, rows } = session((event) => {
    if (event.type === "result" || (event.type === "status" && event.error)) end(event);
  });
  await commands.open({ cpu: true });
  const tiny = presetExperiment("tiny");
  const { matmul, ...training } = tiny.training;
  const notes = { ...tiny.data.notes, corpusSize: 200, trainQueries: 50, validationQueries: 20, testQueries: 20 };
  const experiment = {
    ...tiny,
    data: { ...tiny.data, notes },
    stage1: { ...tiny.stage1, steps: 2 },
    stage2: { ...tiny.stage2, steps: 2 },
    training: training as typeof tiny.training,
  };
  rows.set("old", {
    id: "old",
    name: "old",
    createdAt: new Date(0).toISOString(),
    status: "interrupted",
    experiment,
    collection: "notes",
    stages: [],
    result: null,
    bytes: 0,
    origin: "here",
  });
  await commands.resumeRun({ runId: "old" });
  expect(await ended).toMatchObject({ type: "result", result: { config: { training: { matmul } } } });
  const given = async (what: ExportWhat, form: ExportForm) => {
    const blob = await commands.exportFiles({ runId: "old", what, form });
    return Object.keys(unzipSync(new Uint8Array(await blob.arrayBuffer())));
  };
  expect(await given("student", "folder")).toContain("modules.json");
  expect(await given("student", "onnx")).toContain("model.onnx");
  expect(await given("teacher", "folder")).toEqual(
    expect.arrayContaining(["query/model.safetensors", "document/model.safetensors"]),
  );
  expect(await given("vectors", "npy")).toContain("queries.student.npy");
  expect(await given("vectors", "safetensors")).toContain("vectors.safetensors");
  expect(await given("rankings", "trec")).toContain("qrels.trec");
  expect(await given("data", "beir")).toContain("corpus.jsonl");
});
