import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyExperiment } from "./arbitrary.test-helper";
import { fromLink, toLink } from "./link";
import { withSetting } from "./paths";
import { PRESETS, type PresetName, presetExperiment } from "./presets";
import { readExperiment } from "./read";
import { experimentSchema } from "./schema";

const presets = Object.keys(PRESETS) as PresetName[];

describe("toLink", () => {
  test("holds preset, version, seed and what differs, nothing else", () => {
    const quick = presetExperiment("quick");
    expect(toLink({ view: "lab", preset: "quick", experiment: quick })).toBe("#/lab?preset=quick&v=1&seed=7");
    const changed = withSetting(withSetting(quick, "stage2.mseWeight", 2), "seed", 11);
    expect(toLink({ view: "search", preset: "quick", experiment: changed })).toBe(
      "#/search?preset=quick&v=1&seed=11&stage2.mseWeight=2",
    );
  });

  test("and fromLink come back to the same, for every setting, from every preset", () => {
    const view = fc.oneof(fc.constantFrom("lab", "search", "runs"), fc.string({ unit: "binary", minLength: 1 }));
    fc.assert(
      fc.property(view, fc.constantFrom(...presets), anyExperiment(), (view, preset, experiment) => {
        const link = toLink({ view, preset, experiment });
        // A browser escapes what an address may not hold; nothing of it must be left to that.
        expect(new URL(`https://example.org/${link}`).hash).toBe(link);
        expect(fromLink(link)).toEqual({ view, preset, experiment, notices: [] });
      }),
      { numRuns: 300 },
    );
  });
});

describe("fromLink", () => {
  const quick = { view: "lab", preset: "quick", experiment: presetExperiment("quick") };

  test("takes an empty address as the defaults, in silence", () => {
    for (const hash of ["", "#", "#/", "#/lab", "#/lab?", "?"])
      expect(fromLink(hash)).toEqual({ ...quick, notices: [] });
  });

  test("takes what a newer or another version says, as far as it knows it, and tells", () => {
    const newer = fromLink("#/lab?preset=quick&v=2&seed=5&stage9.power=1");
    expect(newer.experiment).toEqual({ ...quick.experiment, seed: 5 });
    expect(newer.notices).toHaveLength(2);
    expect(newer.notices[0]).toContain("newer version (2)");
    expect(newer.notices[1]).toContain('no setting "stage9.power"');
    expect(fromLink("#/lab?v=0").notices).toEqual([expect.stringContaining("another version (0)")]);
    expect(fromLink("#/lab?v=x").notices).toEqual([expect.stringContaining("another version (x)")]);
  });

  test("clamps, refuses, and tells each time", () => {
    const read = fromLink("#/lab?preset=huge&v=1&training.batch=100000&training.clip=x&teacher.heads=3&version=1");
    expect(read.preset).toBe("quick");
    expect(read.experiment.training).toMatchObject({ batch: 4096, clip: 1 });
    expect(read.experiment.teacher.heads).toBe(2);
    expect(read.notices).toEqual([
      'There is no preset "huge"; quick is taken.',
      'training.clip: "x" is not a number. Give a number from 0 to 100.',
      expect.stringContaining('no setting "version"'),
      "training.batch 100000 is over the limit; set to 4096.",
      "teacher.heads 3 does not divide the width 64; set to 2.",
    ]);
  });

  test.each(["constructor", "__proto__", "toString", ""])("has no preset %j", (name) => {
    expect(fromLink(`#/lab?preset=${name}`)).toMatchObject({ preset: "quick", notices: [expect.any(String)] });
  });

  test("a broken view leads to the Lab", () => {
    expect(fromLink("#/%E0%A4%A?seed=3")).toMatchObject({ view: "lab", experiment: { seed: 3 } });
  });

  test("never throws, never hands on what the schema refuses, and never talks without end", () => {
    const key = fc.oneof(fc.constantFrom("preset", "v", "seed", "teacher.prompt", "student.kind"), fc.string());
    const pieces = fc.array(fc.tuple(key, fc.string({ unit: "binary" })), { maxLength: 40 });
    const made = pieces.map((list) => `#/lab?${new URLSearchParams(list).toString()}`);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((s) => `#/lab?${s}`),
          made,
        ),
        (hash) => {
          const { experiment, preset, notices } = fromLink(hash);
          expect(experimentSchema.parse(experiment)).toEqual(experiment);
          expect(readExperiment(experiment).notices).toEqual([]);
          expect(presets).toContain(preset);
          expect(notices.length).toBeLessThan(40);
          expect(notices.every((notice) => notice.length < 300)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
    const long = `#/lab?${Array.from({ length: 3000 }, (_, i) => `${"k".repeat(500)}${i}=1`).join("&")}`;
    expect(fromLink(long).notices).toHaveLength(9);
  });
});
