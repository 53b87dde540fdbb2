/**
 * Runs a sweep: its trials one after the other, students side by side where they may be. What a stage makes is kept under
 * its key and every finished trial is written down at once, so that a sweep that was cut off anywhere goes on from there
 * and ends with the same records. A trial that fails is written down with its words, and the others go on.
 */
import type { Gpu } from "../../../gpu/device";
import type { TowerOps } from "../../../gpu/ops";
import type { Store } from "../../artifacts/store";
import type { Experiment } from "../../config/schema";
import type { Dataset } from "../../data/types";
import { type ErrorKind, LabError } from "../../errors";
import { testSetHash } from "../../evaluation/testSetHash";
import type { AdapterRecord, EngineRecord, SystemName } from "../../formats/result";
import type { Control } from "../../training/trainer";
import type { RunContext } from "../context";
import { type BufferLimits, memoryProblem, mostStudents } from "../memory";
import { planShape } from "../plan";
import { recordedExperiment, recordedSettings } from "../recorded";
import { createReporter, type RunListener, type StageNews } from "../reporter";
import { prepareRun } from "../run";
import { type CheckpointSource, openStarts } from "../starts";
import type { Texts } from "../texts";
import { besideTeacher, type Measured, measureSystem } from "./measure";
import { artifactsOf, type Job, nameOf, planJobs, type Shard, secondsFor, type Work, workOf } from "./queue";
import { rankingsOf } from "./rankings";
import { TRIAL_VERSION, type TrialRecord } from "./record";
import type { Sweep } from "./spec";
import { distilStack, savedStep } from "./stack";
import { boundArtifacts, describeArtifacts, type StageStore, stageStore, wholeArtifacts } from "./stageStore";
import type { TrialLog } from "./trialLog";
import { trialStages } from "./trialStages";
import { changesOf } from "./trials";

export interface SweepProgress {
  /** Trials by what became of them. */
  done: number;
  failed: number;
  skipped: number;
  total: number;
  /** Null before one is done. */
  etaSeconds: number | null;
}

export interface SweepListener {
  /** A trial begins, ends, or is found stored. */
  trial(job: Job): void;
  progress(progress: SweepProgress): void;
  /** What goes on within the trial. */
  stage?(stage: StageNews): void;
  /** So many students are trained side by side. */
  stack?(students: number, done: number, total: number): void;
  doing?(words: string | null): void;
  /** How strongly each loss term pulls at a trial's student, as "gradNorm.mse" and so on, at this step of its training. */
  norms?(job: Job, step: number, metrics: Record<string, number>): void;
}

export interface SweepOptions {
  gpu: Gpu;
  ops: TowerOps;
  adapter: AdapterRecord;
  codeVersion: string;
  sweep: Sweep;
  /** Where stages' results are kept, for this sweep and others. */
  store: Store;
  log: TrialLog;
  /** The collection of an experiment: the notes made by its settings, or files split by its seed. */
  collection: (experiment: Experiment) => Promise<Dataset>;
  /** Where checkpoints that towers start from are opened. */
  checkpoints?: CheckpointSource;
  /** Called before anything is computed with an experiment: settles the engine and tries it out. */
  prepare: (experiment: Experiment) => Promise<EngineRecord | null>;
  control: Control;
  listener: SweepListener;
  /** Milliseconds, by which artifacts are known to be used last. */
  now: () => number;
  /** Students side by side at most; 1: each alone. Memory may allow fewer. */
  stack?: number;
  /** Bytes that the artifacts may take; those used least recently go. */
  limit?: number;
  shard?: Shard;
  /** Runs trials again that failed. */
  retry?: boolean;
  /** Measures what a query costs, too. */
  latency?: boolean;
}

/** What an experiment brings on itself: with others the sweep can go on. */
const ITS_OWN: readonly ErrorKind[] = ["not-finite", "bad-setting", "bad-input", "gpu-refused", "not-capturable"];

/** Figures kept for later trials with the same towers, at most: a teacher's serve a whole ablation. */
const MOST_MEASURED = 16;

/** A trial that is under way. */
interface Opened {
  job: Job;
  context: RunContext;
  store: StageStore;
  engine: EngineRecord | null;
  seconds: number;
}

/**
 * Runs what of a sweep is not stored yet.
 * @returns the records of all its trials (of this shard's), in the order in which they run
 * @throws LabError "stopped", "device-lost" and what the store throws: what is written down stands
 */
export async function runSweep(options: SweepOptions): Promise<TrialRecord[]> {
  const { gpu, ops, sweep, store: root, log, listener, codeVersion } = options;
  const { systems } = sweep;
  // Ending a training early is for one run: here it would leave half a tower under a whole one's name.
  const control: Control = {
    ...options.control,
    check: () => options.control.check(),
    begin: () => options.control.begin(),
    async gate(beforeWaiting) {
      await options.control.gate(beforeWaiting);
      return "go";
    },
  };
  const limits: BufferLimits | undefined = gpu.heap ? undefined : gpu.device.limits;
  const jobs = await planJobs(sweep, options, options.shard);
  const records = new Map((await log.read()).map((record) => [record.key, record]));
  for (const job of jobs) {
    const stored = records.get(job.key);
    if (!stored || (stored.status === "failed" && options.retry)) continue;
    job.status = stored.status === "done" ? "skipped" : "failed";
    if (stored.status === "failed") job.words = stored.error.message;
    listener.trial(job);
  }

  const whole = await wholeArtifacts(root);
  const measured = new Map<string, Measured>();
  const timed: (Work & { seconds: number })[] = [];
  let most = options.stack ?? 1;
  let dataset: { key: string; dataset: Dataset; hashes: Map<string, string> } | null = null;
  let texts: { key: string; texts: Texts } | null = null;

  const tell = () => {
    const count = (status: Job["status"]) => jobs.filter((job) => job.status === status).length;
    const will = new Set(whole);
    const open = jobs.filter(({ status }) => status === "waiting" || status === "running");
    const waiting = open.map((job) => workOf(job, systems, will, most > 1, dataset?.dataset));
    const [done, failed, skipped] = [count("done"), count("failed"), count("skipped")];
    listener.progress({ done, failed, skipped, total: jobs.length, etaSeconds: secondsFor(waiting, timed) });
  };
  const enter = (job: Job, status: Job["status"], words?: string) => {
    job.status = status;
    if (words !== undefined) job.words = words;
    listener.trial(job);
    tell();
  };

  async function datasetOf({ data, trial }: Job) {
    if (dataset?.key !== data) {
      dataset = null; // the earlier one goes before the next comes
      const made = await options.collection(trial.experiment);
      dataset = { key: data, dataset: made, hashes: new Map() };
    }
    return dataset;
  }

  const base = recordedExperiment(sweep.base);
  /** The name of a trial's test set, with its queries as they are asked: hashed once for all trials that ask alike. */
  async function hashOf(job: Job, { docs, test }: Dataset): Promise<string> {
    const { hashes } = await datasetOf(job);
    const { evaluation, seed } = job.trial.experiment;
    const name = JSON.stringify([evaluation.typos, evaluation.wordDrop, seed]);
    const hash = hashes.get(name) ?? (await testSetHash(docs, test));
    hashes.set(name, hash);
    return hash;
  }

  const common = ({ trial, key }: Job, seconds: number, engine: EngineRecord | null) => {
    const experiment = recordedExperiment(trial.experiment);
    return {
      version: TRIAL_VERSION as typeof TRIAL_VERSION,
      key,
      sweep: sweep.name,
      assignments: recordedSettings(trial.assignments),
      seed: trial.seed,
      changes: changesOf(base, { experiment }),
      experiment,
      adapter: options.adapter,
      ...(engine ? { engine } : {}),
      codeVersion,
      seconds,
    };
  };

  let unwritten: unknown = null;
  async function write(job: Job, record: TrialRecord): Promise<void> {
    await log.append(record).catch((error: unknown) => {
      unwritten = error;
      throw error;
    });
    records.set(record.key, record);
    enter(job, record.status, record.status === "failed" ? record.error.message : undefined);
  }

  /** Writes a failure down, where it is the trial's own. */
  async function fail(job: Job, error: unknown, opened: Pick<Opened, "seconds" | "engine"> & { store?: StageStore }) {
    const failure = gpu.failure();
    const reason: unknown = failure ?? error;
    const own = reason instanceof LabError && ITS_OWN.includes(reason.kind);
    if (!own || opened.store?.broke(reason) || error === unwritten) {
      job.status = "waiting";
      throw reason;
    }
    const { kind, message, remedy } = reason;
    // Its last checkpoint is kept for a run that a person mends; a trial is what it is.
    const words = { kind, message: message.replace(" The last checkpoint is kept.", ""), remedy };
    await write(job, { ...common(job, opened.seconds, opened.engine), status: "failed", error: words });
    // A device that refused something stays refusing: the others go on with another.
    if (failure) throw failure;
  }

  async function open(job: Job): Promise<Opened | null> {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    enter(job, "running");
    let engine: EngineRecord | null = null;
    let store: StageStore | undefined;
    try {
      const { experiment, starts, towers } = await openStarts(job.trial.experiment, options.checkpoints);
      const { dataset } = await datasetOf(job);
      const problem = memoryProblem(experiment, planShape(experiment, dataset), limits, towers);
      if (problem) throw problem;
      engine = await options.prepare(experiment);
      store = await stageStore(root, job.keys);
      await store.use(artifactsOf(systems), describeArtifacts(experiment, dataset.name), options.now());
      const heard: RunListener = {
        stage: (stage) => listener.stage?.(stage),
        points(stage, _, validation) {
          const last = validation.at(-1);
          if (stage === "stage2" && last) listener.norms?.(job, last.step, last.metrics);
        },
        saved() {},
        doing: (words) => listener.doing?.(words),
      };
      const reporter = createReporter(heard, await store.done());
      const made = texts?.key === job.keys.texts ? texts.texts : undefined;
      const context = await prepareRun(
        { gpu, ops, store, experiment, starts, towers, dataset, control, codeVersion },
        reporter,
        made,
      );
      texts = { key: job.keys.texts, texts: context.texts };
      return { job, context, store, engine, seconds: seconds() };
    } catch (error) {
      await fail(job, error, { seconds: seconds(), engine, ...(store ? { store } : {}) });
      return null;
    }
  }

  /** The trials whose students are trained together with this one's: it alone where there are none. */
  async function groupOf(job: Job): Promise<Job[]> {
    const { experiment } = job.trial;
    const isWhole = ({ keys }: Job) => whole.has(nameOf("scalingnote", keys.scalingnote));
    if (most < 2 || job.stack === null || !systems.includes("scalingnote") || isWhole(job)) return [job];
    const { dataset } = await datasetOf(job);
    const fits = Math.min(most, mostStudents(experiment, planShape(experiment, dataset), limits));
    const step = async ({ keys }: Job) => savedStep(await stageStore(root, keys));
    const at = await step(job);
    const group = [job];
    for (const other of jobs) {
      if (group.length >= fits) break;
      if (other.status !== "waiting" || other.stack !== job.stack || group.includes(other) || isWhole(other)) continue;
      if (group.some(({ keys }) => keys.scalingnote === other.keys.scalingnote)) continue;
      if ((await step(other)) === at) group.push(other);
    }
    return group;
  }

  /** Trains students side by side. @returns those whose trials go on; none where the whole stack was too much */
  async function trainTogether(group: readonly Opened[]): Promise<Opened[]> {
    const [first] = group as [Opened, ...Opened[]];
    const started = performance.now();
    const stages = trialStages(first.context, first.store);
    try {
      const told = (done: number, total: number) => listener.stack?.(group.length, done, total);
      const norms = (step: number, each: Record<string, number>[]) => {
        for (const [k, { job }] of group.entries()) listener.norms?.(job, step, each[k]!);
      };
      const frozen = await stages.frozen();
      // They were opened before the teacher was made, and would make it again.
      for (const { context, store } of group.slice(1)) context.reporter.found(await store.done());
      // The first one's trial would have trained the teacher by itself.
      first.seconds += (performance.now() - started) / 1000;
      const began = performance.now();
      const outcomes = await distilStack(group, stages.teacher, frozen, told, norms);
      const share = (performance.now() - began) / 1000 / group.length;
      const going: Opened[] = [];
      for (const [k, opened] of group.entries()) {
        opened.seconds += share;
        if (outcomes[k]) await fail(opened.job, outcomes[k], opened);
        else {
          whole.add(nameOf("scalingnote", opened.job.keys.scalingnote));
          going.push(opened);
        }
      }
      return going;
    } catch (error) {
      const failure = gpu.failure();
      for (const { job } of group) if (job.status === "running") job.status = "waiting";
      if (failure?.kind === "gpu-refused")
        throw new LabError(failure.kind, failure.message, "Train fewer students side by side.", { cause: failure });
      const reason: unknown = failure ?? error;
      const own = reason instanceof LabError && ITS_OWN.includes(reason.kind);
      if (!own || error === unwritten || group.some(({ store }) => store.broke(reason))) throw reason;
      // Too much at once for this GPU, or a fault that each will meet alone: half as many.
      most = Math.max(1, Math.floor(group.length / 2));
      return [];
    } finally {
      if (!gpu.failure()) stages.dispose();
    }
  }

  const figuresKey = (system: SystemName, { trial: { experiment }, keys, data }: Job) => {
    const { evaluation, stage1, seed } = experiment;
    const towers = system === "bm25" ? null : [keys[system], keys.index];
    return JSON.stringify([system, data, towers, evaluation, stage1.temperature, stage1.learnTemperature, seed]);
  };

  async function finish(opened: Opened, work: Work): Promise<void> {
    const { job, context, store, engine } = opened;
    const started = performance.now();
    const seconds = () => opened.seconds + (performance.now() - started) / 1000;
    const stages = trialStages(context, store);
    try {
      const found = new Map<SystemName, Measured>();
      for (const system of systems) {
        await control.gate();
        const name = figuresKey(system, job);
        const figures = measured.get(name) ?? (await measureSystem(context, stages, system, options.latency ?? false));
        measured.delete(name);
        measured.set(name, figures); // now the last used
        for (const oldest of measured.keys()) if (measured.size > MOST_MEASURED) measured.delete(oldest);
        found.set(system, figures);
      }
      for (const artifact of artifactsOf(systems)) whole.add(nameOf(artifact, job.keys[artifact]));
      const { dataset, pairs, experiment } = context;
      const teacher = found.get("teacher");
      const rankings = rankingsOf(found, dataset);
      timed.push({ ...work, seconds: seconds() });
      await write(job, {
        ...common(job, seconds(), engine),
        status: "done",
        testSetHash: await hashOf(job, dataset),
        collection: {
          name: dataset.name,
          documents: dataset.docs.length,
          testQueries: dataset.test.queries.length,
          trainingPairs: pairs.query.length,
          trainingQueries: dataset.train.queries.length,
        },
        systems: Object.fromEntries(
          [...found].map(([system, figures]) => [system, besideTeacher(figures, teacher, experiment)]),
        ),
        ...(rankings ? { rankings } : {}),
      });
    } catch (error) {
      await fail(job, error, { seconds: seconds(), engine, store });
    } finally {
      if (!gpu.failure()) stages.dispose();
    }
  }

  try {
    tell();
    for (let job = next(jobs); job; job = next(jobs)) {
      await control.gate();
      const group = await groupOf(job);
      const will = new Set(whole);
      const works = new Map(group.map((one) => [one, workOf(one, systems, will, group.length > 1)]));
      let opened: Opened[] = [];
      for (const one of group) {
        const made = await open(one);
        if (made) opened.push(made);
      }
      if (opened.length > 1) opened = await trainTogether(opened);
      for (const one of opened) await finish(one, works.get(one.job)!);
      if (options.limit !== undefined) {
        const keep = new Set(group.flatMap(({ keys }) => Object.values(keys)));
        for (const { kind, key } of await boundArtifacts(root, options.limit, keep)) whole.delete(nameOf(kind, key));
      }
    }
  } catch (error) {
    for (const job of jobs) if (job.status === "running") enter(job, "waiting");
    throw error instanceof LabError ? error : (gpu.failure() ?? error);
  }
  return jobs.flatMap(({ key }) => records.get(key) ?? []);
}

const next = (jobs: readonly Job[]) => jobs.find(({ status }) => status === "waiting");
