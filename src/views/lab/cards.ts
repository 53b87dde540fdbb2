/** What the six cards of the pipeline say: a pure function from the shown run. */
import type { Point } from "../../charts/series";
import { compact, count, duration, loss as lossWords, percent, plain, share } from "../../charts/words";
import type { Experiment } from "../../core/config/schema";
import type { RunResult, StageName, SystemResult } from "../../core/formats/result";
import type { ShownMode } from "../../state/run";
import type { ShownStage, ShownStages } from "../../state/stages";
import type { CollectionReport, RunStatus } from "../../worker/protocol";

export type CardState = "waiting" | "running" | "paused" | "done" | "frozen" | "interrupted" | "stopped" | "replaying";

export interface StageCardModel {
  key: string;
  title: string;
  sub: string;
  state: CardState;
  word: string;
  figure: string;
  figureLabel: string;
  /** Class that sets the card's colour; "" for ink. */
  tower: string;
  curve: Point[];
  logCurve: boolean;
  /** 0 to 1; null: no bar. */
  progress: number | null;
  /** Two lines, each left and right. */
  facts: [string, string][];
  glyph: "corpus" | "towers" | "index" | "student" | "baselines" | "evaluation";
}

export interface PipelineInput {
  mode: ShownMode;
  status: RunStatus | null;
  stages: ShownStages;
  experiment: Experiment;
  result: RunResult | null;
  collection: Pick<CollectionReport, "name" | "documents" | "trainQueries" | "testQueries"> | null;
  saved: { stage: string; step: number } | null;
}

/** The cards, in the order of the method. */
export function pipelineCards(input: PipelineInput): StageCardModel[] {
  const { stages, experiment } = input;
  const about = input.result?.collection ?? input.collection;
  const notes = experiment.data.source === "notes" ? experiment.data.notes : null;
  const documents = about?.documents ?? notes?.corpusSize ?? null;
  const trains = about?.trainQueries ?? notes?.trainQueries ?? null;
  const tests = about?.testQueries ?? notes?.testQueries ?? null;
  const index = state(stages.index, input);
  return [
    {
      ...blank(
        "corpus",
        "Corpus",
        about?.name ?? (notes ? "Notes" : experiment.data.source === "wordnet" ? "WordNet" : "your data"),
        stages.data,
        input,
      ),
      word: stages.data.status === "waiting" ? "Not read" : wordOf(state(stages.data, input), "Ready"),
      figure: documents === null ? "–" : count(documents),
      figureLabel: "documents",
      facts: [
        [trains === null ? "" : `${count(trains)} to train`, ""],
        [tests === null ? "" : `${count(tests)} to test`, ""],
      ],
    },
    {
      ...training("towers", "1 Dual towers", towersNote(experiment), stages.stage1, input),
      tower: "c-teacher",
      figureLabel: "contrastive loss",
    },
    {
      ...blank("index", "Index", "documents, frozen", stages.index, input),
      state: index === "done" ? "frozen" : index,
      word: stages.index.status === "waiting" ? "Not built" : wordOf(index, "Frozen"),
      figure: stages.index.done > 0 ? count(stages.index.done) : documents === null ? "–" : count(documents),
      figureLabel: `vectors of ${experiment.embeddingSize}`,
      progress: stages.index.status === "running" ? part(stages.index) : null,
      facts: [
        ["exact search", halfWords(stages.index.facts)],
        [stages.index.seconds > 0 ? `built in ${duration(stages.index.seconds)}` : "", ""],
      ],
    },
    {
      ...training("student", "2 QKD", "query tower only", stages.stage2, input),
      tower: "c-student",
      figureLabel: "distillation loss",
    },
    baselines(input),
    evaluation(input),
  ];
}

/** What a teacher of half floats changes of its vectors. */
function halfWords(facts: ShownStage["facts"]): string {
  const cosine = facts["half floats, cosine at least"];
  return cosine === undefined ? "" : `half floats: cosine ${cosine} or more`;
}

function towersNote({ teacher }: Experiment): string {
  if (teacher.checkpoint !== "") return teacher.sharedTowers ? "shared, from a checkpoint" : "from a checkpoint";
  return teacher.sharedTowers ? "shared, not pre-trained" : "no pre-training";
}

function baselines(input: PipelineInput): StageCardModel {
  const { scalingdoc, twinbert } = input.stages;
  const current = twinbert.status === "waiting" ? scalingdoc : twinbert;
  const card = training("baselines", "Baselines", "ScalingDoc, TwinBERT", current, input);
  const both = { done: scalingdoc.done + twinbert.done, total: scalingdoc.total + twinbert.total };
  // Between the two the first is done and the second has not begun: the card is still under way.
  const between = scalingdoc.status === "done" && twinbert.status === "waiting" && input.status === "running";
  return {
    ...card,
    ...(between ? { state: "running" as const, word: "Running" } : {}),
    tower: current === twinbert ? "c-twinbert" : "c-scalingdoc",
    figureLabel: `${current === twinbert ? "TwinBERT" : "ScalingDoc"} loss`,
    progress: both.total > 0 && current.status !== "waiting" ? both.done / both.total : null,
  };
}

function evaluation(input: PipelineInput): StageCardModel {
  const { stages, result } = input;
  const student = result?.systems.find((s) => s.name === "scalingnote");
  const teacher = result?.systems.find((s) => s.name === "teacher");
  const watched = [...stages.stage2.validation].reverse().find((p) => p.metrics["recall@10"] !== undefined);
  const value = student?.metrics["recall@10"].value ?? watched?.metrics["recall@10"];
  const card = blank("evaluation", "Evaluate", "on the test queries", stages.evaluation, input);
  const faster = speedUp(teacher, student, result?.adapter.software ?? true);
  return {
    ...card,
    figure: share(value),
    figureLabel: "recall@10",
    tower: "c-student",
    curve: stages.stage2.validation.map((p) => ({ x: p.step, y: p.metrics["recall@10"] ?? Number.NaN })),
    progress: stages.evaluation.status === "running" ? part(stages.evaluation) : null,
    facts: student
      ? [
          [`${percent(student.retention.value)} of teacher`, ""],
          [faster, ""],
        ]
      : watched
        ? [
            ["on validation queries", ""],
            [`at step ${count(watched.step)}`, ""],
          ]
        : [
            ["recall, nDCG, MRR", ""],
            ["and query cost", ""],
          ],
  };
}

/** Encoding alone where it is a latency; operations where it is not. */
function speedUp(teacher: SystemResult | undefined, student: SystemResult | undefined, software: boolean): string {
  if (!teacher || !student) return "";
  if (!software && teacher.encodeMs && student.encodeMs)
    return `${plain(Number((teacher.encodeMs / student.encodeMs).toPrecision(2)))}× faster encode`;
  if (teacher.queryFlops > 0 && student.queryFlops > 0)
    return `${plain(Number((teacher.queryFlops / student.queryFlops).toPrecision(2)))}× fewer FLOPs`;
  return "";
}

function training(
  glyph: StageCardModel["glyph"],
  title: string,
  sub: string,
  stage: ShownStage,
  input: PipelineInput,
): StageCardModel {
  const card = blank(glyph, title, sub, stage, input);
  const planned = plannedSteps(stage, input.experiment);
  const last = stage.losses.at(-1);
  const right =
    card.state === "running" || card.state === "replaying"
      ? left(stage)
      : stage.seconds > 0
        ? duration(stage.seconds)
        : "";
  const speed =
    stage.seconds > 0 && stage.done > 0 ? `${plain(Number((stage.done / stage.seconds).toPrecision(3)))} steps/s` : "";
  const saved = input.saved?.stage === stage.name ? input.saved.step : null;
  return {
    ...card,
    figure: lossWords(smoothedLast(stage)),
    curve: stage.losses.map((p) => ({ x: p.step, y: p.loss })),
    logCurve: true,
    progress: stage.status === "waiting" ? null : part(stage),
    facts:
      stage.status === "waiting"
        ? [
            [planned ? `${count(planned)} steps` : "", ""],
            [`batch ${count(input.experiment.training.batch)}`, ""],
          ]
        : [
            [`${count(stage.done)} of ${count(stage.total)}`, right],
            card.state === "interrupted" || card.state === "stopped"
              ? [saved === null ? "" : "last saved", saved === null ? "" : `step ${count(saved)}`]
              : [speed, last && last.tokensPerSecond > 0 ? `${compact(last.tokensPerSecond)} tok/s` : ""],
          ],
  };
}

/** Time to the end of this stage at its own pace so far. */
function left(stage: ShownStage): string {
  if (stage.done === 0 || stage.seconds === 0 || stage.total <= stage.done) return "";
  return `${duration((stage.seconds * (stage.total - stage.done)) / stage.done)} left`;
}

/** The mean of the last losses: one batch alone jumps too much for a figure that is read. */
function smoothedLast(stage: ShownStage): number | null {
  const tail = stage.losses.slice(-8);
  if (tail.length === 0) return null;
  return tail.reduce((sum, p) => sum + p.loss, 0) / tail.length;
}

function plannedSteps(stage: ShownStage, experiment: Experiment): number {
  if (stage.total > 0) return stage.total;
  if (stage.name === "stage1") return experiment.stage1.steps;
  if (stage.name === "stage2") return experiment.stage2.steps + experiment.stage2.refineSteps;
  return 0;
}

function blank(
  glyph: StageCardModel["glyph"],
  title: string,
  sub: string,
  stage: ShownStage,
  input: PipelineInput,
): StageCardModel {
  const now = state(stage, input);
  return {
    key: glyph,
    title,
    sub,
    state: now,
    word: wordOf(now, stage.facts.ended === "early" ? "Ended early" : "Done"),
    figure: "–",
    figureLabel: "",
    tower: "",
    curve: [],
    logCurve: false,
    progress: null,
    facts: [],
    glyph,
  };
}

function state(stage: { name: StageName; status: ShownStage["status"] }, input: PipelineInput): CardState {
  if (stage.status === "running") {
    if (input.mode === "replay") return "replaying";
    if (input.status === "paused") return "paused";
    if (input.status === "interrupted" || input.status === "failed") return "interrupted";
    if (input.status === "stopped") return "stopped";
  }
  // Cut off by the user's own hand: nothing is wrong with it.
  if (stage.status === "interrupted" && input.status === "stopped") return "stopped";
  return stage.status;
}

function wordOf(state: CardState, done: string): string {
  switch (state) {
    case "waiting":
      return "Waiting";
    case "running":
      return "Running";
    case "paused":
      return "Paused";
    case "replaying":
      return "Replaying";
    case "interrupted":
      return "Interrupted";
    case "stopped":
      return "Stopped";
    case "frozen":
      return "Frozen";
    default:
      return done;
  }
}

function part(stage: { done: number; total: number }): number {
  return stage.total > 0 ? Math.min(1, stage.done / stage.total) : 0;
}
