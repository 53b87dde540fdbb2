import { expect, test, vi } from "vitest";
import { createClient, type WorkerLike } from "./client";
import type { Command, FromWorker, RunEvent } from "./protocol";

class FakeWorker implements WorkerLike {
  sent: Command[] = [];
  ended = false;
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  onmessageerror: WorkerLike["onmessageerror"] = null;
  postMessage(message: unknown) {
    this.sent.push(structuredClone(message) as Command);
  }
  terminate() {
    this.ended = true;
  }
  say(message: FromWorker) {
    this.onmessage?.({ data: message } as MessageEvent);
  }
}

function open() {
  const workers: FakeWorker[] = [];
  const client = createClient(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  return { client, workers };
}

const statusEvent: RunEvent = { type: "status", runId: "a", status: "running" };

test("answers find their command, in whatever order they come", async () => {
  const { client, workers } = open();
  const first = client.send("listRuns", { owner: true });
  const second = client.send("renameRun", { runId: "a", name: "b" });
  const [one, two] = workers[0]!.sent;
  expect(one).toMatchObject({ type: "command", name: "listRuns" });
  expect(two).toMatchObject({ type: "command", name: "renameRun", payload: { runId: "a", name: "b" } });
  expect(one!.id).not.toBe(two!.id);
  workers[0]!.say({ type: "reply", id: two!.id, ok: true, value: null });
  workers[0]!.say({ type: "reply", id: one!.id, ok: true, value: [] });
  expect(await first).toEqual([]);
  expect(await second).toBeNull();
});

test("a refused command keeps kind, message and remedy", async () => {
  const { client, workers } = open();
  const asked = client.send("open", {});
  workers[0]!.say({
    type: "reply",
    id: 1,
    ok: false,
    error: { kind: "no-webgpu", message: "None.", remedy: "Update." },
  });
  await expect(asked).rejects.toMatchObject({ kind: "no-webgpu", message: "None.", remedy: "Update." });
});

test("events reach every listener until it leaves, also when one leaves while hearing", () => {
  const { client, workers } = open();
  const stays = vi.fn();
  const leaves = vi.fn(() => off());
  const off = client.onEvent(leaves);
  client.onEvent(stays);
  workers[0]!.say({ type: "event", event: statusEvent });
  workers[0]!.say({ type: "event", event: statusEvent });
  expect(leaves).toHaveBeenCalledTimes(1);
  expect(stays).toHaveBeenCalledTimes(2);
  expect(stays).toHaveBeenLastCalledWith(statusEvent);
});

test("restart ends the worker, refuses what waited, and talks to a new one", async () => {
  const { client, workers } = open();
  const heard = vi.fn();
  client.onEvent(heard);
  const waiting = client.send("open", {});
  client.restart();
  await expect(waiting).rejects.toMatchObject({ name: "LabError", kind: "stopped" });
  expect(workers).toHaveLength(2);
  expect(workers[0]!.ended).toBe(true);
  const again = client.send("open", {});
  // What the old worker still had on its way is not mistaken for the new one's.
  workers[0]!.say({ type: "reply", id: workers[1]!.sent[0]!.id, ok: true, value: "old" });
  workers[0]!.say({ type: "event", event: statusEvent });
  workers[1]!.say({ type: "reply", id: workers[1]!.sent[0]!.id, ok: true, value: { adapter: null, problem: null } });
  expect(await again).toEqual({ adapter: null, problem: null });
  expect(heard).not.toHaveBeenCalled();
});

test.each(["error", "messageerror"])(
  "a worker's %s refuses what waits and what comes, and says so as a device event",
  async (kind) => {
    const { client, workers } = open();
    const heard: RunEvent[] = [];
    client.onEvent((event) => heard.push(event));
    const waiting = client.send("open", {});
    const worker = workers[0]!;
    if (kind === "error")
      worker.onerror?.({ message: "x is not defined", preventDefault() {} } as unknown as ErrorEvent);
    else worker.onmessageerror?.({} as MessageEvent);
    await expect(waiting).rejects.toMatchObject({ kind: "worker-failed" });
    await expect(client.send("listRuns", { owner: true })).rejects.toMatchObject({ kind: "worker-failed" });
    expect(heard).toMatchObject([{ type: "device", report: { adapter: null, problem: { kind: "worker-failed" } } }]);
    client.restart();
    const after = client.send("listRuns", { owner: true });
    workers[1]!.say({ type: "reply", id: workers[1]!.sent[0]!.id, ok: true, value: [] });
    expect(await after).toEqual([]);
  },
);

test("a payload that cannot be cloned is refused at once", async () => {
  const { client } = open();
  await expect(
    client.send("openData", { from: { kind: "files", files: [{ path: "a", file: (() => 1) as unknown as Blob }] } }),
  ).rejects.toThrow();
});

test("a worker that dies without a word is known by its lock; one that was thrown away is not mourned", async () => {
  const free = new Map<string, () => void>();
  const locks = {
    request: (async (name: string, use: () => unknown) => {
      await new Promise<void>((done) => free.set(name, done));
      return use();
    }) as unknown as LockManager["request"],
  };
  const workers: FakeWorker[] = [];
  const client = createClient(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  }, locks);
  const heard = vi.fn();
  client.onEvent(heard);
  workers[0]!.say({ type: "alive", lock: "first" });
  client.restart();
  free.get("first")?.();
  await new Promise((done) => setTimeout(done));
  expect(heard).not.toHaveBeenCalled();

  workers[1]!.say({ type: "alive", lock: "second" });
  const waiting = client.send("open", {});
  free.get("second")?.();
  await expect(waiting).rejects.toMatchObject({ kind: "worker-failed" });
  expect(heard).toHaveBeenCalledWith({
    type: "device",
    report: { adapter: null, problem: expect.objectContaining({ kind: "worker-failed" }) },
  });
});
