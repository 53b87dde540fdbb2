/** Options that the rest of the experiment rules out, each with its reason. */
import { leftOut } from "../../core/config/matters";
import { takesLayers } from "../../core/config/rules";
import type { Experiment } from "../../core/config/schema";

export { settingReason } from "../../core/config/matters";

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

/** Whether a setting can make a difference as the others are; where not, the form leaves it out. */
export const settingMatters = (path: string, e: Experiment): boolean => leftOut(path, e) === null;
