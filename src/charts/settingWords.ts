/** Settings and their values in the page's words: as short as a sentence or an axis wants them. */
import { SETTINGS } from "../core/config/paths";
import { plain } from "./words";

const LABELS = new Map(SETTINGS.map((s) => [s.path, s.info]));
const GROUP_WORDS: Record<string, string> = {
  stage1: "stage 1",
  stage2: "stage 2",
  teacher: "teacher",
  student: "student",
};

/** "stage 1 steps", "MSE weight": the label, and where two groups share it, the group before it. */
export function settingWords(path: string): string {
  const label = LABELS.get(path)?.label ?? path;
  // InfoNCE and TwinBERT are names.
  const lower = /^[A-Z][a-z]+(?![A-Za-z])/.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;
  const shared = [...LABELS.values()].filter((i) => i.label === label).length > 1;
  const group = GROUP_WORDS[path.split(".")[0] ?? ""];
  return shared && group ? `${group} ${lower}` : lower;
}

export function valueWords(path: string, value: unknown): string {
  if (typeof value === "number") return plain(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  const text = String(value ?? "none");
  return LABELS.get(path)?.choices?.[text] ?? (text || "none");
}

/** "MSE weight 2", "cosine weight 1" */
export const assignmentWords = (assignments: Record<string, unknown>): string[] =>
  Object.entries(assignments).map(([path, value]) => `${settingWords(path)} ${valueWords(path, value)}`);
