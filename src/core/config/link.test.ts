import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromLink, toLink } from "./link";
import { SETTINGS, withSetting } from "./paths";
import { DEFAULT_PRESET, presetExperiment } from "./presets";
import { experimentSchema } from "./schema";
import { experiments } from "./testExperiments";

const view = fc.oneof(fc.constantFrom("lab", "search", "runs"), fc.string({ unit: "binary", minLength: 1, maxLength: 12 }));

describe("round trip", () => {
  test("every page state comes back from its link, without a notice", () => {
    fc.assert(
      fc.property(view, experiments, (name, { preset, experiment }) => {
        const read = fromLink(toLink({ view: name, preset, experiment }));
        expect(read).toEqual({ view: name, preset, experiment, notices: [] });
      }),
      { numRuns: 300 },
    );
  });

  test("also by way of a URL, as the address bar keeps it", () => {
    fc.assert(
      fc.property(experiments, ({ preset, experiment }) => {
        const { hash } = new URL(toLink({ view: "lab", preset, experiment }), "http://localhost/some/path/");
        expect(fromLink(hash)).toEqual({ view: "lab", preset, experiment, notices: [] });
      }),
    );
  });

  test("a link holds preset, version, seed and what differs, nothing else", () => {
    const experiment = withSetting(presetExperiment("quick"), "stage2.mseWeight", 2.5);
    expect(toLink({ view: "lab", preset: "quick", experiment })).toBe("#/lab?preset=quick&v=1&seed=7&stage2.mseWeight=2.5");
  });
});

describe("hostile links", () => {
  const key = fc.oneof(
    fc.constantFrom(...SETTINGS.map((s) => s.path)),
    fc.constantFrom("preset", "v", "seed", "__proto__", "constructor", "toString", "stage1", "stage1.", ".", "teacher.__proto__.x", "version"),
    fc.string({ unit: "binary" }),
  );
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "NaN", "-Infinity", "1e999", "1e-999", "0x10", "-1", "1.5", "toString", "__proto__", "true", "%"),
    fc.double().map(String),
  );
  const link = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .tuple(fc.string({ unit: "binary" }), fc.array(fc.tuple(key, value), { maxLength: 20 }))
      .map(([name, pairs]) => `#/${name}?${pairs.map(([k, v]) => `${k}=${v}`).join("&")}`),
    fc.array(fc.tuple(key, value), { maxLength: 20 }).map((pairs) => `#/lab?${new URLSearchParams(pairs).toString()}`),
  );

  test("never throw and always give a sound experiment", () => {
    fc.assert(
      fc.property(link, (hash) => {
        const { experiment, notices } = fromLink(hash);
        expect(experimentSchema.parse(experiment)).toEqual(experiment);
        for (const notice of notices) expect(notice.length).toBeLessThanOrEqual(300);
        // What was read once is stable: its own link says the same.
        expect(fromLink(toLink({ view: "lab", preset: "quick", experiment })).experiment).toEqual(experiment);
      }),
      { numRuns: 1000 },
    );
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("a very long key or very many of them take no noticeable time", () => {
    const from = performance.now();
    const long = fromLink(`#/lab?${"a".repeat(100_000)}=1`);
    const many = fromLink(`#/lab?${Array.from({ length: 5000 }, (_, i) => `key${i}=1`).join("&")}`);
    expect(long.notices).toHaveLength(1);
    expect(many.notices.length).toBeGreaterThan(0);
    expect(many.notices.length).toBeLessThanOrEqual(101);
    expect(performance.now() - from).toBeLessThan(3000);
  });
});

describe("notices", () => {
  const notices = (query: string) => fromLink(`#/lab?${query}`).notices;

  test("an empty address is the default, silently", () => {
    for (const hash of ["", "#", "#/", "#/lab", "#/lab?"])
      expect(fromLink(hash)).toEqual({
        view: "lab",
        preset: DEFAULT_PRESET,
        experiment: presetExperiment(DEFAULT_PRESET),
        notices: [],
      });
  });

  test("a value out of range is clamped and the notice names setting, value and bound", () => {
    const read = fromLink("#/lab?stage2.mseWeight=5000&teacher.layers=0&training.batch=3.4");
    expect(read.experiment.stage2.mseWeight).toBe(1000);
    expect(read.experiment.teacher.layers).toBe(1);
    expect(read.experiment.training.batch).toBe(3);
    expect(read.notices).toHaveLength(3);
    expect(read.notices.find((n) => n.includes("stage2.mseWeight"))).toMatch(/5000.*1000/);
  });

  test("unknown keys, presets, choices and versions are named", () => {
    expect(notices("stage2.mseWieght=2")).toEqual([expect.stringMatching(/stage2\.mseWieght.*stage2\.mseWeight/)]);
    expect(notices("preset=huge")).toEqual([expect.stringMatching(/huge.*quick/)]);
    expect(notices("preset=__proto__")).toHaveLength(1);
    expect(notices("student.kind=giant")).toEqual([expect.stringMatching(/student\.kind.*giant.*encoder/)]);
    expect(notices("student.kind=toString")).toHaveLength(1);
    expect(notices("teacher.sharedTowers=perhaps")).toEqual([expect.stringContaining("teacher.sharedTowers")]);
    expect(notices("training.batch=many")).toEqual([expect.stringMatching(/training\.batch.*many.*2 to 4096/)]);
    expect(notices("v=2")).toEqual([expect.stringContaining("newer")]);
    expect(notices("v=0")).toEqual([expect.stringContaining("another version")]);
    expect(notices("v=x")).toEqual([expect.stringContaining("another version")]);
  });

  test("one bad value does not cost the good ones", () => {
    const read = fromLink("#/lab?training.batch=many&stage2.mseWeight=3&nonsense=1&seed=11");
    expect(read.experiment.stage2.mseWeight).toBe(3);
    expect(read.experiment.seed).toBe(11);
    expect(read.notices).toHaveLength(2);
  });
});
