/**
 * The training loop of students side by side: `trainer.ts` for a step that trains many. It does not validate on the way,
 * for that would take each student's parameters to a tower of its own at every validation; so it can stop none early
 * either. Whoever wants that trains alone. A student whose loss leaves the numbers drops out, and the others go on: in the
 * step they have nothing in common but the batch.
 */
import type { Gpu } from "../../gpu/device";
import { LabError } from "../errors";
import type { LossPoint } from "../formats/result";
import { downloadStudents, writeParameters } from "../towers/device";
import { readMomentsOfEach, writeMoments } from "./moments";
import type { TrainingState } from "./state";
import { type Control, freshState, lossPoint, QUEUE_MS, READ_MS } from "./trainer";
import type { SharedRecipe, StudentRecipe, TrainingStep } from "./trainingStep";

export interface TrainStudentsOptions {
  gpu: Gpu;
  training: TrainingStep;
  recipe: SharedRecipe;
  /** In the order in which they lie side by side. */
  students: readonly StudentRecipe[];
  control: Control;
  onSteps: (done: number) => void;
  /** Called for each student that has not dropped out. */
  /** Called between steps, so often; training goes on when it is done. */
  watch?: { everySteps: number; run: (done: number) => Promise<void> };
  save: { everySeconds: number; write: (student: number, state: TrainingState) => Promise<void> };
  /** One state each, all of the same step. */
  resume?: readonly TrainingState[] | undefined;
}

/** What became of a student: why it dropped out, or null. Its weights are in the towers. */
export interface StudentOutcome {
  losses: LossPoint[];
  error: LabError | null;
  /** Its share of the training's time. */
  seconds: number;
}

/** Trains to the end. On an error the last saved states stand. */
export async function trainStudents(options: TrainStudentsOptions): Promise<StudentOutcome[]> {
  const { gpu, training, recipe, students, control, watch } = options;
  const states =
    options.resume?.map((state) => ({ ...state, losses: [...state.losses] })) ??
    students.map(({ seed }) => freshState({ steps: recipe.steps, seed }));
  const errors: (LabError | null)[] = students.map(() => null);
  for (const [k, state] of (options.resume ?? []).entries()) {
    writeParameters(gpu, training, state.parameters, k);
    writeMoments(gpu, training, state, k);
  }
  let done = states[0]!.step;
  let started = performance.now();
  let lastRead = { step: done, at: started };
  let lastSave = started;
  let savedStep = done;
  let tokens = 0;
  let stepMs = 0;

  const readLosses = async () => {
    const count = done - lastRead.step;
    if (count === 0) return;
    const rows = await training.log.read();
    gpu.check();
    const now = performance.now();
    stepMs = (now - lastRead.at) / count;
    const figures = { tokensPerSecond: tokens / Math.max(1e-6, (now - lastRead.at) / 1000), gpuBytes: gpu.bytes() };
    states.forEach((state, k) => {
      try {
        for (let step = lastRead.step + 1; step <= done && !errors[k]; step++)
          state.losses.push(
            lossPoint(training, rows, step, { ...recipe, learningRate: students[k]!.learningRate }, figures, k),
          );
      } catch (error) {
        if (!(error instanceof LabError) || error.kind !== "not-finite") throw error;
        errors[k] = error;
      }
    });
    tokens = 0;
    options.onSteps(done);
    lastRead = { step: done, at: performance.now() };
  };

  const count = () => {
    const now = performance.now();
    for (const state of states) state.seconds += (now - started) / 1000 / students.length;
    started = now;
  };
  const save = async () => {
    await readLosses();
    const parameters = await downloadStudents(gpu, training);
    const moments = await readMomentsOfEach(gpu, training);
    count();
    for (const [k, state] of states.entries()) {
      Object.assign(state, { step: done, parameters: parameters[k], ...moments[k] });
      if (!errors[k]) await options.save.write(k, state);
    }
    lastSave = performance.now();
    lastRead.at = lastSave;
    savedStep = done;
  };
  // Who pauses may leave: nothing is lost by it.
  const beforeWaiting = async () => {
    if (done > savedStep) await save();
  };

  while (done < recipe.steps && errors.includes(null)) {
    await control.gate(beforeWaiting);
    tokens += training.run(done + 1);
    done++;
    const limit = stepMs > 0 ? Math.min(training.log.slots - 1, Math.max(1, Math.floor(QUEUE_MS / stepMs))) : 1;
    if (done - lastRead.step >= limit || performance.now() - lastRead.at > READ_MS) await readLosses();
    if (watch && done < recipe.steps && done % watch.everySteps === 0) {
      await readLosses();
      await watch.run(done);
    }
    if (done < recipe.steps && performance.now() - lastSave > options.save.everySeconds * 1000) await save();
  }
  await readLosses();
  count();
  return states.map(({ losses, seconds }, k) => ({ losses, seconds, error: errors[k]! }));
}
