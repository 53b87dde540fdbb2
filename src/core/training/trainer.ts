/** The training loop: runs a captured step again and again, reads losses now and then, validates, saves, can be stopped. */

import type { Gpu } from "../../gpu/device";
import { LabError } from "../errors";
import type { LossPoint, ValidationPoint } from "../formats/result";
import { downloadParameters, writeParameters } from "../towers/device";
import { readMoments, writeMoments } from "./moments";
import { scheduleFactor } from "./schedule";
import type { TrainingState } from "./state";
import { type Carried, logRow, type Recipe, type TrainingStep } from "./trainingStep";

/** How a run is told to wait or to end. */
export interface Control {
  /**
   * Called before every step and between stages. Waits while paused. Answers "finish" once where this training is to
   * end early; throws LabError "stopped" where the run is. `beforeWaiting` is called where it does wait, so that what
   * was done so far can be told and saved.
   */
  gate(beforeWaiting?: () => Promise<void>): Promise<"go" | "finish">;
  /** A training begins: what was said about the end of an earlier stage does not concern it. */
  begin(): void;
  /** For where much goes on between two gates: neither waits nor answers; throws LabError "stopped" as the gate does. */
  check(): void;
}

export interface TrainOptions {
  gpu: Gpu;
  training: TrainingStep;
  recipe: Recipe;
  validateEvery: number;
  /** Stop when recall@10 has not risen this many validations in a row; 0: never. */
  patience: number;
  /** Metrics on the validation queries with the weights as they are, after `step`; "recall@10" decides early stopping. */
  validate: (step: number) => Promise<Record<string, number>>;
  /** Looks for new negatives before the step after `step`, where they are due. */
  mining?: (Carried & { due(step: number): boolean; refresh(): Promise<void> }) | undefined;
  control: Control;
  /** What is new since the last call; `done` steps in all. */
  onPoints: (losses: LossPoint[], validation: ValidationPoint[], done: number) => void;
  /** Called with the state every so many seconds and at the end. */
  save: { everySeconds: number; write: (state: TrainingState) => Promise<void> };
  resume?: TrainingState | undefined;
}

export interface TrainOutcome {
  state: TrainingState;
  /** The user, or early stopping, ended it before the last step. */
  endedEarly: boolean;
}

// Losses are read about four times a second, but at least every so many steps: the log has no more slots.
export const READ_MS = 250;
// Steps that may be queued on the GPU before the host waits; keeps pausing prompt on a slow adapter.
export const QUEUE_MS = 500;

/** Trains to the end, or until told otherwise. On an error the last saved state stands. */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { gpu, training, recipe } = options;
  const state: TrainingState = options.resume ?? freshState(recipe);
  const carried = [training.carried, options.mining].filter((each) => each !== undefined);
  if (options.resume) {
    writeParameters(gpu, training, options.resume.parameters);
    writeMoments(gpu, training, options.resume);
    for (const each of carried) each.write(options.resume.carried ?? new Map());
  }
  let started = performance.now();
  let lastRead = { step: state.step, at: started };
  let tokens = 0;
  let lastSave = started;
  let savedStep = state.step;
  let stepMs = 0;
  let ended = state.ended || state.step >= recipe.steps;
  let endedEarly = state.ended ?? false;

  /** Reads the losses of the steps since the last reading. */
  const readLosses = async () => {
    const count = state.step - lastRead.step;
    if (count === 0) return;
    const rows = await training.log.read();
    gpu.check();
    const now = performance.now();
    stepMs = (now - lastRead.at) / count;
    const tokensPerSecond = tokens / Math.max(1e-6, (now - lastRead.at) / 1000);
    const points: LossPoint[] = [];
    for (let step = lastRead.step + 1; step <= state.step; step++)
      points.push(lossPoint(training, rows, step, recipe, { tokensPerSecond, gpuBytes: gpu.bytes() }));
    state.losses.push(...points);
    options.onPoints(points, [], state.step);
    tokens = 0;
    lastRead = { step: state.step, at: performance.now() };
  };

  const validate = async () => {
    await readLosses();
    const metrics = await options.validate(state.step);
    const point = { step: state.step, metrics };
    state.validation.push(point);
    const value = metrics["recall@10"] ?? 0;
    if (!state.best || value > state.best.value) {
      state.best = { step: state.step, value };
      state.sinceBest = 0;
      if (options.patience > 0) state.bestParameters = await downloadParameters(gpu, training);
    } else state.sinceBest++;
    options.onPoints([], [point], state.step);
    lastRead.at = performance.now();
  };

  const snapshot = async () => {
    state.parameters = await downloadParameters(gpu, training);
    Object.assign(state, await readMoments(gpu, training));
    if (carried.length > 0)
      state.carried = new Map((await Promise.all(carried.map((each) => each.read()))).flatMap((each) => [...each]));
  };
  const save = async () => {
    await readLosses();
    await snapshot();
    const now = performance.now();
    state.seconds += (now - started) / 1000;
    started = now;
    await options.save.write(state);
    lastSave = performance.now();
    lastRead.at = lastSave;
    savedStep = state.step;
  };
  // Who pauses may leave: nothing is lost by it.
  const beforeWaiting = async () => {
    if (state.step > savedStep) await save();
  };

  if (state.step === 0 && !ended) await validate();
  while (!ended) {
    // Seen before the step, so that a run stopped here has done exactly the steps it says.
    if ((await options.control.gate(beforeWaiting)) === "finish") {
      endedEarly = true;
      break;
    }
    if (options.mining?.due(state.step)) {
      await readLosses();
      await options.mining.refresh();
      lastRead.at = performance.now();
    }
    tokens += training.run(state.step + 1);
    state.step++;
    const since = state.step - lastRead.step;
    const limit = stepMs > 0 ? Math.min(training.log.slots - 1, Math.max(1, Math.floor(QUEUE_MS / stepMs))) : 1;
    if (since >= limit || performance.now() - lastRead.at > READ_MS) await readLosses();
    ended = state.step >= recipe.steps;
    if (ended || state.step % options.validateEvery === 0) {
      await validate();
      if (options.patience > 0 && state.sinceBest >= options.patience) {
        endedEarly = !ended;
        break;
      }
    }
    if (!ended && performance.now() - lastSave > options.save.everySeconds * 1000) await save();
  }
  await readLosses();
  if (options.patience > 0 && state.bestParameters) writeParameters(gpu, training, state.bestParameters);
  if (endedEarly) state.ended = true;
  await save();
  return { state, endedEarly };
}

/**
 * What the log says of a step, of several students of one.
 * @param rows as read from the log
 * @throws LabError "not-finite" where the loss is no number any more, "gpu-refused" where nothing was computed
 */
export function lossPoint(
  training: TrainingStep,
  rows: Float32Array,
  step: number,
  { learningRate, steps, warmup }: Pick<Recipe, "learningRate" | "steps" | "warmup">,
  figures: Pick<LossPoint, "tokensPerSecond" | "gpuBytes">,
  student = 0,
): LossPoint {
  const row = logRow(training, rows, step, student);
  const [loss, gradNorm] = [row[0]!, row[1]!];
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) throw notFinite(step);
  if (loss === 0 && gradNorm === 0) throw refusedSilently(step);
  return {
    step,
    loss,
    gradNorm,
    learningRate: learningRate * scheduleFactor(step, steps, warmup),
    terms: Object.fromEntries(training.names.slice(2).map((name, i) => [name, row[i + 2]!])),
    ...figures,
  };
}

/** A training that has not begun. */
export function freshState(recipe: Pick<Recipe, "steps" | "seed">): TrainingState {
  return {
    step: 0,
    steps: recipe.steps,
    seed: recipe.seed,
    seconds: 0,
    losses: [],
    validation: [],
    best: null,
    sinceBest: 0,
    parameters: new Map(),
    bestParameters: null,
    m: new Float32Array(0),
    v: new Float32Array(0),
  };
}

const notFinite = (step: number) =>
  new LabError(
    "not-finite",
    `The loss is not a finite number since step ${step}. The last checkpoint is kept.`,
    "Try half the learning rate, or a higher temperature.",
  );
const refusedSilently = (step: number) =>
  new LabError(
    "gpu-refused",
    `The loss is exactly 0 at step ${step}: the GPU refused the work without saying so.`,
    "Try a smaller batch.",
  );
