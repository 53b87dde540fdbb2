/**
 * What the worker does: one GPU, at most one run under way, the stored runs and searches in them. It knows nothing of
 * `self`: worker.ts connects it to the page, tests connect it to themselves.
 */
import { scopeStore } from "../core/artifacts/scope";
import type { Store } from "../core/artifacts/store";
import type { Library } from "../core/checkpoints/library";
import { PRESETS } from "../core/config/presets";
import { experimentSchema } from "../core/config/schema";
import type { Dataset } from "../core/data/types";
import { LabError } from "../core/errors";
import { createControl, type RunControl } from "../core/pipeline/control";
import { settleEngine } from "../core/pipeline/engine";
import { memoryProblem, memoryWords, runMemory } from "../core/pipeline/memory";
import { planRun, planShape } from "../core/pipeline/plan";
import { runExperiment } from "../core/pipeline/run";
import { openSearch, type SearchEngine } from "../core/pipeline/search";
import { testBeforeRun } from "../core/pipeline/selfTest";
import { openStarts, type Started } from "../core/pipeline/starts";
import { type Gpu, openGpu } from "../gpu/device";
import { fusedOps } from "../gpu/fusedOps";
import { plainOps } from "../gpu/plainOps";
import { createCollections, describe } from "./collections";
import { errorReport, eventBatcher, loadingTeller } from "./events";
import { createModels, modelCommands } from "./models";
import { pretrainHandlers } from "./pretrain";
import type { CommandName, Commands, DeviceReport, RunEvent, RunSummary } from "./protocol";
import type { RunStore } from "./runStore";
import { bytesOf, storedRun, storedRunHandlers } from "./storedRuns";
import { createSweeps } from "./sweeps";
import { type Locks, trainingLock } from "./trainingLock";
import { trialHandlers } from "./trials";

export interface SessionOptions {
  store: Store;
  runs: RunStore;
  codeVersion: string;
  host: string;
  /** Opens the CPU in a GPU's place. */
  openCpu: () => Promise<Gpu>;
  /** The address of the page's folder, for what is served beside it. */
  base?: string;
  emit: (event: RunEvent) => void;
  /** The checkpoints that are kept. */
  library: Library;
  newId: () => string;
  now: () => Date;
  /** By which tabs know of each other. */
  locks?: Locks | undefined;
}

type Handlers = { [K in CommandName]: (payload: Commands[K][0]) => Promise<Commands[K][1]> };

export function createSession(options: SessionOptions): Handlers {
  const { store, runs, emit } = options;
  const collections = createCollections({
    onLoading: loadingTeller(emit),
    ...(options.base ? { base: options.base } : {}),
  });
  const models = createModels({
    library: options.library,
    base: options.base,
    onFetching: (report) => emit({ type: "fetching", report }),
  });
  let gpu: Gpu | null = null;
  /** What trains: a run, or (runId null) a language model. */
  let active: { runId: string | null; control: RunControl } | null = null;
  let search: { runId: string; engine: SearchEngine } | null = null;
  let searching: Promise<unknown> = Promise.resolve();

  const folderOf = (runId: string) => `runs/${runId}`;
  const storeOf = (runId: string) => scopeStore(store, folderOf(runId));
  const adapterRecord = (g: Gpu) => ({ ...g.adapter, host: options.host });

  const dropSearch = () => {
    if (gpu && !gpu.failure()) search?.engine.dispose();
    search = null;
  };
  /** Once the search that is under way, if any, has its answer. */
  const closeSearch = async () => {
    await searching;
    dropSearch();
  };
  const open = async ({ cpu = false }: { cpu?: boolean } = {}): Promise<DeviceReport> => {
    if (gpu && !gpu.failure()) return { adapter: adapterRecord(gpu), problem: null };
    dropSearch();
    gpu?.dispose();
    gpu = null;
    try {
      const opened = await (cpu ? options.openCpu() : openGpu());
      opened.onFailure((error) => emit({ type: "device", report: { adapter: null, problem: errorReport(error) } }));
      gpu = opened;
      return { adapter: adapterRecord(opened), problem: null };
    } catch (error) {
      return { adapter: null, problem: errorReport(error) };
    }
  };
  const needGpu = async (): Promise<Gpu> => {
    const { problem } = await open();
    if (problem || !gpu) throw new LabError("no-webgpu", problem?.message ?? "No GPU.", problem?.remedy ?? "");
    return gpu;
  };
  const limits = () => (gpu && !gpu.heap ? gpu.device.limits : undefined);
  const opsOf = (g: Gpu) => (g.heap ? plainOps : fusedOps);
  /** A CPU trains what is about as small as the preset Tiny. */
  const needSmall = (flops: number, what = "This experiment", smaller = "Choose the preset Tiny") => {
    const most = 4 * PRESETS.tiny.flops;
    if (gpu?.heap && flops > most)
      throw new LabError(
        "bad-setting",
        `${what} takes up to ${flops.toExponential(1)} floating-point operations; on the CPU at most ${most.toExponential(1)} are started.`,
        `${smaller}, or open the page in a browser with WebGPU.`,
      );
  };
  const needMemory = ({ experiment, towers }: Started, dataset: Dataset) => {
    const problem = memoryProblem(experiment, planShape(experiment, dataset), limits(), towers);
    if (problem) throw problem;
  };
  /** Whether this device can hold and compute it; refused before anything is stored or trained. */
  const needRoom = async (started: Started, dataset: Dataset) => {
    needMemory(started, dataset);
    await needGpu();
    needSmall(planRun(started.experiment, planShape(started.experiment, dataset), started.towers).totalFlops);
    needMemory(started, dataset); // its limits are known now
  };
  const needNoRun = () => {
    if (!active) return;
    const what = active.runId === null ? "A language model is being trained." : "A run is under way.";
    throw new LabError("bad-input", what, "Stop it first, or wait for its end.");
  };
  const needIdle = () => {
    needNoRun();
    sweeps.needIdle();
  };
  const needRun = (runId: string) => storedRun(runs, runId);

  /** Runs or goes on with a stored run in the background; tells by events. */
  const start = async (run: RunSummary, { experiment, starts, towers }: Started, dataset: Dataset) => {
    const device = await needGpu();
    needIdle(); // a sweep may have begun in the meantime
    const control = createControl((paused) => events.status(paused ? "paused" : "running"));
    const events = eventBatcher(run.id, emit, runs);
    active = { runId: run.id, control };
    const runStore = storeOf(run.id);
    const work = async () => {
      await closeSearch(); // its towers would only take memory from the training
      const { codeVersion } = options;
      const { doing } = events.listener;
      const ops = opsOf(device);
      const before = { gpu: device, ops, experiment, towers, codeVersion, store, ...(doing ? { doing } : {}) };
      const engine = await settleEngine(before);
      await testBeforeRun(before);
      return runExperiment({
        gpu: device,
        ops,
        adapter: adapterRecord(device),
        engine,
        codeVersion,
        store: runStore,
        experiment,
        starts,
        towers,
        name: run.name,
        createdAt: run.createdAt,
        dataset,
        control,
        listener: events.listener,
      });
    };
    events.status("running");
    // Not awaited: the page follows it by events. Every outcome is caught here.
    void work()
      .then(async (result) => {
        active = null;
        await events.finish("done", { result, stages: result.stages, bytes: await bytesOf(runStore) });
        emit({ type: "result", runId: run.id, result });
      })
      .catch(async (error: unknown) => {
        active = null;
        const stopped = error instanceof LabError && error.kind === "stopped";
        const lost = error instanceof LabError && (error.kind === "device-lost" || error.kind === "gpu-refused");
        await events.finish(
          stopped ? "stopped" : lost ? "interrupted" : "failed",
          {},
          stopped ? undefined : errorReport(error),
        );
      });
  };

  const sweeps = createSweeps({
    ...options,
    collections,
    needIdle: needNoRun,
    adapter: () => gpu && adapterRecord(gpu),
    async device() {
      const device = await needGpu();
      await closeSearch();
      const { codeVersion } = options;
      const ops = opsOf(device);
      return {
        gpu: device,
        ops,
        adapter: adapterRecord(device),
        checkpoints: models,
        async check(given, dataset) {
          const { experiment, towers } = await openStarts(given, models);
          needSmall(planRun(experiment, planShape(experiment, dataset), towers).totalFlops);
        },
        async prepare(experiment) {
          const { towers } = await openStarts(experiment, models);
          const before = { gpu: device, ops, experiment, towers, codeVersion, store };
          const engine = await settleEngine(before);
          await testBeforeRun(before);
          return engine;
        },
      };
    },
  });

  return {
    ...modelCommands(models),
    ...pretrainHandlers({
      store,
      library: options.library,
      codeVersion: options.codeVersion,
      limits,
      needIdle,
      needSmall,
      async open() {
        const device = await needGpu();
        return { gpu: device, ops: opsOf(device), adapter: adapterRecord(device) };
      },
      take(control) {
        active = { runId: null, control };
        return closeSearch();
      },
      release() {
        active = null;
      },
      emit: (report) => emit({ type: "pretrain", report }),
      lock: trainingLock(options.locks),
    }),
    open,
    openData: ({ from }) => collections.open(from),
    lookAgain: ({ header }) => collections.lookAgain(header),
    readData: async ({ experiment, columns }) => describe(await collections.read(experiment, columns)),
    async stopData() {
      collections.stop();
      return null;
    },
    describe: async ({ experiment }) => describe(await collections.get(experiment)),
    async memory({ experiment }) {
      const dataset = experiment.data.source === "notes" ? null : collections.ready(experiment);
      const started = await openStarts(experiment, models);
      const shape = planShape(started.experiment, dataset ?? undefined);
      const problem = memoryProblem(started.experiment, shape, limits(), started.towers);
      const words = memoryWords(runMemory(started.experiment, shape, started.towers));
      return { words, problem: problem && errorReport(problem) };
    },
    async run({ experiment: given, name }) {
      needIdle();
      const started = await openStarts(given, models);
      const { experiment } = started;
      const dataset = await collections.get(experiment);
      await needRoom(started, dataset);
      const run: RunSummary = {
        id: options.newId(),
        name,
        createdAt: options.now().toISOString(),
        status: "running",
        experiment,
        collection: dataset.name,
        stages: [],
        result: null,
        bytes: 0,
        origin: "here",
      };
      await runs.put(run);
      if (experiment.data.source === "files") await collections.keep(experiment, storeOf(run.id));
      await start(run, started, dataset);
      return { runId: run.id };
    },
    async resumeRun({ runId }) {
      needIdle();
      const run = await needRun(runId);
      if (run.result) throw new LabError("bad-input", "This run is done.", "Start a new one.");
      // Stored by an earlier build, it may lack settings that are younger.
      const started = await openStarts(experimentSchema.parse(run.experiment), models);
      const { experiment } = started;
      const dataset = await collections.of(experiment, storeOf(run.id));
      await needRoom(started, dataset);
      await start({ ...run, experiment, status: "interrupted" }, started, dataset);
      return { runId };
    },
    async pause() {
      active?.control.pause();
      return null;
    },
    async step() {
      active?.control.step();
      return null;
    },
    async resume() {
      active?.control.resume();
      return null;
    },
    async finishStage() {
      active?.control.finish();
      return null;
    },
    async stop() {
      active?.control.stop();
      return null;
    },
    async search({ runId, query, k }) {
      const answer = searching.then(async () => {
        needIdle();
        const run = await needRun(runId);
        if (search?.runId !== runId) {
          dropSearch();
          const device = await needGpu();
          const runStore = storeOf(runId);
          const dataset = await collections.of(run.experiment, runStore);
          search = { runId, engine: await openSearch(device, opsOf(device), runStore, run.experiment, dataset) };
        }
        const columns = await search.engine.search(query, k);
        return {
          runId,
          query,
          queryId: search.engine.queryIdOf(query),
          documents: run.result?.collection.documents ?? 0,
          columns: columns.map((column) => ({
            ...column,
            hits: column.hits.map(({ doc, score, grade }) => ({ ...doc, score, grade })),
          })),
        };
      });
      searching = answer.catch(() => undefined);
      return answer;
    },
    async testQueries({ runId, count }) {
      const run = await needRun(runId);
      const dataset = await collections.of(run.experiment, storeOf(runId));
      const { queries } = dataset.test;
      const stride = Math.max(1, Math.floor(queries.length / Math.max(1, count)));
      return queries
        .filter((_, i) => i % stride === 0)
        .slice(0, count)
        .map(({ id, text }) => ({ id, text }));
    },
    async listRuns({ owner }) {
      // A run that says it is under way but is not: its worker or its tab went away. Where another tab owns training it
      // may well be under way there.
      for (const run of owner ? await runs.list() : [])
        if ((run.status === "running" || run.status === "paused") && run.id !== active?.runId)
          await runs.update(run.id, { status: "interrupted" });
      return runs.list();
    },
    ...storedRunHandlers({
      runs,
      storeOf,
      removeFiles: (runId) => store.remove(folderOf(runId)),
      newId: options.newId,
      collectionOf: collections.of,
      async open() {
        needIdle();
        const device = await needGpu();
        return { gpu: device, ops: opsOf(device) };
      },
      async leave(runId) {
        if (active?.runId === runId) throw new LabError("bad-input", "This run is under way.", "Stop it first.");
        if (search?.runId === runId) await closeSearch();
      },
    }),
    ...trialHandlers(),
    ...sweeps.handlers,
  };
}
