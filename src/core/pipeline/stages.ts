/** The trainings of a run: teacher, student and the two end-to-end baselines. Each starts, resumes or is loaded. */
import { LabError } from "../errors";
import type { StageName, TrainedSystem } from "../formats/result";
import { countParameters, embeddingInit, firstLastInit, initTower } from "../towers";
import { disposeTower, downloadParameters, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "../training/contrastiveStep";
import { distilStep } from "../training/distilStep";
import { pairOrder, queryOrder } from "../training/pairs";
import { readState, writeState } from "../training/state";
import { train } from "../training/trainer";
import type { Recipe, TrainingStep } from "../training/trainingStep";
import { loadCheckpoint, saveCheckpoint } from "./checkpoints";
import { compilePrograms, encoderFor, type RunContext } from "./context";
import { startValues } from "./starts";
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

const stateFile = (stage: StageName) => `state/${stage}.safetensors`;

function recipeOf(
  context: RunContext,
  given: { learningRate: number; embeddingRate: number },
  steps: number,
  { dropout, pieces }: { dropout: number; pieces: number },
  towers: readonly Tower[],
): Recipe {
  const { training, seed } = context.experiment;
  const { loadedRate } = training;
  const loaded = towers.filter((tower) => tower.loaded).length;
  const rates =
    loaded === 0
      ? given
      : loaded === towers.length
        ? { learningRate: loadedRate, embeddingRate: loadedRate }
        : { ...given, loadedRate };
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

/** Runs one training as a stage: resumes from its state where there is one, reports, saves. Answers whether it ended early. */
async function runTraining(
  context: RunContext,
  stage: StageName,
  recipe: Recipe,
  build: () => TrainingStep,
  validate: () => Promise<Record<string, number>>,
): Promise<boolean> {
  const { gpu, store, reporter, experiment } = context;
  const saved = await store.read(stateFile(stage));
  const resume = saved ? readState(saved) : undefined;
  reporter.begin(stage, recipe.steps, resume?.seconds);
  context.control.begin();
  if (resume && resume.steps !== recipe.steps)
    throw new LabError(
      "bad-input",
      `The checkpoint of ${stage} is of ${resume.steps} steps, the run of ${recipe.steps}.`,
      "Start the run again.",
    );
  if (resume) reporter.points(stage, resume.losses, resume.validation, resume.step);
  const training = build();
  reporter.progress(stage, resume?.step ?? 0, {
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
      validate,
      control: context.control,
      onPoints: (losses, validation, done) => reporter.points(stage, losses, validation, done),
      save: {
        everySeconds: experiment.training.saveEvery,
        write: async (state) => {
          await store.write(stateFile(stage), writeState(state));
          reporter.saved(stage, state.step);
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
  const towers = await make();
  const queryLength = texts.query.queryLength;
  const documentLength = texts.document.documentLength;
  const recipe = recipeOf(context, rates, steps, stage1, [towers.query, towers.document]);
  const encoders = {
    query: encoderFor(context, towers.query, queryLength),
    document: encoderFor(context, towers.document, documentLength),
  };
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
          order: pairOrder(pairs, training.batch, stage1.hardNegatives, experiment.seed),
          hardNegatives: stage1.hardNegatives,
          temperature: stage1.temperature,
          learnTemperature: stage1.learnTemperature,
        }),
      watchBoth(
        sample,
        experiment.embeddingSize,
        { encoder: encoders.query, table: texts.query.validation },
        { encoder: encoders.document, table: texts.document.documents },
      ),
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

type Role = "teacher" | "student";

/** A tower with the values of its checkpoint, or, without one, of the seed. */
async function freshTower(
  { gpu, experiment, starts, texts }: RunContext,
  role: Role,
  config: TowerConfig,
  side: "query" | "document",
): Promise<Tower> {
  const { seed, training } = experiment;
  const start = starts[role];
  if (!start) return uploadTower(gpu, config, initTower(config, seed, side, training.start === "own"));
  const words = experiment[role].checkpointTakes === "words";
  const read = words ? [texts[role].documents, texts[role].train] : undefined;
  const values = await startValues(start, config, seed, side, read);
  // With token embeddings alone it is a fresh tower otherwise, and takes the rates of one.
  return { ...uploadTower(gpu, config, values), loaded: !words };
}

/** Both towers from one checkpoint, as the paper starts both from one language model; of the seed, or each from its own. */
async function freshPair(
  context: RunContext,
  [queryRole, queryConfig]: [Role, TowerConfig],
  [documentRole, documentConfig]: [Role, TowerConfig],
  shared: boolean,
): Promise<Towers> {
  const query = await freshTower(context, queryRole, queryConfig, "query");
  if (shared) return { query, document: query };
  try {
    return { query, document: await freshTower(context, documentRole, documentConfig, "document") };
  } catch (error) {
    disposeTower(query);
    throw error;
  }
}

/** Stage 1: the teacher's two towers. */
export function trainTeacher(context: RunContext) {
  const { experiment, texts, plan } = context;
  const config = context.towers.teacher;
  return trainPair(
    context,
    "stage1",
    "teacher",
    () => freshPair(context, ["teacher", config], ["teacher", config], experiment.teacher.sharedTowers),
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

/** Stage 2: the student learns the teacher's query vectors; documents and their vectors stay as they are. */
export async function distilStudent(
  context: RunContext,
  teacher: Towers,
  frozen: Float32Array,
): Promise<{ student: Tower; endedEarly: boolean }> {
  const { gpu, ops, experiment, texts, plan, sample } = context;
  const stage = "stage2";
  if (context.reporter.stages.find((s) => s.name === stage)?.status === "done") {
    const loaded = await loadCheckpoint(gpu, context.store, "scalingnote", "query");
    if (loaded) return { student: loaded.tower, endedEarly: false };
  }
  const student = await freshStudent(context, teacher, context.towers.student);
  const { stage2, training, embeddingSize } = experiment;
  const recipe = recipeOf(context, stage2, plan.steps.stage2, stage2, [student]);
  const teacherEncoder = encoderFor(context, teacher.query, texts.teacher.queryLength);
  const studentEncoder = encoderFor(context, student, texts.student.queryLength);
  try {
    // RAW vectors, once: MSE before normalisation needs their lengths.
    const count = texts.teacher.train.offsets.length - 1;
    const all = Int32Array.from({ length: count }, (_, i) => i);
    const vectors = await teacherEncoder.encode(texts.teacher.train, all);
    const watched = await teacherEncoder.encode(texts.teacher.validation, sample.queries);
    const endedEarly = await runTraining(
      context,
      stage,
      recipe,
      () =>
        distilStep(gpu, ops, recipe, {
          student,
          queryTokens: texts.student.train,
          queryLength: texts.student.queryLength,
          teacher: vectors,
          order: queryOrder(count, training.batch, experiment.seed),
          mseWeight: stage2.mseWeight,
          cosineWeight: stage2.cosineWeight,
          mseOn: stage2.mseOn,
          mseReduce: stage2.mseReduce,
        }),
      watchStudent(
        sample,
        embeddingSize,
        { encoder: studentEncoder, table: texts.student.validation },
        frozen,
        watched,
      ),
    );
    await finishStage(
      context,
      stage,
      "scalingnote",
      { query: student },
      { query: texts.student, document: texts.teacher },
      endedEarly,
    );
    return { student, endedEarly };
  } catch (error) {
    disposeTower(student);
    throw error;
  } finally {
    teacherEncoder.dispose();
    studentEncoder.dispose();
  }
}

async function freshStudent(context: RunContext, teacher: Towers, config: TowerConfig): Promise<Tower> {
  const { experiment, gpu, starts } = context;
  if (starts.student || experiment.student.init === "random") return freshTower(context, "student", config, "query");
  const start = initTower(config, experiment.seed);
  const source = await downloadParameters(gpu, teacher.query);
  if (experiment.student.init === "embeddings") return uploadTower(gpu, config, embeddingInit(start, source));
  const values = firstLastInit(start, config, source, teacher.query.config);
  // Layers of a loaded teacher are as a checkpoint is.
  return { ...uploadTower(gpu, config, values), loaded: starts.teacher !== undefined };
}
