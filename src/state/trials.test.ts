import { describe, expect, it } from "vitest";
import { gridTrials, recordOf } from "../core/analysis/synthetic.test-helper";
import { trialHandlers } from "../worker/trials";
import { createFakeClient } from "./fakeClient.test-helper";
import { createAnalyst, createTrialsStore } from "./trials";

const trials = gridTrials({ "stage2.mseWeight": [1, 2] }, () => 0.6, [7, 8]);
const file = (text: string, path = "trials.jsonl") => [{ path, file: new Blob([text]) }];
const text = trials.map((t) => `${JSON.stringify(recordOf(t))}\n`).join("");
const QUESTION = { system: "scalingnote", metric: "recall@10", samples: 20, seed: 7 } as const;

describe("the trials on show", () => {
  it("are those of the last file that could be read", async () => {
    const store = createTrialsStore(createFakeClient(trialHandlers()));
    await store.getState().open(file(text));
    expect(store.getState()).toMatchObject({ name: "trials.jsonl", error: null, busy: false });
    expect(store.getState().trials.map((t) => t.seed)).toEqual([7, 8, 7, 8]);
    await store.getState().open(file(`${text}{}\n`, "other.jsonl"));
    expect(store.getState().name).toBe("trials.jsonl");
    expect(store.getState().error!.message).toMatch(/other\.jsonl, line 5: this is no trial/);
    await store.getState().open(file("x", "picture.png"));
    expect(store.getState().error!.message).toMatch(/picture\.png, line 1: this is not JSON/);
    store.getState().dismiss();
    store.getState().clear();
    expect(store.getState()).toMatchObject({ trials: [], name: null, error: null });
  });
});

describe("questions", () => {
  it("carry the trials once, and again to a new worker", async () => {
    let worker = trialHandlers();
    const client = createFakeClient({
      holdTrials: (p) => worker.holdTrials(p),
      ablation: (p) => worker.ablation(p),
      scaling: (p) => worker.scaling(p),
    });
    const analyst = createAnalyst(client);
    const [first, second] = await Promise.all([
      analyst.ablation(trials, QUESTION),
      analyst.ablation(trials, { ...QUESTION, system: "teacher" }),
    ]);
    expect([first.system, second.system]).toEqual(["scalingnote", "teacher"]);
    expect(client.calls.map((c) => c.name)).toEqual(["holdTrials", "ablation", "ablation"]);
    worker = trialHandlers();
    await expect(analyst.ablation(trials, QUESTION)).resolves.toMatchObject({ configurations: [{}, {}] });
    expect(client.calls.map((c) => c.name).slice(3)).toEqual(["ablation", "holdTrials", "ablation"]);
  });
  it("that fail are told, and the next is answered", async () => {
    const client = createFakeClient({ holdTrials: () => null });
    const analyst = createAnalyst(client);
    await expect(analyst.ablation(trials, QUESTION)).rejects.toMatchObject({ message: "No answer to ablation." });
    await expect(analyst.ablation(trials, QUESTION)).rejects.toMatchObject({ message: "No answer to ablation." });
  });
});
