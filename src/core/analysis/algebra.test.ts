import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idleAxes, type LossWeights, lossAlgebra, unmoved, weightsOf } from "./algebra";

const base: LossWeights = {
  mseWeight: 1,
  cosineWeight: 1,
  mseOn: "normalised",
  mseReduce: "mean",
  embeddingSize: 1024,
};

/** Gradient on the student vector s of one term, by differences, in the plane orthogonal to s. */
function slope(loss: (s: number[]) => number, s: number[]): number[] {
  const h = 1e-5;
  const length2 = s.reduce((sum, v) => sum + v * v, 0);
  const g = s.map((v, i) => (loss(s.with(i, v + h)) - loss(s.with(i, v - h))) / (2 * h));
  const along = g.reduce((sum, v, i) => sum + v * s[i]!, 0) / length2;
  return g.map((v, i) => v - along * s[i]!);
}
const norm = (v: readonly number[]) => Math.hypot(...v);
const unit = (v: readonly number[]) => v.map((x) => x / norm(v));
const cosine = (a: number[], b: number[]) => unit(a).reduce((sum, v, i) => sum + v * unit(b)[i]!, 0);

describe("the algebra of the weights", () => {
  it("has .2 % of the cosine's gradient in a mean MSE of 1,024 dimensions", () => {
    expect(lossAlgebra(base).perUnit).toBeCloseTo(2 / 1024);
    expect(lossAlgebra(base).mseShare).toBeCloseTo(0.00195, 4);
    expect(lossAlgebra({ ...base, mseReduce: "sum" })).toMatchObject({ perUnit: 2, total: 3, one: true });
    expect(lossAlgebra({ ...base, mseWeight: 0, cosineWeight: 0 }).mseShare).toBeNull();
  });
  it("agrees with the gradients themselves", () => {
    const component = fc.double({ min: 0.2, max: 2, noNaN: true });
    const vector = fc.array(component, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(
        vector,
        vector,
        fc.constantFrom("mean", "sum"),
        fc.constantFrom("raw", "normalised"),
        (a, b, mseReduce, mseOn) => {
          fc.pre(cosine(a, b) < 0.99);
          // Raw vectors of one length: what a trained student's are to its teacher's.
          const length = norm(a);
          const teacher = unit(b).map((v) => v * length);
          const mse = (s: number[]) => {
            const [x, y] = mseOn === "raw" ? [s, teacher] : [unit(s), unit(teacher)];
            return x.reduce((sum, v, i) => sum + (v - y[i]!) ** 2, 0) / (mseReduce === "mean" ? 4 : 1);
          };
          const ratio = norm(slope(mse, a)) / norm(slope((s) => 1 - cosine(s, teacher), a));
          const told = lossAlgebra(
            { mseWeight: 1, cosineWeight: 1, mseOn, mseReduce, embeddingSize: 4 },
            length,
          ).perUnit;
          expect(ratio / told).toBeCloseTo(1, 3);
        },
      ),
    );
  });
  it("reads the weights of a trial over the rest of its experiment", () => {
    const config = { embeddingSize: 64, stage2: { mseWeight: 50, cosineWeight: 1, mseOn: "raw", mseReduce: "mean" } };
    expect(weightsOf({ "stage2.mseWeight": 2, "stage2.mseOn": "normalised" }, config)).toEqual({
      mseWeight: 2,
      cosineWeight: 1,
      mseOn: "normalised",
      mseReduce: "mean",
      embeddingSize: 64,
    });
  });
});

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
  it("show in the figures: equal to the last digit", () => {
    const at = (a: number, b: number, values: number[]) => ({ assignments: { a, b }, seed: 7, values });
    expect(unmoved(["a", "b"], [at(0, 0, [1, 0]), at(1, 0, [1, 0]), at(0, 1, [0, 0]), at(1, 1, [0, 0])])).toEqual([
      "a",
    ]);
    expect(unmoved(["a"], [at(0, 0, [1, 0])])).toEqual([]);
  });
});
