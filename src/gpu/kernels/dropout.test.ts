import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { captureStep } from "../capture";
import { dropoutBits, dropoutThreshold } from "../dropoutBits";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { evaluate, expectDifferences, expectSame, noise, noisy } from "./checkOp";
import { dropout } from "./dropout";

const gpu = useGpu();
const SEED = -123456789;
const own =
  (rate: number, site = 3, step = 7) =>
  ({ x }: Record<string, Tensor>) =>
    dropout(x!, { rate, site, counter: tf.tensor1d([SEED, step], "int32") });
const plain =
  (rate: number, site = 3, step = 7) =>
  ({ x }: Record<string, Tensor>) => {
    const keep = Array.from({ length: x!.size }, (_, i) =>
      dropoutBits(SEED, step, site, i) >= dropoutThreshold(rate) ? 1 / (1 - rate) : 0,
    );
    return tf.mul(x!, tf.tensor(keep, x!.shape));
  };

describe("dropout", () => {
  for (const shape of [[1], [7], [33, 8], [5, 3, 7], [1000, 3]])
    for (const rate of [0.1, 0.5])
      it(`drops the values that the bits name: ${shape} at ${rate}`, async () => {
        await expectSame(gpu(), own(rate), plain(rate), { x: noisy(1, shape) }, 1e-6);
      });

  it("agrees with differences", () => expectDifferences(gpu(), own(0.3), { x: noisy(2, [3, 5]) }));

  it("drops about the share asked for, others at another site or step, and keeps the mean", async () => {
    const x = { x: { values: new Float32Array(20000).fill(1), shape: [20000] } };
    const a = (await evaluate(gpu(), own(0.25), x)).value!;
    const b = (await evaluate(gpu(), own(0.25, 4), x)).value!;
    const c = (await evaluate(gpu(), own(0.25, 3, 8), x)).value!;
    const share = (f: (i: number) => boolean) => a.filter((_, i) => f(i)).length / a.length;
    expect(Math.abs(share((i) => a[i] === 0) - 0.25)).toBeLessThan(0.015);
    for (const other of [b, c])
      expect(Math.abs(share((i) => a[i] === 0 && other[i] === 0) - 0.0625)).toBeLessThan(0.01);
    expect(Math.abs(a.reduce((sum, v) => sum + v, 0) / a.length - 1)).toBeLessThan(0.03);
  });

  it("gives a piece of a batch the whole batch's bits, forward and backward", async () => {
    for (const width of [4, 3]) {
      const counter = tf.tensor1d([SEED, 7], "int32");
      const x = tf.tensor2d(noisy(5, [9, width]).values, [9, width]);
      const key = { rate: 0.4, site: 2, counter };
      const [whole, grad] = [(y: Tensor) => dropout(y, key), tf.grad((y: Tensor) => dropout(y, key))];
      const piece = tf.slice(x, [5, 0], [3, width]);
      const own = (y: Tensor) => dropout(y, { ...key, firstRow: 5 });
      const read = (tensor: Tensor) => readTensors(gpu(), [tf.slice(tensor as tf.Tensor2D, [5, 0], [3, width])]);
      expect(await readTensors(gpu(), [own(piece)])).toEqual(await read(whole(x)));
      expect(await readTensors(gpu(), [tf.grad(own)(piece)])).toEqual(await read(grad(x)));
    }
  });

  it("has one program for all sites, pieces and sizes of a step", async () => {
    const counter = tf.tensor1d([SEED, 7], "int32");
    const made = vi.spyOn(GPUDevice.prototype, "createComputePipeline");
    const results = [4, 8, 12].map((size) =>
      dropout(tf.ones([size]), { rate: 0.125, site: size, counter, firstRow: size }),
    );
    expect(made).toHaveBeenCalledTimes(1);
    made.mockRestore();
    for (const [i, values] of (await readTensors(gpu(), results)).entries()) {
      const size = 4 * (i + 1);
      const expected = Array.from(values, (_, at) =>
        dropoutBits(SEED, 7, size, size + at) >= dropoutThreshold(0.125) ? Math.fround(1 / 0.875) : 0,
      );
      expect([...values]).toEqual(expected);
    }
  });

  it("draws other bits at each replay of a captured step", async () => {
    const step = captureStep(
      gpu(),
      ({ x, counter }) => ({ y: dropout(x!, { rate: 0.5, site: 1, counter: counter as tf.Tensor1D }) }),
      {
        x: { shape: [64], dtype: "float32" },
        counter: { shape: [2], dtype: "int32" },
      },
    );
    const x = noise(4, 64);
    for (const at of [1, 2]) {
      step.run({ x, counter: Int32Array.of(5, at) });
      const expected = x.map((v, i) => (dropoutBits(5, at, 1, i) >= dropoutThreshold(0.5) ? 2 * v : 0));
      expect([...(await step.read("y"))]).toEqual([...expected]);
    }
    step.dispose();
  });

  it("works past one row of workgroups", async () => {
    const n = 65536 * 64 + 1;
    const [last] = await readTensors(gpu(), [
      tf.tidy(() => tf.slice(own(0.5)({ x: tf.fill([n], 3) }), [n - 40], [40])),
    ]);
    const expected = Array.from({ length: 40 }, (_, i) =>
      dropoutBits(SEED, 7, 3, n - 40 + i) >= dropoutThreshold(0.5) ? 6 : 0,
    );
    expect([...last!]).toEqual(expected);
  });

  it("returns x itself at rate 0 and refuses a rate of 1", () => {
    const x = tf.zeros([2]);
    const counter = tf.tensor1d([1, 2], "int32");
    expect(dropout(x, { rate: 0, site: 0, counter })).toBe(x);
    expect(() => dropout(x, { rate: 1, site: 0, counter })).toThrow(/below 1/);
    tf.dispose([x, counter]);
  });
});
