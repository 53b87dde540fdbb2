/** Which settings have no effect as the others are, and why: for the form, and for axes of a sweep. */
import { lossWeights } from "./rules";
import type { Experiment } from "./schema";

/** Why a whole setting has no effect now; null where it has. The form shows it, and says this. */
export function settingReason(path: string, e: Experiment): string | null {
  if (path.startsWith("data.notes.") && e.data.source !== "notes")
    return `${e.data.source === "files" ? "Your data is" : "WordNet is"} used, not the bundled notes.`;
  for (const who of ["teacher", "student"] as const)
    if (path.startsWith(`${who}.`)) {
      const starts = e[who].checkpoint !== "";
      if (starts && OF_CHECKPOINT.test(path)) return "What it starts from decides this.";
      if (!starts && path === `${who}.checkpointTakes`) return "It starts from no model.";
    }
  if (loaded(e.teacher) && /^stage1\.(learningRate|embeddingRate)$/.test(path)) return LOADED_RATE;
  if (loaded(e.student) && /^stage2\.(learningRate|embeddingRate)$/.test(path)) return LOADED_RATE;
  if (e.student.kind === "lookup" && ["student.layers", "student.heads", "student.pooling"].includes(path))
    return "A lookup table has one averaged vector a token.";
  if (e.stage2.mseWeight === 0 && (path === "stage2.mseOn" || path === "stage2.mseReduce"))
    return "The weight of MSE is 0.";
  if (path.startsWith("stage1.lora") && path !== "stage1.lora" && !e.stage1.lora) return "No adapters are trained.";
  if (path === "stage2.paraphrase" && e.data.source === "files")
    return "Your files are used: only the bundled notes' generator can write a query anew.";
  return null;
}

const OF_CHECKPOINT = /\.(kind|width|layers|heads|kvHeads|vocabulary|init)$/;
const loaded = (tower: Experiment["teacher" | "student"]) => tower.checkpoint !== "" && tower.checkpointTakes === "all";
const LOADED_RATE = "The learning rate of loaded towers, under Training, is used.";

const NO_MINED = "No negatives are mined.";
const NO_COPIES = "No altered copies of queries are made.";
const NO_REFINEMENT = "There are no steps of refinement.";
const NO_SCORES = "No loss scores documents.";
const mines = ({ stage1 }: Experiment) => stage1.minedNegatives > 0;
const copies = ({ stage2 }: Experiment) => stage2.copies > 0;
const refines = ({ stage2 }: Experiment) => stage2.refineSteps > 0;
const scores = (e: Experiment) =>
  refines(e) || lossWeights(e).some(([name, weight]) => SCORING.includes(name) && weight > 0);
const SCORING: readonly string[] = ["klWeight", "marginWeight", "infoNceWeight"];

/** Where a setting that goes with another one matters, and why it does not elsewhere; all others do everywhere. */
const MATTERS: Record<string, [(e: Experiment) => boolean, string]> = {
  "stage1.mineAfter": [mines, NO_MINED],
  "stage1.mineEvery": [mines, NO_MINED],
  "stage1.mineFrom": [mines, NO_MINED],
  "stage1.mineTo": [mines, NO_MINED],
  "stage1.mineMargin": [mines, NO_MINED],
  "stage2.klTeacherTemperature": [(e) => e.stage2.klWeight > 0, "The weight of score KL is 0."],
  "stage2.klStudentTemperature": [(e) => e.stage2.klWeight > 0, "The weight of score KL is 0."],
  "stage2.infoNceTemperature": [
    (e) => e.stage2.infoNceWeight > 0 || refines(e),
    "The weight of InfoNCE is 0, and there is no refinement.",
  ],
  "stage2.scored": [scores, NO_SCORES],
  "stage2.sampledDocuments": [
    (e) => scores(e) && e.stage2.scored !== "batch",
    "No loss scores documents that are drawn at random.",
  ],
  "stage2.wordDrop": [copies, NO_COPIES],
  "stage2.typos": [copies, NO_COPIES],
  "stage2.paraphrase": [copies, NO_COPIES],
  "stage2.copyTarget": [copies, NO_COPIES],
  "stage2.refineLearningRate": [refines, NO_REFINEMENT],
  "stage2.refineEmbeddingRate": [refines, NO_REFINEMENT],
};

/** Why a setting makes no difference as the others are, so that the form leaves it out; null where it can. */
export function leftOut(path: string, e: Experiment): string | null {
  const found = MATTERS[path];
  return found && !found[0](e) ? found[1] : null;
}

/** Settings that a form shows always and that still change nothing as the others are. */
function quiet(path: string, e: Experiment): string | null {
  if (path === "data.wordnet" && e.data.source !== "wordnet") return "The data is not WordNet.";
  if (path === "data.queriesFrom" && e.data.source !== "files") return "The data brings its own queries.";
  if (path === "training.loadedRate" && !loaded(e.teacher) && !loaded(e.student))
    return "No tower starts from a model.";
  if (path === "training.validateEvery" && e.training.patience === 0)
    return "Validation only watches: nothing ends early.";
  return null;
}

/** Why a setting changes nothing of what an experiment measures, as its others are; null where it may. */
export const idleReason = (path: string, e: Experiment): string | null =>
  settingReason(path, e) ?? leftOut(path, e) ?? quiet(path, e);
