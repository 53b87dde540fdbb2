/** Options that the rest of the experiment rules out, each with its reason. */
import { takesLayers } from "../../core/config/rules";
import type { Experiment } from "../../core/config/schema";

/** Why a choice of a setting cannot be taken now; null where it can. */
export function optionReason(path: string, option: string, e: Experiment): string | null {
  // What a checkpoint's shape allows is known once it has been read.
  if (path === "student.init" && e.teacher.checkpoint !== "") return null;
  if (path === "student.init" && takesLayers(option as Experiment["student"]["init"])) {
    if (e.student.kind !== "decoder") return "Needs a decoder student: layers are copied from a decoder.";
    if (e.student.width !== e.teacher.width)
      return `Needs a student as wide as the teacher (${e.teacher.width}, here ${e.student.width}).`;
    if (e.student.layers > e.teacher.layers - 2)
      return `Needs at least 2 layers fewer than the teacher's ${e.teacher.layers}.`;
    if (e.student.ownSize > 0 && e.student.ownSize !== e.embeddingSize)
      return `Needs vectors of the teacher's size (own vector size ${e.embeddingSize} or 0, here ${e.student.ownSize}).`;
    if (e.student.heads !== e.teacher.heads) return `Needs the teacher's ${e.teacher.heads} attention heads.`;
  }
  if (path === "student.init" && option === "embeddings") {
    if (e.student.kind !== "encoder") return "Needs an encoder student.";
    if (e.student.width !== e.teacher.width)
      return `Needs a student as wide as the teacher (${e.teacher.width}, here ${e.student.width}).`;
    if (e.student.vocabulary !== e.teacher.vocabulary)
      return `Needs the teacher's vocabulary (${e.teacher.vocabulary}, here ${e.student.vocabulary}).`;
  }
  if (path.endsWith(".pooling") && path.startsWith("teacher") && option === "cls")
    return "The teacher reads from left to right: its first token has seen nothing of the text.";
  return null;
}

/** Why a whole setting has no effect now; null where it has. */
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

const scores = ({ stage2: s }: Experiment) =>
  s.klWeight > 0 || s.marginWeight > 0 || s.infoNceWeight > 0 || s.refineSteps > 0;

/** Where a setting that goes with another one matters; all others do everywhere. */
const MATTERS: Record<string, (e: Experiment) => boolean> = {
  "stage1.mineAfter": (e) => e.stage1.minedNegatives > 0,
  "stage1.mineEvery": (e) => e.stage1.minedNegatives > 0,
  "stage1.mineFrom": (e) => e.stage1.minedNegatives > 0,
  "stage1.mineTo": (e) => e.stage1.minedNegatives > 0,
  "stage1.mineMargin": (e) => e.stage1.minedNegatives > 0,
  "stage2.klTeacherTemperature": (e) => e.stage2.klWeight > 0,
  "stage2.klStudentTemperature": (e) => e.stage2.klWeight > 0,
  "stage2.infoNceTemperature": (e) => e.stage2.infoNceWeight > 0 || e.stage2.refineSteps > 0,
  "stage2.scored": scores,
  "stage2.sampledDocuments": (e) => scores(e) && e.stage2.scored !== "batch",
  "stage2.wordDrop": (e) => e.stage2.copies > 0,
  "stage2.typos": (e) => e.stage2.copies > 0,
  "stage2.paraphrase": (e) => e.stage2.copies > 0,
  "stage2.copyTarget": (e) => e.stage2.copies > 0,
  "stage2.refineLearningRate": (e) => e.stage2.refineSteps > 0,
  "stage2.refineEmbeddingRate": (e) => e.stage2.refineSteps > 0,
};

/** Whether a setting can make a difference as the others are; where not, the form leaves it out. */
export const settingMatters = (path: string, e: Experiment): boolean => MATTERS[path]?.(e) ?? true;
const OF_CHECKPOINT = /\.(kind|width|layers|heads|kvHeads|vocabulary|init)$/;
const loaded = (tower: Experiment["teacher" | "student"]) => tower.checkpoint !== "" && tower.checkpointTakes === "all";
const LOADED_RATE = "The learning rate of loaded towers, under Training, is used.";
