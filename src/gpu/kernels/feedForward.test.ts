import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { countGpu } from "../count";
import type { TowerOps } from "../ops";
import { plainOps } from "../plainOps";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { evaluatePass, expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { feedForward } from "./feedForward";

const gpu = useGpu();
type Xs = Record<string, Tensor>;

const call =
  (make: TowerOps["feedForward"], gated: boolean) =>
  ({ x, gain, inner, outer, innerBias, outerBias, residual }: Xs) =>
    make(
      x as Tensor2D,
      {
        gated,
        norm: gain ? { gain: gain as Tensor1D, eps: 1e-5 } : undefined,
        inner: inner as Tensor2D,
        outer: outer as Tensor2D,
        innerBias: innerBias as Tensor1D | undefined,
        outerBias: outerBias as Tensor1D | undefined,
      },
      residual as Tensor2D | undefined,
    );

const inputsOf = (rows: number, width: number, hidden: number, gated: boolean) => ({
  x: noisy(1, [rows, width]),
  inner: noisy(2, [hidden * (gated ? 2 : 1), width], 0.5),
  outer: noisy(3, [width, hidden], 0.5),
});
const withBiases = (rows: number, width: number, hidden: number, gated: boolean) => ({
  ...inputsOf(rows, width, hidden, gated),
  innerBias: noisy(4, [hidden * (gated ? 2 : 1)]),
  outerBias: noisy(5, [width]),
  residual: noisy(6, [rows, width]),
});

for (const gated of [false, true])
  describe(`feedForward, ${gated ? "gated" : "gelu"}`, () => {
    const own = call(feedForward, gated);
    const plain = call(plainOps.feedForward, gated);
    for (const [rows, width, hidden] of [
      [1, 1, 1],
      [3, 5, 7],
      [70, 12, 20],
      [130, 64, 36],
      [513, 32, 8],
    ] as const)
      it(`${rows} rows, ${width} -> ${hidden}`, async () => {
        const bare = inputsOf(rows, width, hidden, gated);
        const full = withBiases(rows, width, hidden, gated);
        const gain = noisy(7, [width]);
        // Of a norm of one value nothing but rounding is left in dx.
        const tolerance = width === 1 ? 1e-3 : 2e-5;
        for (const inputs of [bare, full, { ...bare, gain }, { ...full, gain }]) {
          await expectSame(gpu(), own, plain, inputs, tolerance);
          await expectSamePass(gpu(), own, plain, inputs, tolerance);
        }
      });

    it("agrees with differences", () =>
      expectDifferences(gpu(), own, { ...withBiases(2, 3, 4, gated), gain: noisy(7, [3]) }));

    it("adds to a gradient that is there already", async () => {
      const inputs = { ...inputsOf(40, 8, 12, gated), gain: noisy(7, [8]) };
      const more = (fn: typeof own) => (xs: Xs) => tf.add(tf.square(xs["x"]!), fn({ ...xs, residual: xs["x"]! }));
      await expectSamePass(gpu(), more(own), more(plain), inputs, 2e-5);
      const { gain: _, ...bare } = inputs;
      await expectSamePass(gpu(), more(own), more(plain), bare, 2e-5);
    });

    it("takes one dispatch more on a device with few bindings, and gives the same", async () => {
      const { backend, device } = gpu();
      const limits = new Proxy(device.limits, {
        get: (target, key) => (key === "maxStorageBuffersPerShaderStage" ? 8 : Reflect.get(target, key, target)),
      });
      const small = new Proxy(device, {
        get(target, key) {
          if (key === "limits") return limits;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const inputs = { ...withBiases(70, 8, 12, gated), gain: noisy(7, [8]) };
      const expected = await evaluatePass(gpu(), own, inputs);
      const counter = countGpu();
      try {
        await evaluatePass(gpu(), own, inputs);
        const { dispatches } = counter.counts;
        counter.reset();
        backend.device = small;
        expect(await evaluatePass(gpu(), own, inputs)).toEqual(expected);
        expect(counter.counts.dispatches).toBe(dispatches + 1);
      } finally {
        backend.device = device;
        counter.stop();
      }
    });

    it("gives the same without a tape, and leaves nothing behind", async () => {
      const inputs = inputsOf(9, 8, 12, gated);
      const xs = Object.fromEntries(
        Object.entries(inputs).map(([name, { values, shape }]) => [name, tf.tensor(values, shape)]),
      );
      const before = tf.memory().numTensors;
      const alone = own(xs);
      const { value, grad } = tf.valueAndGrad((x: Tensor) => tf.sum(own({ ...xs, x })) as tf.Scalar)(xs["x"]!);
      const [y] = await readTensors(gpu(), [alone]);
      const [sum] = await readTensors(gpu(), [value]);
      expect(y!.reduce((a, b) => a + b, 0)).toBeCloseTo(sum![0]!, 3);
      tf.dispose([alone, value, grad]);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose(xs);
    });

    it("refuses layers that do not fit", () => {
      expect(() => own({ x: tf.zeros([2, 3]), inner: tf.zeros([5, 3]), outer: tf.zeros([3, 4]) })).toThrow(
        /does not fit/,
      );
    });
  });
