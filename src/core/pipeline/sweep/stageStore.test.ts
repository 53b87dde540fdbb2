import { describe, expect, it } from "vitest";
import { memoryStore, type Store } from "../../artifacts/store";
import { type StageRecord, waitingRecord } from "../../formats/result";
import { ARTIFACTS, type Artifact, type StageKeys } from "./stageKeys";
import { boundArtifacts, clearArtifacts, listArtifacts, ownerOf, removeArtifact, stageStore } from "./stageStore";

const keysOf = (teacher: string, rest = teacher) =>
  Object.fromEntries([...ARTIFACTS, "texts"].map((part) => [part, part === "teacher" ? teacher : rest])) as StageKeys;
const bytes = (n: number) => new Uint8Array(n).fill(n);

describe("a trial's store", () => {
  it("knows whose every file of a run is", () => {
    const owners: [string, Artifact | null][] = [
      ["checkpoints/teacher/query/model.safetensors", "teacher"],
      ["checkpoints/teacher/document/config.json", "teacher"],
      ["state/stage1.safetensors", "teacher"],
      ["vectors/teacher.f32", "index"],
      ["vectors/teacher-queries.f32", "queries"],
      ["checkpoints/scalingnote/query/tokenizer.json", "scalingnote"],
      ["state/stage2.safetensors", "scalingnote"],
      ["checkpoints/scalingdoc/query/model.safetensors", "scalingdoc"],
      ["state/scalingdoc.safetensors", "scalingdoc"],
      ["vectors/scalingdoc.f32", "scalingdoc"],
      ["vectors/twinbert.f32", "twinbert"],
      ["state/twinbert.safetensors", "twinbert"],
      ["progress.json", null],
      ["state/pretraining.safetensors", null],
      ["vectors/other.f32", null],
    ];
    for (const [path, owner] of owners) expect(ownerOf(path), path).toBe(owner);
  });

  it("is shared where keys are equal, and only there", async () => {
    const root = memoryStore();
    const [one, two] = [await stageStore(root, keysOf("t", "a")), await stageStore(root, keysOf("t", "b"))];
    await one.write("checkpoints/teacher/query/config.json", bytes(1));
    await one.write("vectors/teacher.f32", bytes(2));
    await one.write("progress.json", bytes(3));
    expect(await two.read("checkpoints/teacher/query/config.json")).toEqual(bytes(1));
    expect(await two.read("vectors/teacher.f32")).toBeNull();
    expect(await two.read("progress.json")).toBeNull();
    expect(await one.list("")).toEqual([
      "checkpoints/teacher/query/config.json",
      "progress.json",
      "vectors/teacher.f32",
    ]);
    expect(await two.list("checkpoints/")).toEqual(["checkpoints/teacher/query/config.json"]);
    expect(await one.size("vectors/teacher.f32")).toBe(2);
    await one.remove("vectors/teacher.f32");
    expect(await one.read("vectors/teacher.f32")).toBeNull();
  });

  it("tells which stages are whole, with the end of their curves", async () => {
    const root = memoryStore();
    const store = await stageStore(root, keysOf("t"));
    expect(await store.done()).toEqual([]);
    const point = (step: number) => ({
      step,
      loss: 1,
      gradNorm: 1,
      learningRate: 1,
      terms: {},
      tokensPerSecond: 1,
      gpuBytes: 1,
    });
    const stage: StageRecord = { ...waitingRecord("stage1"), status: "running", done: 2, losses: [point(1), point(2)] };
    await store.finish("teacher", stage);
    expect(await (await stageStore(root, keysOf("t", "other"))).done()).toEqual([
      { ...stage, status: "done", losses: [point(2)] },
    ]);
    expect(await (await stageStore(root, keysOf("u"))).done()).toEqual([]);
    expect(await store.list("")).toEqual([]);
  });

  it("tells its own failures from others", async () => {
    const full = new Error("full");
    const root: Store = { ...memoryStore(), write: () => Promise.reject(full) };
    const store = await stageStore(root, keysOf("t"));
    expect(store.broke(full)).toBe(false);
    await expect(store.write("vectors/teacher.f32", bytes(1))).rejects.toBe(full);
    expect(store.broke(full)).toBe(true);
    expect(store.broke(new Error("full"))).toBe(false);
  });
});

describe("the artifacts", () => {
  const filled = async () => {
    const root = memoryStore();
    await root.write("trials/x.json", bytes(9));
    for (const [i, name] of ["old", "middle", "new"].entries()) {
      const store = await stageStore(root, keysOf(name));
      await store.use(["teacher", "index"], { teacher: `teacher ${name}` }, 100 + i);
      await store.write("checkpoints/teacher/query/model.safetensors", bytes(1000));
    }
    return root;
  };

  it("are listed with what they are and take, the last used first", async () => {
    const list = await listArtifacts(await filled());
    expect(list.map(({ kind, key, what, lastUsed }) => [kind, key, what, lastUsed])).toEqual([
      ["teacher", "new", "teacher new", 102],
      ["teacher", "middle", "teacher middle", 101],
      ["teacher", "old", "teacher old", 100],
    ]);
    for (const { bytes } of list) expect(bytes).toBeGreaterThanOrEqual(1000);
  });

  it("are bounded: those used least recently go, never those in use", async () => {
    const root = await filled();
    expect(await boundArtifacts(root, 10_000)).toEqual([]);
    const removed = await boundArtifacts(root, 2500, new Set(["old"]));
    expect(removed.map(({ key }) => key)).toEqual(["middle"]);
    expect((await listArtifacts(root)).map(({ key }) => key)).toEqual(["new", "old"]);
    await boundArtifacts(root, 0);
    expect(await listArtifacts(root)).toEqual([]);
    expect(await root.read("trials/x.json")).not.toBeNull();
  });

  it("are removed one by one, or all", async () => {
    const root = await filled();
    await removeArtifact(root, { kind: "teacher", key: "new" });
    expect((await listArtifacts(root)).map(({ key }) => key)).toEqual(["middle", "old"]);
    await clearArtifacts(root);
    expect(await root.list("")).toEqual(["trials/x.json"]);
  });
});
