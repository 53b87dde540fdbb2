import { describe, expect, it } from "vitest";
import { PRESETS, type PresetName, presetExperiment } from "../config/presets";
import { experimentSchema } from "../config/schema";
import { memoryLines, memoryProblem, memoryWords, mostStudents, runMemory } from "./memory";

const names = Object.keys(PRESETS) as PresetName[];
const LIMITS = { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30 };

describe("a run's memory", () => {
  it("is the sum of its parts in every stage, and its peak the largest", () => {
    for (const name of names) {
      const { stages, peak } = runMemory(presetExperiment(name));
      for (const { parts, total } of stages)
        expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBeCloseTo(total, 0);
      expect(peak.total).toBe(Math.max(...stages.map(({ total }) => total)));
      // Towers stay to the end.
      const parameters = stages.map(({ parts }) => parts.parameters);
      expect(parameters).toEqual(parameters.toSorted((a, b) => a - b));
    }
  });

  it("fits for every preset, on the least that WebGPU promises", () => {
    const least = { maxStorageBufferBindingSize: 128 * 2 ** 20, maxBufferSize: 256 * 2 ** 20 };
    for (const name of names) expect(memoryProblem(presetExperiment(name), undefined, least)).toBeNull();
  });

  it("grows with what costs it", () => {
    const peak = (more: object) => runMemory(experimentSchema.parse(more)).peak.total;
    const base = peak({});
    expect(peak({ training: { batch: 256 } })).toBeGreaterThan(1.4 * base);
    expect(peak({ teacher: { layers: 2 } })).toBeGreaterThan(1.3 * base);
    expect(peak({ teacher: { vocabulary: 50_000 } })).toBeGreaterThan(base + 4 * 4 * 43_000 * 64);
    expect(peak({ stage1: { dropout: 0.1 } })).toBeGreaterThan(base);
    expect(peak({ training: { step: "eager" } })).toBeGreaterThan(base);
    expect(peak({ teacher: { sharedTowers: true } })).toBeLessThan(base);
    for (const stage1 of [{ queue: 8192 }, { minedNegatives: 1 }, { symmetric: true }, { matryoshka: 2 }])
      expect(peak({ stage1 }), JSON.stringify(stage1)).toBeGreaterThan(base);
    const stage2Of = (more: object) =>
      runMemory(experimentSchema.parse(more)).stages.find(({ stage }) => stage === "stage2")!.total;
    const distilling = stage2Of({});
    for (const stage2 of [
      { klWeight: 1 },
      { klWeight: 1, marginWeight: 1, scored: "both", sampledDocuments: 4096 },
      { refineSteps: 10 },
      { documentShare: 0.5 },
    ])
      expect(stage2Of({ stage2 }), JSON.stringify(stage2)).toBeGreaterThan(distilling);
  });

  it("is told in a sentence, and stage by stage", () => {
    const memory = runMemory(presetExperiment("quick"));
    expect(memoryWords(memory)).toMatch(
      /^About \d+ MB on the GPU at most, in (stage 1|ScalingDoc): activations \d+ MB\.$/,
    );
    expect(memoryLines(memory)).toHaveLength(6);
  });
});

describe("a run that does not fit", () => {
  const large = experimentSchema.parse({ teacher: { width: 512, layers: 12 }, training: { batch: 1024 } });

  it("is refused with the numbers and the settings to change, which then fit", () => {
    const error = memoryProblem(large)!;
    expect(error.kind).toBe("bad-setting");
    expect(error.message).toMatch(
      /^(Stage 1|ScalingDoc) needs about \d+\.\d GB of GPU memory \(activations .* GB\), more than the memory limit of 4\.0 GB\.$/,
    );
    const batch = Number(/Batch \(training\.batch\) from 1024 to (\d+)/.exec(error.remedy)![1]);
    const pieces = Number(/Pieces of a batch \(stage1\.pieces\) from 1 to (\d+), which/.exec(error.remedy)![1]);
    const limit = Number(/training\.memoryLimit\) from 4000 to (\d+) MB/.exec(error.remedy)![1]);
    const training = (more: object) => ({ ...large, training: { ...large.training, ...more } });
    expect(memoryProblem(training({ batch }))).toBeNull();
    expect(memoryProblem(training({ batch: 2 * batch }))).not.toBeNull();
    expect(memoryProblem(training({ memoryLimit: limit }))).toBeNull();
    const inPieces = (n: number) => memoryProblem({ ...large, stage1: { ...large.stage1, pieces: n } });
    expect(inPieces(pieces)).toBeNull();
    expect(inPieces(pieces / 2)).not.toBeNull();
  });

  it("is refused where one buffer is larger than the GPU gives, whatever the limit", () => {
    const experiment = { ...large, training: { ...large.training, memoryLimit: 1_000_000 } };
    expect(memoryProblem(experiment)).toBeNull();
    const error = memoryProblem(experiment, undefined, { ...LIMITS, maxBufferSize: 100e6 })!;
    expect(error.message).toMatch(/^A single buffer of .* needs \d+ MB, and this GPU gives 100 MB in one piece\.$/);
    expect(error.remedy).not.toMatch(/memoryLimit/);
  });

  it("may have an index larger than the GPU gives in one piece: it is cut", () => {
    const tiny = presetExperiment("tiny");
    const wide = { ...tiny, embeddingSize: 384, data: { ...tiny.data, documents: 120_000 } };
    expect(memoryProblem(wide, undefined, { ...LIMITS, maxStorageBufferBindingSize: 128 * 2 ** 20 })).toBeNull();
  });

  it("is told to be smaller where no batch helps", () => {
    const training = { ...presetExperiment("tiny").training, memoryLimit: 16 };
    const experiment = experimentSchema.parse({ teacher: { vocabulary: 50_000 }, training });
    expect(memoryProblem(experiment)!.remedy).toMatch(/^Choose narrower towers, fewer layers or a smaller vocabulary;/);
  });
});

describe("students side by side", () => {
  const quick = presetExperiment("quick");
  const limited = (memoryLimit: number) => ({ ...quick, training: { ...quick.training, memoryLimit } });

  it("are as many as the limit leaves room for, and at least one", () => {
    const [few, many] = [mostStudents(limited(200)), mostStudents(limited(2000))];
    expect(few).toBeGreaterThan(1);
    // Each costs the same: ten times the room for ten times as many, but for what they share.
    expect(many / few).toBeGreaterThan(8);
    expect(mostStudents(limited(16))).toBe(1);
  });

  it("fit into what the GPU gives in one piece", () => {
    const most = mostStudents(quick, undefined, { ...LIMITS, maxBufferSize: 64 * 2 ** 20 });
    expect(most).toBeGreaterThan(1);
    expect(mostStudents(quick, undefined, { ...LIMITS, maxBufferSize: 32 * 2 ** 20 })).toBeLessThan(most);
    expect(mostStudents(quick, undefined, { ...LIMITS, maxBufferSize: 1 })).toBe(1);
  });
});
