import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { random } from "../../core/random";
import { useGpu } from "../testGpu";
import { evaluate, expectDifferences, expectSame, expectSamePass, noisy, relativeError } from "./checkOp";
import { infoNceFits, infoNceKernels } from "./infoNce";

const gpu = useGpu();
type Xs = Record<string, Tensor>;

/** Ones on the diagonal, about a third of the rest hidden. */
function countsOf(batch: number, columns: number): number[][] {
  const r = random(5, "counts");
  return Array.from({ length: batch }, (_, i) =>
    Array.from({ length: columns }, (_, j) => (i === j || !r.chance(0.3) ? 1 : 0)),
  );
}

function plain({ queries, documents, temperature }: Xs, counts: number[][]): Scalar {
  const unit = (x: Tensor) => tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12))) as Tensor2D;
  const z = tf.div(tf.matMul(unit(queries!), unit(documents!), false, true), temperature!);
  const hidden = tf.add(z, tf.mul(tf.sub(1, tf.tensor2d(counts)), -1e9));
  const own = tf.tensor2d(counts.map((row, i) => row.map((_, j) => (i === j ? 1 : 0))));
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(hidden), own))), counts.length);
}
const own = ({ queries, documents, temperature }: Xs, counts: number[][]) =>
  infoNceKernels(queries as Tensor2D, documents as Tensor2D, tf.tensor2d(counts), temperature!);

const inputsOf = (batch: number, columns: number, size: number, tau = 0.1) => ({
  queries: noisy(1, [batch, size], 3),
  documents: noisy(2, [columns, size], 0.4),
  temperature: { values: Float32Array.of(tau), shape: [] as number[] },
});

describe("infoNceKernels", () => {
  for (const [batch, columns, size] of [
    [1, 1, 1],
    [3, 7, 5],
    [32, 32, 128],
    [5, 5, 70],
    [16, 150, 24],
  ] as const)
    it(`${batch} queries, ${columns} documents of ${size}`, async () => {
      const counts = countsOf(batch, columns);
      const inputs = inputsOf(batch, columns, size);
      const tolerance = size === 1 ? 1e-4 : 3e-5;
      await expectSame(
        gpu(),
        (xs) => own(xs, counts),
        (xs) => plain(xs, counts),
        inputs,
        tolerance,
      );
      // Its own gradient is not 1 here, then 1, where the pass hands on what is there.
      await expectSamePass(
        gpu(),
        (xs) => own(xs, counts),
        (xs) => plain(xs, counts),
        inputs,
        tolerance,
      );
    });

  it("agrees with differences", () => {
    const counts = countsOf(2, 3);
    return expectDifferences(gpu(), (xs) => own(xs, counts), inputsOf(2, 3, 4, 0.7), 3e-3);
  });

  it("is ln(columns) where all are alike, and finite for vectors of zeros", async () => {
    const counts = Array.from({ length: 4 }, () => Array.from({ length: 6 }, () => 1));
    const zeros = inputsOf(4, 6, 8);
    zeros.queries.values.fill(0);
    zeros.documents.values.fill(0);
    const found = await evaluate(gpu(), (xs) => own(xs, counts), zeros);
    expect(found["value"]![0]).toBeCloseTo(Math.log(6), 5);
    for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true);
  });

  it("hides a column from the row's sum and from the gradient", async () => {
    const inputs = inputsOf(2, 3, 4);
    const hidden = [
      [1, 1, 0],
      [1, 1, 0],
    ];
    const found = await evaluate(gpu(), (xs) => own(xs, hidden), inputs);
    expect(found["documents"]!.subarray(8).every((x) => x === 0)).toBe(true);
    const without = {
      ...inputs,
      documents: { values: inputs.documents.values.slice(0, 8), shape: [2, 4] },
    };
    const alone = await evaluate(
      gpu(),
      (xs) =>
        own(xs, [
          [1, 1],
          [1, 1],
        ]),
      without,
    );
    expect(relativeError(found["queries"]!, alone["queries"]!)).toBeLessThan(1e-5);
  });

  it("says how many documents it takes", () => {
    expect([1, 1900, 1901].map(infoNceFits)).toEqual([true, true, false]);
  });
});
