import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { captureStep } from "../capture";
import { disposeOwn, ownTensor } from "../step";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { linear, rmsNormLinear } from "./linear";
import { tileFor, tileOverRows } from "./matmulVariant";
import { splitRows } from "./product";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
const own = ({ x, weight, bias }: Xs) => linear(x as Tensor2D, weight as Tensor2D, bias as Tensor1D | undefined);
const plain = ({ x, weight, bias }: Xs) => {
  const y = tf.matMul(x as Tensor2D, weight as Tensor2D, false, true);
  return bias ? tf.add(y, bias) : y;
};

describe("linear", () => {
  // Each size is 1, odd, a multiple of 4 but not of the tile, or fits; rows below and above one block.
  for (const [rows, width, out] of [
    [1, 1, 1],
    [3, 5, 7],
    [37, 12, 20],
    [130, 64, 8],
    [77, 3, 4],
    [64, 32, 1],
    [301, 9, 66],
    [520, 32, 32],
    [1030, 64, 68],
    [4, 128, 30],
    [2051, 9, 19],
    // Wide enough for the large tile of dW, and past it.
    [130, 70, 9],
    [70, 76, 20],
  ] as const)
    it(`${rows} rows, ${width} -> ${out}`, async () => {
      const inputs = { x: noisy(1, [rows, width]), weight: noisy(2, [out, width]), bias: noisy(3, [out]) };
      await expectSame(gpu(), own, plain, inputs);
      const { bias: _, ...bare } = inputs;
      await expectSame(gpu(), own, plain, bare);
      await expectSamePass(gpu(), own, plain, inputs);
      await expectSamePass(gpu(), own, plain, bare);
    });

  it("adds a residual, and to a gradient that is there already", async () => {
    // x is used three times: by both products and as their residual, as in a layer after a norm.
    const through = ({ x, weight, bias }: Xs) =>
      linear(x as Tensor2D, weight as Tensor2D, bias as Tensor1D, x as Tensor2D);
    const twice = (xs: Xs) => tf.add(through(xs), own({ x: xs["x"]!, weight: xs["weight"]! }));
    const expected = (xs: Xs) => tf.add(tf.add(xs["x"]!, plain(xs)), plain({ x: xs["x"]!, weight: xs["weight"]! }));
    for (const width of [5, 16]) {
      const inputs = { x: noisy(1, [37, width]), weight: noisy(2, [width, width]), bias: noisy(3, [width]) };
      await expectSame(gpu(), twice, expected, inputs);
      await expectSamePass(gpu(), twice, expected, inputs);
    }
  });

  for (const [rows, width, out] of [
    [1, 1, 1],
    [3, 5, 7],
    [130, 64, 8],
    [77, 12, 33],
  ] as const)
    it(`of an RMS norm: ${rows} rows, ${width} -> ${out}`, async () => {
      const eps = 1e-5;
      const ours = ({ x, gain, weight, bias }: Xs) =>
        rmsNormLinear(x as Tensor2D, gain as Tensor1D, eps, weight as Tensor2D, bias as Tensor1D | undefined);
      const expected = ({ x, gain, ...rest }: Xs) =>
        plain({ ...rest, x: tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), 1, true), eps))), gain!) });
      const bare = { x: noisy(1, [rows, width]), gain: noisy(4, [width]), weight: noisy(2, [out, width]) };
      const tolerance = width === 1 ? 1e-3 : 2e-5;
      for (const inputs of [bare, { ...bare, bias: noisy(3, [out]) }]) {
        await expectSame(gpu(), ours, expected, inputs, tolerance);
        await expectSamePass(gpu(), ours, expected, inputs, tolerance);
      }
      if (rows === 3) await expectDifferences(gpu(), ours, bare);
    });

  it("works past one row of workgroups", async () => {
    const rows = 65536 * 64 * 4 + 3;
    const y = tf.tidy(() => tf.slice(linear(tf.ones([rows, 1]), tf.tensor2d([[3]]), tf.tensor1d([2])), rows - 2, 2));
    expect([...(await y.data())]).toEqual([5, 5]);
    y.dispose();
  });

  it("agrees with differences", async () => {
    const inputs = { x: noisy(1, [3, 5]), weight: noisy(2, [4, 5]), bias: noisy(3, [4]) };
    await expectDifferences(gpu(), own, inputs);
  });

  it("spends nothing on what is not trained", () => {
    const weight = ownTensor(gpu(), { shape: [8, 16], dtype: "float32" }) as Tensor2D;
    const bias = ownTensor(gpu(), { shape: [8], dtype: "float32" }) as Tensor1D;
    const dispatches = (fn: (x: Tensor) => Tensor[]) => {
      const step = captureStep(gpu(), ({ x }) => Object.fromEntries(fn(x!).map((y, i) => [`${i}`, y])), {
        x: { shape: [32, 16], dtype: "float32" },
      });
      const { dispatches: n } = step.stats;
      step.dispose();
      return n;
    };
    const y = (x: Tensor, w: Tensor, b: Tensor): Tensor => linear(x as Tensor2D, w as Tensor2D, b as Tensor1D);
    const dy = ownTensor(gpu(), { shape: [32, 8], dtype: "float32" });
    const forward = dispatches((x) => [y(x, weight, bias)]);
    expect(forward).toBe(1);
    expect(dispatches((x) => [tf.grad((a) => y(a, weight, bias))(x, dy)])).toBe(2);
    expect(dispatches((x) => tf.grads((w, b) => y(x, w!, b!))([weight, bias], dy))).toBe(2);
    expect(dispatches((x) => [tf.grad((b) => y(x, weight, b))(bias, dy)])).toBe(2);
    expect(dispatches((x) => tf.grads((a, w, b) => y(a!, w!, b!))([x, weight, bias], dy))).toBe(3);
    for (const tensor of [weight, bias, dy]) disposeOwn(gpu(), tensor);
  });

  it("compiles nothing more for another number of rows", async () => {
    // Rows of 4k values, and as many as fill their tiles both times.
    const inputs = (rows: number) => ({ x: noisy(1, [rows, 12]), weight: noisy(2, [16, 12]), bias: noisy(3, [16]) });
    const compiled = async (rows: number) => {
      const labels: string[] = [];
      const made = vi.spyOn(GPUDevice.prototype, "createComputePipeline");
      await expectSamePass(gpu(), own, plain, inputs(rows));
      for (const [{ label }] of made.mock.calls) if (label?.startsWith("matmul")) labels.push(label);
      made.mockRestore();
      return labels;
    };
    expect((await compiled(40)).length).toBeGreaterThan(0);
    expect(await compiled(120)).toEqual([]);
    expect((await compiled(39)).length).toBeGreaterThan(0);
  });

  it("leaves no tensor behind", async () => {
    const inputs = { x: noisy(1, [300, 5]), weight: noisy(2, [4, 5]), bias: noisy(3, [4]) };
    await expectSame(gpu(), own, own, inputs);
    const before = tf.memory().numTensors;
    await expectSame(gpu(), own, own, inputs);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a weight of another width", () => {
    expect(() => linear(tf.zeros([2, 3]), tf.zeros<tf.Rank.R2>([4, 5]))).toThrow(/3 wide, the weight wants 5/);
  });

  it("cuts long sums, and small results into smaller tiles", () => {
    expect(tileFor(3072, 64)).toEqual([8, 8]);
    expect(tileFor(512, 32)).toEqual([4, 8]);
    expect(tileFor(100, 4)).toEqual([4, 4]);
    expect([tileOverRows(128, 512), tileOverRows(64, 63), tileOverRows(3, 4)]).toEqual([
      [8, 16],
      [8, 8],
      [4, 4],
    ]);
    expect(splitRows(3072, 32)).toEqual({ splits: 32, block: 96 });
    expect(splitRows(3072, 1)).toEqual({ splits: 1, block: 3072 });
    expect(splitRows(20, 100).splits).toBe(1);
  });
});
