import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, noisy } from "./checkOp";
import { layerNorm } from "./layerNorm";
import { rmsNorm } from "./rmsNorm";
import { rowsPerBlock } from "./sumPartials";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
const EPS = 1e-5;
const norms = {
  rmsNorm: {
    own: ({ x, gain }: Xs) => rmsNorm(x as Tensor2D, gain as Tensor1D, EPS),
    plain: ({ x, gain }: Xs) => tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), 1, true), EPS))), gain!),
    inputs: (rows: number, width: number) => ({ x: noisy(1, [rows, width]), gain: noisy(2, [width]) }),
  },
  layerNorm: {
    own: ({ x, gain, bias }: Xs) => layerNorm(x as Tensor2D, gain as Tensor1D, bias as Tensor1D, EPS),
    plain: ({ x, gain, bias }: Xs) => {
      const centred = tf.sub(x!, tf.mean(x!, 1, true));
      return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), EPS))), gain!), bias!);
    },
    inputs: (rows: number, width: number) => ({
      x: noisy(1, [rows, width]),
      gain: noisy(2, [width]),
      bias: noisy(3, [width]),
    }),
  },
};

for (const [name, { own, plain, inputs }] of Object.entries(norms))
  describe(name, () => {
    for (const [rows, width] of [
      [1, 1],
      [3, 7],
      [1, 64],
      [37, 12],
      [600, 32],
      [65, 130],
    ] as const)
      it(`${rows} rows of ${width}`, async () => {
        // Of a row of one value nothing but rounding is left in the reference's dx.
        await expectSame(gpu(), own, plain, inputs(rows, width), width === 1 ? 1e-4 : 1e-5);
      });

    it("agrees with differences", () => expectDifferences(gpu(), own, inputs(2, 5)));

    it("gives finite numbers for rows of zeros", async () => {
      const zeros = { ...inputs(2, 4), x: { values: new Float32Array(8), shape: [2, 4] } };
      const found = await expectSame(gpu(), own, plain, zeros);
      for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true);
    });

    it("works past one row of workgroups", async () => {
      const rows = 65536 * 64 + 3;
      const y = tf.tidy(() => {
        const x = tf.fill([rows, 1], -2);
        return tf.slice(own({ x, gain: tf.tensor1d([3]), bias: tf.tensor1d([1]) }), [rows - 1, 0], [1, 1]);
      });
      expect((await y.data())[0]).toBeCloseTo(name === "rmsNorm" ? -3 : 1, 4);
      y.dispose();
    });
  });

it("cuts rows into blocks of about their root", () => {
  expect([1, 100, 3072, 1e6].map(rowsPerBlock)).toEqual([16, 16, 64, 1024]);
});
