/** Weights as half floats: every op that reads them does as with the same values in float32, forward and back to x. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { halfBits, halfValue } from "../../core/half";
import { valueAndGradients } from "../backward";
import { captureStep } from "../capture";
import { type FlatTensors, flatTensors, packHalf } from "../flat";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { noisy } from "./checkOp";
import { embed } from "./embed";
import { feedForward } from "./feedForward";
import { linear, rmsNormLinear } from "./linear";

const gpu = useGpu();

/** The same rounded values twice: as half floats and as float32. */
function both(shapes: readonly number[][]): { half: FlatTensors; full: FlatTensors } {
  const values = shapes.map((shape, i) => noisy(20 + i, shape).values.map((x) => halfValue(halfBits(x))));
  const make = (half: boolean) =>
    flatTensors(
      gpu(),
      shapes.map((shape, i) => ({ shape, values: values[i]!, half })),
    );
  return { half: make(true), full: make(false) };
}

/** y and the gradient of a weighted sum of y with respect to x, with weights of either kind. */
async function expectEqual(
  shapes: readonly number[][],
  xShape: [number, number],
  run: (x: Tensor2D, weights: Tensor[]) => Tensor,
) {
  const weights = both(shapes);
  const results = [];
  for (const { tensors } of [weights.half, weights.full]) {
    const x = tf.tensor2d(noisy(9, xShape).values, xShape);
    const y = tf.tidy(() => run(x, tensors));
    const { gradients } = valueAndGradients(() => tf.sum(tf.square(run(x, tensors))), [x]);
    results.push(await readTensors(gpu(), [y, gradients[0]!]));
    tf.dispose([x, y, gradients[0]!]);
  }
  weights.half.dispose();
  weights.full.dispose();
  expect(results[0]).toEqual(results[1]);
  expect(results[0]![1]!.some((g) => g !== 0)).toBe(true);
}

describe("half floats as weights", () => {
  for (const [rows, width, out] of [
    [3, 4, 8],
    [37, 12, 20],
    [520, 32, 36],
  ] as const) {
    it(`linear, ${rows} rows, ${width} -> ${out}`, () =>
      expectEqual([[out, width]], [rows, width], (x, [w]) => linear(x, w as Tensor2D)));
    it(`after a norm, ${rows} rows, ${width} -> ${out}`, () =>
      expectEqual([[out, width]], [rows, width], (x, [w]) =>
        rmsNormLinear(x, tf.ones([width]) as tf.Tensor1D, 1e-6, w as Tensor2D),
      ));
    for (const gated of [false, true])
      it(`feed-forward${gated ? ", gated" : ""}, ${rows} rows, ${width} through ${out}`, () =>
        expectEqual(
          [
            [out * (gated ? 2 : 1), width],
            [width, out],
          ],
          [rows, width],
          (x, [inner, outer]) => feedForward(x, { gated, inner: inner as Tensor2D, outer: outer as Tensor2D }, x),
        ));
  }

  it("of several models at once", () =>
    expectEqual([[3, 8, 12]], [3 * 7, 12], (x, [w]) => linear(x, w as tf.Tensor3D)));

  it("token embeddings, in a captured step too", async () => {
    const { half, full } = both([[50, 8]]);
    const ids = tf.tensor1d([3, 0, 49, 3, 7], "int32");
    const unused = tf.tensor1d([0], "int32");
    const rows = (table: Tensor) => embed(table as Tensor2D, { ids, order: unused, offsets: unused });
    const [fromHalf, fromFull] = [tf.keep(rows(half.tensors[0]!)), tf.keep(rows(full.tensors[0]!))];
    const [a, b] = await readTensors(gpu(), [fromHalf, fromFull]);
    expect(a).toEqual(b);
    const step = captureStep(gpu(), () => ({ y: rows(half.tensors[0]!) }), {});
    step.run({});
    expect(await step.read("y")).toEqual(b);
    step.dispose();
    tf.dispose([fromHalf, fromFull, ids, unused]);
    half.dispose();
    full.dispose();
  });

  it("take half the bytes", () => {
    const before = gpu().bytes();
    const { half, full } = both([[64, 32]]);
    full.dispose();
    expect(gpu().bytes() - before).toBe(64 * 32 * 2);
    half.dispose();
    expect([...packHalf(Float32Array.of(1, -2, 0.5))]).toEqual([0xc0003c00, 0x3800]);
  });

  it("are refused where nothing can read them: tfjs' kernels, odd widths", () => {
    const { half, full } = both([[4, 4]]);
    expect(() => tf.tidy(() => tf.square(half.tensors[0]!))).toThrow(/half floats/);
    expect(() => flatTensors(gpu(), [{ shape: [2, 3], half: true }])).toThrow(/multiple of 4/);
    half.dispose();
    full.dispose();
  });
});
