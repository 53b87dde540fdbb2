import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { presetExperiment } from "../core/config/presets";
import { createDeviceStore } from "./device";
import { ADAPTER, createFakeClient, madeUpAnswer, madeUpResult, madeUpRun } from "./fakeClient.test-helper";
import { createLabStore } from "./lab";
import { createLockStore, LOCK_NAME } from "./lock";
import { runName } from "./names";
import { createRecordedStore } from "./recorded";
import { createRunsStore } from "./runs";
import { createSearchStore } from "./search";
import { createThemeStore } from "./theme";
import { until } from "./until.test-helper";

describe("device", () => {
  it("opens the GPU and keeps the problem where there is none", async () => {
    const store = createDeviceStore(createFakeClient({ open: () => ({ adapter: ADAPTER, problem: null }) }));
    await store.getState().open();
    expect(store.getState()).toMatchObject({ report: { adapter: { description: "Example GPU" } }, opening: false });
    const broken = createDeviceStore(createFakeClient({}));
    await broken.getState().open();
    expect(broken.getState().report?.problem?.message).toBe("No answer to open.");
  });
});

describe("lab", () => {
  const collection = { ...madeUpResult().collection, sampleDocuments: [], sampleQueries: [] };
  const setUp = () => createLabStore(createFakeClient({ describe: () => collection }));
  const own = async () => ({ ...collection, name: "banking77" });

  it("clamps a value and says so", () => {
    const lab = setUp();
    lab.getState().set("training.batch", 9999);
    expect(lab.getState().experiment.training.batch).toBe(4096);
    expect(lab.getState().notices.join()).toMatch(/batch/);
    lab.getState().dismissNotices();
    expect(lab.getState().notices).toEqual([]);
  });
  it("goes through its link and back", () => {
    const lab = setUp();
    lab.getState().setPreset("tiny");
    lab.getState().set("stage2.mseWeight", 2.5);
    lab.getState().set("seed", 99);
    const other = setUp();
    other.getState().readLink(lab.getState().link());
    expect(other.getState().experiment).toEqual(lab.getState().experiment);
    expect(other.getState().preset).toBe("tiny");
  });
  it("shows a notice for a link that it cannot take as it is", () => {
    const lab = setUp();
    lab.getState().readLink("#/lab?preset=quick&training.batch=99999&no.such=1");
    expect(lab.getState().experiment.training.batch).toBe(4096);
    expect(lab.getState().notices.length).toBe(2);
  });
  it("a preset keeps the seed and the user's files; reset goes back to the preset", async () => {
    const lab = setUp();
    lab.getState().set("seed", 5);
    expect(await lab.getState().adopt(own)).toBeNull();
    lab.getState().setPreset("tiny");
    expect(lab.getState()).toMatchObject({
      experiment: { seed: 5, data: { source: "files" } },
      collection: { name: "banking77" },
    });
    lab.getState().reset();
    expect(lab.getState().experiment).toEqual({
      ...presetExperiment("tiny"),
      data: { ...presetExperiment("tiny").data, source: "files" },
    });
  });
  it("keeps the reason where data cannot be read, unless it was stopped or is told elsewhere", async () => {
    const lab = createLabStore(createFakeClient({}));
    const fail = (kind: string) => async () => {
      throw { kind, message: "Line 402 has no _id.", remedy: "Mend it." };
    };
    expect(await lab.getState().adopt(fail("stopped"))).toBeNull();
    expect(await lab.getState().adopt(fail("bad-input"), () => false)).toMatchObject({ remedy: "Mend it." });
    expect(lab.getState()).toMatchObject({ collectionError: null, hasOwn: false, describing: false });
    await lab.getState().adopt(fail("bad-input"));
    expect(lab.getState()).toMatchObject({
      collectionError: { message: "Line 402 has no _id." },
      experiment: { data: { source: "notes" } },
    });
  });
});

describe("runs", () => {
  it("lists newest first, renames, deletes and forgets a selection that is gone", async () => {
    const old = madeUpRun("old", { createdAt: "2026-01-01T00:00:00Z" });
    const client = createFakeClient({
      listRuns: () => [old, madeUpRun("new")],
      renameRun: () => null,
      deleteRun: () => null,
    });
    const runs = createRunsStore(client);
    await runs.getState().refresh();
    expect(runs.getState().list!.map((r) => r.id)).toEqual(["new", "old"]);
    runs.getState().select("old");
    await runs.getState().rename("old", "  best  ");
    expect(runs.getState().list![1]!.name).toBe("best");
    await runs.getState().rename("old", "   ");
    expect(client.calls.filter((c) => c.name === "renameRun")).toHaveLength(1);
    await runs.getState().remove("old");
    expect(runs.getState()).toMatchObject({ selectedId: null });
    expect(runs.getState().list).toHaveLength(1);
  });
  it("imports from an address, and says why where it cannot", async () => {
    const client = createFakeClient({ importRun: () => madeUpRun("in"), listRuns: () => [madeUpRun("in")] });
    const good = createRunsStore(client, async () => new Response("zip"));
    expect((await good.getState().importUrl("./recorded/run.zip"))?.id).toBe("in");
    expect(good.getState().selectedId).toBe("in");
    expect(client.calls[0]!.payload).toMatchObject({ files: [{ path: "run.zip" }] });
    const bad = createRunsStore(client, async () => new Response("", { status: 404 }));
    expect(await bad.getState().importUrl("x.zip")).toBeNull();
    expect(bad.getState().error?.message).toBe("x.zip could not be read: the server answers 404.");
  });
  it("says in plain words that an address is none, or cannot be reached, and keeps that on show", async () => {
    const fetcher = vi.fn(() => Promise.reject(new TypeError("Failed to fetch")));
    const runs = createRunsStore(createFakeClient({ listRuns: () => [] }), fetcher);
    expect(await runs.getState().importUrl("javascript:alert(1)")).toBeNull();
    expect(runs.getState().error?.message).toBe("javascript:alert(1) is not an address to fetch a run from.");
    expect(fetcher).not.toHaveBeenCalled();
    await runs.getState().importUrl("https://a.example/run.zip");
    await runs.getState().refresh();
    expect(runs.getState().error?.message).toBe("https://a.example/run.zip could not be reached.");
  });
});

describe("search", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  it("waits for typing to rest and shows only the newest answer", async () => {
    const answers: (() => void)[] = [];
    const client = createFakeClient({
      search: ({ runId, query }) => new Promise((done) => answers.push(() => done(madeUpAnswer(runId, query)))),
    });
    const search = createSearchStore(client);
    search.getState().ask("r", "a");
    search.getState().ask("r", "ab");
    await vi.advanceTimersByTimeAsync(300);
    expect(client.calls).toHaveLength(1);
    search.getState().ask("r", "abc", true);
    answers[1]!();
    await vi.advanceTimersByTimeAsync(0);
    answers[0]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(search.getState()).toMatchObject({ query: "abc", pending: false, answer: { query: "abc" } });
    search.getState().ask("r", "  ", true);
    expect(search.getState().answer).toBeNull();
  });
});

describe("recorded", () => {
  const zip = () => new Response(new Uint8Array([0x50, 0x4b, 3, 4]));
  it("plays to its end at the chosen speed", async () => {
    const store = createRecordedStore(
      async () => zip(),
      async () => madeUpResult(),
    );
    await store.getState().load();
    store.getState().setSpeed(16);
    store.getState().play();
    store.getState().tick(1);
    expect(store.getState()).toMatchObject({ seconds: 16, playing: true });
    store.getState().tick(1000);
    expect(store.getState()).toMatchObject({ seconds: 242, playing: false });
    store.getState().play();
    expect(store.getState()).toMatchObject({ seconds: 0, playing: true });
    store.getState().seek(-5);
    expect(store.getState().seconds).toBe(0);
  });
  it("tells a missing file from a broken one", async () => {
    const missing = createRecordedStore(async () => new Response("", { status: 404 }));
    await missing.getState().load();
    expect(missing.getState().status).toBe("missing");
    const startPage = createRecordedStore(async () => new Response("<!doctype html>"));
    await startPage.getState().load();
    expect(startPage.getState().status).toBe("missing");
    const broken = createRecordedStore(async () => zip());
    await broken.getState().load();
    expect(broken.getState().status).toBe("failed");
    expect(broken.getState().error?.remedy).toBeTruthy();
  });
});

describe("lock", () => {
  /** A lock manager of one tab after another, as far as it is used here. */
  const locks = () => {
    let held: Promise<unknown> | null = null;
    const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
      expect(name).toBe(LOCK_NAME);
      const run = rest.at(-1) as (lock: unknown) => Promise<unknown>;
      const options = rest.length > 1 ? (rest[0] as LockOptions) : {};
      if (held && options.ifAvailable) return run(null);
      await held;
      held = run({ name });
      try {
        return await held;
      } finally {
        held = null;
      }
    };
    return { request } as unknown as LockManager;
  };
  it("makes the first tab the owner and the second one wait its turn", async () => {
    const shared = locks();
    const first = createLockStore(shared);
    await until(first.store, ({ owner }) => owner === "here");
    const second = createLockStore(shared);
    await until(second.store, ({ owner }) => owner === "elsewhere");
    first.release();
    await until(second.store, ({ owner }) => owner === "here");
  });
  it("lets a browser without locks train", async () => {
    const alone = createLockStore(null);
    expect(alone.store.getState().owner).toBe("here");
    await alone.decided;
    const refusing = createLockStore({ request: () => Promise.reject(new Error("no")) } as unknown as LockManager);
    await refusing.ready;
    expect(refusing.store.getState().owner).toBe("here");
  });
});

describe("theme", () => {
  it("keeps the choice, and works where storage is closed", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (k: string) => kept.get(k) ?? null,
      setItem: (k: string, v: string) => void kept.set(k, v),
    };
    const root = { dataset: {} as Record<string, string> };
    createThemeStore(storage, root as unknown as HTMLElement)
      .getState()
      .set("dark");
    expect(root.dataset.theme).toBe("dark");
    const again = createThemeStore(storage, root as unknown as HTMLElement);
    expect(again.getState().theme).toBe("dark");
    again.getState().set("system");
    expect(root.dataset.theme).toBeUndefined();
    const closed = {
      getItem: () => {
        throw new Error("closed");
      },
      setItem: () => {
        throw new Error("closed");
      },
    };
    const store = createThemeStore(closed, null);
    store.getState().set("light");
    expect(store.getState().theme).toBe("light");
  });
});

it("run names are words, and the next differs", () => {
  expect(runName(0, 1e12)).toMatch(/^[a-z]+-[a-z]+$/);
  expect(runName(1, 1e12)).not.toBe(runName(0, 1e12));
});
