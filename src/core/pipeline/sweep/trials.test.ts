import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyValue } from "../../config/arbitrary.test-helper";
import { getSetting, SETTINGS, type SettingEntry, settingEntry } from "../../config/paths";
import { presetExperiment } from "../../config/presets";
import { checkSetting } from "../../config/read";
import { LabError } from "../../errors";
import { readSweep, type SweepInput } from "./spec";
import { changesOf, gridOf, sweepTrials, trialKey, wordsOf } from "./trials";

const sweepOf = (input: SweepInput) => readSweep({ preset: "tiny", ...input });
const refusal = (input: unknown): LabError => {
  try {
    sweepTrials(readSweep(input));
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};
// Settings that go with every value of the others.
const FREE = ["stage2.mseWeight", "stage2.learningRate", "stage1.steps", "training.warmup", "stage1.learnTemperature"];

/** Axes of different settings with some values each. */
const anyAxes = fc
  .shuffledSubarray(FREE, { minLength: 1, maxLength: 3 })
  .chain((paths) =>
    fc.tuple(
      ...paths.map((path) =>
        fc
          .array(anyValue(settingEntry(path) as SettingEntry), { minLength: 1, maxLength: 4 })
          .map((values) => ({ path, values })),
      ),
    ),
  );

describe("a grid", () => {
  it("has every combination with every seed once, the last axis fastest", () => {
    const seeds = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyAxes, seeds, (axes, seeds) => {
        const trials = sweepTrials(sweepOf({ axes, seeds }));
        const distinct = axes.map(({ values }) => new Set(values.map((v) => String(v === 0 ? 0 : v))).size);
        expect(trials).toHaveLength(distinct.reduce((a, b) => a * b, 1) * seeds.length);
        expect(new Set(trials.map((t) => JSON.stringify(t.experiment))).size).toBe(trials.length);
        for (const { assignments, seed, experiment } of trials) {
          expect(experiment.seed).toBe(seed);
          expect(Object.keys(assignments)).toEqual(axes.map(({ path }) => path));
          for (const { path, values } of axes) {
            expect(getSetting(experiment, path)).toBe(assignments[path]);
            expect(values.map((v) => (v === 0 ? 0 : v))).toContain(assignments[path]);
          }
        }
      }),
      { numRuns: 50 },
    );
    expect(
      gridOf([
        { path: "a", values: [1, 2] },
        { path: "b", values: [3, 4] },
      ]).map(wordsOf),
    ).toEqual(["a=1 b=3", "a=1 b=4", "a=2 b=3", "a=2 b=4"]);
    expect(gridOf([])).toEqual([{}]);
  });

  it("says what each trial changes", () => {
    const sweep = sweepOf({ axes: [{ path: "stage1.steps", values: [30, 40] }], seeds: [3] });
    expect(sweepTrials(sweep).map((trial) => changesOf(sweep.base, trial))).toEqual([
      [],
      [{ path: "stage1.steps", from: 30, to: 40 }],
    ]);
  });
});

describe("a random sweep", () => {
  const numbers = SETTINGS.filter(({ kind, path }) => kind === "number" && path !== "seed");

  it("draws within each setting's range, can be run, and grows without changing", () => {
    for (const entry of [...numbers, settingEntry("student.kind"), settingEntry("stage1.learnTemperature")]) {
      const of = (samples: number, more: SweepInput["axes"] = []) =>
        sweepTrials(sweepOf({ mode: "random", axes: [{ path: entry.path }, ...more!], samples, seeds: [1] }));
      const few = of(8);
      for (const { experiment } of few) {
        const value = getSetting(experiment, entry.path);
        expect(checkSetting(entry.path, value)).toBe(value);
      }
      const many = of(16).map(({ assignments }) => assignments[entry.path]);
      for (const { assignments } of few) expect(many).toContain(assignments[entry.path]);
    }
    const pair = (samples: number) =>
      sweepTrials(
        sweepOf({ mode: "random", axes: [{ path: "stage2.mseWeight" }, { path: "stage2.learningRate" }], samples }),
      ).map(({ assignments }) => assignments);
    expect(pair(12).slice(0, 5)).toEqual(pair(5));
  });

  it("draws rates in ratios, weights in differences", () => {
    const drawn = (path: string, min: number, max: number) =>
      sweepTrials(sweepOf({ mode: "random", axes: [{ path, min, max }], samples: 400, seeds: [1] })).map(
        ({ assignments }) => assignments[path] as number,
      );
    const rates = drawn("stage2.learningRate", 1e-4, 1e-2);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    const below = (values: number[], limit: number) => values.filter((v) => v < limit).length / values.length;
    expect(Math.abs(below(rates, 1e-3) - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(below(drawn("stage2.mseWeight", 0, 100), 50) - 0.5)).toBeLessThan(0.1);
  });

  it("picks from values where they are named, and moves what does not fit", () => {
    const axes = [{ path: "teacher.heads" }, { path: "teacher.width", values: [16, 24] }];
    const trials = sweepTrials(sweepOf({ mode: "random", axes, samples: 30, seeds: [1] }));
    for (const { assignments, experiment } of trials) {
      expect([16, 24]).toContain(assignments["teacher.width"]);
      expect(experiment.teacher.width % experiment.teacher.heads).toBe(0);
      expect(assignments["teacher.heads"]).toBe(experiment.teacher.heads);
    }
  });
});

describe("a list", () => {
  it("is taken as it stands, equal ones once", () => {
    const list = [{ "stage1.steps": 5 }, {}, { "stage1.steps": 30 }, { "stage2.steps": 5, "stage1.steps": 6 }];
    const trials = sweepTrials(sweepOf({ mode: "list", list, seeds: [1, 2] }));
    // The third is what the preset has.
    expect(trials.map(({ assignments }) => wordsOf(assignments))).toEqual([
      "stage1.steps=5",
      "stage1.steps=5",
      "",
      "",
      "stage2.steps=5 stage1.steps=6",
      "stage2.steps=5 stage1.steps=6",
    ]);
  });
});

describe("a sweep", () => {
  it("comes back from JSON as it was", () => {
    const sweep = sweepOf({ axes: [{ path: "stage1.steps", values: [1, 2] }], systems: ["bm25", "teacher"] });
    expect(sweep.systems).toEqual(["teacher", "bm25"]);
    expect(readSweep(JSON.parse(JSON.stringify(sweep)))).toEqual(sweep);
    expect(readSweep({}).base).toEqual(presetExperiment("quick"));
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", null, /^This is not a sweep/],
    ["an unknown field", { axis: [] }, /axis/],
    ["an unknown preset", { preset: "toString" }, /no preset "toString"/],
    ["a base out of range", { base: { stage1: { steps: -1 } } }, /^base: stage1\.steps -1 is under the limit/],
    ["an unknown setting", { axes: [{ path: "stage1.stepz", values: [1] }] }, /no setting "stage1\.stepz"/],
    ["a value out of range", { axes: [{ path: "stage1.steps", values: [0] }] }, /^stage1\.steps=0 is not possible/],
    ["a wrong kind", { axes: [{ path: "student.kind", values: [3] }] }, /^student\.kind=3 is not possible/],
    ["no values", { axes: [{ path: "stage1.steps" }] }, /has no values/],
    ["a seed axis", { axes: [{ path: "seed", values: [1] }] }, /seed is no setting to vary/],
    ["an axis twice", { axes: [1, 2].map((v) => ({ path: "stage1.steps", values: [v] })) }, /on two axes/],
    ["bounds at odds", { mode: "random", axes: [{ path: "stage1.steps", min: 5, max: 2 }] }, /from 5 to 2/],
    ["bounds of no number", { mode: "random", axes: [{ path: "student.kind", min: 1 }] }, /not a number/],
    ["a list with axes", { mode: "list", axes: [{ path: "stage1.steps", values: [1] }] }, /no axes/],
    ["no seeds", { seeds: [] }, /seeds/],
    ["an unknown system", { systems: ["gpt"] }, /systems/],
    [
      "what does not fit together",
      { preset: "tiny", axes: [{ path: "teacher.heads", values: [7] }] },
      /^The trial teacher\.heads=7 does not fit together/,
    ],
    [
      "too many",
      { axes: FREE.slice(0, 3).map((path) => ({ path, values: Array.from({ length: 30 }, (_, i) => 1 / (i + 10)) })) },
      /not possible|27,000 combinations/,
    ],
  ])("is refused with %s", (_, input, message) => {
    const error = refusal(input);
    expect(error.kind).toBe("bad-setting");
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(/\S/);
  });
});

describe("a trial's key", () => {
  it("changes with experiment, data, systems and code, and with nothing else", async () => {
    const experiment = presetExperiment("tiny");
    const at = { data: "d", systems: ["teacher" as const], codeVersion: "1" };
    const key = await trialKey(experiment, at);
    expect(await trialKey(structuredClone(experiment), { ...at })).toBe(key);
    const others = [
      trialKey({ ...experiment, seed: 8 }, at),
      trialKey(experiment, { ...at, data: "e" }),
      trialKey(experiment, { ...at, systems: ["teacher", "bm25"] }),
      trialKey(experiment, { ...at, codeVersion: "2" }),
    ];
    expect(new Set([key, ...(await Promise.all(others))]).size).toBe(5);
  });
});
