/** Towers before their training: from a checkpoint, from the seed, or from the teacher. */
import { LabError } from "../errors";
import { embeddingInit, initTower, layersInit } from "../towers";
import { disposeTower, downloadParameters, type Tower, uploadAdapted, uploadTower } from "../towers/device";
import type { LoraSettings } from "../towers/lora";
import type { HostParameters, TowerConfig } from "../towers/types";
import { checkpointValues } from "./checkpoints";
import type { RunContext } from "./context";
import type { Towers } from "./stageTraining";
import { type Start, startValues } from "./starts";

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
export async function freshPair(
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

/** What the student starts from, by the experiment's settings. `loaded`: a checkpoint's values, or a loaded teacher's. */
export async function studentInit(
  context: RunContext,
  teacher: () => Promise<Towers>,
): Promise<{ values: HostParameters; loaded: boolean }> {
  const { experiment, gpu, store, starts, towers } = context;
  const { learner: config } = towers;
  const { seed, student } = experiment;
  if (starts.student) return checkpointInit(context, starts.student, "student", config, "query");
  const start = initTower(config, seed);
  if (student.init === "random") return { values: start, loaded: false };
  const { query } = await teacher();
  // Half floats are not read back, and the checkpoint has all digits.
  const source = query.half
    ? (await checkpointValues(store, "teacher", "query"))!
    : await downloadParameters(gpu, query);
  if (student.init === "embeddings") return { values: embeddingInit(start, source), loaded: false };
  // Layers of a loaded teacher are as a checkpoint is.
  return {
    values: layersInit(start, config, source, query.config, student.init),
    loaded: starts.teacher !== undefined,
  };
}

/** The student before stage 2, on the device. */
export async function freshStudent(context: RunContext, teacher: () => Promise<Towers>): Promise<Tower> {
  const { values, loaded } = await studentInit(context, teacher);
  return { ...uploadTower(context.gpu, context.towers.learner, values), loaded };
}
