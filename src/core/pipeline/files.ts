/** Where a run keeps what is not part of its archive, within its own store. */
import type { SystemName } from "../formats/result";

/** Stages and time so far, of a run that is not done. */
export const PROGRESS_FILE = "progress.json";
/** Raw document vectors: float32 [documents, embeddingSize]. */
export const vectorFile = (system: SystemName): string => `vectors/${system}.f32`;
/** The teacher's raw vectors of the training queries, then of the watched ones: float32 [queries, embeddingSize]. */
export const TEACHER_QUERIES_FILE = "vectors/teacher-queries.f32";

/** True for the files that an archive holds: exactly what `lab run --out` writes. */
export function isArchiveFile(path: string, checkpoints: boolean): boolean {
  if (/^(result\.json|queries\.jsonl|run\.[a-z0-9]+\.trec)$/.test(path)) return true;
  return checkpoints && path.startsWith("checkpoints/");
}
