import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allKnown, type LossWeights, lossAlgebra, weightsOf } from "./algebra";

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
    expect(allKnown(weightsOf({ "stage2.mseWeight": 1 }))).toBe(false);
  });
});
