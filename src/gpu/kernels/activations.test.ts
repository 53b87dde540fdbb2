import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { useGpu } from "../testGpu";
import { gelu, siluGate } from "./activations";
import { evaluate, expectDifferences, expectSame, noisy } from "./checkOp";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
const ops = {
  gelu: {
    own: ({ a }: Xs) => gelu(a as Tensor2D),
    plain: ({ a }: Xs) => tf.mul(tf.mul(a!, 0.5), tf.add(1, tf.erf(tf.mul(a!, Math.SQRT1_2)))),
    names: ["a"],
  },
  siluGate: {
    own: ({ a, b }: Xs) => siluGate(a as Tensor2D, b as Tensor2D),
    plain: ({ a, b }: Xs) => tf.mul(tf.mul(a!, tf.sigmoid(a!)), b!),
    names: ["a", "b"],
  },
};
const inputs = (names: string[], shape: number[], scale = 2) =>
  Object.fromEntries(names.map((name, i) => [name, noisy(i, shape, scale)]));

for (const [name, { own, plain, names }] of Object.entries(ops))
  describe(name, () => {
    for (const shape of [
      [1, 1],
      [3, 7],
      [5, 8],
      [130, 33],
    ])
      it(`${shape}`, () => expectSame(gpu(), own, plain, inputs(names, shape)));

    it("agrees with differences", () => expectDifferences(gpu(), own, inputs(names, [2, 3])));

    it("stays finite far out", async () => {
      const far = Object.fromEntries(
        names.map((n) => [n, { values: Float32Array.of(-1e4, -200, -90, 90, 200, 1e4), shape: [1, 6] }]),
      );
      for (const values of Object.values(await evaluate(gpu(), own, far)))
        expect(values.every(Number.isFinite)).toBe(true);
    });

    it("works past one row of workgroups", async () => {
      const rows = 65536 * 64 + 1; // odd: one value a thread
      const y = tf.tidy(() => {
        const a = tf.fill([rows, 1], 20) as Tensor2D;
        return tf.slice(own({ a, b: a }), [rows - 1, 0], [1, 1]);
      });
      expect((await y.data())[0]).toBeCloseTo(name === "gelu" ? 20 : 400, 2);
      y.dispose();
    });
  });

it("siluGate refuses different shapes", () => {
  expect(() => siluGate(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(/differ/);
});
