import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getSetting, SETTINGS, withSetting } from "./paths";
import { presetExperiment } from "./presets";
import { fitSetting, readExperiment } from "./read";
import { experimentSchema, SCHEMA_VERSION } from "./schema";
import { experiments } from "./testExperiments";

const base = presetExperiment("quick");

describe("readExperiment", () => {
  test("takes a sound experiment as it is, also from JSON", () => {
    fc.assert(
      fc.property(experiments, ({ experiment }) => {
        const stored: unknown = JSON.parse(JSON.stringify(experiment));
        expect(readExperiment(stored, base)).toEqual({ experiment, notices: [] });
      }),
    );
  });

  test("makes something sound of anything, and never changes what it was given", () => {
    const wild = fc.record(
      {
        version: fc.jsonValue(),
        seed: fc.jsonValue(),
        teacher: fc.oneof(fc.jsonValue(), fc.record({ width: fc.jsonValue(), heads: fc.integer(), prompt: fc.string({ maxLength: 500 }) })),
        student: fc.oneof(fc.jsonValue(), fc.record({ kind: fc.jsonValue(), layers: fc.double() })),
        stage2: fc.record({ mseWeight: fc.double(), cosineWeight: fc.double() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), wild), (input) => {
        const before = JSON.stringify(base);
        const { experiment, notices } = readExperiment(input, base);
        expect(experimentSchema.parse(experiment)).toEqual(experiment);
        for (const notice of notices) expect(notice.length).toBeLessThanOrEqual(300);
        expect(readExperiment(experiment, base)).toEqual({ experiment, notices: [] });
        expect(JSON.stringify(base)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  test("leaves out what is not said to the base, or to the defaults", () => {
    expect(readExperiment({ seed: 3 }, presetExperiment("tiny"))).toEqual({
      experiment: { ...presetExperiment("tiny"), seed: 3 },
      notices: [],
    });
    expect(readExperiment({})).toEqual({ experiment: experimentSchema.parse({}), notices: [] });
  });

  test("says what is unknown, of another version, or no experiment at all", () => {
    const { notices, experiment } = readExperiment({
      version: SCHEMA_VERSION + 1,
      sed: 4,
      stage2: { mseWieght: 2 },
      stage1: 5,
      embeddingSize: 32,
    });
    expect(experiment.embeddingSize).toBe(32);
    for (const part of [/version 2/, /\bsed\b/, /stage2\.mseWieght.*stage2\.mseWeight/, /stage1\b/])
      expect(notices.filter((notice) => part.test(notice))).toHaveLength(1);
    for (const input of [null, undefined, 3, "x", []]) expect(readExperiment(input).notices).toHaveLength(1);
  });
});

describe("fitSetting", () => {
  const numbers = SETTINGS.filter((s) => s.kind === "number").map((entry) => [entry.path, entry] as const);

  test.each(numbers)("%s: out of range is set to the nearest bound and told", (path, entry) => {
    const { min, max } = entry.info as { min: number; max: number };
    const over = fitSetting(entry, max * 2 + 1, entry.default);
    expect(over).toEqual({ value: max, notice: expect.stringContaining(path) });
    expect(over.notice).toContain(String(max * 2 + 1));
    expect(fitSetting(entry, min - 1, entry.default)).toEqual({ value: min, notice: expect.stringContaining(path) });
    for (const bound of [min, max]) expect(fitSetting(entry, bound, entry.default)).toEqual({ value: bound });
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, "7", null, {}])
      expect(fitSetting(entry, wrong, entry.default)).toEqual({ value: entry.default, notice: expect.stringContaining(path) });
    if (entry.info.integer)
      expect(fitSetting(entry, min + 0.4, entry.default)).toEqual({ value: min, notice: expect.stringContaining("whole") });
  });

  test("text too long is cut, in whole characters", () => {
    const entry = SETTINGS.find((s) => s.path === "teacher.prompt")!;
    const cut = fitSetting(entry, `${"a".repeat(199)}😀`, "");
    expect(cut.value).toBe("a".repeat(199));
    expect(cut.notice).toContain("teacher.prompt");
  });
});

describe("rules between settings", () => {
  const read = (changes: Record<string, string | number>) => {
    let wanted = base;
    for (const [path, value] of Object.entries(changes)) wanted = withSetting(wanted, path, value);
    return readExperiment(wanted, base);
  };

  test("heads divide the width, and key heads the heads", () => {
    fc.assert(
      fc.property(experiments, ({ experiment: { teacher, student } }) => {
        expect(teacher.width % teacher.heads).toBe(0);
        expect((teacher.width / teacher.heads) % 2).toBe(0);
        expect(teacher.heads % teacher.kvHeads).toBe(0);
        if (student.kind === "lookup") return;
        expect(student.layers).toBeGreaterThan(0);
        expect(student.width % student.heads).toBe(0);
        if (student.kind === "decoder") expect((student.width / student.heads) % 2).toBe(0);
      }),
    );
    const { experiment, notices } = read({ "teacher.width": 64, "teacher.heads": 5 });
    expect(experiment.teacher.heads).toBe(4);
    expect(notices).toEqual([expect.stringMatching(/^teacher\.heads 5 .*64.*set to 4\.$/)]);
  });

  test.each([
    [{ "teacher.width": 511 }, "teacher.width", 512],
    [{ "student.kind": "decoder", "student.width": 31 }, "student.width", 32],
    [{ "student.layers": 0 }, "student.layers", 1],
    [{ "stage2.mseWeight": 0, "stage2.cosineWeight": 0 }, "stage2.cosineWeight", 1],
    [{ "teacher.heads": 4, "teacher.kvHeads": 3 }, "teacher.kvHeads", 2],
  ] as const)("%o: %s becomes %i, and a notice says why", (changes, path, value) => {
    const { experiment, notices } = read(changes);
    expect(getSetting(experiment, path)).toBe(value);
    expect(notices.filter((n) => n.startsWith(path) && n.endsWith(`set to ${value}.`))).toHaveLength(1);
    for (const notice of notices) expect(notice).not.toMatch(/ {2}| ;/);
  });

  test("a lookup table may have no layers and any width", () => {
    expect(read({ "student.kind": "lookup", "student.layers": 0 }).notices).toEqual([]);
  });
});
