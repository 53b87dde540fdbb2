/** The teacher after stage 1: nothing trains it any more, so that its matrices may lie on the GPU as half floats. */
import type { Gpu } from "../../gpu/device";
import { concatFloats } from "../bytes";
import { LabError } from "../errors";
import { disposeTower, downloadParameters, type Tower, uploadTower } from "../towers/device";
import { encoderFor, type RunContext } from "./context";
import { type Difference, differenceOf } from "./model";
import type { Towers } from "./stageTraining";

/** Validation queries and documents whose vectors say what half floats cost; the first of each. */
const COMPARED = 64;

/** Before anything is trained. @throws LabError "bad-setting" where plain operations would have to read half floats */
export function checkFrozenTeacher({ gpu, ops, experiment }: Pick<RunContext, "gpu" | "ops" | "experiment">): void {
  if (experiment.teacher.half && ops.name === "plain" && !gpu.heap)
    throw new LabError(
      "bad-setting",
      "Plain operations do not read half floats.",
      "Choose --ops fused, or leave teacher.half off.",
    );
}

/**
 * The towers as the rest of the run uses them. Where the settings ask for half floats the given ones are disposed of; what
 * that changed of vectors is a fact of the index stage. A CPU in a GPU's place keeps all as it is.
 */
export async function frozenTeacher(context: RunContext, towers: Towers): Promise<Towers> {
  const { gpu, experiment, reporter } = context;
  if (gpu.heap || !experiment.teacher.half) return towers;
  const before = await someVectors(context, towers);
  const query = await packed(gpu, towers.query);
  const frozen = { query, document: towers.document === towers.query ? query : await packed(gpu, towers.document) };
  const cost = differenceOf(before, await someVectors(context, frozen), experiment.embeddingSize);
  const { done } = reporter.stages.find(({ name }) => name === "index")!;
  reporter.progress("index", done, halfFacts(cost));
  return frozen;
}

/** The smallest cosine is shown with as many nines as it has. */
const halfFacts = ({ cosine, largest }: Difference) => ({
  "half floats, cosine at least": cosine.toFixed(cosine < 1 ? Math.min(9, 2 - Math.floor(Math.log10(1 - cosine))) : 1),
  "half floats, largest difference": Number(largest.toPrecision(3)),
});

/** One tower is here twice at most in the host's memory, and never on the GPU. */
async function packed(gpu: Gpu, tower: Tower): Promise<Tower> {
  const host = await downloadParameters(gpu, tower);
  disposeTower(tower);
  return uploadTower(gpu, tower.config, host, true);
}

/** Raw vectors of some validation queries and of some documents. */
async function someVectors(context: RunContext, { query, document }: Towers): Promise<Float32Array> {
  const { texts, sample } = context;
  const { validation, documents, queryLength, documentLength } = texts.teacher;
  const asked = encoderFor(context, query, queryLength);
  const answers = encoderFor(context, document, documentLength);
  try {
    return concatFloats([
      await asked.encode(validation, sample.queries.subarray(0, COMPARED)),
      await answers.encode(documents, sample.documents.subarray(0, COMPARED)),
    ]);
  } finally {
    asked.dispose();
    answers.dispose();
  }
}
