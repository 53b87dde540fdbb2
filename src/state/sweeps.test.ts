import { describe, expect, it } from "vitest";
import { gridTrials } from "../core/analysis/synthetic.test-helper";
import type { RunEvent, SweepJob, SweepSummary } from "../worker/protocol";
import { createFakeClient } from "./fakeClient.test-helper";
import { canGoOn, createSweepsStore, type SweepInput, sweepUnderWay } from "./sweeps";
import { createTrialsStore } from "./trials";

const trials = gridTrials({ "stage2.mseWeight": [1, 2] }, () => 0.6, [7]);
const JOBS: SweepJob[] = trials.map(({ assignments, seed }, i) => ({
  key: `k${i}`,
  assignments,
  seed,
  status: "waiting",
}));
const row = (status: SweepSummary["status"]) =>
  ({
    id: "a",
    name: "weights",
    createdAt: "",
    status,
    sweep: {},
    stack: 1,
    total: 2,
    finished: 0,
    error: null,
    speed: null,
  }) as unknown as SweepSummary;
const news = (more: Partial<Extract<RunEvent, { type: "sweep" }>>): Extract<RunEvent, { type: "sweep" }> => ({
  type: "sweep",
  sweepId: "a",
  status: "running",
  progress: { done: 0, failed: 0, skipped: 0, total: 2, etaSeconds: null },
  jobs: [],
  trials: [],
  at: null,
  norms: [],
  doing: null,
  error: null,
  ...more,
});

function setUp(status: SweepSummary["status"], stored = 0) {
  let list = [row(status)];
  const client = createFakeClient({
    listSweeps: () => list,
    openSweep: () => ({
      summary: list[0]!,
      jobs: JOBS.map((job, i) => (i < stored ? { ...job, status: "done" } : job)),
      trials: trials.slice(0, stored).map((trial, i) => ({ key: `k${i}`, trial })),
    }),
    startSweep: () => {
      list = [row("running")];
      return { sweepId: "a" };
    },
    resumeSweep: () => {
      list = [row("running")];
      return { sweepId: "a" };
    },
    deleteSweep: () => {
      list = [];
      return null;
    },
    artifacts: () => ({ list: [], limit: 1e9 }),
  });
  const shown = createTrialsStore(client);
  return { client, shown, store: createSweepsStore(client, shown) };
}

describe("sweeps", () => {
  it("show one that was cut off with what it measured, and let it go on", async () => {
    const { store, shown, client } = setUp("interrupted", 1);
    await store.getState().refresh();
    expect(store.getState()).toMatchObject({ openId: "a", jobs: [{ status: "done" }, { status: "waiting" }] });
    expect(shown.getState()).toMatchObject({ name: "weights", trials: [trials[0]] });
    expect(canGoOn(store.getState().list![0]!)).toBe(true);
    await store.getState().goOn("a");
    expect(client.calls).toContainEqual({ name: "resumeSweep", payload: { sweepId: "a", retry: false } });
    expect(sweepUnderWay(store.getState())?.id).toBe("a");
  });
  it("fill the trials on show as they are measured, in the queue's order", async () => {
    const { store, shown } = setUp("done");
    expect(await store.getState().start({} as SweepInput, 1)).toBe(true);
    expect(shown.getState().name).toBe(null);
    const at = { stage: "stage2" as const, done: 3, total: 5, students: 1 };
    store.getState().hear(news({ jobs: [{ ...JOBS[1]!, status: "running" }], at }));
    expect(store.getState()).toMatchObject({ jobs: [{ status: "waiting" }, { status: "running" }], at });
    store
      .getState()
      .hear(news({ jobs: [{ ...JOBS[1]!, status: "done" }], trials: [{ key: "k1", trial: trials[1]! }] }));
    store.getState().hear(news({ trials: [{ key: "k0", trial: trials[0]! }] }));
    expect(shown.getState()).toMatchObject({ name: "weights", trials });
    // News of another sweep moves nothing of this one's.
    store.getState().hear(news({ sweepId: "b", jobs: [{ ...JOBS[0]!, status: "failed" }] }));
    expect(store.getState().jobs[0]!.status).toBe("waiting");
  });
  it("leave the trials of a file where they are, until a sweep is opened", async () => {
    const { store, shown } = setUp("interrupted", 1);
    const file = gridTrials({ "stage2.mseWeight": [5] }, () => 0.1, [1]);
    shown.getState().show(file, "file.jsonl");
    await store.getState().refresh();
    store.getState().hear(news({ trials: [{ key: "k1", trial: trials[1]! }] }));
    expect(shown.getState().name).toBe("file.jsonl");
    await store.getState().open("a");
    expect(shown.getState()).toMatchObject({ name: "weights", trials });
    await store.getState().remove("a");
    expect(shown.getState().name).toBe(null);
    expect(store.getState()).toMatchObject({ list: [], openId: null, jobs: [] });
  });
  it("say what went wrong, and are interrupted where the worker dies", async () => {
    const { store } = setUp("running");
    await store.getState().refresh();
    store.getState().hear(news({ jobs: [{ ...JOBS[0]!, status: "running" }] }));
    store.getState().broken({ kind: "device-lost", message: "m", remedy: "r" });
    expect(store.getState()).toMatchObject({ list: [{ status: "interrupted" }], jobs: [{ status: "waiting" }, {}] });
    await store.getState().pause();
    expect(store.getState().error!.message).toBe("No answer to pauseSweep.");
    store.getState().dismiss();
    expect(store.getState()).toMatchObject({ error: null, busy: false });
  });
});
