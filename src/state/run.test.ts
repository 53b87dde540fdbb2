import { describe, expect, it } from "vitest";
import { createFakeClient, eventsOf, madeUpResult, madeUpRun } from "./fakeClient.test-helper";
import { createRunStore, underWay } from "./run";

const setUp = (answers: Parameters<typeof createFakeClient>[0] = {}) => {
  const client = createFakeClient({ run: () => ({ runId: "r" }), ...answers });
  const store = createRunStore(client, () => null);
  client.onEvent(store.getState().apply);
  return { client, store };
};
const result = madeUpResult();

describe("a live run", () => {
  it("collects stages, curves, checkpoint and result from its events", async () => {
    const { client, store } = setUp();
    await store.getState().start(result.config, "calm-heron");
    expect(underWay(store.getState())).toBe(true);
    for (const event of eventsOf(result, "r")) client.emit(event);
    const s = store.getState();
    expect(s.status).toBe("done");
    expect(underWay(s)).toBe(false);
    expect(s.stages.stage1.losses).toEqual(result.stages[1]!.losses);
    expect(s.stages.stage2.validation).toEqual(result.stages[3]!.validation);
    expect(s.saved).toMatchObject({ stage: "twinbert", step: 600 });
    expect(s.result?.systems).toHaveLength(5);
  });

  it("hears events that come before the answer with its id, and none of other runs", async () => {
    const { client, store } = setUp({
      run: () => {
        client.emit({ type: "status", runId: "r", status: "running" });
        return { runId: "r" };
      },
    });
    await store.getState().start(result.config, "x");
    client.emit({ type: "status", runId: "other", status: "done" });
    expect(store.getState()).toMatchObject({ runId: "r", status: "running" });
  });

  it("replaces points that a resumed stage tells again", async () => {
    const { client, store } = setUp();
    await store.getState().start(result.config, "x");
    const point = (step: number, loss: number) => ({ ...result.stages[1]!.losses[0]!, step, loss });
    const tell = (losses: ReturnType<typeof point>[]) =>
      client.emit({ type: "points", runId: "r", stage: "stage1", losses, validation: [] });
    tell([point(1, 3), point(2, 2), point(3, 1)]);
    tell([point(2, 5), point(3, 4)]);
    expect(store.getState().stages.stage1.losses.map((p) => p.loss)).toEqual([3, 5, 4]);
  });

  it("shows why it could not start", async () => {
    const { store } = setUp({
      run: () => {
        throw { kind: "gpu-refused", message: "Out of memory.", remedy: "Try a smaller batch." };
      },
    });
    await store.getState().start(result.config, "x");
    expect(store.getState()).toMatchObject({
      status: "failed",
      busy: false,
      error: { kind: "gpu-refused", remedy: "Try a smaller batch." },
    });
  });

  it("leaves what is on show where its settings are refused", async () => {
    const problem = { kind: "bad-setting", message: "Too large.", remedy: "Lower Batch." };
    const { store } = setUp({
      run: () => {
        throw problem;
      },
    });
    store.getState().showRecord(result, null);
    await store.getState().start(result.config, "x");
    expect(store.getState()).toMatchObject({ mode: "example", status: "done", busy: false, result, error: problem });
  });

  it("is interrupted when the worker breaks, and its running stage with it", async () => {
    const { client, store } = setUp();
    await store.getState().start(result.config, "x");
    for (const event of [...eventsOf(result, "r")].slice(0, 20)) client.emit(event);
    store.getState().broken({ kind: "worker-failed", message: "m", remedy: "r" });
    const s = store.getState();
    expect(s.status).toBe("interrupted");
    expect(s.stages.stage1.status).toBe("interrupted");
    expect(s.stages.data.status).toBe("done");
    s.broken({ kind: "again", message: "m", remedy: "r" });
    expect(store.getState().error?.kind).toBe("worker-failed");
  });

  it("sends its commands and keeps the error of one that fails", async () => {
    const { client, store } = setUp({ pause: () => null });
    await store.getState().start(result.config, "x");
    await store.getState().pause();
    await store.getState().step();
    expect(client.calls.map((c) => c.name)).toEqual(["run", "pause", "step"]);
    expect(store.getState().error?.message).toBe("No answer to step.");
    store.getState().dismiss();
    expect(store.getState().error).toBeNull();
  });
});

it("a stored run is shown with its curves and does not hear events", () => {
  const { client, store } = setUp();
  const run = madeUpRun("r", { status: "interrupted", result: null });
  store.getState().show(run);
  client.emit({ type: "status", runId: "r", status: "done" });
  const s = store.getState();
  expect(s).toMatchObject({ mode: "stored", status: "interrupted", name: "calm-heron" });
  expect(s.stages.stage1.losses).not.toBe(run.stages[1]!.losses);
});

it("a resumed run begins with the stages it had", async () => {
  const { store } = setUp({ resumeRun: ({ runId }) => ({ runId }) });
  await store.getState().resumeRun(madeUpRun("r", { status: "interrupted", result: null }));
  expect(store.getState()).toMatchObject({ mode: "live", status: "running", runId: "r", error: null });
  expect(store.getState().stages.stage1.status).toBe("done");
});

it("a record is shown at its end or in the middle, where it has no result yet", () => {
  const { store } = setUp();
  store.getState().showRecord(result, null);
  expect(store.getState()).toMatchObject({ mode: "example", status: "done", result: { name: "calm-heron" } });
  store.getState().showRecord(result, 110);
  expect(store.getState()).toMatchObject({ mode: "replay", status: "running", result: null });
  expect(store.getState().stages.stage2.status).toBe("running");
});
