/** `lab run --plan`: what a run would do, as far as it is known before any text is tokenised. */
import type { Experiment } from "../core/config/schema";
import type { Dataset } from "../core/data/types";
import { planRun, planShape, type RunPlan, VALIDATION_DOCUMENTS, VALIDATION_QUERIES } from "../core/pipeline/plan";

/**
 * Steps and floating-point operations, every text taken to be of the longest length.
 *
 * @param dataset the collection given with --data; the bundled notes' sizes stand in the settings
 */
export function describePlan(experiment: Experiment, dataset?: Dataset): RunPlan {
  const shape = planShape(experiment);
  if (!dataset) return planRun(experiment, shape);
  const { docs, train, validation, test } = dataset;
  return planRun(experiment, {
    ...shape,
    documents: docs.length,
    trainQueries: train.queries.length,
    testQueries: test.queries.length,
    validationDocuments: Math.min(docs.length, VALIDATION_DOCUMENTS),
    validationQueries: Math.min(validation.queries.length, VALIDATION_QUERIES),
  });
}
