import { describe, expect, it } from "vitest";
import { PRETRAIN_DEFAULTS } from "../core/config/pretrain";
import type { PretrainReport, StoredModel } from "../worker/protocol";
import { createLab } from "./app";
import { createFakeClient } from "./fakeClient.test-helper";
import { createPretrainStore, settingsOf, trainingModel } from "./pretrain";
import { until } from "./until.test-helper";

const report = (more: Partial<PretrainReport>): PretrainReport => ({
  name: "mine",
  settings: { ...PRETRAIN_DEFAULTS, size: "0.1m" },
  status: "running",
  step: 5,
  doing: null,
  losses: [],
  validation: [],
  tokensPerSecond: null,
  etaSeconds: null,
  error: null,
  stored: null,
  ...more,
});
const problem = { kind: "bad-input", message: "Too short.", remedy: "Give more." };

describe("a language model's training", () => {
  it("begins with the command line's defaults, keeps within the limits and says so", () => {
    const store = createPretrainStore(createFakeClient({}), () => 4000);
    const { setNumber, setSize } = store.getState();
    expect(settingsOf(store.getState())).toEqual({ ...PRETRAIN_DEFAULTS, size: "0.1m" });
    setNumber("steps", 0);
    expect(store.getState().numbers.steps).toBe(1);
    expect(store.getState().notices.steps).toMatch(/Steps 0 is under/);
    setNumber("steps", 12);
    expect(store.getState().notices.steps).toBeUndefined();
    setSize("0.8m");
    setSize("own");
    setNumber("width", 50);
    expect(settingsOf(store.getState())).toMatchObject({ steps: 12, size: { width: 48, layers: 4 } });
    setNumber("learningRate", Number.NaN);
    expect(store.getState().numbers.learningRate).toBe(PRETRAIN_DEFAULTS.learningRate);
  });

  it("asks what it takes, and forgets an answer that is out of date", async () => {
    const client = createFakeClient({
      planPretrain: ({ settings }) => ({
        plan: { parameters: 1, withoutEmbeddings: 1, tokens: settings.steps, flops: 1, memory: 1, largest: 1 },
        problem: null,
      }),
    });
    const store = createPretrainStore(client, () => 123);
    const asked = store.getState().measure();
    store.getState().setNumber("steps", 7);
    await asked;
    expect(store.getState().plan).toBeNull();
    await store.getState().measure();
    expect(store.getState().plan?.plan.tokens).toBe(7);
    expect(client.calls.at(-1)?.payload).toMatchObject({ memoryLimit: 123, settings: { steps: 7, size: "0.1m" } });
  });

  it("takes the user's text, starts with it, and shows what was wrong with it", async () => {
    const text = { name: "a.txt", texts: 3, characters: 9, notices: [] };
    const client = createFakeClient({ readText: () => text, pretrain: () => report({ step: 0 }) });
    const store = createPretrainStore(client, () => 4000);
    await store.getState().takeFiles([]);
    expect(store.getState()).toMatchObject({ text, source: "files", busy: false });
    store.getState().setName(" mine ");
    await store.getState().start();
    expect(client.calls.at(-1)?.payload).toMatchObject({ name: "mine", source: { kind: "files" } });
    expect(trainingModel(store.getState())).toBe(true);
    store.getState().hear(report({ status: "failed", step: 0, error: problem }));
    expect(store.getState()).toMatchObject({ report: null, error: problem });
    await store.getState().goOn(); // the fake client knows no such command
    expect(store.getState().error?.message).toMatch(/resumePretrain/);
  });

  it("is found after a reload, deleted, and what is done stays in sight", async () => {
    let kept: PretrainReport | null = report({ status: "interrupted" });
    const client = createFakeClient({
      pretrainState: () => kept,
      dropPretrain: () => {
        kept = null;
        return null;
      },
    });
    const store = createPretrainStore(client, () => 4000);
    await store.getState().refresh();
    expect(store.getState().report?.status).toBe("interrupted");
    await store.getState().drop();
    expect(store.getState().report).toBeNull();
    store.getState().hear(report({ status: "done" }));
    await store.getState().refresh();
    expect(store.getState().report?.status).toBe("done");
    store.getState().putAside();
    expect(store.getState().report).toBeNull();
  });

  it("is heard by the page: the list of models grows with it, and a lost GPU interrupts it", async () => {
    const client = createFakeClient({ listModels: () => [{ name: "mine" } as StoredModel] });
    const app = createLab(client, { storage: null, root: null, locks: null });
    client.emit({ type: "pretrain", report: report({}) });
    expect(trainingModel(app.pretrain.getState())).toBe(true);
    client.emit({ type: "device", report: { adapter: null, problem } });
    expect(app.pretrain.getState().report).toMatchObject({ status: "interrupted", error: problem, step: 5 });
    client.emit({ type: "pretrain", report: report({ status: "done" }) });
    await until(app.models, ({ list }) => list !== null);
    expect(app.models.getState().list).toMatchObject([{ name: "mine" }]);
    expect(app.run.getState().mode).toBe("none");
  });
});
