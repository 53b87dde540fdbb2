/** A trial's stages, each made or loaded when something first asks for it, and marked whole once it is. */
import type { StageName, StageRecord } from "../../formats/result";
import { disposeTower, type Tower } from "../../towers/device";
import type { RunContext } from "../context";
import { distilStudent } from "../distil";
import { vectorFile } from "../files";
import { frozenTeacher } from "../frozenTeacher";
import { buildIndex, ownVectors } from "../run";
import { trainScalingDoc, trainTeacher, trainTwinBert } from "../stages";
import { disposeTowers, type Towers } from "../stageTraining";
import type { Artifact } from "./stageKeys";
import type { StageStore } from "./stageStore";

export interface TrialStages {
  teacher(): Promise<Towers>;
  /** The teacher's raw document vectors. */
  frozen(): Promise<Float32Array>;
  student(): Promise<Tower>;
  /** A baseline's towers and its raw document vectors. */
  baseline(system: "scalingdoc" | "twinbert"): Promise<{ towers: Towers; vectors: Float32Array }>;
  /** Frees all towers. */
  dispose(): void;
}

export const stageOf = ({ reporter }: Pick<RunContext, "reporter">, name: StageName): StageRecord =>
  reporter.stages.find((stage) => stage.name === name)!;

export function trialStages(context: RunContext, store: StageStore): TrialStages {
  const opened: (() => void)[] = [];
  /** Runs a stage, which may find itself finished, and marks it as whole. */
  const whole = async <T>(artifact: Artifact, name: StageName, work: () => Promise<T>): Promise<T> => {
    const before = stageOf(context, name).status === "done";
    const made = await work();
    if (!before) await store.finish(artifact, stageOf(context, name));
    return made;
  };
  let towers: Towers | null = null;
  let vectors: Float32Array | null = null;
  const stages: TrialStages = {
    async teacher() {
      if (towers) return towers;
      const trained = await whole("teacher", "stage1", () => trainTeacher(context));
      const made = await frozenTeacher(context, trained.towers);
      opened.push(() => disposeTowers(made));
      towers = made;
      return made;
    },
    async frozen() {
      vectors ??= await whole("index", "index", () => buildIndex(context, stages.teacher));
      return vectors;
    },
    async student() {
      const frozen = await stages.frozen();
      const { student } = await whole("scalingnote", "stage2", () => distilStudent(context, stages.teacher, frozen));
      opened.push(() => disposeTower(student));
      return student;
    },
    async baseline(system) {
      const train = system === "scalingdoc" ? trainScalingDoc : trainTwinBert;
      const made = (await whole(system, system, () => train(context))).towers;
      opened.push(() => disposeTowers(made));
      const text = system === "scalingdoc" ? context.texts.teacher : context.texts.student;
      const bytes = await store.read(vectorFile(system));
      const size = 4 * context.dataset.docs.length * context.experiment.embeddingSize;
      const stored = bytes?.byteLength === size ? new Float32Array(bytes.slice().buffer) : null;
      return { towers: made, vectors: stored ?? (await ownVectors(context, system, made, text)) };
    },
    dispose() {
      for (const close of opened) close();
    },
  };
  return stages;
}
