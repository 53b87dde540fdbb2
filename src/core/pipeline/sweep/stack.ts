/**
 * Stage 2 of several trials as one captured step: students that share teacher, collection and all but loss weights, rates
 * and start (stageKeys.ts: STACKED). Each leaves what it leaves alone, its checkpoint and the end of its curve, so that
 * the trials then find their students finished. They are validated once, at the end.
 */
import type { LabError } from "../../errors";
import { disposeTower, downloadStudents, uploadStudents, uploadTower, writeParameters } from "../../towers/device";
import { type DistilStudent, stackedDistilStep } from "../../training/distilStep";
import { readState, type TrainingState, writeState } from "../../training/state";
import { trainStudents } from "../../training/trainStudents";
import { compilePrograms, encoderFor, type RunContext } from "../context";
import { distilParts, distilWeights, teacherQueries } from "../distil";
import { studentInit } from "../fresh";
import { finishStage, recipeOf, stateFile, type Towers } from "../stageTraining";
import { watchStudent } from "../watch";
import type { StageStore } from "./stageStore";

const STAGE = "stage2";

/** A trial's part in a stack. */
export interface Member {
  /** Its own experiment, store and reporter; the rest all members share. */
  context: RunContext;
  store: StageStore;
}

/** The step that a trial's student was saved at; 0 where it has not begun. */
export async function savedStep(store: StageStore): Promise<number> {
  const bytes = await store.read(stateFile(STAGE));
  return bytes ? readState(bytes).step : 0;
}

/**
 * Trains the members' students side by side, from where they were saved, which is the same step for all of them.
 * @param teacher called where a student starts from it, or its query vectors are not in the store
 * @param frozen the raw document vectors
 * @param onNorms told each member's gradient norms on the way, as often as a training alone is validated
 * @returns for each member why its student dropped out, or null
 */
export async function distilStack(
  members: readonly Member[],
  teacher: () => Promise<Towers>,
  frozen: Float32Array,
  onSteps: (done: number, total: number) => void,
  onNorms: (step: number, norms: Record<string, number>[]) => void = () => {},
): Promise<(LabError | null)[]> {
  const [first] = members as [Member, ...Member[]];
  const { gpu, ops, experiment, texts, plan, sample, control } = first.context;
  const config = first.context.towers.learner;
  const opened: (() => void)[] = [];
  const open = <T>(made: T, close: (made: T) => void): T => {
    opened.push(() => close(made));
    return made;
  };
  try {
    const vectors = await teacherQueries(first.context, teacher);
    const { parts } = await distilParts(first.context, vectors, teacher, frozen);
    const hosts = [];
    for (const { context } of members) hosts.push((await studentInit(context, teacher)).values);
    const tower = open(uploadStudents(gpu, config, hosts), disposeTower);
    const students = members.map(({ context }): DistilStudent => {
      const { learningRate, embeddingRate } = context.experiment.stage2;
      return { learningRate, embeddingRate, seed: context.experiment.seed, ...distilWeights(context.experiment) };
    });
    const { stage2, training } = experiment;
    const recipe = recipeOf(first.context, stage2, plan.steps.stage2, stage2, [tower]);
    const step = open(stackedDistilStep(gpu, ops, recipe, { student: tower, ...parts }, students), (made) =>
      made.dispose(),
    );
    await compilePrograms(first.context);
    const saved = await Promise.all(members.map(({ store }) => store.read(stateFile(STAGE))));
    const outcomes = await trainStudents({
      gpu,
      training: step,
      recipe,
      students,
      control,
      onSteps: (done) => onSteps(done, recipe.steps),
      watch: {
        everySteps: training.validateEvery,
        run: async (done) => onNorms(done, await step.gradientNorms(done)),
      },
      save: {
        everySeconds: training.saveEvery,
        write: (k, state) => members[k]!.store.write(stateFile(STAGE), writeState(state)),
      },
      resume: saved.every((bytes) => bytes !== null)
        ? saved.map((bytes): TrainingState => readState(bytes!))
        : undefined,
    });

    const norms = await step.gradientNorms(recipe.steps);
    const trained = await downloadStudents(gpu, tower);
    // One tower takes the students' places in turn: what encodes with it is captured once.
    const one = open(uploadTower(gpu, config, trained[0]!), disposeTower);
    const encoder = open(encoderFor(first.context, one, texts.student.queryLength), (made) => made.dispose());
    const watch = { encoder, table: texts.student.validation };
    const validate = watchStudent(sample, experiment.embeddingSize, watch, frozen, vectors.watched);
    for (const [k, { context, store }] of members.entries()) {
      const { error, losses, seconds } = outcomes[k]!;
      if (error) {
        await store.remove(stateFile(STAGE));
        continue;
      }
      writeParameters(gpu, one, trained[k]!);
      context.reporter.begin(STAGE, recipe.steps, seconds);
      context.reporter.points(
        STAGE,
        losses,
        [{ step: recipe.steps, metrics: { ...(await validate()), ...norms[k] } }],
        recipe.steps,
      );
      const both = { query: texts.student, document: texts.teacher };
      await finishStage(context, STAGE, "scalingnote", { query: one }, both, false);
      await store.finish("scalingnote", context.reporter.stages.find(({ name }) => name === STAGE)!);
    }
    return outcomes.map(({ error }) => error);
  } finally {
    if (!gpu.failure()) for (const close of opened.toReversed()) close();
  }
}
