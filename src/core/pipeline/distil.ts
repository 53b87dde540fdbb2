/** Stage 2 of a run: what the student learns from, and its training. */
import { disposeOwn } from "../../gpu/step";
import type { Experiment } from "../config/schema";
import { numbersOf, type TermNumbers } from "../objectives";
import { disposeTower, type Tower } from "../towers/device";
import { type DistilStep, distilStep, type SharedDistilParts } from "../training/distilStep";
import type { TokenTable } from "../training/inputs";
import { projectedEncoder, startProjection, withProjection } from "../training/projection";
import { scoredDocuments } from "../training/scoredDocuments";
import { loadCheckpoint } from "./checkpoints";
import { encoderFor, type RunContext } from "./context";
import { TEACHER_QUERIES_FILE } from "./files";
import { freshStudent } from "./fresh";
import { stage2Texts } from "./stage2Texts";
import { finishStage, recipeOf, runTraining, stateFile, type Towers } from "./stageTraining";
import { watchStudent } from "./watch";

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
