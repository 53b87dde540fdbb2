/** Keeps the stages' records and tells whoever listens. */
import {
  type LossPoint,
  STAGES,
  type StageName,
  type StageRecord,
  type ValidationPoint,
  waitingRecord,
} from "../formats/result";
import type { RunPlan } from "./plan";

/** A stage without its curves, as it is told at every change. */
export type StageNews = Omit<StageRecord, "losses" | "validation">;

export interface RunListener {
  stage(stage: StageNews, etaSeconds: number | null): void;
  points(stage: StageName, losses: LossPoint[], validation: ValidationPoint[]): void;
  saved(stage: StageName, step: number): void;
  /** What goes on before a stage can move, in a few words; null: it is over. */
  doing?(words: string | null): void;
}

export interface Reporter {
  readonly stages: StageRecord[];
  /** From then on the time to go is estimated. */
  plan(plan: RunPlan): void;
  /** `seconds`: what a resumed stage took before it was cut off. */
  begin(name: StageName, total: number, seconds?: number): void;
  /** Done so far, and facts to add. */
  progress(name: StageName, done: number, facts?: StageRecord["facts"]): void;
  points(name: StageName, losses: LossPoint[], validation: ValidationPoint[], done: number): void;
  saved(name: StageName, step: number): void;
  doing(words: string | null): void;
  end(name: StageName, facts?: StageRecord["facts"]): void;
  /** Stages that were finished elsewhere meanwhile: they stand, as those of a run that is resumed do. */
  found(records: readonly StageRecord[]): void;
  /** The running stage did not come to its end. */
  interrupt(): void;
}

/** @param earlier records of a run that is resumed: finished stages stand, the others are begun again */
export function createReporter(listener: RunListener, earlier: readonly StageRecord[] = []): Reporter {
  const stages: StageRecord[] = STAGES.map(
    (name) => earlier.find((s) => s.name === name && s.status === "done") ?? waitingRecord(name),
  );
  let plan: RunPlan | null = null;
  const begun = new Map<StageName, number>();
  const find = (name: StageName) => stages.find((s) => s.name === name)!;
  const tell = (stage: StageRecord) => {
    const at = begun.get(stage.name);
    if (at !== undefined && stage.status === "running") stage.seconds = (performance.now() - at) / 1000;
    const { losses: _l, validation: _v, ...news } = stage;
    listener.stage({ ...news, facts: { ...news.facts } }, plan ? remaining(stages, plan) : null);
  };
  for (const stage of stages)
    if (stage.status === "done") {
      tell(stage);
      if (stage.losses.length > 0) listener.points(stage.name, stage.losses, stage.validation);
    }
  return {
    stages,
    plan(value) {
      plan = value;
    },
    begin(name, total, seconds = 0) {
      const stage = find(name);
      Object.assign(stage, { status: "running", total, done: 0, losses: [], validation: [] });
      begun.set(name, performance.now() - 1000 * seconds);
      tell(stage);
    },
    progress(name, done, facts = {}) {
      const stage = find(name);
      stage.done = done;
      Object.assign(stage.facts, facts);
      tell(stage);
    },
    points(name, losses, validation, done) {
      const stage = find(name);
      stage.losses.push(...losses);
      stage.validation.push(...validation);
      stage.done = done;
      listener.points(name, losses, validation);
      tell(stage);
    },
    saved: (name, step) => listener.saved(name, step),
    doing: (words) => listener.doing?.(words),
    end(name, facts = {}) {
      const stage = find(name);
      Object.assign(stage.facts, facts);
      tell(stage); // the time of the running stage
      stage.status = "done";
      tell(stage);
    },
    found(records) {
      for (const record of records) {
        const stage = find(record.name);
        if (record.status === "done" && stage.status === "waiting") tell(Object.assign(stage, record));
      }
    },
    interrupt() {
      for (const stage of stages)
        if (stage.status === "running") {
          stage.status = "interrupted";
          tell(stage);
        }
    },
  };
}

/** Seconds to go, from FLOPs to go at the rate so far. Null before anything has been computed. */
function remaining(stages: readonly StageRecord[], plan: RunPlan): number | null {
  let done = 0;
  let seconds = 0;
  let total = 0;
  for (const [name, flops] of Object.entries(plan.flops)) {
    const stage = stages.find((s) => s.name === name);
    if (!stage) continue;
    total += flops;
    if (stage.total > 0) done += flops * Math.min(1, stage.done / stage.total);
    seconds += stage.seconds;
  }
  return done > 0 && seconds > 0 ? ((total - done) / done) * seconds : null;
}
