/** The stages of a run as the page shows them: live, stored or replayed. */
import {
  type LossPoint,
  type RunResult,
  STAGES,
  type StageName,
  type StageRecord,
  waitingRecord,
} from "../core/formats/result";

export type ShownStage = StageRecord;

export type ShownStages = Record<StageName, ShownStage>;

/** Seven stages, all waiting. */
export function waitingStages(): ShownStages {
  return Object.fromEntries(STAGES.map((name) => [name, waitingRecord(name)])) as ShownStages;
}

/** Stages of a record in the page's form; the curves are copied, so that a live run can append to them. */
export function fromRecords(records: readonly StageRecord[]): ShownStages {
  const stages = waitingStages();
  for (const r of records) stages[r.name] = { ...r, losses: [...r.losses], validation: [...r.validation] };
  return stages;
}

/** Seconds of all stages together: so long does their replay last. */
export function totalSeconds(stages: readonly StageRecord[]): number {
  return stages.reduce((sum, s) => sum + s.seconds, 0);
}

/** Where each stage begins in the replay, in seconds. */
export function stageStarts(result: RunResult): { name: StageName; at: number }[] {
  let at = 0;
  return result.stages.map((s) => {
    const start = { name: s.name, at };
    at += s.seconds;
    return start;
  });
}

/**
 * The record's stages as they stood `seconds` into the run. A record holds the length of a stage, not the time of a
 * step: within a stage steps are taken to be equally long.
 */
export function stagesAt(result: RunResult, seconds: number): ShownStages {
  const stages = fromRecords(result.stages);
  let start = 0;
  for (const record of result.stages) {
    const stage = stages[record.name];
    const end = start + record.seconds;
    if (seconds < end || (seconds === 0 && start === 0 && record.seconds === 0)) {
      const part = record.seconds > 0 ? Math.max(0, (seconds - start) / record.seconds) : 0;
      if (seconds < start || (start > 0 && part === 0)) {
        stages[record.name] = { ...waitingRecord(record.name), total: stage.total };
      } else {
        const done = Math.floor(part * record.done);
        stage.status = "running";
        stage.done = done;
        stage.seconds = seconds - start;
        stage.losses = stage.losses.filter((p) => p.step <= done);
        stage.validation = stage.validation.filter((p) => p.step <= done);
      }
    }
    start = end;
  }
  return stages;
}

/** The stage under way: the last one that is not waiting. */
export function currentStage(stages: ShownStages): ShownStage | null {
  return (
    [...STAGES]
      .reverse()
      .map((n) => stages[n])
      .find((s) => s.status !== "waiting") ?? null
  );
}

/** The last loss point of the training under way, or null. */
export function lastLoss(stages: ShownStages): LossPoint | null {
  for (const name of [...STAGES].reverse()) {
    const point = stages[name].losses.at(-1);
    if (point) return point;
  }
  return null;
}
