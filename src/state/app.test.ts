import { describe, expect, it, vi } from "vitest";
import type { RunSummary } from "../worker/protocol";
import { createLab } from "./app";
import { ADAPTER, createFakeClient, eventsOf, madeUpResult, madeUpRun } from "./fakeClient.test-helper";
import { until } from "./until.test-helper";

const missing = async () => new Response("", { status: 404 });
/** Locks of a browser in which another tab owns training until it is let go. */
const taken = () => {
  let free = () => {};
  const gone = new Promise<void>((done) => {
    free = done;
  });
  const request = async (_: string, ...rest: unknown[]) => {
    const use = rest.at(-1) as (lock: unknown) => Promise<unknown>;
    if (rest.length > 1) return use(null);
    await gone;
    return use({});
  };
  return { locks: { request } as unknown as LockManager, free: () => free() };
};
const setUp = (
  runs: RunSummary[],
  gpu = true,
  { locks = null, ...more }: { locks?: LockManager | null; webGpu?: boolean } = {},
) => {
  const client = createFakeClient({
    open: () => ({
      adapter: gpu ? ADAPTER : null,
      problem: gpu ? null : { kind: "no-webgpu", message: "m", remedy: "r" },
    }),
    listRuns: () => [...runs],
    deleteRun: ({ runId }) => {
      runs.splice(
        runs.findIndex((r) => r.id === runId),
        1,
      );
      return null;
    },
    renameRun: () => null,
    run: () => ({ runId: "live" }),
  });
  const lab = createLab(client, { storage: null, root: null, locks, fetcher: missing, ...more });
  return { client, lab };
};

describe("the app", () => {
  it("opens with the newest stored run, selected everywhere", async () => {
    const { lab } = setUp([madeUpRun("a"), madeUpRun("b", { createdAt: "2026-12-01T00:00:00Z", name: "later" })]);
    await lab.begin();
    expect(lab.runs.getState().selectedId).toBe("b");
    expect(lab.run.getState()).toMatchObject({ mode: "stored", name: "later" });
  });
  it("is empty, not broken, without runs and without a record", async () => {
    const { lab } = setUp([], false);
    await lab.begin();
    expect(lab.run.getState().mode).toBe("none");
    expect(lab.recorded.getState().status).toBe("missing");
  });
  it("shows the replay where it moves, and leaves a live run alone", async () => {
    const { lab } = setUp([]);
    await lab.begin();
    lab.recorded.setState({ result: madeUpResult(), status: "ready" });
    lab.recorded.getState().seek(50);
    expect(lab.run.getState().mode).toBe("replay");
    await lab.run.getState().start(madeUpResult().config, "mine");
    lab.recorded.getState().seek(60);
    expect(lab.run.getState()).toMatchObject({ mode: "live", name: "mine" });
  });
  it("selects the run that was just trained", async () => {
    const { client, lab } = setUp([madeUpRun("live")]);
    await lab.run.getState().start(madeUpResult().config, "mine");
    for (const event of eventsOf(madeUpResult(), "live")) client.emit(event);
    await until(lab.runs, ({ selectedId }) => selectedId === "live");
  });
  it("while one is trained, opening another selects it and leaves the Lab", async () => {
    const { lab } = setUp([madeUpRun("a")]);
    await lab.run.getState().start(madeUpResult().config, "mine");
    lab.open(madeUpRun("a"));
    expect(lab.runs.getState().selectedId).toBe("a");
    expect(lab.run.getState().name).toBe("mine");
  });
  it("makes a new worker where the old one broke down", async () => {
    const { client, lab } = setUp([]);
    const restart = vi.spyOn(client, "restart");
    await lab.run.getState().start(madeUpResult().config, "mine");
    client.emit({
      type: "device",
      report: { adapter: null, problem: { kind: "worker-failed", message: "m", remedy: "r" } },
    });
    expect(lab.run.getState().status).toBe("interrupted");
    expect(await lab.recover()).toBe(true);
    expect(restart).toHaveBeenCalledOnce();
  });
  it("does not ask the worker for a GPU that the page knows is not there", async () => {
    const { client, lab } = setUp([], true, { webGpu: false });
    await lab.begin();
    expect(lab.device.getState().report).toMatchObject({ adapter: null, problem: { kind: "no-webgpu" } });
    expect(client.calls.some((c) => c.name === "open")).toBe(false);
  });
  it("shows another run where the one on show is deleted, and none where it was the last", async () => {
    const { lab } = setUp([madeUpRun("a"), madeUpRun("b", { createdAt: "2026-12-01T00:00:00Z" })]);
    await lab.begin();
    await lab.remove("b");
    expect(lab.run.getState()).toMatchObject({ mode: "stored", runId: "a" });
    await lab.remove("a");
    expect(lab.run.getState()).toMatchObject({ mode: "none", runId: null, result: null });
  });
  it("calls a renamed run by its new name in the Lab, too", async () => {
    const { lab } = setUp([madeUpRun("a")]);
    await lab.begin();
    await lab.runs.getState().rename("a", "best so far");
    expect(lab.run.getState().name).toBe("best so far");
  });
  it("lists a run from the moment it begins", async () => {
    const { client, lab } = setUp([madeUpRun("live", { status: "running", result: null })]);
    await lab.run.getState().start(madeUpResult().config, "mine");
    client.emit({ type: "status", runId: "live", status: "running" });
    await until(lab.runs, ({ list }) => list?.length === 1);
  });
  it("lets the tab that trains alone say that a run was cut off, and follows what that tab stores", async () => {
    const { locks, free } = taken();
    const runs = [madeUpRun("a", { status: "running", result: null, stages: [] })];
    const { client, lab } = setUp(runs, true, { locks });
    await lab.begin();
    const owners = () => client.calls.filter((c) => c.name === "listRuns").map((c) => c.payload);
    expect(owners()).toEqual([{ owner: false }]);
    expect(lab.run.getState()).toMatchObject({ mode: "stored", status: "running" });
    runs[0] = madeUpRun("a");
    await lab.follow();
    expect(lab.run.getState()).toMatchObject({ mode: "stored", status: "done" });
    free();
    await until(lab.runs, () => (owners().at(-1) as { owner: boolean }).owner);
  });
});
