/** A whole run, on the CPU, from two checkpoints of other programs: a small BERT as the teacher, a small Qwen2 as the student. */
import { describe, expect, it } from "vitest";
import { plainOps } from "../../gpu/plainOps";
import { useWasm } from "../../gpu/testWasm";
import { memoryStore } from "../artifacts/store";
import { checkpointFromBlobs, inspectCheckpoint } from "../checkpoints";
import { checkpointFiles } from "../checkpoints/folder.test-helper";
import { presetExperiment } from "../config/presets";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import { readSafetensors } from "../formats/safetensors";
import { initTower, towerFromHuggingFace } from "../towers";
import type { TowerConfig } from "../towers/types";
import { madeUpTexts } from "../training/testTexts";
import { toyDataset } from "../training/toy";
import { checkpointFolder } from "./checkpoints";
import { createControl } from "./control";
import { memoryProblem, runMemory } from "./memory";
import { openModel, tooLarge } from "./model";
import { planRun } from "./plan";
import { runExperiment } from "./run";
import { openSearch } from "./search";
import { type CheckpointSource, openStarts, startValues } from "./starts";

const cpu = useWasm();
const dataset = toyDataset(1, 40, 40);

const bert: TowerConfig = {
  kind: "encoder",
  vocabulary: 400,
  width: 16,
  layers: 3,
  heads: 2,
  kvHeads: 2,
  hidden: 32,
  maxTokens: 24,
  pooling: "mean",
  embeddingSize: 12,
  typeVocabulary: 2,
};
const qwen: TowerConfig = {
  kind: "decoder",
  vocabulary: 400,
  width: 8,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  hidden: 12,
  maxTokens: 512,
  pooling: "last",
  embeddingSize: 8,
  attentionBias: "qkv",
  projection: false,
  normalise: true,
};

const texts = dataset.docs.map((doc) => doc.text);
const folder = (config: TowerConfig, seed: number, prompts: Record<string, string>) =>
  checkpointFromBlobs(
    Object.entries(checkpointFiles(config, seed, texts, prompts)).map(([path, data]) => ({
      path: `some/where/${path}`,
      data,
    })),
  );

/** Where on the user's disk the teacher lies: nothing that a run leaves says so. */
const PATH = "/home/somebody/models/bert";
const source: CheckpointSource = {
  async open(reference) {
    if (reference === "bert" || reference === PATH) return folder(bert, 1, { query: "ask: ", document: "text: " });
    if (reference === "qwen") return folder(qwen, 2, { query: "find " });
    throw new LabError("bad-input", `There is no ${reference}.`, "Name another.");
  },
};

const base = presetExperiment("tiny");
const experiment: Experiment = {
  ...base,
  teacher: { ...base.teacher, checkpoint: "bert", docTokens: 64 },
  student: { ...base.student, checkpoint: "qwen" },
  stage1: { ...base.stage1, steps: 6 },
  stage2: { ...base.stage2, steps: 6 },
  training: { ...base.training, validateEvery: 3, saveEvery: 3600 },
};

describe("a run from checkpoints", () => {
  it("takes shapes, sizes, prompts and lengths from them before anything is computed", async () => {
    const { experiment: now, towers, starts } = await openStarts(experiment, source);
    expect(now.embeddingSize).toBe(12);
    expect(now.teacher).toMatchObject({ prompt: "ask: ", docPrompt: "text: ", pooling: "mean", docTokens: 24 });
    expect(now.student).toMatchObject({ prompt: "find ", docPrompt: "", pooling: "last" });
    expect(towers.teacher).toEqual(bert);
    // Its 8 numbers are brought to the teacher's 12.
    expect(towers.student).toEqual({ ...qwen, projection: undefined, embeddingSize: 12 });
    const values = await startValues(starts.student!, towers.student, 1, "query");
    expect(values.get("projection.weight")!.shape).toEqual([12, 8]);
    // While it learns it has a size of its own where that is set: the one that it comes with needs no projection.
    const learner = async (ownSize: number) => {
      const own = { ...experiment, student: { ...experiment.student, ownSize } };
      const { towers, starts } = await openStarts(own, source);
      expect(towers.student.embeddingSize).toBe(12);
      const values = await startValues(starts.student!, towers.learner, 1, "query");
      return [towers.learner.embeddingSize, values.get("projection.weight")?.shape];
    };
    expect(towers.learner).toEqual(towers.student);
    expect(await learner(8)).toEqual([8, undefined]);
    expect(await learner(6)).toEqual([6, [6, 8]]);
    const plain = await openStarts(base, source);
    expect(plain.experiment).toBe(base);
    expect(planRun(now, undefined, towers).totalFlops).not.toBe(planRun(base).totalFlops);
  });

  it("parses a tokenizer once for as long as the files are the same", async () => {
    let read = 0;
    let [files, again] = [await folder(bert, 1, {}), await folder(bert, 1, { query: "ask: " })];
    const counted: CheckpointSource = {
      open: async () => ({
        ...files,
        read: (path, ...range) => {
          if (path.endsWith("tokenizer.json")) read++;
          return files.read(path, ...range);
        },
      }),
    };
    const one = { ...experiment, student: base.student };
    const first = await openStarts(one, counted);
    const second = await openStarts({ ...one, seed: 8 }, counted);
    expect(second.starts.teacher!.tokenizer).toBe(first.starts.teacher!.tokenizer);
    expect(read).toBe(1);
    // Other files under the same name, as after it was deleted and fetched anew.
    [files, again] = [again, files];
    await openStarts(one, counted);
    expect(read).toBe(2);
    // Of a fault nothing is kept.
    const broken = {
      ...files,
      read: async (path: string, ...range: [number?, number?]) =>
        path.endsWith("tokenizer.json") ? Uint8Array.of(123) : files.read(path, ...range),
    };
    const mended: CheckpointSource = { open: async () => (read++ === 2 ? broken : files) };
    await expect(openStarts(one, mended)).rejects.toThrow(/tokenizer.json is not JSON/);
    expect((await openStarts(one, mended)).starts.teacher!.tokenizer.vocabulary).toBeGreaterThan(0);
  });

  it("knows their memory, and refuses what does not fit before a tensor is read", async () => {
    const { experiment: now, towers } = await openStarts(experiment, source);
    const large = {
      ...towers,
      teacher: { ...towers.teacher, width: 1024, hidden: 4096, layers: 24, vocabulary: 120_000 },
    };
    expect(runMemory(now, undefined, large).peak.total).toBeGreaterThan(5e9);
    expect(memoryProblem(now, undefined, undefined, towers)).toBeNull();
    expect(memoryProblem(now, undefined, undefined, large)!.message).toMatch(/more than the memory limit/);
  });

  it("takes token embeddings alone where asked to, the rest as a fresh tower has it", async () => {
    const { towers, starts } = await openStarts(experiment, source);
    const all = await startValues(starts.student!, towers.student, 1, "query");
    const words = await startValues(starts.student!, towers.student, 1, "query", [madeUpTexts(1, 40, 400)]);
    const fresh = initTower(towers.student, 1, "query");
    const table = "model.embed_tokens.weight";
    for (const [name, tensor] of fresh)
      if (name !== table && name !== "projection.weight") expect(words.get(name), name).toEqual(tensor);
    expect(words.get(table)).not.toEqual(all.get(table));
    expect(words.get(table)).not.toEqual(fresh.get(table));
  });

  it("is told before a tensor is read where one does not go into a buffer", async () => {
    const inspection = await inspectCheckpoint(await source.open("bert"));
    expect(tooLarge(inspection, 400 * 16 * 4, false)).toBeNull();
    expect(tooLarge(inspection, 400 * 16 * 4 - 1, true)).toBeNull();
    expect(tooLarge(inspection, 400 * 16 * 4 - 1, false)!.message).toMatch(
      /word_embeddings.weight, 400 x 16, takes 26 kB; this GPU gives 26 kB/,
    );
  });

  it("says what cannot be opened", async () => {
    await expect(openStarts(experiment)).rejects.toThrow(/cannot be opened here/);
    await expect(
      openStarts({ ...experiment, teacher: { ...experiment.teacher, checkpoint: "x" } }, source),
    ).rejects.toThrow(/no x/);
    const other = checkpointFromBlobs(
      [
        { path: "config.json", data: new TextEncoder().encode('{"model_type":"gpt2"}') },
        { path: "model.safetensors", data: Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 123, 125) },
      ],
      "folder/other",
    );
    await expect(openStarts(experiment, { open: async () => other })).rejects.toThrow(
      /^The teacher's folder\/other: .*model_type "gpt2"/,
    );
    const short = { ...experiment, student: { ...base.student, init: "first-last" as const, layers: 2 } };
    await expect(openStarts(short, source)).rejects.toThrow(/2 of the teacher's 3/);
  });

  it("trains, distils, evaluates, and its towers are read back", async () => {
    const teacher = { ...experiment.teacher, checkpoint: PATH };
    const started = await openStarts({ ...experiment, teacher }, source);
    const store = memoryStore();
    const result = await runExperiment({
      gpu: cpu(),
      ops: plainOps,
      adapter: { ...cpu().adapter, host: "node" },
      codeVersion: "test",
      store,
      ...started,
      name: "test",
      createdAt: "2026-01-01T00:00:00.000Z",
      dataset,
      control: createControl(),
      listener: { stage: () => {}, points: () => {}, saved: () => {} },
    });
    expect(result.systems.map((s) => s.name)).toEqual(["teacher", "scalingnote", "scalingdoc", "twinbert", "bm25"]);
    expect(result.config.embeddingSize).toBe(12);
    const saved = async (system: "teacher" | "scalingnote") => {
      const at = checkpointFolder(system, "query");
      const json = JSON.parse(new TextDecoder().decode((await store.read(`${at}/config.json`))!));
      return {
        config: towerFromHuggingFace(json),
        tensors: readSafetensors((await store.read(`${at}/model.safetensors`))!).tensors,
      };
    };
    expect(result.config.teacher.checkpoint).toBe("bert");
    for (const path of await store.list(""))
      expect(Buffer.from((await store.read(path))!).includes("somebody"), path).toBe(false);
    const trained = await saved("teacher");
    expect(trained.config).toEqual(bert);
    // One low rate for all: the values are those of the checkpoint, a few small steps on.
    const before = await startValues(started.starts.teacher!, bert, 7, "query");
    let moved = 0;
    for (const [name, { values }] of before)
      for (const [i, x] of values.entries())
        moved = Math.max(moved, Math.abs(x - trained.tensors.get(name)!.values[i]!));
    expect(moved).toBeGreaterThan(1e-5);
    expect(moved).toBeLessThan(6 * 3 * experiment.training.loadedRate);
    expect((await saved("scalingnote")).config.embeddingSize).toBe(12);

    const search = await openSearch(cpu(), plainOps, store, result.config, dataset);
    const columns = await search.search(search.testQueries(1)[0]!.text, 3);
    expect(columns).toHaveLength(5);
    search.dispose();

    // The same folder as a model by itself.
    const at = checkpointFolder("scalingnote", "query");
    const files = checkpointFromBlobs(
      await Promise.all(
        (await store.list(at)).map(async (path) => ({
          path: path.slice(at.length + 1),
          data: (await store.read(path))!,
        })),
      ),
    );
    const model = await openModel(cpu(), plainOps, files, await inspectCheckpoint(files));
    const vectors = await model.encode(["one", "two words"], "query");
    expect(vectors).toHaveLength(24);
    expect(Math.hypot(...vectors.subarray(0, 12))).toBeCloseTo(1, 5);
    model.dispose();
  });

  it("starts a student from a loaded teacher's first and last layers, with its tokenizer", async () => {
    const small = { ...experiment, student: { ...base.student, init: "first-last" as const, layers: 1 } };
    const started = await openStarts(small, source);
    expect(started.towers.student).toEqual({ ...bert, layers: 1 });
    expect(started.towers.learner).toEqual(started.towers.student);
    const own = { ...small, student: { ...small.student, ownSize: 8 } };
    await expect(openStarts(own, source)).rejects.toThrow(/teacher, with vectors of its own size, 8/);
  });
});
