/** The models that towers start from, in words. */

/** Whose start a setting is; null for the others. */
export function checkpointSide(path: string): "teacher" | "student" | null {
  const match = /^(teacher|student)\.checkpoint$/.exec(path);
  return match ? (match[1] as "teacher" | "student") : null;
}

/** A reference in a few words: "hub:owner/name@0123456789abcdef" -> "owner/name". */
export function modelName(reference: string): string {
  const bare = reference.replace(/^(hub|bundled|files):/, "");
  if (reference.startsWith("files:")) return bare.replace(/#[0-9a-f]+$/, "");
  if (reference.startsWith("hub:")) return bare.replace(/@[0-9a-f]{40}$/, "");
  return bare.replace(/\/+$/, "").split("/").at(-1) ?? bare;
}
