/** `lab run --plan`: what a run would do, as far as it is known before any text is tokenised. */
import type { Experiment } from "../core/config/schema";
import type { Dataset } from "../core/data/types";
import { type RunMemory, runMemory } from "../core/pipeline/memory";
import { planRun, planShape, type RunPlan, type RunTowers } from "../core/pipeline/plan";

/**
 * Steps, floating-point operations and GPU memory, every text taken to be of the longest length.
 *
 * @param dataset the collection given with --data; the bundled notes' sizes stand in the settings
 * @param towers of a run from checkpoints what `openStarts` says
 */
export function describePlan(
  experiment: Experiment,
  dataset?: Dataset,
  towers?: RunTowers,
): RunPlan & { memory: RunMemory } {
  const shape = planShape(experiment, dataset);
  return { ...planRun(experiment, shape, towers), memory: runMemory(experiment, shape, towers) };
}
