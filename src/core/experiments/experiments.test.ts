import { describe, expect, it } from "vitest";
import { SETTINGS } from "../config/paths";
import { costOfSeed } from "../pipeline/sweep/perSeed";
import { readSweep } from "../pipeline/sweep/spec";
import { sweepTrials } from "../pipeline/sweep/trials";
import { lookOf, READY, readyExperiment, readyOfName } from ".";
import { cells, SEEDS, SMALL_FLOPS } from "./types";

const forms = READY.flatMap((one) => [
  { name: `${one.key}, small`, one, form: one.small, small: true },
  { name: `${one.key}, full`, one, form: one.full, small: false },
]);

describe.each(forms)("$name", ({ one, form, small }) => {
  it("parses, expands and asks for what it says", async () => {
    const sweep = readSweep(form.sweep);
    const trials = sweepTrials(sweep); // refuses what does not fit together
    expect(sweep.seeds).toEqual(SEEDS);
    // A list's cells are all different, so that each is a point of its own.
    const { axes, list, mode } = sweep;
    const wanted = mode === "list" ? list.length : axes.reduce((n, { values }) => n * (values?.length ?? 1), 1);
    expect(trials).toHaveLength(wanted * SEEDS.length);
    // Every trial names the same settings: each is an axis with a value everywhere.
    expect(new Set(trials.map(({ assignments }) => Object.keys(assignments).sort().join())).size).toBe(1);
    expect(sweep.systems).toContain(one.look.system);
    if (one.look.view === "ablation")
      for (const path of [one.look.across, one.look.down ?? one.look.across])
        expect(new Set(trials.map(({ assignments }) => assignments[path])).size, path).toBeGreaterThan(1);
    if (!small) return;
    const { flops, trials: perSeed } = await costOfSeed(form.sweep);
    expect(perSeed).toBe(wanted);
    expect(flops).toBeGreaterThan(1e10);
    expect(flops).toBeLessThanOrEqual(SMALL_FLOPS);
  });
});

describe("the list", () => {
  it("has each letter once, in order, with words for everything", () => {
    const keys = READY.map(({ key }) => key);
    expect(keys).toEqual([...new Set(keys)].sort());
    for (const { title, question, expect: expected, source, reading } of READY)
      for (const words of [title, question, expected, source, reading]) expect(words.trim().length).toBeGreaterThan(5);
    const names = READY.flatMap(({ small, full }) => [small.sweep.name, full.sweep.name]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is found by letter and by a sweep's name", () => {
    const c = readyExperiment("c");
    expect(c.look.view).toBe("ablation");
    expect(readyOfName(c.full.sweep.name)).toBe(c);
    expect(readyOfName(null)).toBe(null);
    expect(readyOfName("trials.jsonl")).toBe(null);
    expect(lookOf(c.small.sweep.name, "ablation")).toBe(c.look);
    expect(lookOf(c.small.sweep.name, "scaling")).toBe(null);
    expect(() => readyExperiment("z")).toThrow('There is no ready-made experiment "z".');
  });

  it("gives cells every setting", () => {
    expect(cells({ a: 1, b: 2 }, {}, { b: 3 })).toEqual([
      { a: 1, b: 2 },
      { a: 1, b: 3 },
    ]);
  });
});

describe("what a seed costs", () => {
  it("counts a shared teacher once, and every student", async () => {
    const sweep = (weights: number[]) => ({
      preset: "tiny",
      axes: [{ path: "stage2.mseWeight", values: weights }],
      seeds: [7, 8],
    });
    const [one, two, three] = await Promise.all([[1], [1, 2], [1, 2, 3]].map((w) => costOfSeed(sweep(w))));
    expect([one!.trials, two!.trials, three!.trials]).toEqual([1, 2, 3]);
    const student = two!.flops - one!.flops;
    expect(three!.flops - two!.flops).toBeCloseTo(student, -1);
    expect(student).toBeLessThan(one!.flops / 2);
    expect(SETTINGS.some(({ path }) => path === "stage2.mseWeight")).toBe(true);
    await expect(costOfSeed({ preset: "tiny", base: { data: { source: "files" } } })).rejects.toThrow(
      "known once it is read",
    );
  });
});
