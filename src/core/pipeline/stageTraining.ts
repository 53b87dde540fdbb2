/** One training as a stage of a run: its recipe, how it runs and resumes, and what it leaves in the store. */
import { LabError } from "../errors";
import type { StageName, TrainedSystem } from "../formats/result";
import { PYTORCH } from "../formats/safetensors";
import { countParameters } from "../towers";
import { disposeTower, type Tower } from "../towers/device";
import type { Miner } from "../training/mining";
import { readState, writeState } from "../training/state";
import { train } from "../training/trainer";
import type { Recipe, TrainingStep } from "../training/trainingStep";
import { saveCheckpoint } from "./checkpoints";
import { compilePrograms, type RunContext } from "./context";

import type { TowerText } from "./texts";

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

/** Where a training keeps its state while it is under way. */
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
export async function runTraining<Training extends TrainingStep>(
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
