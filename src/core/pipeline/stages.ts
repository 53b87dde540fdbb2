/** The contrastive trainings of a run: the teacher and the two end-to-end baselines. Each starts, resumes or is loaded. */
import type { Gpu } from "../../gpu/device";
import type { StageName, TrainedSystem } from "../formats/result";
import { withoutAdapters } from "../towers/device";
import { loraOf } from "../towers/lora";
import { contrastiveStep } from "../training/contrastiveStep";
import { createMiner } from "../training/mining";
import { pairOrder } from "../training/pairs";
import { loadCheckpoint } from "./checkpoints";
import { encoderFor, type RunContext } from "./context";
import { freshPair } from "./fresh";
import { miningOptions, queuedBatchesOf } from "./plan";
import { disposeTowers, finishStage, recipeOf, runTraining, type Towers } from "./stageTraining";
import type { TowerText } from "./texts";
import { watchBoth } from "./watch";

/** Both towers of a finished system, from their checkpoints. Null where the stage has not finished. */
async function loadTowers(
  context: RunContext,
  stage: StageName,
  system: TrainedSystem,
  shared: boolean,
): Promise<Towers | null> {
  if (context.reporter.stages.find((s) => s.name === stage)?.status !== "done") return null;
  const query = await loadCheckpoint(context.gpu, context.store, system, "query");
  if (!query) return null;
  const document = shared ? query : await loadCheckpoint(context.gpu, context.store, system, "document");
  return document ? { query: query.tower, document: document.tower } : null;
}

/** A pair of towers trained contrastively, end to end. */
async function trainPair(
  context: RunContext,
  stage: "stage1" | "scalingdoc" | "twinbert",
  system: TrainedSystem,
  make: () => Promise<Towers>,
  texts: { query: TowerText; document: TowerText },
  rates: { learningRate: number; embeddingRate: number },
  steps: number,
  shared = false,
): Promise<{ towers: Towers; endedEarly: boolean }> {
  const { gpu, ops, experiment, pairs, sample } = context;
  const { stage1, training } = experiment;
  const loaded = await loadTowers(context, stage, system, shared);
  if (loaded) return { towers: loaded, endedEarly: false };
  let towers = await make();
  const queryLength = texts.query.queryLength;
  const documentLength = texts.document.documentLength;
  const recipe = recipeOf(context, rates, steps, stage1, [towers.query, towers.document]);
  const encoders = {
    query: encoderFor(context, towers.query, queryLength),
    document: encoderFor(context, towers.document, documentLength),
  };
  const mining =
    stage1.minedNegatives > 0
      ? createMiner(
          gpu,
          pairs,
          { encoder: encoders.query, table: texts.query.train },
          { encoder: encoders.document, table: texts.document.documents },
          experiment.embeddingSize,
          miningOptions(stage1),
          context.reporter.doing,
        )
      : undefined;
  const queuedBatches = queuedBatchesOf(experiment);
  const watch = watchBoth(
    sample,
    experiment.embeddingSize,
    { encoder: encoders.query, table: texts.query.validation },
    { encoder: encoders.document, table: texts.document.documents },
  );
  try {
    let endedEarly: boolean;
    try {
      endedEarly = await runTraining(
        context,
        stage,
        recipe,
        () =>
          contrastiveStep(gpu, ops, recipe, {
            ...towers,
            queryTokens: texts.query.train,
            documentTokens: texts.document.documents,
            queryLength,
            documentLength,
            order: pairOrder(pairs, training.batch, stage1.hardNegatives, experiment.seed, {
              ...(mining ? { mined: { count: stage1.minedNegatives, of: mining.of } } : {}),
              queue: { batches: queuedBatches },
            }),
            hardNegatives: stage1.hardNegatives + stage1.minedNegatives,
            temperature: stage1.temperature,
            learnTemperature: stage1.learnTemperature,
            symmetric: stage1.symmetric,
            matryoshka: stage1.matryoshka,
            queuedBatches,
          }),
        watch,
        { mining },
      );
    } finally {
      encoders.query.dispose();
      encoders.document.dispose();
    }
    towers = await pairWithoutAdapters(gpu, towers);
    await finishStage(context, stage, system, towers, texts, endedEarly);
    return { towers, endedEarly };
  } catch (error) {
    disposeTowers(towers);
    throw error;
  }
}

/** What adapters learned is added to the matrices; towers without any are given back as they are. */
async function pairWithoutAdapters(gpu: Gpu, { query, document }: Towers): Promise<Towers> {
  const merged = await withoutAdapters(gpu, query);
  return { query: merged, document: document === query ? merged : await withoutAdapters(gpu, document) };
}

/** Stage 1: the teacher's two towers. */
export function trainTeacher(context: RunContext) {
  const { experiment, texts, plan } = context;
  const config = context.towers.teacher;
  return trainPair(
    context,
    "stage1",
    "teacher",
    () =>
      freshPair(context, ["teacher", config], ["teacher", config], experiment.teacher.sharedTowers, loraOf(experiment)),
    { query: texts.teacher, document: texts.teacher },
    experiment.stage1,
    plan.steps.stage1,
    experiment.teacher.sharedTowers,
  );
}

/** Baseline: a small query tower and a big document tower, trained end to end. */
export function trainScalingDoc(context: RunContext) {
  const { experiment, texts, plan } = context;
  const { student, teacher } = context.towers;
  return trainPair(
    context,
    "scalingdoc",
    "scalingdoc",
    () => freshPair(context, ["student", student], ["teacher", teacher], false),
    { query: texts.student, document: texts.teacher },
    {
      learningRate: experiment.baselines.scalingdocLearningRate,
      embeddingRate: experiment.baselines.scalingdocEmbeddingRate,
    },
    plan.steps.scalingdoc,
  );
}

/** Baseline: both towers small, trained end to end. */
export function trainTwinBert(context: RunContext) {
  const { experiment, texts, plan } = context;
  const { student, smallDocument } = context.towers;
  const shared = experiment.baselines.twinbertSharedTowers;
  return trainPair(
    context,
    "twinbert",
    "twinbert",
    () => freshPair(context, ["student", shared ? smallDocument : student], ["student", smallDocument], shared),
    { query: texts.student, document: texts.student },
    {
      learningRate: experiment.baselines.twinbertLearningRate,
      embeddingRate: experiment.baselines.twinbertEmbeddingRate,
    },
    plan.steps.twinbert,
    shared,
  );
}
