/**
 * How much GPU memory a run takes, stage by stage, before it starts; and the refusal of one that takes too much. From
 * settings, vocabularies and the collection's size alone: a pure function. What it says of steps of tfjs' own operations
 * is too little, for those are not captured with buffers shared; they are the reference, not what runs are made with.
 */
import { SEARCH_BATCH } from "../../gpu/search";
import { bytesInWords } from "../bytes";
import { getSetting, settingEntry, withSetting } from "../config/paths";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import { LOSS_TERMS } from "../objectives";
import { isHead, type LoraSettings, loraOf } from "../towers/lora";
import type { TowerConfig } from "../towers/types";
import { vectorBytes } from "../training/encode";
import { encodeBatch } from "./context";
import { contrastiveMemory } from "./contrastiveMemory";
import { DEPTH } from "./evaluate";
import { parameterBytes, sum } from "./parameterMemory";
import { documentsOfBatch, type PlanShape, planShape, queuedBatchesOf, type RunTowers, towerConfigs } from "./plan";
import {
  besideMemory,
  type DistilLoss,
  distilMemory,
  encoderMemory,
  type MemoryParts,
  type StepMemory,
  searchMemory,
  type TowerTexts,
} from "./stepMemory";

export type MemoryStage = "stage1" | "index" | "stage2" | "scalingdoc" | "twinbert" | "evaluation";

export interface StageMemory {
  stage: MemoryStage;
  parts: MemoryParts;
  total: number;
  /** The largest single buffer of the stage. */
  largest: number;
}

export interface RunMemory {
  /** In the order in which they run. Towers stay on the GPU to the end, so later stages hold those of earlier ones. */
  stages: StageMemory[];
  /** The stage that takes most. */
  peak: StageMemory;
}

/** What a device binds and allocates at most in one piece: GPUSupportedLimits has both. */
export interface BufferLimits {
  maxStorageBufferBindingSize: number;
  maxBufferSize: number;
}

/** Steps and encoders that are there at once: they never run at once, so the largest decide how large the buffers are. */
export function together(steps: readonly StepMemory[], captured: boolean): MemoryParts {
  const total = (part: keyof MemoryParts) => sum(steps.map((step) => step[part]));
  const shared = steps.flatMap((step) => step.buffers);
  const most = Math.max(...steps.map((step) => step.buffers.length));
  const slots = Array.from({ length: most }, (_, i) => Math.max(...steps.map((step) => step.buffers[i] ?? 0)));
  return {
    parameters: total("parameters"),
    gradients: total("gradients"),
    moments: total("moments"),
    activations: total("activations") - sum(shared) + sum(captured ? slots : shared),
    inputs: total("inputs"),
    vectors: total("vectors"),
  };
}

/**
 * @param shape lengths and counts; unless given what the settings allow at most
 * @param towers of a run from checkpoints what `openStarts` says
 */
export function runMemory(
  experiment: Experiment,
  shape: PlanShape = planShape(experiment),
  towers: RunTowers = towerConfigs(experiment),
): RunMemory {
  const { teacher, student, learner, smallDocument } = towers;
  const { stage1, stage2, training, baselines, embeddingSize } = experiment;
  const captured = training.step === "captured";
  const columns = training.batch * (1 + stage1.hardNegatives + stage1.minedNegatives);
  const contrastiveLoss = {
    queued: queuedBatchesOf(experiment) * training.batch,
    matryoshka: stage1.matryoshka,
    symmetric: stage1.symmetric,
  };
  const { teacher: long, student: short } = shape;
  const encoder = (config: TowerConfig, tokens: number, batch = encodeBatch(experiment)) =>
    encoderMemory({ config, batch, tokens }, captured);
  const vectors = (texts: number) => vectorBytes(texts, encodeBatch(experiment), embeddingSize);
  const pair = (
    query: TowerConfig,
    document: TowerConfig,
    tokens: { query: number; document: number },
    sharedTowers: boolean,
    lora: LoraSettings | null = null,
  ) => [
    contrastiveMemory(
      { config: query, batch: training.batch, tokens: tokens.query },
      { config: document, batch: columns, tokens: tokens.document },
      sharedTowers,
      { dropout: stage1.dropout, captured, pieces: stage1.pieces, lora },
      contrastiveLoss,
    ),
    encoder(query, tokens.query),
    encoder(document, tokens.document),
  ];
  const search = searchMemory(shape.documents, embeddingSize, DEPTH);
  // While it mines a training holds the corpus' vectors, first as they are read back, then as an index that is searched.
  const searched = search.index + search.step.activations + search.step.inputs;
  const mined = stage1.minedNegatives > 0 ? searched + vectors(shape.documents) : 0;
  const watched = Math.max(vectors(shape.validationDocuments), mined);
  const distilling = distilMemory(
    learnerTexts(experiment, shape, learner),
    { dropout: stage2.dropout, captured, pieces: stage2.pieces },
    distilLoss(experiment),
  );
  const twinbertQuery = baselines.twinbertSharedTowers ? smallDocument : student;
  /** What a stage adds to the towers that stay, what it runs, and the vectors it holds. */
  const plan: { stage: MemoryStage; towers: TowerConfig[]; steps: StepMemory[]; vectors: number }[] = [
    {
      stage: "stage1",
      towers: [],
      steps: pair(teacher, teacher, long, experiment.teacher.sharedTowers, loraOf(experiment)),
      vectors: watched,
    },
    { stage: "index", towers: [], steps: [encoder(teacher, long.document)], vectors: vectors(shape.documents) },
    {
      stage: "stage2",
      towers: [student],
      steps: [
        distilling,
        // What measures how the losses pull has the same inputs, and buffers that are none larger.
        { ...distilling, parameters: 0, gradients: 0, moments: 0, activations: 0, buffers: [] },
        encoder(teacher, long.query),
        encoder(learner, short.query),
      ],
      vectors: vectors(
        Math.max(shape.trainQueries * (stage2.copyTarget === "own" ? 1 + stage2.copies : 1), shape.validationQueries),
      ),
    },
    {
      stage: "scalingdoc",
      towers: [student, teacher],
      steps: pair(student, teacher, { query: short.query, document: long.document }, false),
      vectors: watched,
    },
    {
      stage: "twinbert",
      towers: baselines.twinbertSharedTowers ? [smallDocument] : [student, smallDocument],
      steps: pair(twinbertQuery, smallDocument, short, baselines.twinbertSharedTowers),
      vectors: watched,
    },
    {
      stage: "evaluation",
      towers: [],
      // What is there at once, of that the largest: an encoder, or a search; a query's cost is measured with both.
      steps: [
        [encoder(teacher, long.document)],
        [encoder(smallDocument, short.document)],
        [encoder(teacher, long.query, SEARCH_BATCH), search.step],
      ].toSorted((a, b) => together(b, captured).activations - together(a, captured).activations)[0]!,
      // The teacher's index, which the student searches too, and those of the two baselines.
      vectors: 3 * search.index + vectors(Math.max(shape.documents, shape.testQueries)),
    },
  ];
  let others = 0;
  const stages = plan.map(({ stage, towers, steps, vectors }): StageMemory => {
    others += sum(towers.map((config) => parameterBytes(config)));
    const needs = together(steps, captured);
    const parts = {
      ...needs,
      parameters: teacherBytes(experiment, teacher, stage) + others + needs.parameters,
      vectors,
    };
    return {
      stage,
      parts,
      total: sum(Object.values(parts)),
      largest: Math.max(...steps.map((step) => step.largest)),
    };
  });
  return { stages, peak: stages.reduce((most, stage) => (stage.total > most.total ? stage : most)) };
}

/** A batch of stage 2: with documents among them all texts are as long as those. */
function learnerTexts({ stage2, training }: Experiment, { student }: PlanShape, config: TowerConfig): TowerTexts {
  const documents = documentsOfBatch(stage2, training.batch) > 0;
  const tokens = documents ? Math.max(student.query, student.document) : student.query;
  return { config, batch: training.batch, tokens };
}

/** The losses of stage 2, or of its refinement where that takes more. */
function distilLoss({ stage2, training, embeddingSize }: Experiment): DistilLoss {
  const terms = LOSS_TERMS.filter(({ weight }) => stage2[weight] > 0).length;
  return {
    terms: Math.max(terms, stage2.refineSteps > 0 ? 1 : 0),
    columns: training.batch + (stage2.scored === "batch" ? 0 : stage2.sampledDocuments),
    matryoshka: stage2.matryoshka,
    teacherSize: embeddingSize,
  };
}

/**
 * How many students fit side by side in stage 2, at least one: each has parameters, gradients, moments and activations
 * of its own, what is fed to the step and the teacher they share.
 */
export function mostStudents(
  experiment: Experiment,
  shape: PlanShape = planShape(experiment),
  limits?: BufferLimits,
): number {
  const { learner } = towerConfigs(experiment);
  const { training, stage2 } = experiment;
  const each = besideMemory(
    learnerTexts(experiment, shape, learner),
    { dropout: stage2.dropout, captured: training.step === "captured" },
    distilLoss(experiment),
  );
  const alone = runMemory(experiment, shape).stages.find(({ stage }) => stage === "stage2")!;
  const most = limits ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : Number.POSITIVE_INFINITY;
  return Math.max(
    1,
    Math.min(1 + Math.floor((training.memoryLimit * 1e6 - alone.total) / each.bytes), Math.floor(most / each.largest)),
  );
}

/** The teacher's towers, which stay to the end: beside adapters or frozen they may be of half floats. */
function teacherBytes(experiment: Experiment, config: TowerConfig, stage: MemoryStage): number {
  const towers = experiment.teacher.sharedTowers ? 1 : 2;
  if (stage === "stage1")
    return towers * parameterBytes(config, loraOf(experiment)?.half ? (name) => !isHead(name) : false);
  // Before the index is built they are there as they were trained: what half floats cost is measured then.
  return towers * parameterBytes(config, experiment.teacher.half && stage !== "index");
}

const STAGE_WORDS: Record<MemoryStage, string> = {
  stage1: "stage 1",
  index: "the index",
  stage2: "stage 2",
  scalingdoc: "ScalingDoc",
  twinbert: "TwinBERT",
  evaluation: "evaluation",
};
const PART_WORDS: Record<keyof MemoryParts, string> = {
  parameters: "parameters",
  gradients: "gradients",
  moments: "the optimizer's moments",
  activations: "activations",
  inputs: "inputs",
  vectors: "vectors",
};

/** "activations 150 MB", of the part that takes most. */
function largestPart({ parts }: StageMemory): string {
  const [part, bytes] = Object.entries(parts).reduce((most, one) => (one[1] > most[1] ? one : most));
  return `${PART_WORDS[part as keyof MemoryParts]} ${bytesInWords(bytes)}`;
}

/** "About 240 MB on the GPU at most, in stage 1: activations 150 MB." */
export const memoryWords = ({ peak }: RunMemory): string =>
  `About ${bytesInWords(peak.total)} on the GPU at most, in ${STAGE_WORDS[peak.stage]}: ${largestPart(peak)}.`;

/** One line a stage, with all its parts: for a terminal. */
export const memoryLines = ({ stages }: RunMemory): string[] =>
  stages.map(({ stage, parts, total }) => {
    const words = Object.entries(parts)
      .filter(([, bytes]) => bytes > 0)
      .map(([part, bytes]) => `${PART_WORDS[part as keyof MemoryParts]} ${bytesInWords(bytes)}`);
    return `${stage.padEnd(10)} ${bytesInWords(total).padStart(7)}: ${words.join(", ")}`;
  });

/** What does not fit, and whether it is the limit that the settings set. */
function excess(
  { stages, peak }: RunMemory,
  limit: number,
  limits: BufferLimits | undefined,
): { stage: MemoryStage; byLimit: boolean; words: string } | null {
  const most = limits ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : Number.POSITIVE_INFINITY;
  const broad = stages.find((stage) => stage.largest > most);
  if (broad) {
    const words = `A single buffer of ${STAGE_WORDS[broad.stage]} needs ${bytesInWords(broad.largest)}, and this GPU gives ${bytesInWords(most)} in one piece.`;
    return { stage: broad.stage, byLimit: false, words };
  }
  if (peak.total <= limit) return null;
  const stage = STAGE_WORDS[peak.stage];
  return {
    stage: peak.stage,
    byLimit: true,
    words: `${stage[0]!.toUpperCase()}${stage.slice(1)} needs about ${bytesInWords(peak.total)} of GPU memory (${largestPart(peak)}), more than the memory limit of ${bytesInWords(limit)}.`,
  };
}

const PIECES: Partial<Record<MemoryStage, string>> = {
  stage1: "stage1.pieces",
  scalingdoc: "stage1.pieces",
  twinbert: "stage1.pieces",
  stage2: "stage2.pieces",
};

/** Why this run does not fit, with the setting to change; null where it does. Nothing has been started then. */
export function memoryProblem(
  experiment: Experiment,
  shape: PlanShape = planShape(experiment),
  limits?: BufferLimits,
  towers?: RunTowers,
): LabError | null {
  const { batch, memoryLimit } = experiment.training;
  const problem = (memory: RunMemory) => excess(memory, memoryLimit * 1e6, limits);
  const memory = runMemory(experiment, shape, towers);
  const found = problem(memory);
  if (!found) return null;
  const fits = (path: string, value: number | boolean) =>
    problem(runMemory(withSetting(experiment, path, value), shape, towers)) === null;
  const powers = Array.from({ length: 12 }, (_, i) => 2 ** (i + 1));
  /** The first value that fits, where all after it do. */
  const first = (path: string, values: readonly number[]) => {
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (fits(path, values[middle]!)) high = middle;
      else low = middle + 1;
    }
    return values[low];
  };
  const ways: string[] = [];
  const path = PIECES[found.stage];
  const before = path ? (getSetting(experiment, path) as number) : 1;
  const most = Math.min(batch, path ? (settingEntry(path).info.max ?? 1) : 1);
  const pieces =
    path &&
    first(
      path,
      powers.filter((n) => n > before && n <= most),
    );
  if (pieces) ways.push(`set Pieces of a batch (${path}) from ${before} to ${pieces}, which changes no result`);
  const smaller = first(
    "training.batch",
    powers.map((n) => Math.floor(batch / n)).filter((n) => n >= 2),
  );
  if (smaller) ways.push(`lower Batch (training.batch) from ${batch} to ${smaller}`);
  if (!experiment.teacher.half && fits("teacher.half", true))
    ways.push("set Frozen teacher as half floats (teacher.half), which rounds its vectors a little");
  if (ways.length === 0) ways.push("choose narrower towers, fewer layers or a smaller vocabulary");
  if (found.byLimit)
    ways.push(
      `if your GPU has the memory, raise Memory limit (training.memoryLimit) from ${memoryLimit} to ${Math.ceil(memory.peak.total / 1e8) * 100} MB`,
    );
  const remedy = ways.join("; or, ");
  return new LabError("bad-setting", found.words, `${remedy[0]!.toUpperCase()}${remedy.slice(1)}.`);
}
