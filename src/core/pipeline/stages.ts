/** The trainings of a run: teacher, student and the two end-to-end baselines. Each starts, resumes or is loaded. */

import { disposeOwn } from "../../gpu/step";
import { LabError } from "../errors";
import type { StageName, TrainedSystem } from "../formats/result";
import { countParameters, embeddingInit, firstLastInit, initTower } from "../towers";
import { disposeTower, downloadParameters, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "../training/contrastiveStep";
import { type DistilStep, distilStep } from "../training/distilStep";
import type { TokenTable } from "../training/inputs";
import { createMiner, type Miner } from "../training/mining";
import { pairOrder } from "../training/pairs";
import { projectedEncoder, startProjection, withProjection } from "../training/projection";
import { scoredDocuments } from "../training/scoredDocuments";
import { readState, writeState } from "../training/state";
import { train } from "../training/trainer";
import type { Recipe, TrainingStep } from "../training/trainingStep";
import { loadCheckpoint, saveCheckpoint } from "./checkpoints";
import { compilePrograms, encoderFor, type RunContext } from "./context";
import { miningOptions, queuedBatchesOf, towerConfigs, trainedStudent } from "./plan";
import { stage2Texts } from "./stage2Texts";
import type { TowerText } from "./texts";
import { watchBoth, watchStudent } from "./watch";

export interface Towers {
  query: Tower;
  /** The same object as `query` where the towers are shared. */
  document: Tower;
}

/** Frees a pair of towers. */
export function disposeTowers(towers: Towers): void {
  disposeTower(towers.query);
  if (towers.document !== towers.query) disposeTower(towers.document);
}

const stateFile = (stage: StageName, phase = "") => `state/${stage}${phase}.safetensors`;

/** A training that is not all of its stage. */
interface Phase {
  /** Tells its state's file from that of the stage's first phase. */
  name: string;
  /** Steps of the phases before, and of all. */
  before: number;
  total: number;
}

function recipeOf(
  context: RunContext,
  rates: { learningRate: number; embeddingRate: number },
  steps: number,
  { dropout, pieces }: { dropout: number; pieces: number },
): Recipe {
  const { training, seed } = context.experiment;
  return {
    steps,
    batch: training.batch,
    warmup: training.warmup,
    weightDecay: training.weightDecay,
    beta1: training.beta1,
    beta2: training.beta2,
    clip: training.clip,
    captured: training.step === "captured",
    ...rates,
    dropout,
    pieces,
    seed,
  };
}

/**
 * Runs one training as a stage, or as a phase of one: resumes from its state where there is one, reports, saves. Answers
 * whether it ended early.
 */
async function runTraining<Training extends TrainingStep>(
  context: RunContext,
  stage: StageName,
  recipe: Recipe,
  build: () => Training,
  validate: (training: Training, step: number) => Promise<Record<string, number>>,
  { mining, phase }: { mining?: Miner | undefined; phase?: Phase | undefined } = {},
): Promise<boolean> {
  const { gpu, store, reporter, experiment } = context;
  const file = stateFile(stage, phase?.name);
  const saved = await store.read(file);
  const resume = saved ? readState(saved) : undefined;
  const before = phase?.before ?? 0;
  const later = <Point extends { step: number }>(points: readonly Point[]): Point[] =>
    before > 0 ? points.map((point) => ({ ...point, step: point.step + before })) : [...points];
  if (before === 0) reporter.begin(stage, phase?.total ?? recipe.steps, resume?.seconds);
  context.control.begin();
  if (resume && resume.steps !== recipe.steps)
    throw new LabError(
      "bad-input",
      `The checkpoint of ${stage} is of ${resume.steps} steps, the run of ${recipe.steps}.`,
      "Start the run again.",
    );
  if (resume) reporter.points(stage, later(resume.losses), later(resume.validation), before + resume.step);
  const training = build();
  reporter.progress(stage, before + (resume?.step ?? 0), {
    step: training.step.kind,
    ...(training.step.stats.dispatches === null ? {} : { dispatches: training.step.stats.dispatches }),
  });
  try {
    await compilePrograms(context);
    const { endedEarly } = await train({
      gpu,
      training,
      recipe,
      validateEvery: experiment.training.validateEvery,
      patience: experiment.training.patience,
      validate: (step) => validate(training, step),
      mining,
      control: context.control,
      onPoints: (losses, validation, done) => reporter.points(stage, later(losses), later(validation), before + done),
      save: {
        everySeconds: experiment.training.saveEvery,
        write: async (state) => {
          await store.write(file, writeState(state));
          reporter.saved(stage, before + state.step);
        },
      },
      resume,
    });
    return endedEarly;
  } finally {
    training.dispose();
  }
}

/** After a training: checkpoints are written, then the training state is let go. */
async function finishStage(
  context: RunContext,
  stage: StageName,
  system: TrainedSystem,
  towers: { query: Tower; document?: Tower },
  texts: { query: TowerText; document: TowerText },
  endedEarly: boolean,
): Promise<void> {
  const { gpu, store, reporter, experiment } = context;
  const metadata = { seed: String(experiment.seed), stage };
  await saveCheckpoint(gpu, store, system, "query", towers.query, texts.query.tokenizer, metadata);
  if (towers.document && towers.document !== towers.query)
    await saveCheckpoint(gpu, store, system, "document", towers.document, texts.document.tokenizer, metadata);
  await store.remove(stateFile(stage));
  const parameters = countParameters(towers.query.config);
  reporter.end(stage, {
    parameters: parameters.withoutEmbeddings,
    "with embeddings": parameters.total,
    ...(endedEarly ? { ended: "early" } : {}),
  });
}

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
  make: () => Towers,
  texts: { query: TowerText; document: TowerText },
  rates: { learningRate: number; embeddingRate: number },
  steps: number,
  shared = false,
): Promise<{ towers: Towers; endedEarly: boolean }> {
  const { gpu, ops, experiment, pairs, sample } = context;
  const { stage1, training } = experiment;
  const loaded = await loadTowers(context, stage, system, shared);
  if (loaded) return { towers: loaded, endedEarly: false };
  const towers = make();
  const queryLength = texts.query.queryLength;
  const documentLength = texts.document.documentLength;
  const recipe = recipeOf(context, rates, steps, stage1);
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
    const endedEarly = await runTraining(
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
    await finishStage(context, stage, system, towers, texts, endedEarly);
    return { towers, endedEarly };
  } catch (error) {
    disposeTowers(towers);
    throw error;
  } finally {
    encoders.query.dispose();
    encoders.document.dispose();
  }
}

/** Both towers from one seeded checkpoint, as the paper starts both from one language model, or each from its own. */
function freshPair(
  context: RunContext,
  queryConfig: TowerConfig,
  documentConfig: TowerConfig,
  shared: boolean,
): Towers {
  const { gpu, experiment } = context;
  const own = experiment.training.start === "own";
  const query = uploadTower(gpu, queryConfig, initTower(queryConfig, experiment.seed, "query", own));
  if (shared) return { query, document: query };
  const document = initTower(documentConfig, experiment.seed, "document", own);
  return { query, document: uploadTower(gpu, documentConfig, document) };
}

/** Stage 1: the teacher's two towers. */
export function trainTeacher(context: RunContext) {
  const { experiment, texts, plan } = context;
  const config = towerConfigs(experiment).teacher;
  return trainPair(
    context,
    "stage1",
    "teacher",
    () => freshPair(context, config, config, experiment.teacher.sharedTowers),
    { query: texts.teacher, document: texts.teacher },
    experiment.stage1,
    plan.steps.stage1,
    experiment.teacher.sharedTowers,
  );
}

/** Baseline: a small query tower and a big document tower, trained end to end. */
export function trainScalingDoc(context: RunContext) {
  const { experiment, texts, plan } = context;
  const { student, teacher } = towerConfigs(experiment);
  return trainPair(
    context,
    "scalingdoc",
    "scalingdoc",
    () => freshPair(context, student, teacher, false),
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
  const { student, smallDocument } = towerConfigs(experiment);
  const shared = experiment.baselines.twinbertSharedTowers;
  return trainPair(
    context,
    "twinbert",
    "twinbert",
    () => freshPair(context, shared ? smallDocument : student, smallDocument, shared),
    { query: texts.student, document: texts.student },
    {
      learningRate: experiment.baselines.twinbertLearningRate,
      embeddingRate: experiment.baselines.twinbertEmbeddingRate,
    },
    plan.steps.twinbert,
    shared,
  );
}

/**
 * Stage 2: the student learns the teacher's vectors, and where that is set refines itself on the frozen documents;
 * documents and their vectors stay as they are.
 */
export async function distilStudent(
  context: RunContext,
  teacher: Towers,
  frozen: Float32Array,
): Promise<{ student: Tower; endedEarly: boolean }> {
  const { gpu, ops, experiment, texts, plan, sample, pairs } = context;
  const stage = "stage2";
  if (context.reporter.stages.find((s) => s.name === stage)?.status === "done") {
    const loaded = await loadCheckpoint(gpu, context.store, "scalingnote", "query");
    if (loaded) return { student: loaded.tower, endedEarly: false };
  }
  const config = trainedStudent(experiment);
  const { stage2, training, embeddingSize, seed } = experiment;
  let student = uploadTower(gpu, config, await studentInit(context, teacher, config));
  const projection = config.embeddingSize === embeddingSize ? undefined : startProjection(gpu, config, experiment);
  const { refineSteps } = stage2;
  const steps = { align: plan.steps.stage2 - refineSteps, refine: refineSteps };
  const teacherEncoder = encoderFor(context, teacher.query, texts.teacher.queryLength);
  const studentEncoder = encoderFor(context, student, texts.student.queryLength);
  try {
    // RAW vectors, once: MSE before normalisation needs their lengths.
    const encode = (table: TokenTable) =>
      teacherEncoder.encode(
        table,
        Int32Array.from({ length: table.offsets.length - 1 }, (_, i) => i),
      );
    const learned = await stage2Texts(context, await encode(texts.teacher.train), encode, frozen);
    const watched = await teacherEncoder.encode(texts.teacher.validation, sample.queries);
    const scored = scoredDocuments(pairs, frozen, {
      which: stage2.scored,
      sampled: stage2.sampledDocuments,
      seed,
      queryOf: learned.queryOf,
    });
    const recall = watchStudent(
      sample,
      embeddingSize,
      { encoder: projectedEncoder(gpu, studentEncoder, projection), table: texts.student.validation },
      frozen,
      watched,
    );
    const watch = async (training: DistilStep, step: number) => ({
      ...(await recall()),
      ...(await training.gradientNorms(Math.max(1, step)))[0],
    });
    const parts = {
      ...stage2,
      student,
      queryTokens: learned.table,
      queryLength: learned.length,
      teacher: learned.teacher,
      teacherRow: learned.teacherRow,
      scored,
      projection,
    };
    const total = plan.steps.stage2;
    const aligning = recipeOf(context, stage2, steps.align, stage2);
    let endedEarly = await runTraining(
      context,
      stage,
      aligning,
      () => distilStep(gpu, ops, aligning, { ...parts, order: learned.order(training.batch, seed) }),
      watch,
      { phase: { name: "", before: 0, total } },
    );
    if (steps.refine > 0) {
      const rates = { learningRate: stage2.refineLearningRate, embeddingRate: stage2.refineEmbeddingRate };
      const refining = recipeOf(context, rates, steps.refine, stage2);
      const alone = { ...parts, mseWeight: 0, cosineWeight: 0, klWeight: 0, marginWeight: 0, infoNceWeight: 1 };
      const early = await runTraining(
        context,
        stage,
        refining,
        () => distilStep(gpu, ops, refining, { ...alone, order: learned.labelledOrder(training.batch, seed) }),
        watch,
        { phase: { name: "-refine", before: steps.align, total } },
      );
      endedEarly ||= early;
    }
    if (projection) {
      const whole = await withProjection(gpu, student, projection);
      disposeTower(student);
      student = whole;
    }
    await finishStage(
      context,
      stage,
      "scalingnote",
      { query: student },
      { query: texts.student, document: texts.teacher },
      endedEarly,
    );
    await context.store.remove(stateFile(stage, "-refine"));
    return { student, endedEarly };
  } catch (error) {
    disposeTower(student);
    throw error;
  } finally {
    teacherEncoder.dispose();
    studentEncoder.dispose();
    if (projection) disposeOwn(gpu, projection);
  }
}

async function studentInit(context: RunContext, teacher: Towers, config: TowerConfig) {
  const { experiment, gpu } = context;
  const start = initTower(config, experiment.seed);
  if (experiment.student.init === "random") return start;
  const source = await downloadParameters(gpu, teacher.query);
  return experiment.student.init === "first-last"
    ? firstLastInit(start, config, source, teacher.query.config)
    : embeddingInit(start, source);
}
