import { describe, expect, it, vi } from "vitest";
import type { RunSummary } from "../worker/protocol";
import { createLab } from "./app";
import { ADAPTER, createFakeClient, eventsOf, madeUpResult, madeUpRun } from "./fakeClient.test-helper";

const missing = async () => new Response("", { status: 404 });
const setUp = (runs: RunSummary[], gpu = true) => {
  const client = createFakeClient({
    open: () => ({
      adapter: gpu ? ADAPTER : null,
      problem: gpu ? null : { kind: "no-webgpu", message: "m", remedy: "r" },
    }),
    listRuns: () => runs,
    run: () => ({ runId: "live" }),
  });
  const lab = createLab(client, { storage: null, root: null, locks: null, fetcher: missing });
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
    await vi.waitFor(() => expect(lab.runs.getState().selectedId).toBe("live"));
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
});
