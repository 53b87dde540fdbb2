/**
 * Sweeps in the page: at most one under way. Each is kept under sweeps/<id>/: sweep.json says what it is and how it
 * stands, jobs.json its trials in their order, trials/<key>.json a finished trial each, so that one that was cut off goes on
 * where it stood. Towers and vectors lie beside them, in one store that all sweeps share and that does not grow past a limit.
 */

import { trialOf } from "../core/analysis/readTrials";
import type { Trial } from "../core/analysis/trial";
import { scopeStore } from "../core/artifacts/scope";
import type { Store } from "../core/artifacts/store";
import type { Experiment } from "../core/config/schema";
import { studentsTogether } from "../core/config/together";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { READY } from "../core/experiments";
import type { AdapterRecord } from "../core/formats/result";
import { decodeJson } from "../core/pipeline/checkpoints";
import { createControl, type RunControl } from "../core/pipeline/control";
import { costOfSeed } from "../core/pipeline/sweep/perSeed";
import { type Job, planJobs, workOf } from "../core/pipeline/sweep/queue";
import type { TrialRecord } from "../core/pipeline/sweep/record";
import { runSweep, type SweepOptions } from "../core/pipeline/sweep/runSweep";
import { readSweep, type Sweep } from "../core/pipeline/sweep/spec";
import { clearArtifacts, listArtifacts, wholeArtifacts } from "../core/pipeline/sweep/stageStore";
import { readTrial, storeTrialLog, type TrialLog } from "../core/pipeline/sweep/trialLog";
import { changesOf } from "../core/pipeline/sweep/trials";
import type { Collections } from "./collections";
import { errorReport } from "./events";
import type { Commands, ReadyCosts, RunEvent, SweepJob, SweepSummary } from "./protocol";
import { rankingHandlers } from "./rankings";
import { sweepTeller } from "./sweepEvents";
import { idleEverywhere, secondsAt } from "./sweepPlan";

/** Bytes that towers and vectors may take; those used least recently go first. */
export const ARTIFACT_LIMIT = 1e9;

type Names =
  | "planSweep"
  | "readyCosts"
  | "startSweep"
  | "resumeSweep"
  | "pauseSweep"
  | "stopSweep"
  | "listSweeps"
  | "openSweep"
  | "exportSweep"
  | "deleteSweep"
  | "rankTrial"
  | "documents"
  | "artifacts"
  | "clearArtifacts";
type Handlers = { [K in Names]: (payload: Commands[K][0]) => Promise<Commands[K][1]> };

/** What a sweep computes with. */
export interface SweepDevice extends Pick<SweepOptions, "gpu" | "ops" | "adapter" | "prepare" | "checkpoints"> {
  /** Refuses an experiment that is too large for the CPU. */
  check(experiment: Experiment, dataset: Dataset): Promise<void>;
}

export interface SweepsOptions {
  store: Store;
  codeVersion: string;
  collections: Pick<Collections, "get" | "ready" | "keep" | "of">;
  emit: (event: RunEvent) => void;
  newId: () => string;
  now: () => Date;
  /** Throws where a run is under way. */
  needIdle: () => void;
  /** The device, once nothing else takes its memory. */
  device: () => Promise<SweepDevice>;
  /** The adapter, where the device is open. */
  adapter: () => AdapterRecord | null;
}

export interface Sweeps {
  /** Throws where a sweep is under way. */
  needIdle(): void;
  handlers: Handlers;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

export function createSweeps(options: SweepsOptions): Sweeps {
  const { store, codeVersion, collections, emit } = options;
  let active: { id: string; control: RunControl; jobs: SweepJob[] } | null = null;
  /** From the command to the moment when it is under way. */
  let starting = false;

  const folder = (id: string) => scopeStore(store, `sweeps/${id}`);
  const logOf = (id: string) => storeTrialLog(folder(id));
  const write = (row: SweepSummary) => folder(row.id).write("sweep.json", text(row));
  const read = async (id: string): Promise<SweepSummary | null> => {
    const bytes = await folder(id).read("sweep.json");
    return bytes && (decodeJson(bytes) as SweepSummary);
  };
  const need = async (id: string): Promise<SweepSummary> => {
    const row = await read(id);
    if (row) return row;
    throw new LabError("bad-input", "This sweep is not stored here any more.", "Choose another one.");
  };
  const needIdle = () => {
    if (active || starting)
      throw new LabError(
        "bad-input",
        "A sweep is under way.",
        "Stop it first, or wait for its end; a sweep goes on later.",
      );
  };

  /** The user's own data is split by the seed: a copy of each split is kept, for the time after a reload. */
  const splitOf = (id: string, { seed, data }: Experiment) =>
    scopeStore(folder(id), `data/${seed}-${data.queriesFrom}`);
  const collectionOf = (id: string) => (experiment: Experiment) =>
    experiment.data.source === "files"
      ? collections.of(experiment, splitOf(id, experiment))
      : collections.get(experiment);
  async function keepData(id: string, jobs: readonly Job[]): Promise<void> {
    const kept = new Set<string>();
    for (const { experiment } of jobs.map(({ trial }) => trial)) {
      const name = `${experiment.seed}-${experiment.data.queriesFrom}`;
      if (experiment.data.source !== "files" || kept.has(name)) continue;
      kept.add(name);
      await collections.keep(experiment, splitOf(id, experiment));
    }
  }

  const shortJob = ({ key, trial, status, words }: Job): SweepJob => ({
    key,
    assignments: trial.assignments,
    seed: trial.seed,
    status,
    ...(words === undefined ? {} : { words }),
  });

  /** Takes over what an equal trial of another sweep has measured, under this sweep's name and axes. */
  async function takeOver(row: SweepSummary, jobs: readonly Job[], log: TrialLog): Promise<void> {
    const own = new Set((await log.read()).map(({ key }) => key));
    const others = new Map<string, string>();
    for (const path of await store.list("sweeps/")) {
      const key = /^sweeps\/[^/]+\/trials\/(.+)\.json$/.exec(path)?.[1];
      if (key) others.set(key, path);
    }
    for (const { key, trial } of jobs) {
      const path = own.has(key) ? undefined : others.get(key);
      const bytes = path && (await store.read(path));
      const record = bytes ? readTrial(decodeJson(bytes)) : null;
      if (record?.status !== "done") continue;
      const { assignments, seed } = trial;
      await log.append({ ...record, sweep: row.name, assignments, seed, changes: changesOf(row.sweep.base, trial) });
    }
  }

  /** Starts a sweep or goes on with one; answers once it is under way. */
  async function begin(row: SweepSummary, fresh: boolean, retry: boolean): Promise<void> {
    const { id, sweep } = row;
    const device = await options.device();
    options.needIdle();
    const collection = fresh ? collections.get : collectionOf(id);
    const jobs = await planJobs(sweep, { codeVersion, collection });
    if (device.gpu.heap)
      for (const { trial } of jobs) await device.check(trial.experiment, await collection(trial.experiment));
    if (fresh) await keepData(id, jobs);
    const log = logOf(id);
    await takeOver(row, jobs, log);
    const records = new Map((await log.read()).map((record) => [record.key, record]));
    const short = jobs.map((job) => ({ ...shortJob(job), ...standing(records.get(job.key)) }));
    await folder(id).write("jobs.json", text(jobs.map(shortJob)));
    const started: SweepSummary = { ...row, status: "running", total: jobs.length, error: null };
    await write(started);
    const stack = Math.min(row.stack, studentsTogether(device.adapter));
    const whole = await wholeArtifacts(store);
    const flops = new Map(jobs.map((job) => [job.key, workOf(job, sweep.systems, whole, stack > 1).flops]));
    options.needIdle();

    const teller = sweepTeller(id, short, emit);
    const control = createControl((paused) => teller.status(paused ? "paused" : "running"));
    active = { id, control, jobs: short };
    const speed = { flops: 0, seconds: 0, adapter: device.adapter.description };
    const work = () =>
      runSweep({
        ...device,
        codeVersion,
        sweep,
        store,
        log: {
          read: () => log.read(),
          async append(record) {
            await log.append(record);
            if (record.status !== "done") return;
            speed.flops += flops.get(record.key) ?? 0;
            speed.seconds += record.seconds;
            teller.trial(record.key, trialOf(record));
          },
        },
        collection: collectionOf(id),
        control,
        listener: teller.listener,
        now: () => options.now().getTime(),
        stack,
        limit: ARTIFACT_LIMIT,
        retry,
      });
    const end = async (status: SweepSummary["status"], error: SweepSummary["error"]) => {
      // Written before it is told, and told before another may begin: whoever hears of the end finds it stored.
      const measured = speed.seconds > 0 ? { speed } : {};
      await write({ ...started, ...measured, status, error, finished: await finishedOf(id) }).catch(() => undefined);
      active = null;
      teller.end(status, error);
    };
    teller.status("running");
    // Not awaited: the page follows it by events. Every outcome is caught here.
    void work().then(
      () => end("done", null),
      (error: unknown) => {
        const kind = error instanceof LabError ? error.kind : null;
        if (kind === "stopped") return end("stopped", null);
        return end(kind === "device-lost" || kind === "gpu-refused" ? "interrupted" : "failed", errorReport(error));
      },
    );
  }

  async function starts(row: SweepSummary, fresh: boolean, retry: boolean): Promise<{ sweepId: string }> {
    starting = true;
    try {
      await begin(row, fresh, retry);
    } catch (error) {
      if (fresh) await store.remove(`sweeps/${row.id}`);
      throw error;
    } finally {
      starting = false;
    }
    return { sweepId: row.id };
  }

  const finishedOf = async (id: string) => (await folder(id).list("trials/")).length;

  async function rows(): Promise<SweepSummary[]> {
    const found: SweepSummary[] = [];
    for (const path of await store.list("sweeps/")) {
      const id = /^sweeps\/([^/]+)\/sweep\.json$/.exec(path)?.[1];
      const row = id === undefined ? null : await read(id);
      if (row) found.push({ ...row, finished: await finishedOf(row.id) });
    }
    return found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  const rankings = rankingHandlers({
    store,
    now: options.now,
    collectionOf,
    collection: collections.get,
    async alone(work) {
      options.needIdle();
      needIdle();
      starting = true;
      try {
        return await work(await options.device());
      } finally {
        starting = false;
      }
    },
  });
  const handlers: Handlers = {
    ...rankings,
    async planSweep({ sweep: given }) {
      const sweep = readSweep(given);
      const ready = (experiment: Experiment) => collections.ready(experiment) ?? undefined;
      const collection = async (experiment: Experiment) => ready(experiment) ?? collections.get(experiment);
      const jobs = await planJobs(sweep, { codeVersion, collection });
      const listed = await store.list("sweeps/");
      const stored = jobs.filter(({ key }) => listed.some((path) => path.endsWith(`/trials/${key}.json`)));
      const whole = await wholeArtifacts(store);
      const dataset = sweep.base.data.source === "notes" ? undefined : ready(sweep.base);
      const flops = jobs
        .filter((job) => !stored.includes(job))
        .reduce((sum, job) => sum + workOf(job, sweep.systems, whole, false, dataset).flops, 0);
      return {
        trials: jobs.length,
        stored: stored.length,
        flops,
        seconds: secondsAt(flops, await rows(), options.adapter()),
        idle: idleEverywhere(sweep, jobs),
      };
    },
    async readyCosts() {
      const costs: ReadyCosts = {};
      for (const { key, small, full } of READY)
        costs[key] = { small: await costOfSeed(small.sweep), full: await costOfSeed(full.sweep) };
      return costs;
    },
    async startSweep({ sweep: given, stack }) {
      options.needIdle();
      needIdle();
      const sweep: Sweep = readSweep(given);
      const row: SweepSummary = {
        id: options.newId(),
        name: sweep.name,
        createdAt: options.now().toISOString(),
        status: "running",
        sweep,
        stack,
        total: 0,
        finished: 0,
        error: null,
        speed: null,
      };
      return starts(row, true, false);
    },
    async resumeSweep({ sweepId, retry }) {
      if (active?.id === sweepId) {
        active.control.resume();
        return { sweepId };
      }
      options.needIdle();
      needIdle();
      const row = await need(sweepId);
      // Stored by an earlier build, its base may lack settings that are younger.
      return starts({ ...row, sweep: readSweep(row.sweep) }, false, retry ?? false);
    },
    async pauseSweep() {
      active?.control.pause();
      return null;
    },
    async stopSweep() {
      active?.control.stop();
      return null;
    },
    async listSweeps({ owner }) {
      const found = await rows();
      // One that says it is under way but is not: its worker or its tab went away.
      for (const row of owner ? found : [])
        if ((row.status === "running" || row.status === "paused") && row.id !== active?.id && !starting) {
          row.status = "interrupted";
          await write(row);
        }
      return found.map((row) =>
        row.id === active?.id ? { ...row, status: active.control.paused ? ("paused" as const) : row.status } : row,
      );
    },
    async openSweep({ sweepId }) {
      const row = await need(sweepId);
      const bytes = await folder(sweepId).read("jobs.json");
      const jobs = bytes ? (decodeJson(bytes) as SweepJob[]) : [];
      const records = new Map((await logOf(sweepId).read()).map((record) => [record.key, record]));
      const trials = jobs.flatMap(({ key }): { key: string; trial: Trial }[] => {
        const record = records.get(key);
        return record?.status === "done" ? [{ key, trial: trialOf(record) }] : [];
      });
      const live = new Map(active?.id === sweepId ? active.jobs.map((job) => [job.key, job]) : []);
      return {
        summary: { ...row, finished: trials.length },
        jobs: jobs.map((job) => live.get(job.key) ?? { ...job, ...standing(records.get(job.key)) }),
        trials,
      };
    },
    async exportSweep({ sweepId }) {
      const bytes = await folder(sweepId).read("jobs.json");
      const order = new Map((bytes ? (decodeJson(bytes) as SweepJob[]) : []).map(({ key }, i) => [key, i]));
      const records = (await logOf(sweepId).read()).filter(({ key }) => order.has(key));
      if (records.length === 0)
        throw new LabError("bad-input", "This sweep has no trial yet.", "Let one come to its end first.");
      records.sort((a, b) => order.get(a.key)! - order.get(b.key)!);
      return new Blob(
        records.map((record) => `${JSON.stringify(record)}\n`),
        { type: "application/x-ndjson" },
      );
    },
    async deleteSweep({ sweepId }) {
      if (active?.id === sweepId) throw new LabError("bad-input", "This sweep is under way.", "Stop it first.");
      await store.remove(`sweeps/${sweepId}`);
      return null;
    },
    artifacts: async () => ({ list: await listArtifacts(store), limit: ARTIFACT_LIMIT }),
    async clearArtifacts() {
      needIdle();
      await clearArtifacts(store);
      return null;
    },
  };
  return { needIdle, handlers };
}

/** How a trial stands by what is stored of it. */
function standing(record: TrialRecord | undefined): Pick<SweepJob, "status" | "words"> {
  if (!record) return { status: "waiting" };
  return record.status === "done" ? { status: "done" } : { status: "failed", words: record.error.message };
}
