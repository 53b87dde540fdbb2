import { describe, expect, it } from "vitest";
import { idleAxes, unmoved } from "./idleAxes";

describe("axes that cannot change anything", () => {
  const trials = (rest: Record<string, unknown>, list: Record<string, string | number>[]) =>
    list.map((assignments) => ({ assignments, config: { embeddingSize: 64, stage2: rest } }));
  const paths = (axes: string[], list: Parameters<typeof idleAxes>[1], system = "scalingnote") =>
    idleAxes(axes, list, system).map(({ path }) => path);
  const raw = { mseWeight: 50, cosineWeight: 1, mseOn: "raw", mseReduce: "mean" };

  it("are how MSE is taken where its weight is 0", () => {
    const list = trials({ ...raw, mseWeight: 0 }, [{ "stage2.mseReduce": "mean" }, { "stage2.mseReduce": "sum" }]);
    expect(paths(["stage2.mseReduce"], list)).toEqual(["stage2.mseReduce"]);
    const some = trials(raw, [{ "stage2.mseReduce": "mean" }, { "stage2.mseReduce": "sum" }]);
    expect(paths(["stage2.mseReduce"], some)).toEqual([]);
  });
  it("are both weights after normalisation, where there is but one loss", () => {
    const list = trials({ ...raw, mseOn: "normalised" }, [
      { "stage2.mseWeight": 1, "stage2.cosineWeight": 0 },
      { "stage2.mseWeight": 4, "stage2.cosineWeight": 2 },
    ]);
    expect(paths(["stage2.mseWeight", "stage2.cosineWeight"], list)).toEqual([
      "stage2.mseWeight",
      "stage2.cosineWeight",
    ]);
    expect(idleAxes(["stage2.mseWeight"], list, "scalingnote")[0]!.words).toMatch(/one loss/);
  });
  it("are the only weight there is", () => {
    const list = trials({ ...raw, cosineWeight: 0 }, [{ "stage2.mseWeight": 1 }, { "stage2.mseWeight": 4 }]);
    expect(paths(["stage2.mseWeight"], list)).toEqual(["stage2.mseWeight"]);
  });
  it("are settings of another system, and how a step is computed", () => {
    const list = trials(raw, [{ "stage2.steps": 10 }, { "stage2.steps": 20 }]);
    expect(paths(["stage2.steps"], list, "teacher")).toEqual(["stage2.steps"]);
    expect(paths(["stage2.steps"], list)).toEqual([]);
    expect(paths(["training.step", "training.saveEvery"], list)).toEqual(["training.step", "training.saveEvery"]);
    expect(paths(["stage2.steps"], [])).toEqual([]);
  });
  it("are layers of a lookup table", () => {
    const list = [0, 1].map((layers) => ({
      assignments: { "student.layers": layers },
      config: { student: { kind: "lookup" }, stage2: raw },
    }));
    expect(paths(["student.layers"], list)).toEqual(["student.layers"]);
  });
  it("are no weight beside another loss, none where one trial has no loss, and none of prefixes", () => {
    const weights = [{ "stage2.mseWeight": 1 }, { "stage2.mseWeight": 4 }];
    expect(paths(["stage2.mseWeight"], trials({ ...raw, cosineWeight: 0, klWeight: 1 }, weights))).toEqual([]);
    const alike = { ...raw, mseOn: "normalised" };
    expect(paths(["stage2.mseWeight"], trials({ ...alike, klWeight: 1 }, weights))).toEqual([]);
    expect(paths(["stage2.mseWeight"], trials({ ...alike, matryoshka: 2 }, weights))).toEqual([]);
    expect(paths(["stage2.mseWeight"], trials({ ...alike, matryoshka: 2, mseReduce: "sum" }, weights))).toHaveLength(1);
    const some = trials({ ...raw, cosineWeight: 0, klWeight: 1 }, [{ "stage2.klWeight": 1 }, { "stage2.klWeight": 2 }]);
    expect(paths(["stage2.klWeight"], some)).toEqual([]);
    const alone = trials({ ...raw, mseWeight: 0, cosineWeight: 0, klWeight: 1 }, [
      { "stage2.klWeight": 1 },
      { "stage2.klWeight": 2 },
    ]);
    expect(paths(["stage2.klWeight"], alone)).toEqual(["stage2.klWeight"]);
  });
  it("are settings of what is not done: in every trial", () => {
    const axis = "stage2.klTeacherTemperature";
    const at = (klWeight: number) => ({
      assignments: { [axis]: klWeight ? 0.1 : 0.2 },
      config: { stage2: { klWeight } },
    });
    expect(paths([axis], [at(0), at(0)])).toEqual([axis]);
    expect(paths([axis], [at(0), at(1)])).toEqual([]);
    const none = trials(raw, [{}]);
    for (const path of [
      "stage1.mineFrom",
      "stage2.scored",
      "stage2.copyTarget",
      "stage2.refineLearningRate",
      "data.wordnet",
      "training.loadedRate",
      "training.validateEvery",
      "student.docTokens",
    ])
      expect(paths([path], none), path).toEqual([path]);
    expect(paths(["student.docTokens"], none, "twinbert")).toEqual([]);
  });
  it("reach the baselines by what they share, and by how long those are trained", () => {
    const at = (equalise: string) => [{ assignments: {}, config: { stage2: raw, baselines: { equalise } } }];
    expect(paths(["stage2.steps", "stage2.cosineWeight", "teacher.width"], at("pairs"), "twinbert")).toEqual([
      "stage2.cosineWeight",
      "teacher.width",
    ]);
    expect(paths(["teacher.width"], at("pairs"), "scalingdoc")).toEqual([]);
    expect(paths(["stage2.cosineWeight", "teacher.width"], at("flops"), "twinbert")).toEqual([]);
    expect(paths(["embeddingSize", "data.notes.typos"], at("pairs"), "bm25")).toEqual(["embeddingSize"]);
  });
  it("are not told where the records do not say the other weights", () => {
    const bare = [1, 2].map((v) => ({ assignments: { "stage2.mseWeight": v, "stage2.cosineWeight": v } }));
    expect(idleAxes(["stage2.mseWeight", "stage2.cosineWeight", "stage2.mseReduce"], bare, "scalingnote")).toEqual([]);
  });
  it("show in the figures: equal to the last digit", () => {
    const at = (a: number, b: number, values: number[]) => ({ assignments: { a, b }, seed: 7, values });
    expect(unmoved(["a", "b"], [at(0, 0, [1, 0]), at(1, 0, [1, 0]), at(0, 1, [0, 0]), at(1, 1, [0, 0])])).toEqual([
      "a",
    ]);
    expect(unmoved(["a"], [at(0, 0, [1, 0])])).toEqual([]);
  });
});
