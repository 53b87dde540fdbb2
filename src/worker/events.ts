/** Events to the page, at most four times a second, and the same into the run's row. */
import { LabError } from "../core/errors";
import { type LossPoint, STAGES, type StageName, type StageRecord, type ValidationPoint } from "../core/formats/result";
import type { RunListener, StageNews } from "../core/pipeline/reporter";
import type { ErrorReport, LoadingReport, RunEvent, RunStatus, RunSummary } from "./protocol";
import type { RunStore } from "./runStore";

const EVERY_MS = 250;
const ROW_EVERY_MS = 3000;

/** An error in the words that the page shows. One that nobody foresaw keeps its own. */
export function errorReport(error: unknown): ErrorReport {
  if (error instanceof LabError) return { kind: error.kind, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: "unexpected",
    message: `Something unforeseen happened: ${message}`,
    remedy: "Reload the page; stored runs are safe.",
  };
}

export interface EventBatcher {
  listener: RunListener;
  status(status: RunStatus, error?: ErrorReport): void;
  /** The last word on the run: everything waiting is sent and the row is written. */
  finish(status: RunStatus, change: Partial<RunSummary>, error?: ErrorReport): Promise<void>;
}

export function eventBatcher(runId: string, emit: (event: RunEvent) => void, runs: RunStore): EventBatcher {
  const points = new Map<StageName, { losses: LossPoint[]; validation: ValidationPoint[] }>();
  const news = new Map<StageName, { stage: StageNews; etaSeconds: number | null }>();
  const records = new Map<StageName, StageRecord>();
  let lastSent = 0;
  let lastRow = 0;
  let said: string | null = null;
  let lastSaid = 0;

  let later: ReturnType<typeof setTimeout> | undefined;

  const send = () => {
    clearTimeout(later);
    later = undefined;
    for (const { stage, etaSeconds } of news.values()) emit({ type: "stage", runId, stage, etaSeconds });
    for (const [stage, { losses, validation }] of points) emit({ type: "points", runId, stage, losses, validation });
    news.clear();
    points.clear();
    lastSent = performance.now();
  };
  const stages = () => STAGES.flatMap((name) => records.get(name) ?? []);
  const maybeSend = (urgent: boolean) => {
    const now = performance.now();
    if (urgent || now - lastSent >= EVERY_MS) send();
    // The last word before a pause must not wait for a next one.
    else later ??= setTimeout(send, EVERY_MS);
    if (now - lastRow >= ROW_EVERY_MS) {
      lastRow = now;
      // A row that could not be written is written again soon.
      void runs.update(runId, { stages: stages() }).catch(() => undefined);
    }
  };
  return {
    listener: {
      stage(stage, etaSeconds) {
        const before = records.get(stage.name);
        const fresh = stage.status === "running" && before?.status !== "running";
        records.set(stage.name, {
          ...stage,
          losses: fresh ? [] : (before?.losses ?? []),
          validation: fresh ? [] : (before?.validation ?? []),
        });
        news.set(stage.name, { stage, etaSeconds });
        maybeSend(before?.status !== stage.status);
      },
      points(name, losses, validation) {
        const record = records.get(name);
        record?.losses.push(...losses);
        record?.validation.push(...validation);
        const waiting = points.get(name) ?? { losses: [], validation: [] };
        waiting.losses.push(...losses);
        waiting.validation.push(...validation);
        points.set(name, waiting);
        maybeSend(false);
      },
      doing(words) {
        if (words === said || (words !== null && said !== null && performance.now() - lastSaid < EVERY_MS)) return;
        said = words;
        lastSaid = performance.now();
        emit({ type: "doing", runId, words });
      },
      saved: (stage, step) => emit({ type: "saved", runId, stage, step, at: new Date().toISOString() }),
    },
    status(status, error) {
      send();
      emit({ type: "status", runId, status, ...(error ? { error } : {}) });
      void runs.update(runId, { status }).catch(() => undefined);
    },
    async finish(status, change, error) {
      send();
      await runs.update(runId, { stages: stages(), ...change, status });
      emit({ type: "status", runId, status, ...(error ? { error } : {}) });
    },
  };
}

/** Tells how far loading is, at most four times a second; its begin, its end and the last of a file at once. */
export function loadingTeller(emit: (event: RunEvent) => void): (report: LoadingReport | null) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (report) => {
    const now = performance.now();
    if (report !== null && report.done > 0 && report.done < report.total && now - last < EVERY_MS) return;
    last = now;
    emit({ type: "loading", report });
  };
}
