import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import type { AttentionShape } from "../ops";
import { useGpu } from "../testGpu";
import { attention } from "./attention";
import { evaluate, expectDifferences, expectSame, type Inputs, noisy, relativeError } from "./checkOp";
import { setVariants, VARIANTS } from "./variants";

const gpu = useGpu();
type Xs = Record<string, Tensor>;

/** Padding on the right (as after tokenizing), on the left, in the middle, and a text without any token. */
const masks = (batch: number, tokens: number): number[][] =>
  Array.from({ length: batch }, (_, b) =>
    Array.from({ length: tokens }, (_, t) => {
      if (b % 4 === 1) return t < Math.ceil(tokens / 2) ? 1 : 0;
      if (b % 4 === 2) return t >= Math.floor(tokens / 3) && t !== tokens - 2 ? 1 : 0;
      if (b % 4 === 3) return 0;
      return 1;
    }),
  );

/** x [batch, heads, tokens, size] turned, angles in double precision. */
function rotate(x: Tensor, theta: number, slower: (frequency: number) => number): Tensor {
  const [, , tokens, size] = x.shape as [number, number, number, number];
  const half = size / 2;
  const table = (f: (angle: number) => number) =>
    tf.tensor2d(
      Array.from({ length: tokens }, (_, t) =>
        Array.from({ length: half }, (_, i) => f(t * slower(theta ** ((-2 * i) / size)))),
      ),
    );
  const [a, b] = tf.split(x, 2, 3) as [Tensor, Tensor];
  const [c, s] = [table(Math.cos), table(Math.sin)];
  return tf.concat([tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(b, c), tf.mul(a, s))], 3);
}

function plain({ q, k, v }: Xs, keep: number[][], shape: AttentionShape): Tensor {
  const { batch, tokens, heads, kvHeads, causal, ropeTheta, ropeScaling } = shape;
  // As transformers writes it, by wavelength.
  const slowed = (frequency: number): number => {
    if (!ropeScaling) return frequency;
    const { factor, slow, fast, originalTokens: old } = ropeScaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength > old / slow) return frequency / factor;
    if (wavelength < old / fast) return frequency;
    const smooth = (old / wavelength - slow) / (fast - slow);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  };
  const size = q!.shape[1]! / heads;
  const split = (x: Tensor, h: number) => tf.transpose(tf.reshape(x, [batch, tokens, h, size]), [0, 2, 1, 3]);
  const serve = (x: Tensor) =>
    tf.concat(
      Array.from({ length: heads }, (_, h) =>
        tf.slice(x, [0, Math.floor((h * kvHeads) / heads), 0, 0], [batch, 1, tokens, size]),
      ),
      1,
    );
  const turn = (x: Tensor) => (ropeTheta === undefined ? x : rotate(x, ropeTheta, slowed));
  const allowed = keep.map((row) => row.map((_, t) => row.map((m, s) => (m === 1 && !(causal && s > t) ? 1 : 0))));
  const sees = tf.tensor(allowed.map((rows) => rows.map((row) => [row.some((m) => m === 1) ? 1 : 0])));
  const z = tf.mul(
    tf.matMul(turn(split(q!, heads)), serve(turn(split(k!, kvHeads))), false, true),
    1 / Math.sqrt(size),
  );
  const barred = tf.mul(tf.sub(1, tf.reshape(tf.tensor(allowed), [batch, 1, tokens, tokens])), -1e9);
  const p = tf.mul(tf.softmax(tf.add(z, barred)), tf.reshape(sees, [batch, 1, tokens, 1]));
  const o = tf.matMul(p, serve(split(v!, kvHeads)));
  return tf.reshape(tf.transpose(o, [0, 2, 1, 3]), [batch * tokens, heads * size]);
}

const inputsOf = ({ batch, tokens, heads, kvHeads }: AttentionShape, size: number, scale = 1): Inputs => ({
  q: noisy(1, [batch * tokens, heads * size], scale),
  k: noisy(2, [batch * tokens, kvHeads * size], scale),
  v: noisy(3, [batch * tokens, kvHeads * size]),
});
const ownOf =
  (shape: AttentionShape, keep = masks(shape.batch, shape.tokens)) =>
  ({ q, k, v }: Xs) =>
    attention(tf.concat([q as Tensor2D, k as Tensor2D, v as Tensor2D], 1), tf.tensor2d(keep), shape);

describe("attention", () => {
  const cases: [AttentionShape & { size: number }, string][] = [
    [{ batch: 1, tokens: 1, heads: 1, kvHeads: 1, causal: false, size: 1 }, "of size 1"],
    [{ batch: 4, tokens: 5, heads: 3, kvHeads: 3, causal: false, size: 3 }, "odd"],
    [{ batch: 4, tokens: 17, heads: 2, kvHeads: 2, causal: false, size: 16 }, "as a BERT has it"],
    [{ batch: 4, tokens: 13, heads: 4, kvHeads: 2, causal: true, size: 8 }, "causal, grouped"],
    [{ batch: 4, tokens: 8, heads: 2, kvHeads: 2, causal: true, size: 16 }, "in whole blocks"],
    [{ batch: 4, tokens: 12, heads: 6, kvHeads: 2, causal: true, ropeTheta: 10000, size: 16 }, "as a Llama has it"],
    [{ batch: 3, tokens: 7, heads: 2, kvHeads: 1, causal: false, ropeTheta: 100, size: 6 }, "rotary, odd halves"],
    [{ batch: 5, tokens: 20, heads: 4, kvHeads: 2, causal: false, size: 4 }, "several short texts a workgroup"],
    [{ batch: 1, tokens: 2050, heads: 2, kvHeads: 1, causal: true, size: 4 }, "longer than a workgroup's share"],
    [{ batch: 2, tokens: 70, heads: 1, kvHeads: 1, causal: true, ropeTheta: 1e6, size: 64 }, "wide heads"],
    [
      {
        ...{ batch: 2, tokens: 14, heads: 2, kvHeads: 1, causal: true, size: 16, ropeTheta: 50 },
        // Turns of its eight frequencies within 16 tokens: 2.5 to 0.08; some stay, some are mixed, some are slowed down.
        ropeScaling: { factor: 8, slow: 0.3, fast: 1.5, originalTokens: 16 },
      },
      "stretched positions, as Llama 3.1 has them",
    ],
  ];
  for (const [{ size, ...shape }, name] of cases)
    for (const variant of shape.causal && shape.tokens < 70 ? VARIANTS.matmul : (["registers"] as const))
      it(`agrees with softmax(q k^T) v: ${name}, ${variant}`, async () => {
        const keep = masks(shape.batch, shape.tokens);
        // Which says how many queries and keys a thread has.
        setVariants(gpu().backend, { matmul: variant });
        try {
          const found = await expectSame(gpu(), ownOf(shape), (xs) => plain(xs, keep, shape), inputsOf(shape, size));
          for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true);
        } finally {
          setVariants(gpu().backend, { matmul: "registers" });
        }
      });

  it("compiles nothing more for other texts and tokens, which it attends to rightly", async () => {
    const made = vi.spyOn(GPUDevice.prototype, "createComputePipeline");
    const counts: number[] = [];
    for (const [batch, tokens] of [
      [3, 8],
      [4, 20],
    ] as const) {
      const shape = { batch, tokens, heads: 2, kvHeads: 1, causal: false };
      const keep = masks(batch, tokens);
      made.mockClear();
      await expectSame(gpu(), ownOf(shape), (xs) => plain(xs, keep, shape), inputsOf(shape, 12));
      counts.push(made.mock.calls.filter(([{ label }]) => label?.startsWith("attention")).length);
    }
    made.mockRestore();
    expect(counts).toEqual([2, 0]);
  });

  it("gives zeros, value and gradients, where there is no token at all", async () => {
    const shape = { batch: 2, tokens: 3, heads: 2, kvHeads: 1, causal: true, ropeTheta: 10000 };
    const keep = masks(2, 3).map((row) => row.map(() => 0));
    const found = await evaluate(gpu(), ownOf(shape, keep), inputsOf(shape, 4));
    for (const [name, values] of Object.entries(found))
      expect(
        values.every((x) => x === 0),
        name,
      ).toBe(true);
  });

  it("stays finite and right with scores of several thousands", async () => {
    const shape = { batch: 1, tokens: 6, heads: 1, kvHeads: 1, causal: false };
    const inputs = inputsOf(shape, 8, 60);
    const keep = masks(1, 6);
    await expectSame(gpu(), ownOf(shape), (xs) => plain(xs, keep, shape), inputs, 1e-3);
  });

  it("turns by far positions as exactly as near ones", async () => {
    // Relative positions alone matter: attention over the last tokens equals attention over the first.
    const shape = { batch: 1, tokens: 600, heads: 1, kvHeads: 1, causal: false, ropeTheta: 10000 };
    const window = (first: number) => [Array.from({ length: 600 }, (_, t) => (t >= first && t < first + 4 ? 1 : 0))];
    const block = noisy(5, [4, 8]).values;
    const at = (first: number): Inputs => {
      const values = new Float32Array(600 * 8);
      values.set(block, first * 8);
      return { q: { values, shape: [600, 8] }, k: { values, shape: [600, 8] }, v: { values, shape: [600, 8] } };
    };
    const near = (await evaluate(gpu(), ownOf(shape, window(0)), at(0))).value!.subarray(0, 32);
    const far = (await evaluate(gpu(), ownOf(shape, window(596)), at(596))).value!.subarray(596 * 8);
    expect(relativeError(far, near)).toBeLessThan(1e-4);
  });

  it("agrees with differences", async () => {
    const shape = { batch: 1, tokens: 3, heads: 2, kvHeads: 1, causal: true, ropeTheta: 100 };
    await expectDifferences(gpu(), ownOf(shape), inputsOf(shape, 2));
  });

  it("leaves no tensor behind, also where only some gradients are asked for", () => {
    const shape = { batch: 1, tokens: 3, heads: 2, kvHeads: 1, causal: false };
    const [q, k, v, mask] = [tf.ones([3, 4]), tf.ones([3, 2]), tf.ones([3, 2]), tf.ones([1, 3])] as Tensor2D[];
    const before = tf.memory().numTensors;
    const call = (a: Tensor2D, b: Tensor2D, c: Tensor2D) => attention(tf.concat([a, b, c], 1), mask!, shape);
    tf.dispose(tf.grad((x) => call(x as Tensor2D, k!, v!))(q!));
    tf.dispose(tf.grad((x) => call(q!, x as Tensor2D, v!))(k!));
    tf.dispose(tf.grad((x) => call(q!, k!, x as Tensor2D))(v!));
    tf.dispose(tf.grads((x, y) => call(x as Tensor2D, k!, y as Tensor2D))([q!, v!]));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([q!, k!, v!, mask!]);
  });

  it("refuses heads that do not divide", () => {
    const shape = { batch: 1, tokens: 2, heads: 3, kvHeads: 2, causal: false };
    const x = tf.zeros([2, 18]) as Tensor2D;
    expect(() => attention(x, tf.ones([1, 2]), shape)).toThrow(/do not fit/);
  });
});
