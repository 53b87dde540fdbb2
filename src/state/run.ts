/**
 * The run that the Lab shows: the one under way, a stored one, or a recorded one. It alone hears the run's events.
 * Curves grow in place and `version` counts their changes, so that a chart redraws when it wants to, not per event.
 */
import { createStore } from "zustand/vanilla";
import type { Experiment } from "../core/config/schema";
import type { AdapterRecord, RunResult } from "../core/formats/result";
import type { ErrorReport, RunEvent, RunStatus, RunSummary } from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import { fromRecords, type ShownStages, stagesAt, totalSeconds, waitingStages } from "./stages";

/** none: nothing yet; live: trained here now; stored: from the list; example: a record at its end; replay: in motion. */
export type ShownMode = "none" | "live" | "stored" | "example" | "replay";

export interface RunState {
  mode: ShownMode;
  runId: string | null;
  name: string;
  /** Null: no run. */
  status: RunStatus | null;
  experiment: Experiment | null;
  stages: ShownStages;
  version: number;
  result: RunResult | null;
  adapter: AdapterRecord | null;
  error: ErrorReport | null;
  /** A command is on its way: buttons wait. */
  busy: boolean;
  saved: { stage: string; step: number; at: string } | null;
  /** What goes on before a stage can move ("compiling 12 of 40 GPU programs"); null: nothing of the kind. */
  doing: string | null;
  /** Seconds to the end of the whole run; null: not known. */
  etaSeconds: number | null;
  start(experiment: Experiment, name: string): Promise<void>;
  resumeRun(run: RunSummary): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  step(): Promise<void>;
  finishStage(): Promise<void>;
  stop(): Promise<void>;
  apply(event: RunEvent): void;
  /** Shows a stored run. */
  show(run: RunSummary): void;
  /** Shows a record: `seconds` into it, or (null) at its end as an example. */
  showRecord(result: RunResult, seconds: number | null): void;
  /** Shows nothing: what was shown is gone. */
  clear(): void;
  /** The worker died: what ran is interrupted. */
  broken(report: ErrorReport): void;
  dismiss(): void;
}

const IDLE = {
  mode: "none" as ShownMode,
  runId: null,
  name: "",
  status: null,
  experiment: null,
  version: 0,
  result: null,
  adapter: null,
  error: null,
  doing: null,
  saved: null,
  etaSeconds: null,
};

/** Adds points to a curve; from the first new step on they replace what was there, for a resumed run tells its steps again. */
function append<P extends { step: number }>(curve: P[], points: readonly P[]): void {
  const first = points[0];
  if (!first) return;
  while (curve.length > 0 && curve.at(-1)!.step >= first.step) curve.pop();
  for (const point of points) curve.push(point);
}

/** Whether a stored run has a checkpoint to go on from. */
export function resumable(run: Pick<RunSummary, "status" | "result" | "origin">): boolean {
  const over = run.status === "interrupted" || run.status === "stopped" || run.status === "failed";
  return over && run.result === null && run.origin === "here";
}

/** Whether a run is being trained here. */
export function underWay(s: Pick<RunState, "mode" | "status">): boolean {
  return s.mode === "live" && (s.status === "running" || s.status === "paused");
}

export function createRunStore(client: LabClient, adapter: () => AdapterRecord | null) {
  return createStore<RunState>((set, get) => {
    const command = async (what: () => Promise<unknown>) => {
      set({ busy: true });
      try {
        await what();
      } catch (cause) {
        set({ error: toReport(cause) });
      } finally {
        set({ busy: false });
      }
    };
    const begin = (experiment: Experiment, name: string, stages: ShownStages, runId: string | null) =>
      set((s) => ({
        ...IDLE,
        mode: "live",
        status: "running",
        name,
        runId,
        experiment,
        stages,
        version: s.version + 1,
        adapter: adapter(),
      }));
    return {
      ...IDLE,
      stages: waitingStages(),
      busy: false,
      async start(experiment, name) {
        const shown = get();
        begin(experiment, name, waitingStages(), null);
        set({ busy: true });
        try {
          const { runId } = await client.send("run", { experiment, name });
          set({ runId });
        } catch (cause) {
          const error = toReport(cause);
          // Refused for its settings: nothing was begun, so what was on show stays.
          if (error.kind === "bad-setting") set((s) => ({ ...shown, version: s.version + 1, error }));
          else set({ status: "failed", error });
        } finally {
          set({ busy: false });
        }
      },
      async resumeRun(run) {
        begin(run.experiment, run.name, fromRecords(run.stages), run.id);
        await command(() => client.send("resumeRun", { runId: run.id }));
        if (get().error) set({ status: "interrupted" });
      },
      pause: () => command(() => client.send("pause", {})),
      resume: () => command(() => client.send("resume", {})),
      step: () => command(() => client.send("step", {})),
      finishStage: () => command(() => client.send("finishStage", {})),
      stop: () => command(() => client.send("stop", {})),
      apply(event) {
        if (!("runId" in event)) return;
        const s = get();
        if (s.mode !== "live") return;
        // The first event may come before the answer that names the run.
        if (s.runId === null) set({ runId: event.runId });
        else if (s.runId !== event.runId) return;
        switch (event.type) {
          case "status":
            set({ status: event.status, ...(event.error ? { error: event.error } : {}) });
            if (event.status === "interrupted" || event.status === "failed") interrupt();
            return;
          case "stage": {
            const old = s.stages[event.stage.name];
            const next = { ...old, ...event.stage };
            // Begun anew (a run that is resumed): its curve comes again, too.
            if (event.stage.status === "running" && old.status !== "running") {
              next.losses = [];
              next.validation = [];
            }
            set({
              stages: { ...s.stages, [event.stage.name]: next },
              version: s.version + 1,
              etaSeconds: event.etaSeconds,
            });
            return;
          }
          case "points": {
            const stage = s.stages[event.stage];
            append(stage.losses, event.losses);
            append(stage.validation, event.validation);
            set({ version: s.version + 1 });
            return;
          }
          case "doing":
            set({ doing: event.words });
            return;
          case "saved":
            set({ saved: { stage: event.stage, step: event.step, at: event.at } });
            return;
          case "result":
            set({
              result: event.result,
              name: event.result.name || s.name,
              adapter: event.result.adapter,
              stages: fromRecords(event.result.stages),
              version: s.version + 1,
            });
        }
      },
      show(run) {
        set((s) => ({
          ...IDLE,
          mode: "stored",
          runId: run.id,
          name: run.name,
          status: run.status,
          experiment: run.experiment,
          stages: fromRecords(run.stages),
          version: s.version + 1,
          result: run.result,
          adapter: run.result?.adapter ?? null,
        }));
      },
      showRecord(result, seconds) {
        const atEnd = seconds === null || seconds >= totalSeconds(result.stages);
        set((s) => ({
          ...IDLE,
          mode: seconds === null ? "example" : "replay",
          name: result.name,
          status: atEnd ? "done" : "running",
          experiment: result.config,
          stages: atEnd ? fromRecords(result.stages) : stagesAt(result, seconds),
          version: s.version + 1,
          result: atEnd ? result : null,
          adapter: result.adapter,
        }));
      },
      clear: () => set((s) => ({ ...IDLE, stages: waitingStages(), version: s.version + 1 })),
      broken(report) {
        if (!underWay(get())) return;
        set({ status: "interrupted", error: report });
        interrupt();
      },
      dismiss: () => set({ error: null }),
    };

    function interrupt() {
      set((s) => {
        const stages = { ...s.stages };
        for (const stage of Object.values(stages))
          if (stage.status === "running") stages[stage.name] = { ...stage, status: "interrupted" };
        return { stages, version: s.version + 1 };
      });
    }
  });
}
