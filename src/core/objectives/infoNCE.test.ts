/** InfoNCE against its definition in float64: value 1e-5, gradients 1e-4 of the largest. */
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { expectTwin, noisy, normalise, useCpu, type Values } from "../../gpu/testFloat64";
import { infoNCE } from "./infoNCE";

useCpu();

const SIZE = 3;

/** One softmax at a time, masked columns left out. */
function twin(q: Values, d: Values, counts: readonly number[], temperature: number, symmetric: boolean): number {
  const batch = q.length / SIZE;
  const columns = d.length / SIZE;
  const [a, b] = [normalise(q, SIZE), normalise(d, SIZE)];
  const logit = (i: number, j: number) =>
    Array.from({ length: SIZE }, (_, k) => a[i * SIZE + k]! * b[j * SIZE + k]!).reduce((s, v) => s + v, 0) /
    temperature;
  let loss = 0;
  for (let i = 0; i < batch; i++) {
    const seen = Array.from({ length: columns }, (_, j) => j).filter((j) => counts[i * columns + j] === 1);
    const forth = Math.log(seen.reduce((s, j) => s + Math.exp(logit(i, j)), 0)) - logit(i, i);
    const askers = Array.from({ length: batch }, (_, j) => j).filter((j) => counts[j * columns + i] === 1);
    const back = Math.log(askers.reduce((s, j) => s + Math.exp(logit(j, i)), 0)) - logit(i, i);
    loss += (symmetric ? (forth + back) / 2 : forth) / batch;
  }
  return loss;
}

const loss = (counts: readonly number[], columns: number, symmetric: boolean) => (x: Record<string, Tensor>) =>
  infoNCE(
    x.q as Tensor2D,
    x.d as Tensor2D,
    tf.tensor2d([...counts], [counts.length / columns, columns]),
    tf.reshape(x.temperature!, []) as Scalar,
    { symmetric },
  );

describe("infoNCE", () => {
  const CASES: Record<string, { counts: number[]; columns: number }> = {
    "in-batch": { counts: new Array<number>(16).fill(1), columns: 4 },
    "masked positives": { counts: [1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1], columns: 4 },
    "hard negatives, some masked": { counts: [1, 1, 1, 0, 1, 0, 1, 1, 1, 1], columns: 5 },
  };
  for (const [name, { counts, columns }] of Object.entries(CASES))
    for (const symmetric of [false, true])
      it(`${name}, ${symmetric ? "both directions" : "queries to documents"}: its definition, the temperature's gradient too`, () => {
        const batch = counts.length / columns;
        expectTwin(
          loss(counts, columns, symmetric),
          ({ q, d, temperature }) => Float64Array.of(twin(q!, d!, counts, temperature![0]!, symmetric)),
          {
            q: noisy(1, [batch, SIZE]),
            d: noisy(2, [columns, SIZE]),
            temperature: { shape: [1], values: Float32Array.of(0.2) },
          },
        );
      });

  it("is ln(columns) where all documents are alike", () => {
    const found = tf.tidy(
      () => infoNCE(tf.ones([4, 3]), tf.ones([6, 3]), tf.ones([4, 6]), tf.scalar(0.05)).dataSync()[0]!,
    );
    expect(found).toBeCloseTo(Math.log(6), 5);
  });

  it("gives a masked document no gradient, and only numbers at a small temperature", () => {
    const [q, d] = [noisy(1, [2, SIZE]), noisy(2, [3, SIZE])];
    const gradient = tf.tidy(() => [
      ...tf
        .grad((x) =>
          infoNCE(
            tf.tensor2d(q.values, [2, SIZE]),
            x as Tensor2D,
            tf.tensor2d([1, 1, 0, 1, 1, 0], [2, 3]),
            tf.scalar(0.005),
          ),
        )(tf.tensor2d(d.values, [3, SIZE]))
        .dataSync(),
    ]);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient.slice(2 * SIZE)).toEqual([0, 0, 0]);
    expect(gradient.slice(0, 2 * SIZE).some((v) => v !== 0)).toBe(true);
  });

  it("refuses fewer documents than queries", () => {
    tf.tidy(() => {
      expect(() => infoNCE(tf.ones([4, 3]), tf.ones([3, 3]), tf.ones([4, 3]), tf.scalar(1))).toThrow(
        /3 documents for 4/,
      );
    });
  });
});
