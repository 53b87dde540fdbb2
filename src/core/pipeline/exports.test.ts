/** What a run gives to other programs, read back: towers, vectors, rankings, its collection. */
import { beforeAll, describe, expect, it } from "vitest";
import { plainOps } from "../../gpu/plainOps";
import { useWasm } from "../../gpu/testWasm";
import { memoryStore } from "../artifacts/store";
import { checkpointFromBlobs, checkpointTokenizer, inspectCheckpoint, loadCheckpoint } from "../checkpoints";
import { largestDifference, ownVectors, randomTower } from "../checkpoints/testTowers";
import { presetExperiment } from "../config/presets";
import type { Experiment } from "../config/schema";
import { readBeir } from "../data/beir";
import { bytesEntry, openFiles } from "../data/files";
import { notesDataset } from "../data/notes";
import { type Dataset, documentText } from "../data/types";
import { testSetHash } from "../evaluation/testSetHash";
import { QUERIES_FILE, runFile } from "../formats/archive";
import { readNpy } from "../formats/npy";
import { writeQueries } from "../formats/queries";
import { readSafetensors, writeSafetensors } from "../formats/safetensors";
import { testRun } from "../formats/testRun";
import { readQrels, readRun, writeRun } from "../formats/trec";
import { trainBpe } from "../text/bpe";
import { loadTokenizer } from "../text/tokenizer";
import { huggingFaceConfig } from "../towers";
import { checkpointFolder } from "./checkpoints";
import { dataExport, type ExportFiles, type ExportSource, rankingsExport, towerExport } from "./exports";
import { vectorsExport } from "./exportVectors";
import { towerConfigs } from "./plan";

const cpu = useWasm();
const utf8 = new TextEncoder();

const tiny = presetExperiment("tiny");
const experiment: Experiment = {
  ...tiny,
  data: {
    ...tiny.data,
    notes: { ...tiny.data.notes, corpusSize: 200, trainQueries: 50, validationQueries: 20, testQueries: 20 },
  },
  student: { ...tiny.student, prompt: "find: " },
};
const { teacher, student } = towerConfigs(experiment);
const towers = {
  "teacher/query": { config: teacher, tensors: randomTower(teacher, 1) },
  "teacher/document": { config: teacher, tensors: randomTower(teacher, 2) },
  "scalingnote/query": { config: student, tensors: randomTower(student, 3) },
};
let dataset: Dataset;
let tokenizer: unknown;
let source: ExportSource;

beforeAll(async () => {
  dataset = notesDataset(experiment.data.notes, experiment.seed);
  tokenizer = trainBpe(dataset.docs.map(documentText), 512, { special: false });
  const store = memoryStore();
  for (const [name, { config, tensors }] of Object.entries(towers)) {
    const [system, role] = name.split("/") as ["teacher", "query"];
    const folder = checkpointFolder(system, role);
    await store.write(`${folder}/config.json`, utf8.encode(JSON.stringify(huggingFaceConfig(config))));
    await store.write(`${folder}/tokenizer.json`, utf8.encode(JSON.stringify(tokenizer)));
    await store.write(`${folder}/model.safetensors`, writeSafetensors(tensors, { stage: "stage2", step: "40" }));
  }
  const result = { ...testRun(), config: experiment, testSetHash: await testSetHash(dataset.docs, dataset.test) };
  source = { store, result };
});

const below = (files: ExportFiles, folder: string) =>
  checkpointFromBlobs([...files].filter(([path]) => path.startsWith(folder)).map(([path, data]) => ({ path, data })));

describe("an exported tower", () => {
  it.each([
    ["student", "scalingnote/query", "", "query", experiment.student.queryTokens],
    ["teacher", "teacher/query", "query/", "query", experiment.teacher.queryTokens],
    ["teacher", "teacher/document", "document/", "document", experiment.teacher.docTokens],
  ] as const)("(%s, %s) reads back with the same values", async (what, tower, folder, role, longest) => {
    const files = below(await towerExport(source, what, "folder"), folder);
    const inspection = await inspectCheckpoint(files);
    expect(await loadCheckpoint(files, inspection)).toEqual(towers[tower].tensors);
    expect(inspection.maxTokens).toBe(longest);
    if (role === "query")
      expect(inspection.prompts.query).toBe(what === "student" ? "find: " : experiment.teacher.prompt);
    const read = await checkpointTokenizer(files, inspection);
    const own = loadTokenizer(tokenizer);
    for (const { text } of dataset.test.queries) expect([...read.encode(text, 16)]).toEqual([...own.encode(text, 16)]);
    const { metadata } = readSafetensors(await files.read("model.safetensors"));
    expect(metadata).toMatchObject({ format: "pt", step: "40", seed: String(experiment.seed), code: "0.1.0" });
  });

  it("of a teacher that shares its towers is one folder", async () => {
    const config = { ...experiment, teacher: { ...experiment.teacher, sharedTowers: true } };
    const files = await towerExport({ ...source, result: { ...source.result, config } }, "teacher", "folder");
    expect([...files.keys()]).toContain("model.safetensors");
    expect((await inspectCheckpoint(below(files, ""))).maxTokens).toBe(
      Math.max(config.teacher.queryTokens, config.teacher.docTokens),
    );
  });

  it("as ONNX comes with a tokenizer that cuts by itself, and a card that says how to run it", async () => {
    const files = await towerExport(source, "student", "onnx", true);
    expect([...files.keys()].sort()).toEqual([
      "README.md",
      "model.onnx",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const decode = (path: string) => new TextDecoder().decode(files.get(path));
    expect(JSON.parse(decode("tokenizer.json"))).toMatchObject({
      truncation: { max_length: experiment.student.queryTokens },
    });
    expect(decode("README.md")).toContain('encode_batch(["find: a query"])');
  });

  it("is missed where the run came without checkpoints", async () => {
    await expect(towerExport({ ...source, store: memoryStore() }, "student", "folder")).rejects.toThrow(
      /no checkpoints\/scalingnote\/query/,
    );
  });
});

describe("exported vectors", () => {
  const device = () => ({ gpu: cpu(), ops: plainOps });

  it.each(["npy", "safetensors"] as const)(
    "as %s are those of the towers, of length 1, with their ids",
    async (form) => {
      const files = await vectorsExport(device(), source, dataset, form);
      const vectors = (name: string) =>
        form === "npy"
          ? readNpy(files.get(`${name}.npy`)!)
          : readSafetensors(files.get("vectors.safetensors")!).tensors.get(name)!;
      const ids = (name: string) => JSON.parse(new TextDecoder().decode(files.get(`${name}-ids.json`))) as string[];
      expect(ids("document")).toEqual(dataset.docs.map(({ id }) => id));
      expect(ids("query")).toEqual(dataset.test.queries.map(({ id }) => id));
      const own = loadTokenizer(tokenizer);
      const check = (name: string, tower: keyof typeof towers, texts: string[], longest: number) => {
        const { config, tensors } = towers[tower];
        const found = vectors(name);
        expect(found.shape).toEqual([texts.length, experiment.embeddingSize]);
        const encoded = texts.map((text) => own.encode(text, longest));
        expect(largestDifference(found.values, ownVectors(config, tensors, encoded)), name).toBeLessThan(1e-4);
      };
      const queries = dataset.test.queries.map(({ text }) => text);
      const { queryTokens, docTokens, prompt } = experiment.teacher;
      check("documents", "teacher/document", dataset.docs.map(documentText), docTokens);
      check(
        "queries.teacher",
        "teacher/query",
        queries.map((text) => prompt + text),
        queryTokens,
      );
      const own2 = queries.map((text) => `find: ${text}`);
      check("queries.student", "scalingnote/query", own2, experiment.student.queryTokens);
    },
  );

  it("are refused of another collection", async () => {
    const other = { ...dataset, docs: dataset.docs.slice(1) };
    await expect(vectorsExport(device(), source, other, "npy")).rejects.toThrow(/not the collection of this run/);
  });
});

describe("exported rankings", () => {
  it("are the run files and the judgements, as trec_eval reads them", async () => {
    const store = memoryStore();
    const rankings = new Map([["q 1", { ids: ["d1"], scores: Float32Array.of(0.5) }]]);
    const judged = { d1: 2, "d 2": 0 };
    await store.write(runFile("teacher"), writeRun(rankings, "teacher"));
    await store.write(QUERIES_FILE, writeQueries([{ id: "q 1", text: "tea", judged, systems: {} }]));
    const files = await rankingsExport({ ...source, store });
    expect([...files.keys()].sort()).toEqual(["qrels.trec", runFile("teacher")]);
    expect(readRun(files.get(runFile("teacher"))!, "run")).toEqual(rankings);
    expect(readQrels(files.get("qrels.trec")!, "qrels")).toEqual(new Map([["q 1", new Map(Object.entries(judged))]]));
  });

  it("are missed where the archive came without them", async () => {
    await expect(rankingsExport({ ...source, store: memoryStore() })).rejects.toThrow(/came without queries\.jsonl/);
  });
});

describe("an exported collection", () => {
  it("reads back as BEIR", async () => {
    const files = await openFiles([...dataExport(dataset)].map(([path, bytes]) => bytesEntry(path, bytes)));
    const back = await readBeir(files, { seed: 1 });
    expect(back.docs).toEqual(dataset.docs);
    for (const split of ["train", "validation", "test"] as const) {
      expect(back[split].queries.map(({ id, text }) => [id, text])).toEqual(
        dataset[split].queries.map(({ id, text }) => [id, text]),
      );
      expect(back[split].qrels).toEqual(dataset[split].qrels);
    }
  });
});
