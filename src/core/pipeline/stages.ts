/** The trainings of a run: teacher, student and the two end-to-end baselines. Each starts, resumes or is loaded. */
import type { Gpu } from "../../gpu/device";
import { disposeOwn } from "../../gpu/step";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import type { StageName, TrainedSystem } from "../formats/result";
import { PYTORCH } from "../formats/safetensors";
import { numbersOf, type TermNumbers } from "../objectives";
import { countParameters, embeddingInit, firstLastInit, initTower } from "../towers";
import {
  disposeTower,
  downloadParameters,
  type Tower,
  uploadAdapted,
  uploadTower,
  withoutAdapters,
} from "../towers/device";
import { type LoraSettings, loraOf } from "../towers/lora";
import type { HostParameters, TowerConfig } from "../towers/types";
import { contrastiveStep } from "../training/contrastiveStep";
import { type DistilStep, distilStep, type SharedDistilParts } from "../training/distilStep";
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
import { TEACHER_QUERIES_FILE } from "./files";
import { miningOptions, queuedBatchesOf } from "./plan";
import { stage2Texts } from "./stage2Texts";
import { type Start, startValues } from "./starts";
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

export const stateFile = (stage: StageName, phase = "") => `state/${stage}${phase}.safetensors`;

/** A training that is not all of its stage. */
interface Phase {
  /** Tells its state's file from that of the stage's first phase. */
  name: string;
  /** Steps of the phases before, and of all. */
  before: number;
  total: number;
}

/** A training's recipe: what all of them share, and its own rates and steps. */
export function recipeOf(
  context: RunContext,
  given: { learningRate: number; embeddingRate: number },
  steps: number,
  { dropout, pieces }: { dropout: number; pieces: number },
  towers: readonly Tower[],
): Recipe {
  const { training, seed } = context.experiment;
  const { loadedRate } = training;
  // Adapters are new, whatever they stand beside.
  const loaded = towers.filter((tower) => tower.loaded && !tower.lora).length;
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
export async function finishStage(
  context: RunContext,
  stage: StageName,
  system: TrainedSystem,
  towers: { query: Tower; document?: Tower },
  texts: { query: TowerText; document: TowerText },
  endedEarly: boolean,
): Promise<void> {
  const { gpu, store, reporter, experiment, codeVersion } = context;
  const step = reporter.stages.find((s) => s.name === stage)!.done;
  const metadata = {
    ...PYTORCH,
    stage,
    step: String(step),
    seed: String(experiment.seed),
    code: codeVersion,
    config: JSON.stringify(experiment),
  };
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

type Role = "teacher" | "student";

/** A checkpoint's values. With its token embeddings alone it is a fresh tower otherwise, and takes the rates of one. */
async function checkpointInit(
  { experiment, texts }: RunContext,
  start: Start,
  role: Role,
  config: TowerConfig,
  side: "query" | "document",
): Promise<{ values: HostParameters; loaded: boolean }> {
  const words = experiment[role].checkpointTakes === "words";
  const read = words ? [texts[role].documents, texts[role].train] : undefined;
  return { values: await startValues(start, config, experiment.seed, side, read), loaded: !words };
}

/** A tower with the values of its checkpoint, or, without one, of the seed. @param lora frozen, with adapters */
async function freshTower(
  context: RunContext,
  role: Role,
  config: TowerConfig,
  side: "query" | "document",
  lora: LoraSettings | null = null,
): Promise<Tower> {
  const { gpu, ops, experiment, starts } = context;
  const { seed, training } = experiment;
  const { values, loaded } = starts[role]
    ? await checkpointInit(context, starts[role], role, config, side)
    : { values: initTower(config, seed, side, training.start === "own"), loaded: false };
  if (lora?.half && ops.name === "plain")
    throw new LabError(
      "bad-setting",
      "Plain operations do not read half floats.",
      "Choose --ops fused, or leave stage1.loraHalf off.",
    );
  const tower = lora ? uploadAdapted(gpu, config, values, lora, seed, side) : uploadTower(gpu, config, values);
  return { ...tower, loaded };
}

/** Both towers from one checkpoint, as the paper starts both from one language model; of the seed, or each from its own. */
async function freshPair(
  context: RunContext,
  [queryRole, queryConfig]: [Role, TowerConfig],
  [documentRole, documentConfig]: [Role, TowerConfig],
  shared: boolean,
  lora: LoraSettings | null = null,
): Promise<Towers> {
  const query = await freshTower(context, queryRole, queryConfig, "query", lora);
  if (shared) return { query, document: query };
  try {
    return { query, document: await freshTower(context, documentRole, documentConfig, "document", lora) };
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

/** A finished student, from its checkpoint; null where stage 2 has not finished. */
export async function loadStudent({ gpu, store, reporter }: RunContext): Promise<Tower | null> {
  if (reporter.stages.find((s) => s.name === "stage2")?.status !== "done") return null;
  return (await loadCheckpoint(gpu, store, "scalingnote", "query"))?.tower ?? null;
}

/** What stage 2 learns from: raw vectors, float32 [queries, embeddingSize]. */
export interface TeacherQueries {
  train: Float32Array;
  /** Of the validation sample. */
  watched: Float32Array;
}

/** The teacher's vectors of all training queries and of those that are watched, encoded once and kept in the store. */
export async function teacherQueries(context: RunContext, teacher: () => Promise<Towers>): Promise<TeacherQueries> {
  const { store, texts, sample, experiment } = context;
  const { train, validation, queryLength } = texts.teacher;
  const count = train.offsets.length - 1;
  const size = (count + sample.queries.length) * experiment.embeddingSize;
  const apart = (all: Float32Array): TeacherQueries => ({
    train: all.subarray(0, count * experiment.embeddingSize),
    watched: all.subarray(count * experiment.embeddingSize),
  });
  const stored = await store.read(TEACHER_QUERIES_FILE);
  if (stored?.byteLength === 4 * size) return apart(new Float32Array(stored.slice().buffer));
  const encoder = encoderFor(context, (await teacher()).query, queryLength);
  try {
    const all = new Float32Array(size);
    // RAW vectors: MSE before normalisation needs their lengths.
    all.set(
      await encoder.encode(
        train,
        Int32Array.from({ length: count }, (_, i) => i),
      ),
    );
    all.set(await encoder.encode(validation, sample.queries), count * experiment.embeddingSize);
    await store.write(TEACHER_QUERIES_FILE, new Uint8Array(all.buffer));
    return apart(all);
  } finally {
    encoder.dispose();
  }
}

/** What students share that learn from the same teacher; its vectors of altered queries are encoded now. */
export async function distilParts(
  context: RunContext,
  { train }: TeacherQueries,
  teacher: () => Promise<Towers>,
  frozen: Float32Array,
): Promise<{
  parts: Omit<SharedDistilParts, "student">;
  /** Texts of the refinement's steps. */
  labelled: (step: number) => Int32Array;
}> {
  const { experiment, pairs, texts } = context;
  const { stage2, training, seed } = experiment;
  const encode = async (table: TokenTable) => {
    const encoder = encoderFor(context, (await teacher()).query, texts.teacher.queryLength);
    try {
      return await encoder.encode(
        table,
        Int32Array.from({ length: table.offsets.length - 1 }, (_, i) => i),
      );
    } finally {
      encoder.dispose();
    }
  };
  const learned = await stage2Texts(context, train, encode, frozen);
  const { which, sampled, queryOf } = { which: stage2.scored, sampled: stage2.sampledDocuments, ...learned };
  return {
    parts: {
      queryTokens: learned.table,
      queryLength: learned.length,
      teacher: learned.teacher,
      teacherRow: learned.teacherRow,
      order: learned.order(training.batch, seed),
      mseOn: stage2.mseOn,
      mseReduce: stage2.mseReduce,
      matryoshka: stage2.matryoshka,
      scored: scoredDocuments(pairs, frozen, { which, sampled, seed, queryOf }),
    },
    labelled: learned.labelledOrder(training.batch, seed),
  };
}

/** What each of them has of its own, beside rates and seed. */
export const distilWeights = ({ stage2 }: Experiment): { mseWeight: number; cosineWeight: number } & TermNumbers => ({
  mseWeight: stage2.mseWeight,
  cosineWeight: stage2.cosineWeight,
  ...numbersOf(stage2),
});

/**
 * Stage 2: the student learns the teacher's vectors, and where that is set refines itself on the frozen documents;
 * documents and their vectors stay as they are.
 * @param teacher called where the student starts from it, or its query vectors are not in the store
 */
export async function distilStudent(
  context: RunContext,
  teacher: () => Promise<Towers>,
  frozen: Float32Array,
): Promise<{ student: Tower; endedEarly: boolean }> {
  const { gpu, ops, experiment, texts, plan, sample } = context;
  const stage = "stage2";
  const loaded = await loadStudent(context);
  if (loaded) return { student: loaded, endedEarly: false };
  let student = await freshStudent(context, teacher);
  const { config } = student;
  const { stage2, embeddingSize } = experiment;
  const projection = config.embeddingSize === embeddingSize ? undefined : startProjection(gpu, config, experiment);
  const { refineSteps } = stage2;
  const steps = { align: plan.steps.stage2 - refineSteps, refine: refineSteps };
  const studentEncoder = encoderFor(context, student, texts.student.queryLength);
  try {
    const vectors = await teacherQueries(context, teacher);
    const { parts: shared, labelled } = await distilParts(context, vectors, teacher, frozen);
    const recall = watchStudent(
      sample,
      embeddingSize,
      { encoder: projectedEncoder(gpu, studentEncoder, projection), table: texts.student.validation },
      frozen,
      vectors.watched,
    );
    const watch = async (training: DistilStep, step: number) => ({
      ...(await recall()),
      ...(await training.gradientNorms(Math.max(1, step)))[0],
    });
    const parts = { ...shared, ...distilWeights(experiment), student, projection };
    const total = plan.steps.stage2;
    const aligning = recipeOf(context, stage2, steps.align, stage2, [student]);
    let endedEarly = await runTraining(context, stage, aligning, () => distilStep(gpu, ops, aligning, parts), watch, {
      phase: { name: "", before: 0, total },
    });
    if (steps.refine > 0) {
      const rates = { learningRate: stage2.refineLearningRate, embeddingRate: stage2.refineEmbeddingRate };
      const refining = recipeOf(context, rates, steps.refine, stage2, [student]);
      const alone = { ...parts, mseWeight: 0, cosineWeight: 0, klWeight: 0, marginWeight: 0, infoNceWeight: 1 };
      const early = await runTraining(
        context,
        stage,
        refining,
        () => distilStep(gpu, ops, refining, { ...alone, order: labelled }),
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
    studentEncoder.dispose();
    if (projection) disposeOwn(gpu, projection);
  }
}

/** What the student starts from, by the experiment's settings. `loaded`: a checkpoint's values, or a loaded teacher's. */
export async function studentInit(
  context: RunContext,
  teacher: () => Promise<Towers>,
): Promise<{ values: HostParameters; loaded: boolean }> {
  const { experiment, gpu, starts, towers } = context;
  const { learner: config } = towers;
  const { seed, student } = experiment;
  if (starts.student) return checkpointInit(context, starts.student, "student", config, "query");
  const start = initTower(config, seed);
  if (student.init === "random") return { values: start, loaded: false };
  const { query } = await teacher();
  const source = await downloadParameters(gpu, query);
  if (student.init === "embeddings") return { values: embeddingInit(start, source), loaded: false };
  // Layers of a loaded teacher are as a checkpoint is.
  return { values: firstLastInit(start, config, source, query.config), loaded: starts.teacher !== undefined };
}

async function freshStudent(context: RunContext, teacher: () => Promise<Towers>): Promise<Tower> {
  const { values, loaded } = await studentInit(context, teacher);
  return { ...uploadTower(context.gpu, context.towers.learner, values), loaded };
}
