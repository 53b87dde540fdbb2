/**
 * The experiment from collection to table: stage 1, frozen index, stage 2, baselines, evaluation. Every stage leaves its
 * checkpoints in the store, so that a run that was cut off goes on from its last one.
 */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import type { Store } from "../artifacts/store";
import type { Experiment } from "../config/schema";
import { askedDataset } from "../data/noise";
import type { Dataset } from "../data/types";
import { LabError } from "../errors";
import { testSetHash } from "../evaluation/testSetHash";
import { QUERIES_FILE, RESULT_FILE, runFile, writeResult } from "../formats/archive";
import { writeQueries } from "../formats/queries";
import {
  type AdapterRecord,
  type CollectionRecord,
  type EngineRecord,
  FORMAT_VERSION,
  type RunResult,
  type StageRecord,
  type SystemName,
} from "../formats/result";
import { writeRun } from "../formats/trec";
import { disposeTower } from "../towers/device";
import { trainingPairs } from "../training/pairs";
import type { Control } from "../training/trainer";
import { decodeJson } from "./checkpoints";
import { encodeAll, type RunContext, validationSample } from "./context";
import { distilStudent } from "./distil";
import { type DenseSystem, evaluateSystems, testIndex } from "./evaluate";
import { PROGRESS_FILE, vectorFile } from "./files";
import { checkFrozenTeacher, frozenTeacher } from "./frozenTeacher";
import { planRun, type RunTowers, towerConfigs } from "./plan";
import { createReporter, type RunListener } from "./reporter";
import { trainScalingDoc, trainTeacher, trainTwinBert } from "./stages";
import { disposeTowers, type Towers } from "./stageTraining";
import type { Starts } from "./starts";
import { prepareTexts, type Texts, type TowerText } from "./texts";

export interface RunOptions {
  gpu: Gpu;
  ops: TowerOps;
  adapter: AdapterRecord;
  /** What `settleEngine` answered. */
  engine?: EngineRecord | null;
  codeVersion: string;
  /** The run's own space: checkpoints, states, results. */
  store: Store;
  /** Of a run from checkpoints: `openStarts` gives it, with `starts` and `towers`. */
  experiment: Experiment;
  starts?: Starts;
  towers?: RunTowers;
  name: string;
  createdAt: string;
  dataset: Dataset;
  control: Control;
  listener: RunListener;
}

/**
 * Runs, or goes on with, an experiment. Writes the run's files and returns the result.
 * @throws LabError: "stopped" by the user, "device-lost", "not-finite", "bad-input"; what was saved stands
 */
export async function runExperiment(options: RunOptions): Promise<RunResult> {
  const { gpu, store, experiment, dataset, control } = options;
  const started = performance.now();
  const earlier = await readProgress(store);
  const reporter = createReporter(options.listener, earlier.stages);
  const seconds = () => earlier.seconds + (performance.now() - started) / 1000;
  const saveProgress = () =>
    store.write(
      PROGRESS_FILE,
      new TextEncoder().encode(JSON.stringify({ seconds: seconds(), stages: reporter.stages })),
    );
  const opened: (() => void)[] = [];
  let stoppedEarly = false;
  try {
    const context = await prepareRun(options, reporter);
    await saveProgress();

    const trained = await trainTeacher(context);
    const teacher = await frozenTeacher(context, trained.towers);
    opened.push(() => disposeTowers(teacher));
    stoppedEarly ||= trained.endedEarly;
    await saveProgress();
    await control.gate();

    const frozen = await buildIndex(context, async () => teacher);
    await saveProgress();

    const distilled = await distilStudent(context, async () => teacher, frozen);
    opened.push(() => disposeTower(distilled.student));
    stoppedEarly ||= distilled.endedEarly;
    await saveProgress();

    const scalingdoc = await trainScalingDoc(context);
    opened.push(() => disposeTowers(scalingdoc.towers));
    stoppedEarly ||= scalingdoc.endedEarly;
    await saveProgress();

    const twinbert = await trainTwinBert(context);
    opened.push(() => disposeTowers(twinbert.towers));
    stoppedEarly ||= twinbert.endedEarly;
    await saveProgress();

    const { texts } = context;
    const index = (vectors: Float32Array) => {
      const uploaded = testIndex(context, vectors);
      opened.push(uploaded.dispose);
      return uploaded;
    };
    const own = async (system: "scalingdoc" | "twinbert", towers: Towers, text: typeof texts.teacher) =>
      index(await ownVectors(context, system, towers, text));
    const frozenIndex = index(frozen); // teacher and student search the same one
    const systems: DenseSystem[] = [
      { name: "teacher", query: teacher.query, text: texts.teacher, index: frozenIndex },
      { name: "scalingnote", query: distilled.student, text: texts.student, index: frozenIndex },
      {
        name: "scalingdoc",
        query: scalingdoc.towers.query,
        text: texts.student,
        index: await own("scalingdoc", scalingdoc.towers, texts.teacher),
      },
      {
        name: "twinbert",
        query: twinbert.towers.query,
        text: texts.student,
        index: await own("twinbert", twinbert.towers, texts.student),
      },
    ];
    const evaluated = await evaluateSystems(context, systems);

    const result: RunResult = {
      formatVersion: FORMAT_VERSION,
      name: options.name,
      createdAt: options.createdAt,
      config: experiment,
      adapter: options.adapter,
      ...(options.engine ? { engine: options.engine } : {}),
      codeVersion: options.codeVersion,
      testSetHash: await testSetHash(dataset.docs, context.dataset.test),
      collection: describeCollection(dataset),
      trainingFlops: context.plan.totalFlops,
      seconds: seconds(),
      stoppedEarly,
      stages: reporter.stages,
      systems: evaluated.systems,
      comparisons: evaluated.comparisons,
    };
    await store.write(QUERIES_FILE, writeQueries(evaluated.queries));
    for (const [system, rankings] of Object.entries(evaluated.rankings))
      await store.write(runFile(system as SystemName), writeRun(rankings, system));
    await store.write(RESULT_FILE, writeResult(result));
    await store.remove(PROGRESS_FILE);
    return result;
  } catch (error) {
    reporter.interrupt();
    await saveProgress();
    // The GPU's own complaint explains more than what it led to.
    throw gpu.failure() ?? error;
  } finally {
    if (!gpu.failure()) for (const close of opened) close();
  }
}

/** Name and sizes of a collection. */
export function describeCollection(dataset: Dataset): CollectionRecord {
  return {
    name: dataset.name,
    documents: dataset.docs.length,
    trainQueries: dataset.train.queries.length,
    validationQueries: dataset.validation.queries.length,
    testQueries: dataset.test.queries.length,
    relevanceLevel: dataset.relevanceLevel,
    notices: dataset.notices,
  };
}

/**
 * Tokenises the collection and plans the run: what every stage starts from.
 * @param made the same collection's tokens by the same settings, where they have been made before
 */
export async function prepareRun(
  options: Pick<
    RunOptions,
    "gpu" | "ops" | "store" | "experiment" | "starts" | "towers" | "dataset" | "control" | "codeVersion"
  >,
  reporter: RunContext["reporter"],
  made?: Texts,
): Promise<RunContext> {
  const { gpu, ops, store, experiment, control, codeVersion, starts = {} } = options;
  const dataset = askedDataset(options.dataset, experiment);
  for (const side of ["teacher", "student"] as const)
    if (experiment[side].checkpoint !== "" && !starts[side])
      throw new LabError("bad-setting", "Checkpoints cannot be opened here.", `Leave ${side}.checkpoint empty.`);
  checkFrozenTeacher(options);
  const towers = options.towers ?? towerConfigs(experiment);
  reporter.begin("data", dataset.docs.length);
  const { labelledShare } = experiment.training;
  const pairs = trainingPairs(dataset, labelledShare, experiment.seed);
  if (pairs.query.length === 0)
    throw new LabError(
      "bad-input",
      `No training query of ${dataset.name} has a document of grade ${dataset.relevanceLevel} or more.`,
      "Check that the ids in the judgements are those of the corpus.",
    );
  if (dataset.test.queries.length === 0)
    throw new LabError("bad-input", `${dataset.name} has no test queries.`, "Add judgements for a test split.");
  const texts = made ?? prepareTexts(experiment, dataset, undefined, starts);
  const sample = validationSample(dataset, experiment.seed);
  const shape = {
    teacher: { query: texts.teacher.queryLength, document: texts.teacher.documentLength },
    student: { query: texts.student.queryLength, document: texts.student.documentLength },
    documents: dataset.docs.length,
    trainQueries: dataset.train.queries.length,
    testQueries: dataset.test.queries.length,
    validationDocuments: sample.documents.length,
    validationQueries: sample.queries.length,
  };
  const plan = planRun(experiment, shape, towers);
  reporter.plan(plan);
  reporter.progress("data", dataset.docs.length);
  reporter.end("data", {
    documents: dataset.docs.length,
    "training pairs": pairs.query.length,
    ...(labelledShare < 1 ? { "queries with labels": new Set(pairs.query).size } : {}),
    "test queries": dataset.test.queries.length,
    "longest document, tokens": texts.teacher.documentLength,
    ...(texts.teacher.cutDocuments > 0 ? { "documents cut": texts.teacher.cutDocuments } : {}),
    "watched on": `${sample.queries.length} queries, ${sample.documents.length} documents`,
  });
  return {
    gpu,
    ops,
    store,
    experiment,
    towers,
    starts,
    dataset,
    texts,
    pairs,
    plan,
    sample,
    control,
    reporter,
    codeVersion,
  };
}

/**
 * Encodes the corpus with the teacher's document tower: from here on it is frozen. Raw vectors.
 * @param teacher called where the vectors are not in the store
 */
export async function buildIndex(context: RunContext, teacher: () => Promise<Towers>): Promise<Float32Array> {
  const { store, reporter, texts, dataset, experiment } = context;
  const stored =
    reporter.stages.find((s) => s.name === "index")?.status === "done" ? await store.read(vectorFile("teacher")) : null;
  if (stored) return new Float32Array(stored.slice().buffer);
  const { document } = await teacher();
  reporter.begin("index", dataset.docs.length);
  const raw = await encodeAll(context, document, texts.teacher.documents, texts.teacher.documentLength, (done) =>
    reporter.progress("index", done),
  );
  await store.write(vectorFile("teacher"), bytesOf(raw));
  reporter.end("index", {
    documents: dataset.docs.length,
    dimensions: experiment.embeddingSize,
    bytes: raw.byteLength,
  });
  return raw;
}

/** Encodes the corpus with a baseline's document tower. Raw vectors, kept in the store. */
export async function ownVectors(
  context: RunContext,
  system: "scalingdoc" | "twinbert",
  towers: Towers,
  text: TowerText,
): Promise<Float32Array> {
  const raw = await encodeAll(context, towers.document, text.documents, text.documentLength);
  await context.store.write(vectorFile(system), bytesOf(raw));
  return raw;
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function readProgress(store: Store): Promise<{ seconds: number; stages: StageRecord[] }> {
  const bytes = await store.read(PROGRESS_FILE);
  return bytes ? (decodeJson(bytes) as { seconds: number; stages: StageRecord[] }) : { seconds: 0, stages: [] };
}
