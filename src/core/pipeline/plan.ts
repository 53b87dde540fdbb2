/** What a run will do, before it does it: steps of every system and floating-point operations from shapes. */
import type { Experiment } from "../config/schema";
import type { Dataset } from "../data/types";
import { WORDNET_COUNTS } from "../data/wordnet/words";
import { forwardFlops, towerConfig } from "../towers";
import type { TowerConfig } from "../towers/types";
import type { MiningOptions } from "../training/mining";
import { timesMined } from "../training/schedule";

/** How long the texts are and how many there are. */
export interface PlanShape {
  /** Padded lengths in tokens, by tokenizer. */
  teacher: { query: number; document: number };
  student: { query: number; document: number };
  documents: number;
  trainQueries: number;
  testQueries: number;
  /** Documents and queries of one validation. */
  validationDocuments: number;
  validationQueries: number;
}

/** Documents against which the curves are measured during training: a sample holds the cost of watching down. */
export const VALIDATION_DOCUMENTS = 1000;
export const VALIDATION_QUERIES = 200;

export interface RunPlan {
  steps: { stage1: number; stage2: number; scalingdoc: number; twinbert: number };
  /** Floating-point operations (2 a multiply-add), padding included, for it is computed too. */
  flops: { stage1: number; index: number; stage2: number; scalingdoc: number; twinbert: number; evaluation: number };
  totalFlops: number;
  /** Of one training step, watching not counted. */
  stepFlops: { stage1: number; stage2: number; scalingdoc: number; twinbert: number };
}

/** The kinds of tower of a run. */
export interface RunTowers {
  teacher: TowerConfig;
  student: TowerConfig;
  /** The student while stage 2 trains it. */
  learner: TowerConfig;
  smallDocument: TowerConfig;
}

/** Those that the settings describe; a run from checkpoints has those of `openStarts`. */
export function towerConfigs(experiment: Experiment): RunTowers {
  return {
    teacher: towerConfig(experiment, "teacher"),
    student: towerConfig(experiment, "student"),
    learner: learnerConfig(experiment),
    smallDocument: towerConfig(experiment, "smallDocument"),
  };
}

/**
 * The small query tower while stage 2 trains it: with vectors of its own size, where that is set, and with places for a
 * document's tokens, where it learns those too.
 */
export function learnerConfig(experiment: Experiment): TowerConfig {
  const { student, stage2, training } = experiment;
  const config = towerConfig(experiment, "student");
  const documents = documentsOfBatch(stage2, training.batch) > 0;
  return {
    ...config,
    embeddingSize: student.ownSize || config.embeddingSize,
    maxTokens: documents ? Math.max(config.maxTokens, student.docTokens) : config.maxTokens,
  };
}

/** Documents in each batch of stage 2. */
export const documentsOfBatch = ({ documentShare }: Experiment["stage2"], batch: number): number =>
  Math.min(batch - 1, Math.round(documentShare * batch));

/** Whole batches of earlier steps that stage 1 and the baselines keep as negatives. */
export const queuedBatchesOf = ({ stage1, training }: Experiment): number => Math.floor(stage1.queue / training.batch);

/** How stage 1 and the baselines mine negatives. */
export const miningOptions = (stage1: Experiment["stage1"]): MiningOptions => ({
  after: stage1.mineAfter,
  every: stage1.mineEvery,
  from: stage1.mineFrom,
  to: stage1.mineTo,
  margin: stage1.mineMargin,
});

/**
 * The upper bound that the settings allow, before any text is tokenised: every text of the longest length.
 * @param dataset the collection where it is the user's own; the sizes of those that come with the page are known
 */
export function planShape(experiment: Experiment, dataset?: Dataset): PlanShape {
  const { source, wordnet, notes } = experiment.data;
  const known = source === "wordnet" ? WORDNET_COUNTS[wordnet] : { ...notes, documents: notes.corpusSize };
  const documents = dataset?.docs.length ?? known.documents;
  return {
    teacher: { query: experiment.teacher.queryTokens, document: experiment.teacher.docTokens },
    student: { query: experiment.student.queryTokens, document: experiment.student.docTokens },
    documents,
    trainQueries: dataset?.train.queries.length ?? known.trainQueries,
    testQueries: dataset?.test.queries.length ?? known.testQueries,
    validationDocuments: Math.min(documents, VALIDATION_DOCUMENTS),
    validationQueries: Math.min(dataset?.validation.queries.length ?? known.validationQueries, VALIDATION_QUERIES),
  };
}

/** The baselines' steps, as far as settings say: null where operations are equalised, which depend on texts and towers. */
export function equalisedSteps({
  baselines,
  stage1,
  stage2,
}: Pick<Experiment, "baselines" | "stage1" | "stage2">): number | null {
  if (baselines.equalise === "flops") return null;
  return baselines.equalise === "steps" ? stage1.steps : stage1.steps + stage2.steps + stage2.refineSteps;
}

/**
 * Steps and FLOPs of a run. A training step counts three forward passes of every tower that learns (forward, and twice
 * that backward), and four where a contrastive batch is walked in pieces; embedding look-ups, norms, softmax and scores of
 * vectors in a loss are not counted, as is the custom.
 */
export function planRun(
  experiment: Experiment,
  shape: PlanShape = planShape(experiment),
  towers: RunTowers = towerConfigs(experiment),
): RunPlan {
  const { teacher, student, learner, smallDocument } = towers;
  const { stage1, stage2, training, baselines } = experiment;
  const { batch } = training;
  const bigQuery = forwardFlops(teacher, shape.teacher.query);
  const bigDocument = forwardFlops(teacher, shape.teacher.document);
  const smallQuery = forwardFlops(student, shape.student.query);
  // With documents among them all texts of a batch are as long as those.
  const longest =
    documentsOfBatch(stage2, batch) > 0 ? Math.max(shape.student.query, shape.student.document) : shape.student.query;
  const studentText =
    forwardFlops(learner, longest) +
    (learner.embeddingSize === student.embeddingSize ? 0 : 2 * learner.embeddingSize * student.embeddingSize);
  const smallDoc = forwardFlops(smallDocument, shape.student.document);
  const columns = 1 + stage1.hardNegatives + stage1.minedNegatives;

  const passes = stage1.pieces > 1 ? 4 : 3;
  const stepCost = {
    stage1: passes * batch * (bigQuery + columns * bigDocument),
    stage2: 3 * batch * studentText,
    scalingdoc: passes * batch * (smallQuery + columns * bigDocument),
    twinbert: passes * batch * (smallQuery + columns * smallDoc),
  };
  // Watching: every validation encodes queries and, where the document tower learns, the sampled documents.
  const watch = (steps: number, query: number, document: number) =>
    (1 + Math.ceil(steps / training.validateEvery)) *
    (shape.validationQueries * query + shape.validationDocuments * document);

  // Mining encodes and searches the whole collection.
  const mine = (steps: number, query: number, document: number) =>
    stage1.minedNegatives > 0
      ? timesMined(steps, miningOptions(stage1)) *
        (shape.trainQueries * query +
          shape.documents * document +
          2 * shape.trainQueries * shape.documents * student.embeddingSize)
      : 0;
  const contrastive = (system: keyof typeof stepCost, steps: number, query: number, document: number) =>
    steps * stepCost[system] + watch(steps, query, document) + mine(steps, query, document);

  const distilling = stage2.steps + stage2.refineSteps;
  const taught = shape.trainQueries * (1 + (stage2.copyTarget === "own" ? stage2.copies : 0));
  const base = {
    stage1: contrastive("stage1", stage1.steps, bigQuery, bigDocument),
    index: shape.documents * bigDocument,
    stage2: taught * bigQuery + distilling * stepCost.stage2 + watch(distilling, smallQuery, 0),
  };
  const baselineSteps = (system: "scalingdoc" | "twinbert"): number =>
    equalisedSteps({ baselines, stage1, stage2 }) ??
    Math.max(1, Math.round((base.stage1 + base.index + base.stage2) / stepCost[system]));
  const steps = {
    stage1: stage1.steps,
    stage2: distilling,
    scalingdoc: baselineSteps("scalingdoc"),
    twinbert: baselineSteps("twinbert"),
  };
  const flops = {
    ...base,
    scalingdoc: contrastive("scalingdoc", steps.scalingdoc, smallQuery, bigDocument),
    twinbert: contrastive("twinbert", steps.twinbert, smallQuery, smallDoc),
    // Test queries of the four trained systems and the two baselines' own indices.
    evaluation: shape.testQueries * (bigQuery + 3 * smallQuery) + shape.documents * (bigDocument + smallDoc),
  };
  return { steps, flops, totalFlops: Object.values(flops).reduce((a, b) => a + b, 0), stepFlops: stepCost };
}
