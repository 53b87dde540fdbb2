/** The stored sweeps, the one on show with its queue, and what towers and vectors are kept for them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Trial } from "../core/analysis/trial";
import type {
  Commands,
  ErrorReport,
  ReadyCosts,
  RunEvent,
  SweepAt,
  SweepJob,
  SweepNorms,
  SweepPlan,
  SweepSummary,
} from "../worker/protocol";
import { type LabClient, toReport } from "./client";
import type { TrialsState } from "./trials";
import { trying } from "./tried";

type SweepEvent = Extract<RunEvent, { type: "sweep" }>;
export type SweepInput = Commands["startSweep"][0]["sweep"];

export interface SweepsState {
  /** Newest first; null until first read. */
  list: SweepSummary[] | null;
  /** The sweep on show; null: none. */
  openId: string | null;
  /** Its trials in the order in which they run. */
  jobs: readonly SweepJob[];
  /** Its trials where they are on show; those of a file that the user opened stay where they are. */
  shown: readonly Trial[] | null;
  /** What is going on within it. */
  at: SweepAt | null;
  /** Of its trials under way. */
  norms: readonly SweepNorms[];
  doing: string | null;
  etaSeconds: number | null;
  /** Where they were read. */
  artifacts: Commands["artifacts"][1] | null;
  error: ErrorReport | null;
  busy: boolean;
  /** Reads the list; where one was cut off or is under way and nothing else is on show, opens it. */
  refresh(): Promise<void>;
  open(id: string): Promise<void>;
  /** @returns whether it is under way */
  start(sweep: SweepInput, stack: number): Promise<boolean>;
  goOn(id: string, retry?: boolean): Promise<void>;
  pause(): Promise<void>;
  stop(): Promise<void>;
  /** Ranks again what a trial's systems answer, with the towers that are kept of it. */
  rank(key: string): Promise<void>;
  /** Its trials as a file; null where that failed (`error` says why). */
  exportTrials(id: string): Promise<Blob | null>;
  remove(id: string): Promise<void>;
  /** What a sweep would take. @throws the worker's words where it does not fit together */
  plan(sweep: SweepInput): Promise<SweepPlan>;
  /** What the ready-made experiments take; null where the worker does not answer. */
  readyCosts(): Promise<ReadyCosts | null>;
  readArtifacts(): Promise<void>;
  clearArtifacts(): Promise<void>;
  hear(event: SweepEvent): void;
  /** The worker died: what ran is interrupted. */
  broken(report: ErrorReport): void;
  dismiss(): void;
}

/** The sweep that is under way or paused; null: none. */
export const sweepUnderWay = ({ list }: Pick<SweepsState, "list">): SweepSummary | null =>
  list?.find(({ status }) => status === "running" || status === "paused") ?? null;

/** Whether a sweep has trials left to go on with. */
export const canGoOn = ({ status }: SweepSummary): boolean =>
  status === "stopped" || status === "interrupted" || status === "failed";

/** @param owner whether this tab owns training: only then may it tell a sweep that was cut off from one under way */
export function createSweepsStore(client: LabClient, shown: StoreApi<TrialsState>, owner: () => boolean = () => true) {
  return createStore<SweepsState>((set, get) => {
    /** Of the sweep on show, by key. */
    let trials = new Map<string, Trial>();
    const show = (name: string, always: boolean) => {
      const now = shown.getState();
      const mine = get().shown;
      if (!always && now.name !== null && now.trials !== mine) return;
      const list = get().jobs.flatMap(({ key }) => trials.get(key) ?? []);
      if (list.length === 0 && now.trials !== mine) return;
      if (list.length === 0) {
        set({ shown: null });
        now.clear();
        return;
      }
      set({ shown: list });
      now.show(list, name);
    };
    const tried = trying(set);
    const change = (id: string, more: Partial<SweepSummary>) =>
      set((s) => ({ list: s.list?.map((row) => (row.id === id ? { ...row, ...more } : row)) ?? null }));
    const read = async () => {
      const list = await client.send("listSweeps", { owner: owner() });
      set((s) => ({ list, openId: list.some(({ id }) => id === s.openId) ? s.openId : null }));
    };
    const openIt = async (id: string, always: boolean) => {
      if (get().openId !== id) {
        trials = new Map();
        set({ openId: id, jobs: [], at: null, norms: [], doing: null, etaSeconds: null });
      }
      const found = await client.send("openSweep", { sweepId: id });
      if (get().openId !== id) return;
      // News that came in the meantime stands.
      trials = new Map([...found.trials.map(({ key, trial }): [string, Trial] => [key, trial]), ...trials]);
      set({ jobs: found.jobs });
      show(found.summary.name, always);
    };
    return {
      list: null,
      openId: null,
      jobs: [],
      shown: null,
      at: null,
      norms: [],
      doing: null,
      etaSeconds: null,
      artifacts: null,
      error: null,
      busy: false,
      async refresh() {
        try {
          await read();
          const { list, openId } = get();
          const unfinished = sweepUnderWay({ list }) ?? list?.find(canGoOn);
          if (openId === null && unfinished) await openIt(unfinished.id, false);
        } catch (cause) {
          set({ error: toReport(cause) });
        }
      },
      async open(id) {
        await tried(() => openIt(id, true));
      },
      async start(sweep, stack) {
        const started = await tried(async () => {
          const { sweepId } = await client.send("startSweep", { sweep, stack });
          await read();
          await openIt(sweepId, true);
          return sweepId;
        });
        return started !== null;
      },
      async goOn(id, retry = false) {
        await tried(async () => {
          await client.send("resumeSweep", { sweepId: id, retry });
          await read();
          await openIt(id, true);
        });
      },
      async pause() {
        await tried(() => client.send("pauseSweep", {}));
      },
      async stop() {
        await tried(() => client.send("stopSweep", {}));
      },
      async rank(key) {
        const rankings = await tried(() => client.send("rankTrial", { key }));
        if (!rankings) return;
        const ranked = (trial: Trial) => (trial.key === key ? { ...trial, rankings } : trial);
        const now = shown.getState();
        if (now.trials !== get().shown) now.show(now.trials.map(ranked), now.name ?? "");
        trials = new Map([...trials].map(([k, trial]) => [k, ranked(trial)]));
        show(now.name ?? "", false);
      },
      exportTrials: (id) => tried(() => client.send("exportSweep", { sweepId: id })),
      async remove(id) {
        await tried(async () => {
          await client.send("deleteSweep", { sweepId: id });
          if (get().openId === id) {
            trials = new Map();
            set({ openId: null, jobs: [] });
            show("", false);
          }
          await read();
        });
      },
      plan: (sweep) => client.send("planSweep", { sweep }),
      readyCosts: () => client.send("readyCosts", {}).catch(() => null),
      async readArtifacts() {
        const artifacts = await client.send("artifacts", {}).catch(() => null);
        set({ artifacts });
      },
      async clearArtifacts() {
        await tried(() => client.send("clearArtifacts", {}));
        await get().readArtifacts();
      },
      hear(event) {
        const { sweepId, status, error } = event;
        const { done, failed, skipped, total, etaSeconds } = event.progress;
        change(sweepId, { status, total, finished: done + failed + skipped });
        const over = status !== "running" && status !== "paused";
        if (error) set({ error });
        if (over) {
          void read().catch(() => undefined);
          if (get().artifacts) void get().readArtifacts();
        }
        if (sweepId !== get().openId) return;
        const news = new Map(event.jobs.map((job) => [job.key, job]));
        const ended = over
          ? (job: SweepJob) => (job.status === "running" ? { ...job, status: "waiting" as const } : job)
          : null;
        const jobs = get().jobs.map((job) => news.get(job.key) ?? job);
        set({ jobs: ended ? jobs.map(ended) : jobs, at: event.at, norms: event.norms, doing: event.doing, etaSeconds });
        if (event.trials.length === 0) return;
        for (const { key, trial } of event.trials) trials.set(key, trial);
        show(get().list?.find(({ id }) => id === sweepId)?.name ?? "sweep", false);
      },
      broken(report) {
        const active = sweepUnderWay(get());
        if (!active) return;
        change(active.id, { status: "interrupted", error: report });
        set((s) => ({
          at: null,
          norms: [],
          doing: null,
          jobs: s.jobs.map((job) => (job.status === "running" ? { ...job, status: "waiting" } : job)),
        }));
      },
      dismiss: () => set({ error: null }),
    };
  });
}
