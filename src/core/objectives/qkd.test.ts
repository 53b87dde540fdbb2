/** The distillation loss against its definition in float64: value 1e-5, gradients 1e-4 of the largest. */
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { expectTwin, noisy, normalise, useCpu, type Values } from "../../gpu/testFloat64";
import { type QkdOptions, qkdLoss } from "./qkd";

useCpu();

const [BATCH, SIZE] = [3, 4];
const STUDENT = noisy(1, [BATCH, SIZE]);
const TEACHER = noisy(2, [BATCH, SIZE], 2);
type Kind = Pick<QkdOptions, "mseOn" | "mseReduce">;
const KINDS = (["raw", "normalised"] as const).flatMap((mseOn) =>
  (["mean", "sum"] as const).map((mseReduce): Kind => ({ mseOn, mseReduce })),
);

function twin(s: Values, t: Values, mseWeight: number, cosineWeight: number, kind: Kind) {
  const [a, b] = [normalise(s, SIZE), normalise(t, SIZE)];
  const [x, y] = kind.mseOn === "raw" ? [s, t] : [a, b];
  const mse = x.reduce((sum, v, i) => sum + (v - y[i]!) ** 2, 0) / BATCH / (kind.mseReduce === "mean" ? SIZE : 1);
  const cosine = a.reduce((sum, v, i) => sum + v * b[i]!, 0) / BATCH;
  return { loss: mseWeight * mse + cosineWeight * (1 - cosine), mse, cosine };
}

const teacher = () => tf.tensor2d(TEACHER.values, [BATCH, SIZE]);
const read = (x: Tensor) => x.dataSync()[0]!;

describe("qkdLoss", () => {
  for (const kind of KINDS)
    it(`is its definition with MSE ${kind.mseOn}, ${kind.mseReduce}, the weights' gradients too`, () => {
      expectTwin(
        ({ s, mseWeight, cosineWeight }) =>
          qkdLoss(s as Tensor2D, teacher(), {
            mseWeight: tf.reshape(mseWeight!, []) as Scalar,
            cosineWeight: tf.reshape(cosineWeight!, []) as Scalar,
            ...kind,
          }).loss,
        ({ s, mseWeight, cosineWeight }) =>
          Float64Array.of(twin(s!, Float64Array.from(TEACHER.values), mseWeight![0]!, cosineWeight![0]!, kind).loss),
        {
          s: STUDENT,
          mseWeight: { shape: [1], values: Float32Array.of(0.7) },
          cosineWeight: { shape: [1], values: Float32Array.of(1.9) },
        },
      );
    });

  it("reports the terms without their weights", () => {
    for (const kind of KINDS) {
      const expected = twin(Float64Array.from(STUDENT.values), Float64Array.from(TEACHER.values), 0, 0, kind);
      tf.tidy(() => {
        const { loss, terms } = qkdLoss(tf.tensor2d(STUDENT.values, [BATCH, SIZE]), teacher(), {
          mseWeight: tf.scalar(0),
          cosineWeight: tf.scalar(0),
          ...kind,
        });
        expect(read(loss)).toBe(0);
        expect(read(terms.mse)).toBeCloseTo(expected.mse, 4);
        expect(read(terms.cosine)).toBeCloseTo(expected.cosine, 5);
      });
    }
  });

  /** Loss and the student's gradient. */
  const evaluate = (s: Float32Array, mseWeight: number, cosineWeight: number, kind: Kind) =>
    tf.tidy(() => {
      const call = (x: Tensor) =>
        qkdLoss(x as Tensor2D, teacher(), {
          mseWeight: tf.scalar(mseWeight),
          cosineWeight: tf.scalar(cosineWeight),
          ...kind,
        }).loss;
      const { value, grad } = tf.valueAndGrad(call)(tf.tensor2d(s, [BATCH, SIZE]));
      return { value: read(value), gradient: [...grad.dataSync()] };
    });

  it("is zero with zero gradient at the teacher's own vectors", () => {
    for (const kind of KINDS) {
      const { value, gradient } = evaluate(TEACHER.values, 1, 1, kind);
      expect(value).toBeCloseTo(0, 5);
      for (const g of gradient) expect(g).toBeCloseTo(0, 5);
    }
  });

  it("after normalisation is one loss: MSE weighs 2 / size (mean) or 2 (sum) of the cosine", () => {
    for (const [mseReduce, factor] of [
      ["mean", 2 / SIZE],
      ["sum", 2],
    ] as const) {
      const mse = evaluate(STUDENT.values, 1, 0, { mseOn: "normalised", mseReduce });
      const cosine = evaluate(STUDENT.values, 0, factor, { mseOn: "normalised", mseReduce });
      expect(mse.value).toBeCloseTo(cosine.value, 5);
      mse.gradient.forEach((g, i) => {
        expect(g).toBeCloseTo(cosine.gradient[i]!, 5);
      });
    }
  });

  it("before normalisation teaches the length, which the cosine does not see", () => {
    const twice = TEACHER.values.map((v) => 2 * v);
    expect(evaluate(twice, 0, 1, KINDS[0]!).value).toBeCloseTo(0, 5);
    expect(evaluate(twice, 1, 0, { mseOn: "raw", mseReduce: "mean" }).value).toBeGreaterThan(0.5);
    expect(evaluate(twice, 1, 0, { mseOn: "normalised", mseReduce: "mean" }).value).toBeCloseTo(0, 5);
  });
});
