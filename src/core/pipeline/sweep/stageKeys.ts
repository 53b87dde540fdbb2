/**
 * What each stage's result depends on: trials for which that is equal share it. A key is the hash of the settings that
 * have a part in it, of the collection and of the code. A setting that is not named here has a part in everything, so
 * that a new one costs trainings at worst, never wrong figures; stageKeys.test.ts watches what the stages read.
 */
import { contentHash } from "../../artifacts/hash";
import { getSetting, SETTINGS, type SettingValue } from "../../config/paths";
import type { Experiment } from "../../config/schema";
import type { Dataset, Split } from "../../data/types";
import { testSetHash } from "../../evaluation/testSetHash";
import { equalisedSteps } from "../plan";

/**
 * What is kept of a trial's stages: the teacher's towers, its document vectors, its raw query vectors, the student, and
 * the baselines with their document vectors. And its texts as tokens, which are kept in memory.
 */
export const ARTIFACTS = ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert"] as const;
export type Artifact = (typeof ARTIFACTS)[number];
export type Part = Artifact | "texts";
const PARTS: readonly Part[] = [...ARTIFACTS, "texts"];

/** What a stage is made from beside settings of its own. */
const MADE_FROM: Partial<Record<Part, readonly Part[]>> = {
  index: ["teacher"],
  queries: ["teacher"],
  scalingnote: ["teacher"],
};

const under = (group: string, names: string, ...parts: Part[]) =>
  names.split(" ").map((name) => [`${group}.${name}`, parts] as const);

/** Settings of the notes that touch the test queries alone. */
const ASKED_OF_NOTES = ["testDomains", "drift"] as const;

/** Settings that do not have a part in everything, and what they have a part in; all that is made from it follows. */
const KNOWN: ReadonlyMap<string, readonly Part[]> = new Map([
  // They decide whether and how a run is kept, and how its answers are judged.
  ...under("training", "memoryLimit saveEvery"),
  ...under("evaluation", "style dropSelf bootstrap"),
  // They decide what is asked of finished towers, and how much of their vectors is looked at.
  ...under("evaluation", "typos wordDrop dimensions"),
  ...under("data.notes", ASKED_OF_NOTES.join(" ")),
  ...under("stage1", "learningRate embeddingRate", "teacher"),
  // The baselines are trained with the same loss; how many steps stands in their keys as it is planned.
  ...under(
    "stage1",
    "steps temperature learnTemperature hardNegatives dropout pieces symmetric matryoshka queue " +
      "minedNegatives mineAfter mineEvery mineFrom mineTo mineMargin",
    "teacher",
    "scalingdoc",
    "twinbert",
  ),
  ...under(
    "stage2",
    "steps mseWeight cosineWeight mseOn mseReduce learningRate embeddingRate dropout pieces klWeight " +
      "klTeacherTemperature klStudentTemperature marginWeight infoNceWeight infoNceTemperature scored sampledDocuments " +
      "matryoshka documentShare copies wordDrop typos paraphrase copyTarget refineSteps refineLearningRate refineEmbeddingRate",
    "scalingnote",
  ),
  ...under("teacher", "width layers sharedTowers", "teacher", "scalingdoc"),
  // Its checkpoint is the same; the vectors are not.
  ...under("teacher", "half", "index", "queries", "scalingnote"),
  // A decoder student of as many heads takes over the teacher's key and value heads.
  ...under("teacher", "heads kvHeads", "teacher", "scalingnote", "scalingdoc", "twinbert"),
  ...under("teacher", "pooling vocabulary queryTokens docTokens prompt", "texts", "teacher", "scalingdoc"),
  ...under("student", "init ownSize", "scalingnote"),
  ...under("student", "kind width layers heads", "scalingnote", "scalingdoc", "twinbert"),
  // A student that learns documents is as long as those.
  ...under("student", "docTokens", "texts", "scalingnote", "twinbert"),
  ...under("student", "pooling vocabulary queryTokens prompt", "texts", "scalingnote", "scalingdoc", "twinbert"),
  ...under("baselines", "equalise", "scalingdoc", "twinbert"),
  ...under("baselines", "twinbertLearningRate twinbertEmbeddingRate twinbertSharedTowers", "twinbert"),
  ...under("baselines", "scalingdocLearningRate scalingdocEmbeddingRate", "scalingdoc"),
]);

/** All that a setting has a part in: of a setting that is not known, everything. */
export function changedBy(path: string): Part[] {
  const own = KNOWN.get(path);
  if (!own) return [...PARTS];
  return PARTS.filter((part) => own.includes(part) || MADE_FROM[part]?.some((other) => own.includes(other)));
}

const EVERYTHING = SETTINGS.map(({ path }) => path).filter((path) => changedBy(path).length > 0);
const PATHS = new Map(
  PARTS.map((part) => [part, SETTINGS.map(({ path }) => path).filter((path) => changedBy(path).includes(part))]),
);

/** The settings that have a part in an artifact. */
function pathsOf(part: Part, experiment: Experiment): readonly string[] {
  const baseline = part === "scalingdoc" || part === "twinbert";
  // Equal operations: the baseline's steps follow from the work of all the others, down to the length of their texts.
  return baseline && experiment.baselines.equalise === "flops" ? EVERYTHING : PATHS.get(part)!;
}

/** The values that an artifact depends on, by name. */
function valuesOf(part: Part, experiment: Experiment): Record<string, SettingValue> {
  const values = Object.fromEntries(pathsOf(part, experiment).map((path) => [path, getSetting(experiment, path)]));
  if (part !== "scalingdoc" && part !== "twinbert") return values;
  // Of the settings that decide how long the baselines are trained not all are theirs.
  const steps = equalisedSteps(experiment);
  return steps === null ? values : { ...values, steps };
}

/** What a key is of, beside settings. */
export interface KeySource {
  /** `learnedKey` of the collection. */
  data: string;
  codeVersion: string;
}

/** The name of what a stage makes, or of the tokens. */
export const partKey = (part: Part, experiment: Experiment, { data, codeVersion }: KeySource): Promise<string> =>
  contentHash({ kind: part, settings: valuesOf(part, experiment), data, codeVersion });

export type StageKeys = Record<Part, string>;

export async function stageKeys(experiment: Experiment, source: KeySource): Promise<StageKeys> {
  const keys = await Promise.all(PARTS.map((part) => partKey(part, experiment, source)));
  return Object.fromEntries(PARTS.map((part, i) => [part, keys[i]!])) as StageKeys;
}

/** In what students that are trained side by side may differ: training/distilStep.ts, DistilStudent; and their weights. */
export const STACKED = [
  "stage2.mseWeight",
  "stage2.cosineWeight",
  "stage2.klWeight",
  "stage2.klTeacherTemperature",
  "stage2.klStudentTemperature",
  "stage2.marginWeight",
  "stage2.infoNceWeight",
  "stage2.infoNceTemperature",
  "stage2.learningRate",
  "stage2.embeddingRate",
  "student.init",
] as const;

/**
 * Students with equal names may be trained side by side; null where one must be alone: one whose batches are walked in
 * pieces is a step of its own kind, one that may stop early has to be watched on its way, one from a checkpoint has
 * another rate, and one that refines itself, or has vectors of its own size, has more to it than this step.
 */
export async function stackKey(experiment: Experiment, { data, codeVersion }: KeySource): Promise<string | null> {
  const { stage2, training, teacher, student } = experiment;
  if (stage2.pieces > 1 || training.patience > 0 || stage2.refineSteps > 0 || student.ownSize > 0) return null;
  if (teacher.checkpoint !== "" || student.checkpoint !== "") return null;
  const settings = valuesOf("scalingnote", experiment);
  for (const path of STACKED) delete settings[path];
  return contentHash({ kind: "stack", settings, data, codeVersion });
}

/**
 * The name of an experiment's collection. The bundled notes are made from settings and seed by this code, so those name
 * them; of files it is their content, in its order, for the order decides which pairs meet in a batch.
 */
export async function dataKey(experiment: Experiment, open: () => Promise<Dataset>): Promise<string> {
  if (experiment.data.source === "notes") return contentHash({ notes: experiment.data.notes, seed: experiment.seed });
  const { docs, train, validation, test, relevanceLevel } = await open();
  const order = ({ queries, qrels }: Split) => ({
    queries: queries.map(({ id, negatives }) => [id, negatives ?? []]),
    judged: Array.from(qrels, ([id, grades]) => [id, ...grades.keys()]),
  });
  return contentHash({
    hashes: [await testSetHash(docs, test), await testSetHash([], train), await testSetHash([], validation)],
    docs: docs.map(({ id }) => id),
    splits: [order(train), order(validation), order(test)],
    relevanceLevel,
  });
}

/**
 * The name of what towers learn from and search: of the bundled notes all but what touches the test queries alone, so that
 * one teacher answers other domains and drifting tastes too. Of files it is their `dataKey`.
 */
export async function learnedKey(experiment: Experiment, data: string): Promise<string> {
  if (experiment.data.source !== "notes") return data;
  const learned = Object.entries(experiment.data.notes).filter(([name]) => !ASKED_OF_NOTES.some((one) => one === name));
  return contentHash({ learned: Object.fromEntries(learned), seed: experiment.seed });
}
