/** What a sweep tells the page: at most four times a second, its begin, pauses and end at once. */
import { gradientNorms } from "../core/analysis/algebra";
import type { Trial } from "../core/analysis/trial";
import type { SweepListener, SweepProgress } from "../core/pipeline/sweep/runSweep";
import type { ErrorReport, RunEvent, RunStatus, SweepAt, SweepJob, SweepNorms } from "./protocol";

const EVERY_MS = 250;

export interface SweepTeller {
  listener: SweepListener;
  status(status: RunStatus): void;
  /** A trial was measured and is stored. */
  trial(key: string, trial: Trial): void;
  /** The last word. */
  end(status: RunStatus, error: ErrorReport | null): void;
}

/** @param jobs the sweep's trials in their order; kept up to date in place */
export function sweepTeller(sweepId: string, jobs: SweepJob[], emit: (event: RunEvent) => void): SweepTeller {
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  const changed = new Set<SweepJob>();
  const norms = new Map<string, SweepNorms>();
  let trials: { key: string; trial: Trial }[] = [];
  let status: RunStatus = "running";
  let progress: SweepProgress = { done: 0, failed: 0, skipped: 0, total: jobs.length, etaSeconds: null };
  let at: SweepAt | null = null;
  let doing: string | null = null;
  let lastSent = Number.NEGATIVE_INFINITY;
  let later: ReturnType<typeof setTimeout> | undefined;

  const send = (error: ErrorReport | null = null) => {
    clearTimeout(later);
    later = undefined;
    lastSent = performance.now();
    const news = [...changed].map((job) => ({ ...job }));
    emit({
      type: "sweep",
      sweepId,
      status,
      progress,
      jobs: news,
      trials,
      at,
      norms: [...norms.values()],
      doing,
      error,
    });
    changed.clear();
    trials = [];
  };
  const soon = () => {
    const waited = performance.now() - lastSent;
    if (waited >= EVERY_MS) send();
    else later ??= setTimeout(send, EVERY_MS - waited);
  };
  return {
    listener: {
      trial({ key, status, words }) {
        const job = byKey.get(key);
        if (!job) return;
        job.status = status;
        if (words === undefined) delete job.words;
        else job.words = words;
        changed.add(job);
        if (status !== "running") norms.delete(key);
        at = null;
        soon();
      },
      progress(news) {
        progress = news;
        soon();
      },
      stage({ name, done, total, status }) {
        if (status !== "running") return;
        at = { stage: name, done, total, students: 1 };
        soon();
      },
      stack(students, done, total) {
        at = { stage: "stage2", done, total, students };
        soon();
      },
      doing(words) {
        doing = words;
        soon();
      },
      norms({ key }, step, metrics) {
        const measured = gradientNorms(metrics);
        // A stage that was finished before tells its curve too: that is no news.
        if (!measured || byKey.get(key)?.status !== "running") return;
        norms.set(key, { key, step, norms: measured });
        soon();
      },
    },
    status(now) {
      status = now;
      send();
    },
    trial(key, trial) {
      trials.push({ key, trial });
    },
    end(now, error) {
      status = now;
      at = null;
      doing = null;
      norms.clear();
      send(error);
    },
  };
}
