import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyExperiment } from "./arbitrary.test-helper";
import { SETTINGS } from "./paths";
import { readExperiment } from "./read";
import { type Experiment, experimentSchema } from "./schema";

const plain = experimentSchema.parse({});

/** The experiment of an input, which must have been taken without a word. */
function quietly(input: unknown): Experiment {
  const { experiment, notices } = readExperiment(input);
  expect(notices).toEqual([]);
  return experiment;
}

describe("what is said", () => {
  test("nothing gives the defaults; the base gives what is left out", () => {
    expect(quietly({})).toEqual(plain);
    const base = quietly({ seed: 3, training: { batch: 8 } });
    expect(readExperiment({ seed: 4 }, base)).toEqual({ experiment: { ...base, seed: 4 }, notices: [] });
  });

  test("agrees with the schema on every experiment, and reading twice changes nothing", () => {
    fc.assert(
      fc.property(anyExperiment(), (experiment) => {
        expect(experimentSchema.parse(experiment)).toEqual(experiment);
        expect(readExperiment(experiment)).toEqual({ experiment, notices: [] });
        expect(quietly(JSON.parse(JSON.stringify(experiment)))).toEqual(experiment);
      }),
    );
  });
});

describe("what is out of range or not understood", () => {
  test("is set to the limit, and told", () => {
    const { experiment, notices } = readExperiment({ training: { batch: 100_000 }, stage1: { temperature: 0 } });
    expect(experiment.training.batch).toBe(4096);
    expect(experiment.stage1.temperature).toBe(0.005);
    expect(notices).toEqual([
      "stage1.temperature 0 is under the limit; set to 0.005.",
      "training.batch 100000 is over the limit; set to 4096.",
    ]);
  });

  test("a fraction where a whole number is asked for is rounded, and told", () => {
    const { experiment, notices } = readExperiment({ seed: 3.6 });
    expect(experiment.seed).toBe(4);
    expect(notices).toEqual(["seed 3.6 is not a whole number; set to 4."]);
  });

  test("a wrong type keeps the base's value, and is told", () => {
    const base = quietly({ training: { batch: 32 } });
    const wrong = {
      training: { batch: "64", clip: Number.NaN },
      teacher: { sharedTowers: 1, prompt: 5 },
      student: { kind: "constructor", pooling: null },
    };
    const { experiment, notices } = readExperiment(wrong, base);
    expect(experiment).toEqual(base);
    expect(notices).toEqual([
      "teacher.prompt: not text; it stays none.",
      "teacher.sharedTowers: neither true nor false; it stays off.",
      'student.kind: no choice "constructor"; it stays encoder (BERT).',
      "student.pooling: not one of its choices; it stays mean of tokens.",
      "training.batch: not a number; it stays 32 pairs.",
      "training.clip: not a number; it stays 1.",
    ]);
  });

  test("an unknown key, or a value in a group's place, is left out, and told", () => {
    const { experiment, notices } = readExperiment({ stage3: { steps: 1 }, stage2: { mse: 1 }, training: 5 });
    expect(experiment).toEqual(plain);
    expect(notices).toEqual([
      "There is no setting stage3; it is left out.",
      "There is no setting stage2.mse; it is left out.",
      "training is a group of settings, not a value; it is left out.",
    ]);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, i]));
    expect(readExperiment(many).notices).toHaveLength(9);
    expect(readExperiment(many).notices.at(-1)).toContain("992 more");
  });

  test("long text is cut, half a character is taken out, and both are told", () => {
    const { experiment, notices } = readExperiment({
      teacher: { prompt: "ab".repeat(600) },
      student: { prompt: "a\ud800b" },
    });
    expect(experiment.teacher.prompt).toBe("ab".repeat(500));
    expect(experiment.student.prompt).toBe("ab");
    expect(notices).toEqual([
      "teacher.prompt: cut after 1000 characters.",
      "student.prompt: what is no character was taken out.",
    ]);
  });

  test("another version is told", () => {
    expect(readExperiment({ version: 99, seed: 5 })).toMatchObject({
      experiment: { seed: 5, version: 1 },
      notices: [expect.stringContaining("version 99") as string],
    });
  });

  test("no input whatever throws or gives what the schema refuses, and a change is never silent", () => {
    const junk = fc.oneof(fc.anything(), fc.double(), fc.string({ unit: "binary" }));
    // Junk in the places that are looked at, too.
    const input = fc
      .array(fc.tuple(fc.constantFrom(...SETTINGS.map((s) => s.path), "stage1", "version"), junk))
      .map((pairs) => {
        const made: Record<string, unknown> = {};
        for (const [path, value] of pairs) {
          const keys = path.split(".");
          let at = made;
          for (const key of keys.slice(0, -1)) {
            if (typeof at[key] !== "object" || at[key] === null) at[key] = {};
            at = at[key] as Record<string, unknown>;
          }
          at[keys.at(-1)!] = value;
        }
        return made;
      });
    fc.assert(
      fc.property(fc.oneof(junk, input), (value) => {
        const { experiment, notices } = readExperiment(value);
        expect(experimentSchema.parse(experiment)).toEqual(experiment);
        expect(readExperiment(experiment).notices).toEqual([]);
        for (const notice of notices) expect(notice).toMatch(/\.$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("rules between settings", () => {
  test.each([
    // [what is asked for, what comes of it, the notice]
    [{ teacher: { heads: 5 } }, { teacher: { heads: 4 } }, "teacher.heads 5 does not divide the width 64; set to 4."],
    [
      { teacher: { heads: 30 } },
      { teacher: { heads: 32 } },
      "teacher.heads 30 does not divide the width 64; set to 32.",
    ],
    [
      { teacher: { width: 32, heads: 32, kvHeads: 2 } },
      { teacher: { heads: 16 } },
      "teacher.heads 32 makes heads of an odd width; set to 16.",
    ],
    [
      { teacher: { kvHeads: 3 } },
      { teacher: { kvHeads: 2 } },
      "teacher.kvHeads 3 does not divide the heads, 4; set to 2.",
    ],
    [
      { teacher: { kvHeads: 8 } },
      { teacher: { kvHeads: 4 } },
      "teacher.kvHeads 8 does not divide the heads, 4; set to 4.",
    ],
    [
      { student: { width: 30, heads: 4 } },
      { student: { heads: 3 } },
      "student.heads 4 does not divide the width 30; set to 3.",
    ],
    [
      { student: { layers: 0 } },
      { student: { layers: 1 } },
      "student.layers 0 is too few for anything but a lookup table; set to 1.",
    ],
    [
      { student: { init: "first-last" } },
      { student: { init: "random" } },
      "student.init first-last needs a decoder student; set to random.",
    ],
    [
      { student: { init: "first-last", kind: "decoder", width: 64, heads: 4 } },
      { student: { init: "random" } },
      "student.init first-last needs a student of at least 2 layers fewer than the teacher's 1; set to random.",
    ],
    [
      { student: { init: "embeddings" } },
      { student: { init: "random" } },
      "student.init embeddings needs the teacher's width, 64; set to random.",
    ],
    [
      { student: { init: "embeddings", width: 64, vocabulary: 512 } },
      { student: { init: "random" } },
      "student.init embeddings needs the teacher's vocabulary, 6144; set to random.",
    ],
    [
      { stage2: { mseWeight: 0, cosineWeight: 0 } },
      { stage2: { cosineWeight: 1 } },
      "stage2.cosineWeight 0 beside other weights of 0 leaves no loss; set to 1.",
    ],
  ])("%j", (input, outcome, notice) => {
    expect(readExperiment(input)).toMatchObject({ experiment: outcome, notices: [notice] });
  });

  test("an odd width is made even where positions are rotary, and only there", () => {
    expect(readExperiment({ teacher: { width: 33, heads: 1, kvHeads: 1 } })).toMatchObject({
      experiment: { teacher: { width: 34 } },
      notices: ["teacher.width 33 is odd, and rotary positions turn pairs of numbers; set to 34."],
    });
    expect(quietly({ student: { width: 33, heads: 3 } }).student.width).toBe(33);
  });

  test("what fits is left alone", () => {
    quietly({ student: { kind: "lookup", layers: 0, width: 7 } });
    quietly({
      teacher: { layers: 4 },
      student: { kind: "decoder", init: "first-last", width: 64, heads: 4, layers: 2 },
    });
    quietly({ student: { init: "embeddings", width: 64 } });
    quietly({ stage2: { mseWeight: 0 } });
  });
});
