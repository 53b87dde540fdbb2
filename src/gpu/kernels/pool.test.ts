import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, noisy } from "./checkOp";
import { pool } from "./pool";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
const own = ({ x, weights }: Xs) => pool(x as Tensor2D, weights as Tensor2D);
const plain = ({ x, weights }: Xs) => {
  const [batch, tokens] = weights!.shape as [number, number];
  return tf.sum(tf.mul(tf.reshape(x!, [batch, tokens, -1]), tf.reshape(weights!, [batch, tokens, 1])), 1);
};
const inputs = (batch: number, tokens: number, width: number) => ({
  x: noisy(1, [batch * tokens, width]),
  weights: noisy(2, [batch, tokens]),
});

describe("pool", () => {
  for (const [batch, tokens, width] of [
    [1, 1, 1],
    [3, 5, 7],
    [9, 17, 32],
    [1, 300, 6],
    [70, 2, 64],
  ] as const)
    it(`${batch} texts of ${tokens} tokens, ${width} wide`, () =>
      expectSame(gpu(), own, plain, inputs(batch, tokens, width)));

  it("agrees with differences", () => expectDifferences(gpu(), own, inputs(2, 3, 2)));

  it("works past one row of workgroups", async () => {
    const batch = 65536 * 64 + 1;
    const y = tf.tidy(() => tf.slice(pool(tf.fill([batch, 1], 3), tf.fill([batch, 1], 2)), [batch - 1, 0], [1, 1]));
    expect((await y.data())[0]).toBe(6);
    y.dispose();
  });

  it("refuses weights for another number of rows", () => {
    expect(() => pool(tf.zeros([5, 2]), tf.zeros([2, 3]))).toThrow(/5 rows, but weights for 2 texts of 3/);
  });
});
