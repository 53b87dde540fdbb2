import { describe, expect, it } from "vitest";
import type { Gpu } from "../../../gpu/device";
import { plainOps } from "../../../gpu/plainOps";
import { useWasm } from "../../../gpu/testWasm";
import { memoryStore, type Store } from "../../artifacts/store";
import { LabError } from "../../errors";
import { worstFirst } from "../../evaluation/gaps";
import { random } from "../../random";
import { toyDataset } from "../../training/toy";
import { createControl, type RunControl } from "../control";
import { rankTrial } from "./rankTrial";
import { type DoneTrial, type TrialRecord, trialRecordSchema } from "./record";
import type { SweepOptions } from "./runSweep";
import { ABLATION, BASE, done, runTestSweep, sweepOf } from "./runSweep.test-helper";
import { listArtifacts } from "./stageStore";
import { storeTrialLog } from "./trialLog";

const cpu = useWasm();
// The CPU in a GPU's place: nothing is compiled, and what is tested here does not depend on who computes.
const run = (options: Partial<SweepOptions> = {}) => runTestSweep(cpu(), plainOps, options);

/** All but times. */
const steady = (records: readonly TrialRecord[]) => records.map(({ seconds: _s, ...rest }) => rest);

/** The undisturbed sweep, one trial after the other: made once. */
let whole: ReturnType<typeof run> | null = null;
const oneByOne = () => {
  whole ??= run({});
  return whole;
};

describe("a sweep", () => {
  it("runs all trials on one teacher, and says everything of each", async () => {
    const { records, heard, store } = await oneByOne();
    expect(records).toHaveLength(4);
    for (const record of records) expect(trialRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(records.map(({ assignments }) => Object.values(assignments))).toEqual([
      [0, 0.5],
      [0, 2],
      [20, 0.5],
      [20, 2],
    ]);
    const kinds = (await listArtifacts(store)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(["index", "queries", ...Array(4).fill("scalingnote"), "teacher"]);
    expect(heard.progress.at(-1)).toEqual({ done: 4, failed: 0, skipped: 0, total: 4, etaSeconds: 0 });
    expect(heard.progress.some(({ etaSeconds }) => etaSeconds !== null && etaSeconds > 0)).toBe(true);
    expect(heard.stacks).toEqual([]);
    const [first] = done(records) as [DoneTrial, ...DoneTrial[]];
    const { teacher, scalingnote, bm25 } = first.systems;
    expect(first.changes.map(({ path }) => path)).toEqual(["stage2.mseWeight", "stage2.cosineWeight"]);
    expect(first.testSetHash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(records.map((record) => JSON.stringify(done([record])[0]!.systems.teacher))).size).toBe(1);
    expect(teacher!.entropy!.scaled.value).toBeLessThan(6);
    expect(scalingnote!.entropy).toMatchObject({ temperature: 0.05, fitted: false });
    const { scaled, byQuery } = scalingnote!.entropy!;
    const weigh = byQuery!.pairs.reduce((sum, count, i) => sum + count * (byQuery!.scaled[i] ?? 0), 0);
    expect(weigh / byQuery!.pairs.reduce((a, b) => a + b)).toBeCloseTo(scaled.value!, 5);
    expect(byQuery!.raw).toHaveLength(40);
    expect(bm25!.entropy).toBeNull();
    expect([teacher!.steps, scalingnote!.steps, bm25!.steps]).toEqual([8, 12, 0]);
    expect(teacher!.pairsSeen).toBe(64);
    expect(scalingnote!.trainingFlops).toBeGreaterThan(teacher!.trainingFlops);
    expect(scalingnote!.queryParams).toBeLessThan(teacher!.queryParams);
    expect(scalingnote!.documentParams).toBe(teacher!.documentParams);
    expect(Object.keys(scalingnote!.loss!.terms)).toEqual(["mse", "cosine"]);
    expect(scalingnote!.validation!["cosine"]).toBeGreaterThan(-1);
    expect(teacher!.retention!.value).toBe(1);
    expect(teacher!.cost).toBeNull();
    const values = teacher!.perQuery["recall@10"]!;
    expect(values).toHaveLength(40);
    const mean = (values as number[]).reduce((a, b) => a + b, 0) / values.length;
    expect(mean).toBeCloseTo(teacher!.metrics["recall@10"].value!, 6);
  });

  it("keeps both rankings of the queries on which a system loses most", async () => {
    const { records } = await oneByOne();
    for (const { rankings, systems } of done(records)) {
      const student = systems.scalingnote!.perQuery["recall@10"]!;
      const teacher = systems.teacher!.perQuery["recall@10"]!;
      const worst = worstFirst(student, teacher, false).filter(({ gap }) => gap > 0);
      expect(worst.length).toBeGreaterThan(0);
      for (const { query } of worst.slice(0, 20)) {
        const kept = rankings!.find(({ place }) => place === query)!;
        // The kept lists are those that the figures were computed from.
        const recall = (ids: readonly string[]) =>
          ids.filter((id) => id in kept.relevant).length / Object.keys(kept.relevant).length;
        expect(recall(kept.top.scalingnote!)).toBeCloseTo(student[query]!, 6);
        expect(recall(kept.top.teacher!)).toBeCloseTo(teacher[query]!, 6);
        expect(kept.top.teacher).toHaveLength(10);
        expect(kept.text.length).toBeGreaterThan(0);
      }
      expect(rankings!.map(({ place }) => place)).toEqual(rankings!.map(({ place }) => place).sort((a, b) => a - b));
    }
    const alone = await run({ sweep: sweepOf({ systems: ["bm25"] }) });
    expect(done(alone.records)[0]).not.toHaveProperty("rankings");
  });

  it("ranks a trial again from its towers alone, and says where those are gone", async () => {
    const { store, records } = await oneByOne();
    const [first] = done(records) as [DoneTrial, ...DoneTrial[]];
    const rank = (from: Store) =>
      rankTrial(first, {
        gpu: cpu(),
        ops: plainOps,
        adapter: first.adapter,
        store: from,
        collection: async ({ seed }) => toyDataset(seed, 300),
        prepare: async () => null,
        now: () => 0,
      });
    const before = await store.list("artifacts/");
    expect(await rank(store)).toEqual(first.rankings);
    expect(await store.list("artifacts/")).toEqual(before);
    await expect(rank(memoryStore())).rejects.toThrow("The towers of this trial are not kept any more.");
  });

  it("tells how strongly each term pulls, while it trains", async () => {
    const alone = await oneByOne();
    const few = sweepOf({ axes: [{ path: "stage2.mseWeight", values: [0, 20] }], systems: ["scalingnote"] });
    const beside = await run({ sweep: few, stack: 2 });
    expect(beside.heard.stacks).toContain(2);
    for (const { records, heard } of [alone, beside])
      for (const { key } of records) {
        const told = heard.norms.filter((one) => one.key === key);
        expect(told.map(({ step }) => step)).toEqual(expect.arrayContaining([5, 10, 12]));
        for (const { metrics } of told)
          expect(Object.keys(metrics)).toEqual(expect.arrayContaining(["gradNorm.mse", "gradNorm.cosine"]));
      }
  });

  it("skips what is stored, also of another sweep, and reuses its towers", async () => {
    const { store, records } = await oneByOne();
    const again = await run({ store, control: forbidden() });
    expect(again.records).toEqual(records);
    expect(again.heard.trials.map(([, status]) => status)).toEqual(Array(4).fill("skipped"));
    const before = (await store.list("artifacts/teacher/")).length;
    const wider = await run({
      store,
      sweep: sweepOf({ axes: [{ path: "stage2.mseWeight", values: [20, 3] }], systems: ABLATION.systems }),
    });
    expect(wider.records).toHaveLength(2);
    expect((await store.list("artifacts/teacher/")).length).toBe(before);
  });
});

/** How often stages of each kind were made whole in a store. */
function countingStore(): { store: Store; made: Map<string, number> } {
  const store = memoryStore();
  const made = new Map<string, number>();
  return {
    made,
    store: {
      ...store,
      write(path, bytes) {
        const kind = /^artifacts\/(\w+)\/.*\/done\.json$/.exec(path)?.[1];
        if (kind) made.set(kind, (made.get(kind) ?? 0) + 1);
        return store.write(path, bytes);
      },
    },
  };
}

describe("what trials share is made once", () => {
  it("by students side by side too", async () => {
    const { store, made } = countingStore();
    const { heard } = await run({ store, stack: 8 });
    expect(heard.stacks.length).toBeGreaterThan(0);
    expect(Object.fromEntries(made)).toEqual({ teacher: 1, index: 1, scalingnote: 4 });
  });

  it("noise in the test queries and vectors cut short train nothing, and are measured of teacher and student alike", async () => {
    const { store, made } = countingStore();
    const sweep = sweepOf({
      base: { ...BASE, stage1: { steps: 60 }, stage2: { steps: 40 } },
      axes: [
        { path: "evaluation.typos", values: [0, 0.9] },
        { path: "evaluation.dimensions", values: [2, 0] },
      ],
      systems: ["teacher", "scalingnote", "bm25"],
    });
    const [cut, clean, cutNoisy, noisy] = done((await run({ store, sweep })).records) as DoneTrial[];
    expect(Object.fromEntries(made)).toEqual({ teacher: 1, index: 1, scalingnote: 1 });
    const recall = (trial: DoneTrial | undefined, system: "teacher" | "scalingnote") =>
      trial!.systems[system]!.metrics["recall@10"].value!;
    for (const system of ["teacher", "scalingnote"] as const) {
      expect(recall(noisy, system), system).toBeLessThan(recall(clean, system));
      expect(recall(cut, system), system).toBeLessThan(recall(clean, system));
    }
    for (const trial of [cut, clean, cutNoisy, noisy]) {
      const { teacher, scalingnote } = trial!.systems;
      const kept = scalingnote!.metrics["recall@10"].value! / teacher!.metrics["recall@10"].value!;
      expect(scalingnote!.retention!.value).toBeCloseTo(kept, 6);
    }
    // Other queries are another test set; other vectors are not.
    expect(noisy!.testSetHash).not.toBe(clean!.testSetHash);
    expect(cut!.testSetHash).toBe(clean!.testSetHash);
    expect(cutNoisy!.testSetHash).toBe(noisy!.testSetHash);
  });
});

/** A control under which nothing may run. */
function forbidden(): RunControl {
  const control = createControl();
  control.stop();
  return control;
}

describe("a sweep that is cut off anywhere", () => {
  // Every kind of stage is there to be cut off.
  const all = sweepOf({
    systems: ["teacher", "scalingnote", "scalingdoc", "twinbert", "bm25"],
  });
  it.each([
    { stack: 1, sweep: all },
    { stack: 8, sweep: ABLATION },
  ])(
    "ends with the same records (students side by side: $stack)",
    async ({ stack, sweep }) => {
      const whole = await run({ sweep, stack });
      const r = random(3, "cut", stack);
      const store = memoryStore();
      let records: TrialRecord[] | null = null;
      let cuts = 0;
      for (; !records && cuts < 30; cuts++) {
        // Cut by the store, in the middle of whatever it is that writes, or by a user who pauses and leaves.
        const byStore = cuts % 2 === 0;
        let left = 8 + r.int(byStore ? 12 : 24);
        const broken: Store = {
          ...store,
          async write(path, bytes) {
            if (byStore && left-- === 0) throw new Error("the power is gone");
            return store.write(path, bytes);
          },
        };
        const control = createControl();
        const gate = control.gate.bind(control);
        control.gate = async (...args) => {
          if (!byStore && left-- === 0) control.stop();
          return gate(...args);
        };
        try {
          ({ records } = await run({ sweep, stack, store: broken, log: storeTrialLog(broken), control }));
        } catch (error) {
          if (byStore) expect(String(error)).toContain("the power is gone");
          else expect(error).toMatchObject({ kind: "stopped" });
        }
      }
      expect(cuts).toBeGreaterThan(3);
      expect(steady(records!)).toEqual(steady(whole.records));
    },
    300_000,
  );
});

describe("a trial that fails", () => {
  it("is written down in words, and the others go on", async () => {
    const sweep = sweepOf({
      base: { ...BASE, training: { ...BASE.training, memoryLimit: 16 } },
      axes: [{ path: "student.vocabulary", values: [50_000, 512] }],
      systems: ["teacher", "scalingnote"],
    });
    const { records, heard, store } = await run({ sweep });
    expect(records.map(({ status }) => status)).toEqual(["failed", "done"]);
    const [failed] = records;
    expect(failed).toMatchObject({ error: { kind: "bad-setting", message: expect.stringContaining("memory limit") } });
    expect(trialRecordSchema.parse(JSON.parse(JSON.stringify(failed)))).toEqual(failed);
    expect(heard.progress.at(-1)).toMatchObject({ done: 1, failed: 1 });
    // It is not tried again unless asked for.
    expect((await run({ sweep, store })).heard.trials.map(([, status]) => status)).toEqual(["failed", "skipped"]);
    const retried = await run({ sweep, store, retry: true });
    expect(retried.heard.trials.map(([, status]) => status)).toEqual(["skipped", "running", "failed"]);
  });

  it("ends the sweep where it is the machine's failure", async () => {
    const store = memoryStore();
    const broken = { ...store, write: () => Promise.reject(new LabError("bad-input", "the disk is full", "")) };
    await expect(run({ store: broken })).rejects.toThrow("the disk is full");
    expect(await store.list("trials/")).toEqual([]);
  });
});

describe("what ends a sweep", () => {
  it("is a record that cannot be written: it is no failure of the trial's", async () => {
    const written: TrialRecord[] = [];
    const log = {
      read: async () => [],
      append: async (record: TrialRecord) => {
        written.push(record);
        throw new LabError("bad-input", "the disk is full", "");
      },
    };
    const sweep = sweepOf({ systems: ["bm25"] });
    await expect(run({ sweep, log })).rejects.toThrow("the disk is full");
    expect(written.map(({ status }) => status)).toEqual(["done"]);
  });

  it("is a device that refuses: the trial is written down, the others wait for another device", async () => {
    const store = memoryStore();
    const refused = new LabError("gpu-refused", "out of memory", "take less");
    let failed: LabError | null = null;
    const gpu = Object.create(cpu(), { failure: { value: () => failed } }) as Gpu;
    const prepare = async () => {
      failed = refused;
      throw new Error("what it led to");
    };
    await expect(run({ store, gpu, prepare })).rejects.toBe(refused);
    const stored = await storeTrialLog(store).read();
    expect(stored).toMatchObject([{ status: "failed", error: { message: "out of memory", remedy: "take less" } }]);
    // Without its device's failure the rest is done.
    const { records } = await run({ store });
    expect(records.map(({ status }) => status)).toEqual(["failed", "done", "done", "done"]);
  });

  it("is a fault of the program, and a device that is lost: nothing is written down", async () => {
    for (const error of [new TypeError("a fault"), new LabError("device-lost", "gone", "again")]) {
      const store = memoryStore();
      await expect(run({ store, prepare: () => Promise.reject(error) })).rejects.toBe(error);
      expect(await storeTrialLog(store).read()).toEqual([]);
    }
  });
});

describe("the store's limit", () => {
  it("lets artifacts go that are not in use, and changes no figure", async () => {
    const { records } = await oneByOne();
    const bounded = await run({ limit: 1 });
    expect(steady(bounded.records)).toEqual(steady(records));
    const left = (await listArtifacts(bounded.store)).map(({ kind }) => kind);
    expect(left.filter((kind) => kind === "scalingnote")).toHaveLength(1);
  });
});
