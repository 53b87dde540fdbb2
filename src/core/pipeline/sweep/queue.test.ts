import { describe, expect, it } from "vitest";
import { presetExperiment } from "../../config/presets";
import { toyDataset } from "../../training/toy";
import { artifactsOf, nameOf, planJobs, secondsFor, workOf } from "./queue";
import { readSweep } from "./spec";

const at = { codeVersion: "test", collection: async () => toyDataset() };
const sweep = readSweep({
  preset: "tiny",
  base: { data: { source: "files" } },
  axes: [
    { path: "stage2.mseWeight", values: [1, 2, 3] },
    { path: "teacher.width", values: [16, 32] },
  ],
  seeds: [1, 2],
});

describe("the queue", () => {
  it("keeps the trials of a teacher together, and shards them evenly", async () => {
    const jobs = await planJobs(sweep, at);
    const teachers = jobs.map(({ keys }) => keys.teacher);
    expect(jobs).toHaveLength(12);
    expect(teachers.filter((key, i) => key !== teachers[i - 1])).toHaveLength(4);
    for (const of of [2, 5, 13]) {
      const shards = await Promise.all(Array.from({ length: of }, (_, i) => planJobs(sweep, at, { index: i + 1, of })));
      expect(shards.flat().map(({ key }) => key)).toEqual(jobs.map(({ key }) => key));
      const sizes = shards.map((shard) => shard.length).sort((a, b) => a - b);
      expect(sizes.at(-1)! - sizes[0]!).toBeLessThanOrEqual(1);
    }
    await expect(planJobs(sweep, at, { index: 3, of: 2 })).rejects.toThrow("no shard 3 of 2");
  });

  it("names what may be trained side by side: what differs in loss weights alone", async () => {
    const jobs = await planJobs(sweep, at);
    const stacks = new Map<string, number>();
    for (const { stack } of jobs) stacks.set(stack!, (stacks.get(stack!) ?? 0) + 1);
    expect([...stacks.values()]).toEqual([3, 3, 3, 3]);
  });
});

describe("a trial's work", () => {
  it("is what is not there yet, and a teacher's is counted once", async () => {
    const [first, second] = await planJobs(sweep, at);
    const whole = new Set<string>();
    const systems = ["teacher", "scalingnote"] as const;
    const [a, b] = [workOf(first!, systems, whole, false), workOf(second!, systems, whole, false)];
    expect([a.kind, b.kind]).toEqual(["teacher index queries scalingnote", "scalingnote"]);
    expect(b.flops).toBeLessThan(a.flops / 2);
    for (const artifact of artifactsOf(systems)) expect(whole).toContain(nameOf(artifact, first!.keys[artifact]));
    expect(workOf(second!, systems, whole, true)).toMatchObject({ kind: "" });
    expect(workOf({ ...first!, stack: "x" }, systems, new Set(), true).kind).toMatch(/side by side$/);
    const { experiment } = first!.trial;
    expect(experiment.stage1).toEqual(presetExperiment("tiny").stage1);
  });
});

describe("the time to go", () => {
  const done = [
    { kind: "teacher student", flops: 100, seconds: 50 },
    { kind: "student", flops: 10, seconds: 2 },
    { kind: "student", flops: 10, seconds: 4 },
  ];
  it("is that of trials of the same kind, by their work; of other kinds that of all", () => {
    expect(secondsFor([{ kind: "student", flops: 20 }], done)).toBeCloseTo(6);
    expect(secondsFor([{ kind: "baseline", flops: 12 }], done)).toBeCloseTo((12 * 56) / 120);
    expect(secondsFor([], done)).toBe(0);
  });
  it("is not known before any is done", () => {
    expect(secondsFor([{ kind: "student", flops: 20 }], [])).toBeNull();
    expect(secondsFor([], [])).toBe(0);
  });
});
