/** All stores of the page, wired to one worker. main.tsx makes the real one; tests and tools make another. */
import type { RunSummary } from "../worker/protocol";
import type { LabClient } from "./client";
import { createDataStore } from "./data";
import { createDeviceStore } from "./device";
import { createLabStore } from "./lab";
import { createLockStore } from "./lock";
import { createModelsStore } from "./models";
import { createPretrainStore } from "./pretrain";
import { createRecordedStore } from "./recorded";
import { createRunStore, underWay } from "./run";
import { createRunsStore } from "./runs";
import { createSearchStore } from "./search";
import { createSweepsStore } from "./sweeps";
import { createThemeStore } from "./theme";
import { createAnalyst, createTrialsStore } from "./trials";

export interface Surroundings {
  storage: Pick<Storage, "getItem" | "setItem"> | null;
  root: HTMLElement | null;
  locks: Pick<LockManager, "request"> | null;
  fetcher?: typeof fetch;
  /** False where the page itself has no WebGPU: then the worker is not asked for it. */
  webGpu?: boolean;
}

export function createLab(client: LabClient, around: Surroundings) {
  const device = createDeviceStore(client, around.webGpu);
  const run = createRunStore(client, () => device.getState().report?.adapter ?? null);
  const lock = createLockStore(around.locks);
  const runs = createRunsStore(client, around.fetcher, () => lock.store.getState().owner === "here");
  const lab = createLabStore(client);
  const data = createDataStore(client, lab);
  const models = createModelsStore(client, around.fetcher);
  const pretrain = createPretrainStore(client, () => lab.getState().experiment.training.memoryLimit);
  const search = createSearchStore(client);
  const trials = createTrialsStore(client);
  const sweeps = createSweepsStore(client, trials, () => lock.store.getState().owner === "here");
  const analyst = createAnalyst(client);
  const recorded = createRecordedStore(around.fetcher);
  const theme = createThemeStore(around.storage, around.root);

  client.onEvent((event) => {
    if (event.type === "device") {
      device.getState().lost(event.report);
      const problem = event.report.problem;
      if (problem) {
        run.getState().broken(problem);
        pretrain.getState().broken(problem);
      }
      return;
    }
    if (event.type === "loading") {
      data.setState({ loading: event.report });
      return;
    }
    if (event.type === "fetching") {
      models.getState().hear(event.report);
      return;
    }
    if (event.type === "pretrain") {
      pretrain.getState().hear(event.report);
      if (!event.report || event.report.status === "done") void models.getState().refresh();
      return;
    }
    run.getState().apply(event);
    const ended = event.type === "status" && event.status !== "running" && event.status !== "paused";
    if (event.type === "status" && !ended) void runs.getState().refresh();
    if (ended || event.type === "result") {
      void runs
        .getState()
        .refresh()
        .then(() => {
          // The run that was just watched is the one that Search asks next.
          if (run.getState().mode === "live" && run.getState().runId === event.runId)
            runs.getState().select(event.runId);
        });
    }
  });

  client.onEvent((event) => {
    if (event.type === "sweep") sweeps.getState().hear(event);
    if (event.type === "device" && event.report.problem) sweeps.getState().broken(event.report.problem);
  });

  /** Shows the example where there is nothing of the user's own to show. */
  const showExample = () => {
    const { result } = recorded.getState();
    if (result && run.getState().mode === "none") run.getState().showRecord(result, null);
  };
  // The replay moves what is shown; nothing else is under way where there is one.
  recorded.subscribe((s, before) => {
    if (s.result && (s.seconds !== before.seconds || s.playing !== before.playing) && !underWay(run.getState()))
      run.getState().showRecord(s.result, s.seconds);
  });

  /** What another tab trains, followed from its stored row: this one hears no events of it. */
  const follow = async () => {
    await runs.getState().refresh();
    const shown = run.getState();
    const stored = runs.getState().list?.find((r) => r.id === shown.runId);
    if (shown.mode === "stored" && stored && inMotion(shown.status)) run.getState().show(stored);
  };
  // A run is called the same in every view, also right after it was renamed.
  runs.subscribe(({ list }) => {
    const { runId, name } = run.getState();
    const stored = runId === null ? undefined : list?.find((r) => r.id === runId);
    if (stored && stored.name !== name) run.setState({ name: stored.name });
  });
  lock.store.subscribe(({ owner }, before) => {
    if (owner === "here" && before.owner === "elsewhere") void follow();
  });

  /** Opens the GPU again after it was lost, with a new worker where the old one broke down. */
  const recover = async () => {
    if (device.getState().report?.problem?.kind === "worker-failed") client.restart();
    await device.getState().open();
    await Promise.all([runs.getState().refresh(), sweeps.getState().refresh()]);
    return device.getState().report?.adapter != null;
  };

  return {
    client,
    recover,
    device,
    run,
    runs,
    lock: lock.store,
    follow,
    lab,
    data,
    models,
    pretrain,
    search,
    trials,
    sweeps,
    analyst,
    recorded,
    theme,
    /** Takes the CPU in the GPU's place, and the preset that suits it. */
    async takeCpu() {
      await device.getState().openCpu();
      if (!device.getState().report?.adapter) return;
      recorded.getState().pause();
      if (lab.getState().preset !== "tiny") lab.getState().setPreset("tiny");
    },
    /** Opens the GPU, reads the list of runs, and finds something to show. */
    async begin() {
      await Promise.all([device.getState().open(), lock.decided.then(() => runs.getState().refresh())]);
      if (run.getState().mode !== "none") return;
      const newest = runs.getState().list?.[0];
      if (newest) this.open(newest);
      else {
        await recorded.getState().load();
        showExample();
      }
      if (!device.getState().report?.adapter) {
        await recorded.getState().load();
        if (!newest) recorded.getState().play();
      }
    },
    /** Deletes a run; where it was on show the newest other one, or the example, takes its place. */
    async remove(id: string) {
      await runs.getState().remove(id);
      const { list } = runs.getState();
      if (!list || list.some((r) => r.id === id) || run.getState().runId !== id || underWay(run.getState())) return;
      const newest = list[0];
      if (newest) {
        this.open(newest);
        return;
      }
      run.getState().clear();
      await recorded.getState().load();
      showExample();
    },
    /** Selects a run everywhere; while one is being trained the Lab goes on showing that one. */
    open(summary: RunSummary) {
      runs.getState().select(summary.id);
      recorded.getState().pause();
      if (!underWay(run.getState())) run.getState().show(summary);
    },
  };
}

/** Whether a run is said to be under way somewhere. */
const inMotion = (status: string | null) => status === "running" || status === "paused";

export type Lab = ReturnType<typeof createLab>;
