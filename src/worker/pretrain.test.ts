/** Stage 0 in the worker, on the CPU: refused, trained, stopped, gone on with, kept, opened and exported. */
import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { memoryByteFolder } from "../core/artifacts/byteFolder";
import { memoryStore } from "../core/artifacts/store";
import { inspectCheckpoint } from "../core/checkpoints";
import { checkpointLibrary } from "../core/checkpoints/library";
import { presetExperiment } from "../core/config/presets";
import { PRETRAIN_DEFAULTS, type PretrainSettings } from "../core/config/pretrain";
import { useWasm } from "../gpu/testWasm";
import type { PretrainReport, RunEvent } from "./protocol";
import { createSession } from "./session";
import type { Locks } from "./trainingLock";

const cpu = useWasm();
const settings: PretrainSettings = {
  size: { width: 16, layers: 1 },
  vocabulary: 300,
  length: 16,
  batch: 2,
  steps: 8,
  learningRate: 5e-3,
  embeddingRate: 5e-3,
  seed: 1,
};
const memoryLimit = 4000;
const lines = Array.from({ length: 200 }, (_, i) => `note ${i} says that bench ${i % 7} stands by tree ${i % 5}`);
const files = [{ path: "notes.txt", file: new Blob([lines.join("\n")]) }];

/** Web Locks between the sessions of a test: exclusive ones, and shared ones that wait for those. */
function fakeLocks() {
  let holder: Promise<unknown> | null = null;
  return {
    query: async () => ({ held: holder ? [{ name: "scalingnote-lab-pretrain" }] : [] }),
    async request(_name: string, ...rest: unknown[]) {
      const work = rest.at(-1) as () => unknown;
      while (holder) await holder;
      if (rest.length > 1) return work();
      holder = Promise.resolve(work()).finally(() => {
        holder = null;
      });
      return holder;
    },
  } as unknown as Locks;
}

/** A session over a store and a library that outlive it; `until` waits for a report. */
function session(
  kept = { store: memoryStore(), folder: memoryByteFolder() },
  room: () => number | null = () => null,
  locks?: Locks,
) {
  const reports: PretrainReport[] = [];
  let heard: (report: PretrainReport) => void = () => {};
  let toldNothing = () => {};
  const gone = new Promise<void>((resolve) => {
    toldNothing = resolve;
  });
  const emit = (event: RunEvent) => {
    if (event.type !== "pretrain") return;
    if (!event.report) return toldNothing();
    reports.push(event.report);
    heard(event.report);
  };
  const until = (wanted: (report: PretrainReport) => boolean) =>
    new Promise<PretrainReport>((resolve) => {
      heard = (report) => {
        if (wanted(report)) resolve(report);
      };
    });
  const library = checkpointLibrary({ folder: kept.folder, now: () => new Date(0), room: async () => room() });
  const commands = createSession({
    ...{
      store: kept.store,
      library,
      emit,
      codeVersion: "test",
      host: "node",
      newId: () => "r",
      now: () => new Date(0),
      locks,
    },
    runs: {
      list: async () => [],
      get: async () => undefined,
      put: async () => {},
      update: async () => {},
      remove: async () => {},
    },
    openCpu: async () => cpu(),
  });
  return { kept, commands, library, reports, until, gone };
}
const over = ({ status }: PretrainReport) => status !== "running" && status !== "paused";

it("says what it takes, and refuses what does not fit, is wrong or has no text, before anything is stored", async () => {
  const { commands, kept } = session();
  await commands.open({ cpu: true });
  const { plan, problem } = await commands.planPretrain({ settings, memoryLimit });
  expect(problem).toBeNull();
  expect(plan.tokens).toBe(8 * 2 * 16);
  const large = await commands.planPretrain({ settings: { ...PRETRAIN_DEFAULTS, size: "0.8m" }, memoryLimit: 16 });
  expect(large.plan).toMatchObject({ withoutEmbeddings: 726_144 });
  expect(large.problem).toMatchObject({
    kind: "bad-setting",
    message: expect.stringContaining("memory limit of 16 MB"),
  });
  const slow = { settings: { ...PRETRAIN_DEFAULTS, size: "0.1m" as const }, memoryLimit };
  expect((await commands.planPretrain(slow)).problem?.message).toMatch(/on the CPU at most/);
  const source = { kind: "files" as const };
  await expect(commands.pretrain({ name: "x", settings, source, memoryLimit })).rejects.toThrow(
    /No text has been read/,
  );
  await expect(commands.readText({ files: [{ path: "a.csv", file: new Blob(["a"]) }] })).rejects.toThrow(/a\.csv/);
  await commands.readText({ files });
  for (const wrong of [{ steps: 0 }, { size: { width: 20, layers: 1 } }, { learningRate: Number.NaN }])
    await expect(
      commands.pretrain({ name: "x", settings: { ...settings, ...wrong }, source, memoryLimit }),
    ).rejects.toMatchObject({ kind: "bad-setting" });
  await expect(commands.pretrain({ name: "../x", settings, source, memoryLimit })).rejects.toThrow(/no name/);
  expect(await kept.store.list("")).toEqual([]);
  expect(await commands.pretrainState({})).toBeNull();
});

it("trains on the user's text, is stopped, goes on after a reload, and is then a model to start from", async () => {
  const first = session();
  await first.commands.open({ cpu: true });
  const read = await first.commands.readText({ files });
  expect(read).toMatchObject({ name: "notes.txt", texts: 200, notices: ["200 texts from 1 file."] });
  const source = { kind: "files" as const };
  const moving = first.until(({ step }) => step > 0);
  await first.commands.pretrain({ name: "mine", settings: { ...settings, steps: 2000 }, source, memoryLimit });
  // One thing at a time.
  const experiment = presetExperiment("tiny");
  await expect(first.commands.run({ experiment, name: "r" })).rejects.toThrow(/A language model is being trained/);
  await expect(first.commands.dropPretrain({})).rejects.toThrow(/under way/);
  await moving;
  const paused = first.until(({ status }) => status === "paused");
  await first.commands.pause({});
  await paused;
  const stopped = first.until(over);
  await first.commands.stop({});
  expect(await stopped).toMatchObject({ status: "stopped", stored: null });
  const { step } = (await first.commands.pretrainState({}))!;
  expect(step).toBeGreaterThan(0);
  const again = first.commands.pretrain({ name: "other", settings, source, memoryLimit });
  await expect(again).rejects.toThrow(/unfinished training/);

  // Another worker, after a reload; and no GPU that was lost in between.
  const second = session(first.kept);
  await second.commands.open({ cpu: true });
  expect(await second.commands.pretrainState({})).toMatchObject({ name: "mine", status: "interrupted", step });
  await second.commands.dropPretrain({});
  expect(await second.commands.pretrainState({})).toBeNull();

  await second.commands.readText({ files });
  const begun = second.until(({ step: at }) => at > 0);
  await second.commands.pretrain({ name: "mine", settings: { ...settings, steps: 40 }, source, memoryLimit });
  await begun;
  // Stopped without a pause it is saved too; where it was quicker than that, it is done.
  const ended = second.until(over);
  await second.commands.stop({});
  let report = await ended;
  if (report.status === "stopped") {
    const third = session(first.kept);
    await third.commands.open({ cpu: true });
    expect((await third.commands.pretrainState({}))?.step).toBe(report.step);
    const done = third.until(over);
    await third.commands.resumePretrain({ memoryLimit });
    report = await done;
  }
  expect(report).toMatchObject({ status: "done", step: 40, error: null, stored: { name: "mine", modelType: "llama" } });
  expect(report.validation.at(-1)!.perplexity).toBeLessThan(report.validation[0]!.perplexity);
  const { store } = first.kept;
  expect((await store.list("")).filter((path) => path.startsWith("pretrain/"))).toEqual([]);
  const { reference } = report.stored!;
  expect(await second.commands.listModels({})).toMatchObject([{ reference, complete: true }]);
  const inspection = await inspectCheckpoint(await second.library.open(reference));
  expect(inspection.config).toMatchObject({ kind: "decoder", width: 16, layers: 1 });
  const zip = await second.commands.exportModel({ reference });
  const unpacked = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  expect(Object.keys(unpacked)).toEqual(expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json"]));
  const card = new TextDecoder().decode(unpacked["README.md"]);
  expect(card).toContain("notes.txt: 200 texts.");
  expect(card).toContain("--size 16x1 --text FILES --steps 40 --vocabulary 300 --length 16 --batch 2 --out mine");
}, 60_000);

it("tells of a text that is too short, and keeps nothing of it", async () => {
  const { commands, until } = session();
  await commands.open({ cpu: true });
  await commands.readText({ files: [{ path: "a.txt", file: new Blob(["One.\nTwo."]) }] });
  const failed = until(over);
  await commands.pretrain({ name: "short", settings, source: { kind: "files" }, memoryLimit });
  expect(await failed).toMatchObject({ status: "failed", error: { kind: "bad-input" } });
  expect(await commands.pretrainState({})).toBeNull();
});

it("loses nothing where the browser has no room for the model: it is kept once there is", async () => {
  let room: number | null = 100;
  const { commands, kept, until } = session(undefined, () => room);
  await commands.open({ cpu: true });
  await commands.readText({ files });
  const failed = until(over);
  await commands.pretrain({ name: "mine", settings, source: { kind: "files" }, memoryLimit });
  expect(await failed).toMatchObject({ status: "failed", step: 8, error: { message: expect.stringMatching(/100 B/) } });
  expect(await commands.pretrainState({})).toMatchObject({ step: 8 });
  room = null;
  const done = until(over);
  await commands.resumePretrain({ memoryLimit });
  expect(await done).toMatchObject({ status: "done", step: 8, stored: { complete: true } });
  expect((await kept.store.list("")).filter((path) => path.startsWith("pretrain/"))).toEqual([]);
});

it("is told of in another tab while it lasts, is left alone there, and then is over there too", async () => {
  const locks = fakeLocks();
  const first = session(undefined, undefined, locks);
  await first.commands.open({ cpu: true });
  await first.commands.readText({ files });
  const moving = first.until(({ step }) => step > 0);
  await first.commands.pretrain({
    name: "mine",
    settings: { ...settings, steps: 4000 },
    source: { kind: "files" },
    memoryLimit,
  });
  await moving;
  const second = session(first.kept, undefined, locks);
  await second.commands.open({ cpu: true });
  expect(await second.commands.pretrainState({})).toMatchObject({ name: "mine", status: "elsewhere" });
  await expect(second.commands.resumePretrain({ memoryLimit })).rejects.toThrow(/under way in another tab/);
  await expect(second.commands.dropPretrain({})).rejects.toThrow(/under way/);
  // Stopped there, it can be gone on with here; told without being asked.
  const cutOff = second.until(({ status }) => status === "interrupted");
  const stopped = first.until(over);
  await first.commands.stop({});
  expect((await cutOff).step).toBe((await stopped).step);
  await second.commands.dropPretrain({});
  // Done there, nothing of it is left to go on with here.
  await second.commands.readText({ files });
  await second.commands.pretrain({ name: "other", settings, source: { kind: "files" }, memoryLimit });
  await second.commands.pause({});
  expect(await first.commands.pretrainState({})).toMatchObject({ name: "other", status: "elsewhere" });
  await second.commands.resume({});
  await first.gone;
  expect(await first.commands.pretrainState({})).toBeNull();
  expect(await first.commands.listModels({})).toMatchObject([{ name: "other", complete: true }]);
});
