/** A run's settings as it is recorded with them: results, checkpoints and reports are handed on, a disk's paths are not. */
import type { Experiment } from "../config/schema";

/** The hub's own cache: .../models--owner--name/snapshots/commit. */
const CACHED = /(?:^|[\\/])models--([^\\/]+)--([^\\/]+)[\\/]snapshots[\\/]([^\\/]+)[\\/]*$/;

/**
 * What a setting that names a checkpoint is recorded as: of a folder of a disk its own name, of one in the hub's cache
 * the hub's name and commit; what the page keeps, bundled models and addresses as they are. Empty stays empty.
 */
export function recordedReference(reference: string): string {
  if (/^(hub|files|bundled):|^https?:\/\//i.test(reference)) return reference;
  const cached = CACHED.exec(reference);
  if (cached) return `hub:${cached[1]}/${cached[2]}@${cached[3]}`;
  const names = reference.split(/[\\/]+/).filter((name) => name !== "" && name !== "." && name !== "..");
  return names.at(-1) ?? (reference === "" ? "" : "folder");
}

/** The experiment with what its checkpoints are recorded as. */
export const recordedExperiment = <E extends Pick<Experiment, "teacher" | "student">>(experiment: E): E => ({
  ...experiment,
  teacher: { ...experiment.teacher, checkpoint: recordedReference(experiment.teacher.checkpoint) },
  student: { ...experiment.student, checkpoint: recordedReference(experiment.student.checkpoint) },
});

/** The same of settings by their paths. */
export const recordedSettings = <V>(settings: Readonly<Record<string, V>>): Record<string, V | string> =>
  Object.fromEntries(
    Object.entries(settings).map(([path, value]) => [
      path,
      path.endsWith(".checkpoint") && typeof value === "string" ? recordedReference(value) : value,
    ]),
  );
