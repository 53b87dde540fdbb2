/** What the stages read of the experiment while they run: all of it has to be in their keys. */
import { describe, expect, it, vi } from "vitest";
import { plainOps } from "../../../gpu/plainOps";
import { useWasm } from "../../../gpu/testWasm";
import { memoryStore } from "../../artifacts/store";
import { presetExperiment } from "../../config/presets";
import { readExperiment } from "../../config/read";
import type { Experiment } from "../../config/schema";
import { towerConfig } from "../../towers";
import { toyDataset } from "../../training/toy";
import type { RunContext } from "../context";
import { createControl } from "../control";
import { towerConfigs } from "../plan";
import { createReporter } from "../reporter";
import { prepareRun } from "../run";
import { prepareTexts } from "../texts";
import { watched } from "./reads.test-helper";
import { changedBy, type Part } from "./stageKeys";
import { stageStore } from "./stageStore";
import { trialStages } from "./trialStages";

// Only the towers that a stage asks for are read: the real function makes all three.
vi.mock("../plan", async (original) => {
  const plan = await original<typeof import("../plan")>();
  return {
    ...plan,
    towerConfigs: (experiment: Experiment) => ({
      get teacher() {
        return towerConfig(experiment, "teacher");
      },
      get student() {
        return towerConfig(experiment, "student");
      },
      get learner() {
        return plan.learnerConfig(experiment);
      },
      get smallDocument() {
        return towerConfig(experiment, "smallDocument");
      },
    }),
  };
});

const cpu = useWasm();
/** How often it is saved changes nothing of what is made. */
const NO_PART = new Set(["training.saveEvery", "version"]);

const experimentOf = (more: object) => {
  const base = { data: { source: "files" }, stage1: { steps: 2 }, stage2: { steps: 2 }, training: { batch: 4 } };
  const { experiment, notices } = readExperiment({ ...base, ...more }, presetExperiment("tiny"));
  expect(notices).toEqual([]);
  return experiment;
};
const VARIANTS: [string, Experiment][] = [
  ["an encoder", experimentOf({})],
  [
    "a decoder from the teacher's layers",
    experimentOf({
      teacher: { layers: 3, sharedTowers: true },
      student: { kind: "decoder", width: 32, heads: 2, init: "first-last" },
      stage1: { steps: 2, hardNegatives: 1, learnTemperature: true, dropout: 0.1, pieces: 2 },
      stage2: { steps: 2, dropout: 0.1, pieces: 2, mseOn: "normalised" },
      baselines: { twinbertSharedTowers: true },
      training: { batch: 4, patience: 3, start: "own", labelledShare: 0.5 },
    }),
  ],
  [
    "adapters, further losses and negatives",
    experimentOf({
      stage1: {
        ...{ steps: 6, lora: true, symmetric: true, matryoshka: 1, queue: 8 },
        ...{ minedNegatives: 1, mineAfter: 2, mineEvery: 2, mineMargin: -1 },
      },
      stage2: {
        ...{
          steps: 2,
          klWeight: 1,
          marginWeight: 1,
          infoNceWeight: 1,
          scored: "both",
          sampledDocuments: 8,
          matryoshka: 1,
        },
        ...{ documentShare: 0.25, copies: 1, wordDrop: 0.2, copyTarget: "own", refineSteps: 2 },
      },
      student: { kind: "lookup", ownSize: 12 },
    }),
  ],
  ["a lookup table from the teacher's", experimentOf({ student: { kind: "lookup", width: 32, init: "embeddings" } })],
];

describe("a stage reads nothing of the experiment that is not in its key", () => {
  it.each(VARIANTS)("%s", async (_, experiment) => {
    const read = new Set<string>();
    const keys = {
      teacher: "t",
      index: "i",
      queries: "q",
      scalingnote: "s",
      scalingdoc: "d",
      twinbert: "w",
      texts: "x",
    };
    const store = await stageStore(memoryStore(), keys);
    const reporter = createReporter({ stage() {}, points() {}, saved() {} });
    const dataset = toyDataset();
    const plain = { gpu: cpu(), ops: plainOps, store, experiment, dataset, control: createControl(), codeVersion: "" };
    const seen = watched(experiment, read);
    const context: RunContext = {
      ...(await prepareRun(plain, reporter)),
      experiment: seen,
      towers: towerConfigs(seen),
    };
    const stages = trialStages(context, store);
    const during = async (part: Part, work: () => Promise<unknown>) => {
      read.clear();
      await work();
      expect(read.size, part).toBeGreaterThan(1);
      for (const path of read) if (!NO_PART.has(path)) expect(changedBy(path), `${part} reads ${path}`).toContain(part);
    };
    await during("teacher", () => stages.teacher());
    await during("index", () => stages.frozen());
    await during("scalingnote", () => stages.student());
    await during("scalingdoc", () => stages.baseline("scalingdoc"));
    await during("twinbert", () => stages.baseline("twinbert"));
    stages.dispose();
  });

  it("nor do the tokens", () => {
    const read = new Set<string>();
    prepareTexts(watched(VARIANTS[0]![1], read), toyDataset());
    expect(read.size).toBeGreaterThan(5);
    for (const path of read) {
      // The teacher's texts go into its towers and ScalingDoc's, the student's into all small ones.
      const parts: Part[] = path.startsWith("teacher.")
        ? ["texts", "teacher", "scalingnote", "scalingdoc"]
        : path === "student.docTokens"
          ? ["texts", "scalingnote", "twinbert"]
          : ["texts", "scalingnote", "scalingdoc", "twinbert"];
      expect(changedBy(path), path).toEqual(expect.arrayContaining(parts));
    }
  });
});
