import { describe, expect, it } from "vitest";
import { PRESETS, type PresetName, presetExperiment } from "../config/presets";
import { equalisedSteps, planRun } from "./plan";

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
