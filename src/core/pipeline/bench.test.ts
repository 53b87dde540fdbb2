/** The gate: what a captured step takes of the GPU. A change that needs more has to say so here. */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { presetExperiment } from "../config/presets";
import { initTower, towerConfig } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import { contrastiveStep } from "../training/contrastiveStep";
import { logRow } from "../training/trainingStep";
import { benchFlops, benchStep, measureStep } from "./bench";
import type { BenchArch, BenchSize } from "./benchChoices";
import { measureEncode } from "./benchEncode";
import { measureStudents, oneStudentStep, studentsStep } from "./benchStudents";

const gpu = useGpu();

describe("a captured step", () => {
  // Dispatches are exact; bytes (towers, moments, gradients, intermediates) at most.
  const gates: [BenchArch, BenchSize, number, number][] = [
    ["bench", "m", 111, 98.3e6],
    ["encoder", "m", 131, 113.6e6],
    ["decoder", "m", 123, 114.4e6],
    ["qkd", "s", 39, 14.2e6],
  ];
  for (const [arch, size, dispatches, bytes] of gates)
    it(`${arch}, size ${size}: ${dispatches} dispatches`, () => {
      const before = gpu().bytes();
      const step = benchStep(gpu(), fusedOps, arch, size, true);
      expect(step.step.stats.dispatches).toBe(dispatches);
      expect(gpu().bytes() - before).toBeLessThan(bytes);
      step.dispose();
      expect(gpu().bytes()).toBe(before);
    });

  it("of the teacher at preset quick", () => {
    const experiment = presetExperiment("quick");
    const { training, stage1, teacher } = experiment;
    const config = towerConfig(experiment, "teacher");
    const before = gpu().bytes();
    const query = uploadTower(gpu(), config, initTower(config, 7, "query", true));
    const document = uploadTower(gpu(), config, initTower(config, 7, "document", true));
    const { batch, weightDecay, beta1, beta2, clip } = training;
    const recipe = {
      ...{ steps: stage1.steps, batch, warmup: 0, weightDecay, beta1, beta2, clip, captured: true, seed: 7 },
      ...{ learningRate: 1e-3, embeddingRate: 1e-3, dropout: stage1.dropout },
    };
    const columns = batch * (1 + stage1.hardNegatives);
    const table = { flat: Int32Array.of(1), offsets: Int32Array.of(0, 1) };
    const step = contrastiveStep(gpu(), fusedOps, recipe, {
      query,
      document,
      queryTokens: table,
      documentTokens: table,
      queryLength: teacher.queryTokens,
      documentLength: teacher.docTokens,
      order: () => ({
        queries: new Int32Array(batch),
        documents: new Int32Array(columns),
        mask: new Float32Array(batch * columns),
      }),
      hardNegatives: stage1.hardNegatives,
      temperature: stage1.temperature,
      learnTemperature: stage1.learnTemperature,
    });
    expect(step.step.stats.dispatches).toBe(45);
    expect(gpu().bytes() - before).toBeLessThan(61.2e6);
    step.dispose();
    disposeTower(query);
    disposeTower(document);
    expect(gpu().bytes()).toBe(before);
  });

  it("of 16 students at once takes at most 1.1 times the dispatches of one, which learns what it learns alone", async () => {
    const one = oneStudentStep(gpu(), fusedOps, "s");
    const before = gpu().bytes();
    const all = studentsStep(gpu(), fusedOps, "s", 16);
    expect(one.step.stats.dispatches).toBe(25);
    expect(all.step.stats.dispatches! / one.step.stats.dispatches!).toBeLessThanOrEqual(1.1);
    expect(gpu().bytes() - before).toBeLessThan(97.6e6);
    // Of so many, tiles are larger and threads add up their blocks themselves.
    for (const step of [1, 2, 3]) for (const training of [one, all]) training.run(step);
    const [own, alone] = [logRow(all, await all.log.read(), 3), logRow(one, await one.log.read(), 3)];
    own.forEach((value, i) => {
      expect(Math.abs(value - alone[i]!) / Math.max(1, Math.abs(alone[i]!)), all.names[i]).toBeLessThan(1e-5);
    });
    all.dispose();
    expect(gpu().bytes()).toBe(before);
    one.dispose();
  });

  it("is counted as the GPU sees it: one submit, and as many dispatches as the step says", async () => {
    const figures = await measureStep(gpu(), fusedOps, { arch: "qkd", size: "s", mode: "captured" });
    expect(figures).toMatchObject({ dispatches: 39, submits: 1 });
    const eager = await measureStep(gpu(), fusedOps, { arch: "qkd", size: "s", mode: "eager" });
    expect(eager.dispatches).toBe(39);
    expect(eager.loss).toBe(figures.loss);
    const students = await measureStudents(gpu(), fusedOps, { size: "s", students: 2 });
    expect(students).toMatchObject({ students: 2, dispatches: 25, dispatchesAlone: 25, submits: 1 });
    expect(students.gpuBytesAlone).toBeLessThan(students.gpuBytes);
    expect(students.perStudentRatio).toBeCloseTo(students.stepMs.median / 2 / students.stepMsAlone.median, 10);
    expect(benchFlops("bench", "m")).toBe(6 * 12 * 4 * 128 ** 2 * 32 * 64);
  });

  it("encodes a text in 13 dispatches and one submit, at two layers", async () => {
    const before = gpu().bytes();
    const figures = await measureEncode(gpu(), fusedOps, { arch: "bench", size: "s", batch: 1 });
    expect(figures).toMatchObject({ dispatches: 13, submits: 1, tokens: 48, batch: 1 });
    expect(figures.gpuBytes).toBeLessThan(1.2e6);
    expect(figures.textsPerSecond).toBeCloseTo(1000 / figures.stepMs.median);
    expect(gpu().bytes()).toBe(before);
  });
});
