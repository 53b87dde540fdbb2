import { expect, it } from "vitest";
import { memoryByteFolder } from "../core/artifacts/byteFolder";
import { memoryStore, type Store } from "../core/artifacts/store";
import { checkpointLibrary } from "../core/checkpoints/library";
import { presetExperiment } from "../core/config/presets";
import { READY } from "../core/experiments";
import { useWasm } from "../gpu/testWasm";
import type { RunEvent, RunSummary } from "./protocol";
import { createSession } from "./session";

const cpu = useWasm();

type SweepEvent = Extract<RunEvent, { type: "sweep" }>;

/** A page's worker on a store; another one on the same store is what a reload makes. */
function session(store: Store = memoryStore(), name = "first") {
  const rows = new Map<string, RunSummary>();
  const events: SweepEvent[] = [];
  const waiting: [(event: SweepEvent) => boolean, (event: SweepEvent) => void][] = [];
  let ids = 0;
  const commands = createSession({
    store,
    runs: {
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
    },
    library: checkpointLibrary({ folder: memoryByteFolder(), now: () => new Date(0) }),
    codeVersion: "test",
    openCpu: async () => cpu(),
    host: "node",
    newId: () => `${name}${++ids}`,
    now: () => new Date(0),
    emit(event) {
      if (event.type !== "sweep") return;
      events.push(event);
      for (const [fits, tell] of waiting) if (fits(event)) tell(event);
    },
  });
  const heard = (fits: (event: SweepEvent) => boolean) =>
    new Promise<SweepEvent>((resolve) => {
      waiting.push([fits, resolve]);
    });
  return { commands, store, events, heard, rows };
}

const tiny = presetExperiment("tiny");
const base = {
  ...tiny,
  data: {
    ...tiny.data,
    notes: { ...tiny.data.notes, corpusSize: 200, trainQueries: 50, validationQueries: 20, testQueries: 20 },
  },
  stage1: { ...tiny.stage1, steps: 2 },
  stage2: { ...tiny.stage2, steps: 2 },
  evaluation: { ...tiny.evaluation, bootstrap: 100 },
};
const sweep = {
  name: "weights",
  preset: "tiny",
  base,
  seeds: [1],
  systems: ["teacher" as const, "scalingnote" as const],
  axes: [
    { path: "stage2.mseWeight", values: [0, 20] },
    { path: "stage2.cosineWeight", values: [0.5, 2] },
  ],
};
const over = ({ status }: SweepEvent) => status !== "running" && status !== "paused";

it("counts what the ready-made experiments take", async () => {
  const costs = await session(memoryStore()).commands.readyCosts({});
  expect(Object.keys(costs)).toEqual(READY.map(({ key }) => key));
  for (const { small, full } of Object.values(costs)) expect(full.flops).toBeGreaterThan(small.flops);
});

it("plans, runs, stops, survives a reload, goes on and ends with every trial once", async () => {
  // Paused once the first trial is safe: where a person would, but at the same moment each time.
  let measured = () => {};
  const memory = memoryStore();
  const first = session({
    ...memory,
    async write(path, bytes) {
      await memory.write(path, bytes);
      if (/trials\//.test(path)) measured();
    },
  });
  await first.commands.open({ cpu: true });
  const plan = await first.commands.planSweep({ sweep });
  expect(plan).toMatchObject({ trials: 4, stored: 0, seconds: null, idle: [] });

  const stopped = first.heard(over);
  const paused = first.heard(({ status }) => status === "paused");
  measured = () => void first.commands.pauseSweep({});
  const { sweepId } = await first.commands.startSweep({ sweep, stack: 1 });
  // Run and sweep exclude each other, and so do two sweeps; what it uses cannot be taken from under it.
  await expect(first.commands.run({ experiment: base, name: "x" })).rejects.toThrow("A sweep is under way.");
  await expect(first.commands.startSweep({ sweep, stack: 1 })).rejects.toThrow("A sweep is under way.");
  await expect(first.commands.deleteSweep({ sweepId })).rejects.toThrow("This sweep is under way.");
  await expect(first.commands.clearArtifacts({})).rejects.toThrow("A sweep is under way.");
  await paused;
  expect(await first.commands.listSweeps({ owner: true })).toMatchObject([{ id: sweepId, status: "paused" }]);
  await first.commands.stopSweep({});
  expect(await stopped).toMatchObject({ status: "stopped", error: null });
  expect(first.rows.size).toBe(0);

  // A reload: another worker on what is stored, which says that it was under way.
  const path = `sweeps/${sweepId}/sweep.json`;
  const row = JSON.parse(new TextDecoder().decode((await first.store.read(path))!));
  await first.store.write(path, new TextEncoder().encode(JSON.stringify({ ...row, status: "running" })));
  const second = session(memory, "second");
  expect(await second.commands.listSweeps({ owner: false })).toMatchObject([{ status: "running" }]);
  const [found] = await second.commands.listSweeps({ owner: true });
  expect(found).toMatchObject({ id: sweepId, status: "interrupted", total: 4 });
  const before = await second.commands.openSweep({ sweepId });
  expect(before.trials.length).toBe(found!.finished);
  expect(before.jobs.filter(({ status }) => status === "done").length).toBe(before.trials.length);
  expect(before.trials.length).toBeGreaterThan(0);
  expect(before.trials.length).toBeLessThan(4);

  await second.commands.open({ cpu: true });
  const done = second.heard(over);
  await second.commands.resumeSweep({ sweepId });
  expect(await done).toMatchObject({
    status: "done",
    progress: { done: 4 - before.trials.length, skipped: before.trials.length, failed: 0, total: 4, etaSeconds: 0 },
  });
  const after = await second.commands.openSweep({ sweepId });
  expect(after.trials.map(({ trial }) => trial.assignments)).toEqual([
    { "stage2.mseWeight": 0, "stage2.cosineWeight": 0.5 },
    { "stage2.mseWeight": 0, "stage2.cosineWeight": 2 },
    { "stage2.mseWeight": 20, "stage2.cosineWeight": 0.5 },
    { "stage2.mseWeight": 20, "stage2.cosineWeight": 2 },
  ]);
  // The file is one that the command line and another browser read.
  const file = new Blob([await second.commands.exportSweep({ sweepId })]);
  const read = await second.commands.readTrials({ files: [{ path: "trials.jsonl", file }] });
  expect(read).toEqual({ trials: after.trials.map(({ trial }) => trial), failed: 0 });
  // What came by events is what is stored.
  const told = [...first.events, ...second.events].flatMap(({ trials }) => trials.map(({ key }) => key));
  expect(told.sort()).toEqual(after.trials.map(({ key }) => key).sort());

  // The rankings of a record that has none are computed from its towers, and stay with it.
  const { key, trial } = after.trials[3]!;
  const place = `sweeps/${sweepId}/trials/${key}.json`;
  const { rankings, ...bare } = JSON.parse(new TextDecoder().decode((await memory.read(place))!));
  await memory.write(place, new TextEncoder().encode(JSON.stringify(bare)));
  expect(await second.commands.rankTrial({ key })).toEqual(rankings);
  expect((await second.commands.openSweep({ sweepId })).trials[3]!.trial).toEqual(trial);
  await expect(second.commands.rankTrial({ key: "other" })).rejects.toThrow("its record comes from a file");
  const [one] = rankings;
  const ids = [...one.top.teacher, ...one.top.scalingnote];
  const of = { key, config: null, testSet: trial.testSetHash, ids };
  const documents = await second.commands.documents(of);
  expect(new Set(documents.map(({ id }) => id))).toEqual(new Set(ids));
  expect(documents.every(({ text }) => text.length > 0)).toBe(true);
  // A trial from a file says its settings, and its test set which of all collections it was.
  const unknown = { ...of, key: "other", config: trial.config! };
  expect(await second.commands.documents(unknown)).toEqual(documents);
  await expect(second.commands.documents({ ...unknown, testSet: "another" })).rejects.toThrow("not what this trial");
  await expect(second.commands.documents({ ...unknown, config: null })).rejects.toThrow("does not say what its data");
  expect(second.events.at(-1)!.norms).toEqual([]);

  // One teacher served all; an equal trial of another sweep is not run again.
  const { list } = await second.commands.artifacts({});
  expect(list.filter(({ kind }) => kind === "teacher").length).toBe(1);
  expect(list.filter(({ kind }) => kind === "scalingnote").length).toBe(4);
  const narrow = {
    ...sweep,
    name: "again",
    axes: [{ path: "stage2.mseWeight", values: [20] }],
    base: { ...base, stage2: { ...base.stage2, cosineWeight: 2 } },
  };
  expect(await second.commands.planSweep({ sweep: narrow })).toMatchObject({ trials: 1, stored: 1, flops: 0 });
  const again = second.heard((event) => event.sweepId !== sweepId && over(event));
  const { sweepId: other } = await second.commands.startSweep({ sweep: narrow, stack: 4 }).then(async (answer) => {
    expect(await again).toMatchObject({ status: "done", progress: { skipped: 1, done: 0 } });
    return answer;
  });
  expect((await second.commands.openSweep({ sweepId: other })).trials).toMatchObject([
    { trial: { assignments: { "stage2.mseWeight": 20 } } },
  ]);

  await second.commands.clearArtifacts({});
  expect(await second.commands.artifacts({})).toMatchObject({ list: [] });
  await second.commands.deleteSweep({ sweepId });
  await second.commands.deleteSweep({ sweepId: other });
  expect(await second.commands.listSweeps({ owner: true })).toEqual([]);
  expect((await first.store.list("sweeps/")).length).toBe(0);
});

it("refuses in words what cannot be run, keeps nothing of it, and says which axes are idle", async () => {
  const { commands, store } = session();
  await commands.open({ cpu: true });
  const large = { ...sweep, preset: "quick", base: presetExperiment("quick") };
  await expect(commands.startSweep({ sweep: large, stack: 1 })).rejects.toThrow(/on the CPU at most/);
  const out = { ...sweep, axes: [{ path: "stage2.mseWeight", values: [-1] }] };
  await expect(commands.planSweep({ sweep: out })).rejects.toThrow("stage2.mseWeight=-1 is not possible.");
  await expect(commands.resumeSweep({ sweepId: "gone" })).rejects.toThrow("not stored here any more");
  expect(await store.list("sweeps/")).toEqual([]);
  const idle = { ...sweep, axes: [{ path: "student.layers", values: [1, 2] }], systems: ["teacher" as const] };
  expect((await commands.planSweep({ sweep: idle })).idle).toMatchObject([{ path: "student.layers" }]);
});
