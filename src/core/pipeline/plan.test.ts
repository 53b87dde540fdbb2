import { describe, expect, it } from "vitest";
import { PRESETS, type PresetName, presetExperiment } from "../config/presets";
import { equalisedSteps, planRun, towerConfigs } from "./plan";

/** What a preset may cost at most: quick is to take about a minute on a laptop's GPU, standard a few. */
const MOST: Record<PresetName, number> = { tiny: 2e10, quick: 1.5e12, standard: 6e12 };

describe.each(Object.keys(PRESETS) as PresetName[])("preset %s", (name) => {
  const plan = planRun(presetExperiment(name));

  it("states the operations that the plan counts, within its budget", () => {
    expect(plan.totalFlops / PRESETS[name].flops).toBeCloseTo(1, 2);
    expect(plan.totalFlops).toBeLessThanOrEqual(MOST[name]);
  });

  it("lets the baselines see as many pairs as both stages together", () => {
    const { stage1, stage2, scalingdoc, twinbert } = plan.steps;
    expect([scalingdoc, twinbert]).toEqual([stage1 + stage2, stage1 + stage2]);
    expect(equalisedSteps(presetExperiment(name))).toBe(scalingdoc);
  });
});

describe("planRun", () => {
  it("counts one forward pass more where a contrastive batch is walked in pieces, and none in stage 2", () => {
    const experiment = presetExperiment("quick");
    const { stage1, stage2 } = experiment;
    const inPieces = planRun({
      ...experiment,
      stage1: { ...stage1, pieces: 2 },
      stage2: { ...stage2, pieces: 2 },
      training: { ...experiment.training, validateEvery: 10_000 },
    }).flops;
    const whole = planRun({ ...experiment, training: { ...experiment.training, validateEvery: 10_000 } }).flops;
    expect(inPieces.stage1 / whole.stage1).toBeGreaterThan(1.2);
    expect(inPieces.stage1 / whole.stage1).toBeLessThan(4 / 3);
    expect(inPieces.stage2).toBe(whole.stage2);
  });

  it("counts what further losses and negatives cost", () => {
    const experiment = presetExperiment("quick");
    const whole = planRun(experiment);
    const stage1 = (more: object) => planRun({ ...experiment, stage1: { ...experiment.stage1, ...more } });
    const stage2 = (more: object) => planRun({ ...experiment, stage2: { ...experiment.stage2, ...more } });
    // A mined negative is one more document a query, and each time the whole collection is encoded and searched.
    const mined = (mineEvery: number) => stage1({ minedNegatives: 1, mineAfter: 90, mineEvery }).flops.stage1;
    const hard = stage1({ hardNegatives: 1 }).flops.stage1;
    expect(mined(0)).toBeGreaterThan(hard + whole.flops.index);
    expect((mined(50) - hard) / (mined(0) - hard)).toBeCloseTo(2, 9);
    expect((mined(25) - hard) / (mined(0) - hard)).toBeCloseTo(4, 9);
    expect(stage1({ minedNegatives: 1, mineAfter: 190 }).flops.stage1).toBe(hard);
    // The refinement is a part of stage 2; with it the baselines see as many pairs more.
    const refined = stage2({ refineSteps: 60 });
    expect(refined.steps.stage2).toBe(240);
    expect(refined.steps.twinbert).toBe(whole.steps.twinbert + 60);
    expect(refined.flops.stage2).toBeGreaterThan(1.15 * whole.flops.stage2);
    expect(stage2({ documentShare: 0.25 }).flops.stage2).toBeGreaterThan(1.5 * whole.flops.stage2);
    expect(stage2({ copies: 2 }).flops.stage2).toBe(whole.flops.stage2);
    expect(stage2({ copies: 2, copyTarget: "own" }).flops.stage2).toBeGreaterThan(whole.flops.stage2);
    const towers = (more: object) => towerConfigs({ ...experiment, stage2: { ...experiment.stage2, ...more } }).learner;
    expect(towers({ documentShare: 0.25 })).toEqual({ ...towers({}), maxTokens: experiment.student.docTokens });
    const ownSize = planRun({ ...experiment, student: { ...experiment.student, ownSize: 16 } }).flops;
    expect(ownSize.stage2).not.toBe(whole.flops.stage2);
    expect(ownSize.twinbert).toBe(whole.flops.twinbert);
  });

  it("equalises steps or operations where asked", () => {
    const experiment = presetExperiment("quick");
    const equalised = (equalise: "steps" | "flops") =>
      planRun({ ...experiment, baselines: { ...experiment.baselines, equalise } });
    expect(equalised("steps").steps.scalingdoc).toBe(experiment.stage1.steps);
    expect(equalisedSteps({ ...experiment, baselines: { ...experiment.baselines, equalise: "flops" } })).toBeNull();
    const { flops, steps } = equalised("flops");
    const ours = flops.stage1 + flops.index + flops.stage2;
    expect(flops.scalingdoc / ours).toBeGreaterThan(0.95);
    expect(flops.scalingdoc / ours).toBeLessThan(1.1);
    expect(steps.twinbert).toBeGreaterThan(steps.scalingdoc);
  });
});
