import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SETTINGS } from "../../core/config/paths";
import { type ExperimentInput, experimentSchema } from "../../core/config/schema";
import { ADAPTER, madeUpResult } from "../../state/fakeClient.test-helper";
import { fromRecords, stagesAt, waitingStages } from "../../state/stages";
import { browserAdvice } from "./browser";
import { type PipelineInput, pipelineCards } from "./cards";
import { fromPosition, toPosition } from "./controls/NumberControl";
import { GROUPS } from "./groups";
import { qkdReading } from "./reading";
import { bestSmall, comparisonLine, specOf, tableCaption } from "./results";
import { optionReason, settingMatters, settingReason } from "./rules";

const experiment = experimentSchema.parse({});
const result = madeUpResult();

describe("what a group says before its settings", () => {
  const note = (id: string, input: ExperimentInput) =>
    GROUPS.find((g) => g.id === id)!.note!(experimentSchema.parse(input));
  it("how the towers start", () => {
    expect(note("teacher", {})).toBe("Both towers start from one seeded random checkpoint: no pre-training.");
    expect(note("teacher", { training: { start: "own" } })).toMatch(/^Each tower/);
    expect(note("teacher", { teacher: { sharedTowers: true } })).toMatch(/^One set of weights/);
  });
  it("where the teacher's towers share weights and TwinBERT's do not", () => {
    const [teacher, baselines] = [{ sharedTowers: true }, { twinbertSharedTowers: true }];
    expect(note("baselines", {})).toBe("");
    expect(note("baselines", { teacher, baselines })).toBe("");
    expect(note("baselines", { teacher })).toMatch(/^The teacher's towers share their weights, TwinBERT's do not/);
    expect(note("baselines", { baselines })).toMatch(/^TwinBERT's towers share their weights, the teacher's do not/);
  });
});

describe("the reading of stage 2's weights", () => {
  const w = { mseWeight: 1, cosineWeight: 1, mseOn: "normalised", mseReduce: "mean", embeddingSize: 1024 } as const;
  it("after normalisation a mean over 1024 dimensions leaves MSE 0.2 %", () => {
    const reading = qkdReading(w);
    expect(reading.mse).toBeCloseTo(2 / 1024 / (1 + 2 / 1024), 12);
    expect(reading.headline).toBe("MSE 0.2\u2009%, cosine 99.8\u2009% of the gradient.");
  });
  it("a sum counts twice the cosine, whatever the size", () => {
    for (const embeddingSize of [4, 1024])
      expect(qkdReading({ ...w, mseReduce: "sum", embeddingSize }).mse).toBeCloseTo(2 / 3, 12);
  });
  it("on raw vectors it goes with the square of their length", () => {
    const raw = { ...w, mseOn: "raw", embeddingSize: 64 } as const;
    expect(qkdReading(raw, 1).mse).toBeCloseTo(qkdReading({ ...w, embeddingSize: 64 }).mse!, 12);
    // Length √64: each dimension about 1, and 2·8²/64 = 2.
    expect(qkdReading(raw).mse).toBeCloseTo(2 / 3, 12);
    expect(qkdReading(raw, 16).mse).toBeCloseTo(8 / 9, 12);
  });
  it("says when nothing is left to learn from", () => {
    expect(qkdReading({ ...w, mseWeight: 0, cosineWeight: 0 })).toMatchObject({ mse: null });
    expect(qkdReading({ ...w, mseWeight: 0 }).mse).toBe(0);
  });
  it("speaks of these two alone where there are further losses", () => {
    expect(qkdReading({ ...w, others: true }).headline).toMatch(/of these two losses' gradient\.$/);
    expect(qkdReading({ ...w, mseWeight: 0, cosineWeight: 0, others: true }).headline).toMatch(/further losses alone/);
  });
});

describe("options that cannot be taken", () => {
  const e = (teacher: object, student: object) =>
    experimentSchema.parse({
      teacher: { width: 64, layers: 4, heads: 4, ...teacher },
      student: { width: 64, layers: 2, heads: 4, ...student },
    });
  it("first and last layers need a decoder of the teacher's width with two layers fewer", () => {
    const reason = (t: object, s: object) => optionReason("student.init", "first-last", e(t, s));
    expect(reason({}, { kind: "decoder" })).toBeNull();
    expect(reason({}, { kind: "encoder" })).toMatch(/decoder/);
    expect(reason({}, { kind: "decoder", width: 32 })).toMatch(/64, here 32/);
    expect(reason({ layers: 3 }, { kind: "decoder" })).toMatch(/2 layers fewer/);
  });
  it("embeddings need an encoder with the teacher's width and vocabulary", () => {
    const reason = (s: object) => optionReason("student.init", "embeddings", e({}, s));
    expect(reason({ kind: "encoder" })).toBeNull();
    expect(reason({ kind: "lookup" })).toMatch(/encoder/);
    expect(reason({ kind: "encoder", vocabulary: 512 })).toMatch(/vocabulary/);
    expect(optionReason("student.init", "random", experiment)).toBeNull();
  });
  it("settings without effect say so", () => {
    expect(settingReason("student.layers", e({}, { kind: "lookup" }))).toMatch(/lookup/);
    expect(settingReason("student.layers", experiment)).toBeNull();
    expect(settingReason("data.notes.typos", experimentSchema.parse({ data: { source: "files" } }))).toMatch(
      /^Your data is used/,
    );
    expect(settingReason("data.notes.typos", experimentSchema.parse({ data: { source: "wordnet" } }))).toMatch(
      /^WordNet is used/,
    );
  });
});

describe("settings that go with another", () => {
  const matters = (path: string, input: ExperimentInput = {}) => settingMatters(path, experimentSchema.parse(input));
  it("are in the form only where they matter", () => {
    expect(matters("stage2.klWeight")).toBe(true);
    expect(matters("stage2.klTeacherTemperature")).toBe(false);
    expect(matters("stage2.klTeacherTemperature", { stage2: { klWeight: 1 } })).toBe(true);
    expect(matters("stage2.infoNceTemperature", { stage2: { refineSteps: 5 } })).toBe(true);
    expect(matters("stage2.sampledDocuments", { stage2: { marginWeight: 1 } })).toBe(false);
    expect(matters("stage2.sampledDocuments", { stage2: { marginWeight: 1, scored: "both" } })).toBe(true);
    expect(matters("stage1.mineTo")).toBe(false);
    expect(matters("stage1.mineTo", { stage1: { minedNegatives: 1 } })).toBe(true);
  });
  it("each can be made to matter by a setting of its stage", () => {
    const all = experimentSchema.parse({
      stage1: { minedNegatives: 1 },
      stage2: { klWeight: 1, infoNceWeight: 1, scored: "both", copies: 1, refineSteps: 1 },
    });
    for (const { path } of SETTINGS) expect(settingMatters(path, all), path).toBe(true);
  });
});

describe("the slider", () => {
  const numbers = SETTINGS.filter((s) => s.kind === "number" && s.path !== "seed");
  it.each(numbers.map((s) => [s.path, s] as const))(
    "of %s keeps within its range and finds its values again",
    (_, { info, default: value }) => {
      expect(fromPosition(0, info)).toBe(info.min);
      expect(fromPosition(1000, info)).toBe(info.max);
      expect(toPosition(value as number, info)).toBeGreaterThanOrEqual(0);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 1000 }), (at) => {
          const v = fromPosition(at, info);
          expect(v).toBeGreaterThanOrEqual(info.min!);
          expect(v).toBeLessThanOrEqual(info.max!);
          if (info.integer) expect(Number.isInteger(v)).toBe(true);
        }),
        { numRuns: 50 },
      );
    },
  );
  it("moves widths in eights", () => {
    const { info } = SETTINGS.find((s) => s.path === "teacher.width")!;
    for (const at of [100, 333, 501, 900]) expect(fromPosition(at, info, 8) % 8).toBe(0);
  });
});

it("every setting stands in exactly one group, the seed and the source beside them", () => {
  const shown = [
    ...GROUPS.flatMap((g) => g.settings.map((s) => s.path)),
    "seed",
    "data.source",
    "data.wordnet",
    "data.queriesFrom",
  ];
  expect(shown.toSorted()).toEqual(SETTINGS.map((s) => s.path).toSorted());
  for (const group of GROUPS) expect(group.summary(experiment)).not.toMatch(/undefined|NaN/);
});

describe("the pipeline's cards", () => {
  const input = (more: Partial<PipelineInput>): PipelineInput => ({
    mode: "live",
    status: "running",
    stages: waitingStages(),
    experiment,
    result: null,
    collection: null,
    saved: null,
    ...more,
  });
  const words = (i: PipelineInput) => pipelineCards(i).map((c) => `${c.title}: ${c.word}`);
  it("stand in the method's order, all waiting at first", () => {
    expect(words(input({ mode: "none", status: null }))).toEqual([
      "Corpus: Not read",
      "1 Dual towers: Waiting",
      "Index: Not built",
      "2 QKD: Waiting",
      "Baselines: Waiting",
      "Evaluate: Waiting",
    ]);
  });
  it("follow a run: done, frozen, running, paused, replaying, interrupted", () => {
    const stages = stagesAt(result, 115);
    expect(words(input({ stages })).slice(0, 4)).toEqual([
      "Corpus: Ready",
      "1 Dual towers: Done",
      "Index: Frozen",
      "2 QKD: Running",
    ]);
    expect(words(input({ stages, status: "paused" }))[3]).toBe("2 QKD: Paused");
    expect(words(input({ stages, mode: "replay" }))[3]).toBe("2 QKD: Replaying");
    expect(words(input({ stages, status: "interrupted" }))[3]).toBe("2 QKD: Interrupted");
    expect(words(input({ stages, status: "stopped" }))[3]).toBe("2 QKD: Stopped");
  });
  it("tell how far a training is, and what it leaves when it is cut off", () => {
    const stages = stagesAt(result, 97 + 17.5);
    const card = pipelineCards(input({ stages }))[3]!;
    expect(card.progress).toBeCloseTo(0.5, 2);
    expect(card.facts).toEqual([
      ["150 of 300", "18 s left"],
      ["8.57 steps/s", "184k tok/s"],
    ]);
    const cut = pipelineCards(input({ stages, status: "interrupted", saved: { stage: "stage2", step: 140 } }))[3]!;
    expect(cut.facts[1]).toEqual(["last saved", "step 140"]);
  });
  it("the baselines are under way between the two", () => {
    const stages = fromRecords(result.stages.slice(0, 5));
    const card = pipelineCards(input({ stages }))[4]!;
    expect(card.word).toBe("Running");
    const second = pipelineCards(input({ stages: stagesAt(result, 200) }))[4]!;
    expect(second.figureLabel).toBe("TwinBERT loss");
  });
  it("compare operations, not times, on a CPU adapter", () => {
    const fact = (r: typeof result) =>
      pipelineCards(input({ status: "done", result: r, stages: fromRecords(r.stages) }))[5]!.facts[1]![0];
    expect(fact(result)).toBe("12× faster encode");
    expect(fact({ ...result, adapter: { ...ADAPTER, software: true } })).toBe("28× fewer FLOPs");
  });
});

describe("the results in words", () => {
  it("says whether a difference is beyond chance", () => {
    const c = result.comparisons[0]!;
    expect(comparisonLine(c)).toEqual({
      text: "ScalingNote minus ScalingDoc +.043 [.020, .070]",
      verdict: "better beyond chance",
    });
    const verdict = (low: number, high: number) =>
      comparisonLine({ ...c, difference: { value: 0, low, high } }).verdict;
    expect(verdict(-0.1, 0.1)).toMatch(/no difference/);
    expect(verdict(-0.2, -0.1)).toBe("worse beyond chance");
    expect(
      comparisonLine({ ...c, difference: { value: null, low: null, high: null, reason: "one query" } }).verdict,
    ).toBe("one query");
  });
  it("bolds the best among equals only", () => {
    expect(bestSmall(result.systems)).toEqual({ names: new Set(["scalingnote"]), params: 14_336 });
    expect(bestSmall(result.systems.slice(0, 1)).names.size).toBe(0);
    expect(bestSmall([])).toEqual({ names: new Set(), params: null });
  });
  it("is honest about a CPU adapter", () => {
    expect(tableCaption({ ...result, adapter: { ...ADAPTER, software: true } })).toMatch(/not latencies/);
    expect(tableCaption(result)).not.toMatch(/latenc/);
    const teacher = { ...result.config.teacher, sharedTowers: true };
    expect(tableCaption({ ...result, config: { ...result.config, teacher } })).toMatch(/TwinBERT's do not\./);
    expect(tableCaption(result)).not.toMatch(/share their weights/);
  });
  it("says how matrices were multiplied, where the record does", () => {
    expect(tableCaption(result)).not.toMatch(/multiplied/);
    const gflops = { registers: 420.4, shared: 811.9 };
    expect(tableCaption({ ...result, engine: { matmul: "shared", chosen: "measured", gflops } })).toContain(
      "Matrices were multiplied through workgroup memory (measured: 420 GFLOP/s in registers, 812 through workgroup memory).",
    );
    const reductions = { by: "subgroups", chosen: "measured", gigabytes: { shared: 20.6, subgroups: 51.2 } } as const;
    expect(tableCaption({ ...result, engine: { matmul: "registers", chosen: "setting", reductions } })).toContain(
      "Matrices were multiplied by tiles in registers (as set). Norms and sums were made by subgroups (measured: 21 GB/s through workgroup memory, 51 by subgroups).",
    );
    const onCpu = { by: "shared", chosen: "software adapter" } as const;
    expect(
      tableCaption({ ...result, engine: { matmul: "registers", chosen: "software adapter", reductions: onCpu } }),
    ).toContain("Norms and sums were made through workgroup memory.");
  });
  it("names the towers by their size", () => {
    expect(specOf("scalingnote", experiment)).toBe("32 × 1, distilled");
    expect(specOf("bm25", experiment)).toBe("words only");
  });
});

describe("advice for a browser without WebGPU", () => {
  const advice = (agent: string) => browserAdvice(agent);
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 on Linux", /about:config/],
    ["Mozilla/5.0 (Windows NT 10.0; rv:139.0) Gecko/20100101 Firefox/139.0", "Firefox 139 on Windows", /141/],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
      "Safari 18 on macOS",
      /26/,
    ],
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      "Chrome 140 on Linux",
      /chrome:\/\/gpu/,
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
      "Edge 140 on Windows",
      /edge:\/\/gpu/,
    ],
    ["something else", "this browser", /current Chrome/],
  ])("%s", (agent, name, words) => {
    expect(advice(agent).name).toBe(name);
    expect(advice(agent).advice).toMatch(words);
  });
});
