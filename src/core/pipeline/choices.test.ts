/**
 * Training choices from settings to results: mined negatives, altered copies, documents as texts, refinement, a size of its
 * own. On the CPU: what a GPU computes of them training/ has tests for.
 */
import { describe, expect, it } from "vitest";
import { plainOps } from "../../gpu/plainOps";
import { useWasm } from "../../gpu/testWasm";
import { memoryStore, type Store } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import type { Experiment } from "../config/schema";
import type { StageName, StageRecord } from "../formats/result";
import { readSafetensors } from "../formats/safetensors";
import { disposeTower } from "../towers/device";
import { toyDataset } from "../training/toy";
import { createControl } from "./control";
import { distilStudent } from "./distil";
import { createReporter } from "./reporter";
import { buildIndex, prepareRun } from "./run";
import { trainTeacher } from "./stages";
import { disposeTowers } from "./stageTraining";

const cpu = useWasm();
const base = presetExperiment("tiny");
const experiment: Experiment = {
  ...base,
  teacher: { ...base.teacher, width: 16 },
  student: { ...base.student, kind: "lookup", ownSize: 12 },
  stage1: {
    ...base.stage1,
    ...{
      steps: 40,
      symmetric: true,
      queue: 40,
      minedNegatives: 1,
      mineAfter: 10,
      mineEvery: 12,
      mineTo: 20,
      mineMargin: -1,
    },
  },
  stage2: {
    ...base.stage2,
    ...{ steps: 20, klWeight: 1, copies: 1, wordDrop: 0.2, typos: 0.05, copyTarget: "own", documentShare: 0.25 },
    ...{ refineSteps: 12, scored: "both", sampledDocuments: 24 },
  },
  training: { ...base.training, validateEvery: 10, saveEvery: 3600 },
};

interface Trial {
  stages: StageRecord[];
  error: unknown;
}

interface Stop {
  stage: StageName;
  step: number;
}

/** With adapters in the teacher's place, for the rest of the choices. */
const adapted: Experiment = {
  ...experiment,
  stage1: { ...experiment.stage1, lora: true, loraRank: 8, loraTargets: "all", learningRate: 0.03 },
};

/** Both stages, as far as they go. @param earlier of a run that was cut off */
async function run(own: Experiment, store: Store, stopAt?: Stop, earlier?: Trial): Promise<Trial> {
  const control = createControl();
  const listener = { stage: () => undefined, points: () => undefined, saved: () => undefined };
  const reporter = createReporter(listener, earlier?.stages);
  let steps = 0;
  const gate = control.gate.bind(control);
  control.gate = async (save) => {
    const running = reporter.stages.find(({ status }) => status === "running");
    if (stopAt && running?.name === stopAt.stage && steps++ === stopAt.step) {
      await save?.(); // as a pause does
      control.stop();
    }
    return gate();
  };
  try {
    const context = await prepareRun(
      { gpu: cpu(), ops: plainOps, store, experiment: own, dataset: toyDataset(), control, codeVersion: "test" },
      reporter,
    );
    const teacher = await trainTeacher(context);
    const frozen = await buildIndex(context, async () => teacher.towers);
    const { student } = await distilStudent(context, async () => teacher.towers, frozen);
    disposeTower(student);
    disposeTowers(teacher.towers);
    return { stages: reporter.stages, error: null };
  } catch (error) {
    return { stages: reporter.stages, error };
  }
}

const stageOf = ({ stages }: Trial, name: StageName) => stages.find((stage) => stage.name === name)!;
const curve = (trial: Trial, name: StageName) =>
  stageOf(trial, name).losses.map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
const recall = (trial: Trial, name: StageName) =>
  stageOf(trial, name).validation.map(({ step, metrics }) => [step, metrics["recall@10"]]);

describe("training choices", () => {
  it("all together: both towers learn, the student learns and refines, its checkpoint has the teacher's size", async () => {
    const store = memoryStore();
    const whole = await run(experiment, store);
    if (whole.error) throw whole.error;
    const [first, last] = [recall(whole, "stage1")[0]!, recall(whole, "stage1").at(-1)!];
    expect(last[1]!).toBeGreaterThan(first[1]! + 0.2);
    // Steps of the refinement follow those of the alignment; each phase is validated before it and at its end.
    expect(curve(whole, "stage2").map(([step]) => step)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    expect(stageOf(whole, "stage2")).toMatchObject({ total: 32, done: 32 });
    expect(recall(whole, "stage2").map(([step]) => step)).toEqual([0, 10, 20, 20, 30, 32]);
    const student = recall(whole, "stage2");
    expect(student.at(-1)![1]!).toBeGreaterThan(student[0]![1]! + 0.2);
    const { losses, validation } = stageOf(whole, "stage2");
    expect(Object.keys(losses[0]!.terms)).toEqual(["mse", "cosine", "kl"]);
    expect(Object.keys(losses[25]!.terms)).toEqual(["mse", "cosine", "infoNce"]);
    const norms = (step: number) =>
      Object.entries(validation.findLast((point) => point.step === step)!.metrics).filter(([key]) =>
        key.startsWith("gradNorm."),
      );
    expect(norms(10).map(([key]) => key)).toEqual(["gradNorm.mse", "gradNorm.cosine", "gradNorm.kl"]);
    for (const [, value] of norms(10)) expect(value).toBeGreaterThan(0);
    expect(Object.fromEntries(norms(32))).toMatchObject({ "gradNorm.mse": 0, "gradNorm.cosine": 0 });
    const { tensors } = readSafetensors((await store.read("checkpoints/scalingnote/query/model.safetensors"))!);
    expect(tensors.get("projection.weight")!.shape).toEqual([base.embeddingSize, experiment.student.width]);
    expect((await store.list("state/")).length).toBe(0);
  });

  it("go on as if nothing had happened when cut off, in stage 1 and again in the refinement, with adapters too", async () => {
    const whole = await run(adapted, memoryStore());
    if (whole.error) throw whole.error;
    expect(recall(whole, "stage1").at(-1)![1]!).toBeGreaterThan(recall(whole, "stage1")[0]![1]! + 0.1);
    const store = memoryStore();
    let trial: Trial | undefined;
    for (const stopAt of [
      { stage: "stage1", step: 27 },
      { stage: "stage2", step: 26 },
    ] as const) {
      trial = await run(adapted, store, stopAt, trial);
      expect(trial.error).toMatchObject({ kind: "stopped" });
      expect(await store.list("state/")).toContain(`state/${stopAt.stage}.safetensors`);
    }
    expect(await store.list("state/")).toContain("state/stage2-refine.safetensors");
    trial = await run(adapted, store, undefined, trial);
    if (trial.error) throw trial.error;
    for (const stage of ["stage1", "stage2"] as const) {
      expect(curve(trial, stage)).toEqual(curve(whole, stage));
      expect(recall(trial, stage)).toEqual(recall(whole, stage));
    }
  });
});
