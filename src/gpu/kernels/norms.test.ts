import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { layerNorm, layerNormPool, rmsNorm, rmsNormPool } from "./norm";

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
      [20_000, 4],
    ] as const)
      it(`${rows} rows of ${width}`, async () => {
        // Of a row of one value nothing but rounding is left in the reference's dx.
        await expectSame(gpu(), own, plain, inputs(rows, width), width === 1 ? 1e-4 : 1e-5);
        await expectSamePass(gpu(), own, plain, inputs(rows, width), width === 1 ? 1e-4 : 1e-5);
      });

    it("agrees with differences", () => expectDifferences(gpu(), own, inputs(2, 5)));

    it("adds to a gradient that is there already", () =>
      expectSamePass(
        gpu(),
        (xs) => tf.add(xs.x!, own(xs)),
        (xs) => tf.add(xs.x!, plain(xs)),
        inputs(50, 12),
      ));

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

for (const [name, { plain, inputs }] of Object.entries(norms))
  describe(`${name}, pooled`, () => {
    const weightsOf = (batch: number, tokens: number) => noisy(9, [batch, tokens]);
    const own =
      (batch: number, tokens: number) =>
      ({ x, gain, bias }: Xs) => {
        const weights = tf.tensor2d(weightsOf(batch, tokens).values, [batch, tokens]);
        return name === "rmsNorm"
          ? rmsNormPool(x as Tensor2D, gain as Tensor1D, EPS, weights)
          : layerNormPool(x as Tensor2D, gain as Tensor1D, bias as Tensor1D, EPS, weights);
      };
    for (const [batch, tokens, width] of [
      [1, 1, 1],
      [3, 5, 7],
      [9, 17, 32],
      [2, 150, 12],
      [5, 3, 260],
      [2, 2049, 3],
    ] as const)
      it(`${batch} texts of ${tokens} tokens, ${width} wide`, () =>
        expectSame(
          gpu(),
          own(batch, tokens),
          (xs) =>
            tf.sum(
              tf.mul(
                tf.reshape(plain(xs), [batch, tokens, width]),
                tf.tensor3d(weightsOf(batch, tokens).values, [batch, tokens, 1]),
              ),
              1,
            ),
          inputs(batch * tokens, width),
          width === 1 ? 1e-3 : 2e-5,
        ));

    it("agrees with differences", () => expectDifferences(gpu(), own(2, 3), inputs(6, 5)));
  });
