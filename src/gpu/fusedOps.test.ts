/** The kernels together: a small transformer against the plain ops, captured against eager, and their dispatches. */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { valueAndGradients } from "./backward";
import { captureStep } from "./capture";
import { flatTensors } from "./flat";
import { fusedOps } from "./fusedOps";
import { createGradientStore } from "./gradients";
import { evaluate, expectSame, expectSamePass, type Inputs, noisy } from "./kernels/checkOp";
import type { TowerOps } from "./ops";
import { plainOps } from "./plainOps";
import { disposeOwn, eagerStep, ownTensor, type StepFunction } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
const [BATCH, TOKENS, WIDTH, HEADS, VOCABULARY] = [3, 10, 16, 2, 13];
const ROWS = BATCH * TOKENS;

const IDS = Array.from({ length: ROWS }, (_, i) => (i * 7 + 3) % VOCABULARY);
const ORDER = IDS.map((_, i) => i).sort((a, b) => IDS[a]! - IDS[b]! || a - b);
const OFFSETS = Array.from({ length: VOCABULARY + 1 }, (_, v) => IDS.filter((id) => id < v).length);
// Every text begins with a token; the second is padded after four.
const MASK = Array.from({ length: ROWS }, (_, i) => (Math.floor(i / TOKENS) === 1 && i % TOKENS >= 4 ? 0 : 1));
const COUNTER = [11, 5];

const weights = (): Inputs => ({
  table: noisy(1, [VOCABULARY, WIDTH]),
  q: noisy(2, [WIDTH, WIDTH], 0.3),
  k: noisy(3, [WIDTH / 2, WIDTH], 0.3),
  v: noisy(4, [WIDTH / 2, WIDTH], 0.3),
  up: noisy(5, [24, WIDTH], 0.3),
  gate: noisy(6, [24, WIDTH], 0.3),
  down: noisy(7, [WIDTH, 24], 0.3),
  gain: noisy(8, [WIDTH]),
  bias: noisy(9, [WIDTH]),
  wide: noisy(10, [24]),
});

/** Every op of the interface at least once, wired as in a tower. */
function block(ops: TowerOps, p: Record<string, Tensor>): Tensor {
  const matrix = (name: string) => p[name] as Tensor2D;
  const vector = (name: string) => p[name] as Tensor1D;
  const int = (values: readonly number[]) => tf.tensor1d([...values], "int32");
  const mask = tf.tensor2d(MASK, [BATCH, TOKENS]);
  const counter = int(COUNTER);
  let x = ops.embed(matrix("table"), { ids: int(IDS), order: int(ORDER), offsets: int(OFFSETS) });
  x = ops.layerNorm(x, vector("gain"), vector("bias"), 1e-5);
  const mixed = ops.attention(
    tf.concat([ops.linear(x, matrix("q"), vector("bias")), ops.linear(x, matrix("k")), ops.linear(x, matrix("v"))], 1),
    mask,
    { batch: BATCH, tokens: TOKENS, heads: HEADS, kvHeads: 1, causal: true, ropeTheta: 10000 },
  );
  x = tf.add(x, ops.dropout(mixed, { rate: 0.1, counter, site: 1 }));
  const y = ops.rmsNorm(x, vector("gain"), 1e-6);
  const up = ops.gelu(ops.linear(y, matrix("up"), vector("wide")));
  const inner = ops.siluGate(ops.linear(y, matrix("gate")), up);
  x = ops.linear(inner, matrix("down"), vector("bias"), x);
  const norm = { gain: vector("gain"), eps: 1e-6 };
  const layer = { inner: matrix("up"), innerBias: vector("wide"), outer: matrix("down"), outerBias: vector("bias") };
  x = ops.feedForward(x, { ...layer, gated: false, norm }, x);
  const both = tf.concat([matrix("gate"), matrix("up")], 0) as Tensor2D;
  x = ops.feedForward(x, { gated: true, inner: both, outer: matrix("down") }, x);
  x = tf.add(x, ops.rmsNormLinear(x, vector("gain"), 1e-6, matrix("q"), vector("bias")));
  const shares: Tensor2D = tf.div(mask, tf.sum(mask, 1, true));
  const pooled = tf.add(
    ops.rmsNormPool(x, vector("gain"), 1e-6, shares),
    ops.layerNormPool(x, vector("gain"), vector("bias"), 1e-5, shares),
  );
  return tf.add(pooled, ops.pool(x, shares));
}

describe("fusedOps", () => {
  it("makes the same block as the plain ops, with the same gradients, bit for bit the same each time", async () => {
    await expectSame(
      gpu(),
      (p) => block(fusedOps, p),
      (p) => block(plainOps, p),
      weights(),
      1e-4,
    );
  });

  it("does so in our own backward pass too", () =>
    expectSamePass(
      gpu(),
      (p) => block(fusedOps, p),
      (p) => block(plainOps, p),
      weights(),
      1e-4,
    ));

  it("gives gradients of nothing but padding as zeros", async () => {
    const found = await evaluate(gpu(), ({ x }) => fusedOps.pool(x as Tensor2D, tf.zeros([2, 3])), {
      x: noisy(1, [6, 4]),
    });
    expect(found.x!.every((v) => v === 0)).toBe(true);
  });

  it("can be captured, and a replay equals the eager step bit for bit", async () => {
    const values = weights();
    const names = Object.keys(values);
    const specs = Object.fromEntries(names.map((n) => [n, { shape: values[n]!.shape, dtype: "float32" as const }]));
    const host = Object.fromEntries(names.map((n) => [n, values[n]!.values]));
    const fn: StepFunction = (p) => {
      const call = (...list: Tensor[]) =>
        tf.sum(tf.square(block(fusedOps, Object.fromEntries(names.map((n, i) => [n, list[i]!]))))) as tf.Scalar;
      const { value, grads } = tf.valueAndGrads(call)(names.map((n) => p[n]!));
      return { value, ...Object.fromEntries(names.map((n, i) => [`d${n}`, grads[i]!])) };
    };
    const eager = eagerStep(gpu(), fn, specs);
    const captured = captureStep(gpu(), fn, specs);
    eager.run(host);
    captured.run(host);
    captured.run(host);
    for (const name of ["value", ...names.map((n) => `d${n}`)])
      expect([...(await captured.read(name))], name).toEqual([...(await eager.read(name))]);
    eager.dispose();
    captured.dispose();
    gpu().check();
  });
});

describe("dispatches", () => {
  /** Dispatches of the gradients of `names` alone, the others being constants; with the forward pass. */
  function count(op: (p: Record<string, Tensor>) => Tensor, shapes: Record<string, number[]>, names: string[]): number {
    const constants = Object.fromEntries(
      Object.entries(shapes).map(([n, shape]) => [n, ownTensor(gpu(), { shape, dtype: "float32" })]),
    );
    const y = tf.tidy(() => op(constants).shape);
    const step = captureStep(
      gpu(),
      ({ dy }) => {
        if (names.length === 0) return { y: op(constants) };
        const call = (...list: Tensor[]) =>
          op({ ...constants, ...Object.fromEntries(names.map((n, i) => [n, list[i]!])) });
        const grads = tf.grads(call)(
          names.map((n) => constants[n]!),
          dy!,
        );
        return Object.fromEntries(grads.map((g, i) => [names[i]!, g]));
      },
      { dy: { shape: y, dtype: "float32" } },
    );
    const { dispatches } = step.stats;
    step.dispose();
    for (const tensor of Object.values(constants)) disposeOwn(gpu(), tensor);
    return dispatches!;
  }

  const attention = (ropeTheta?: number) => (p: Record<string, Tensor>) =>
    fusedOps.attention(p.qkv as Tensor2D, p.mask as Tensor2D, {
      batch: 2,
      tokens: 3,
      heads: 2,
      kvHeads: 1,
      causal: false,
      ...(ropeTheta === undefined ? {} : { ropeTheta }),
    });
  const qkv = { qkv: [6, 16], mask: [2, 3] };

  it("attention: one forward (two with rotary positions), one backward", () => {
    expect(count(attention(), qkv, [])).toBe(1);
    expect(count(attention(), qkv, ["qkv"])).toBe(2);
    expect(count(attention(100), qkv, ["qkv"])).toBe(3);
  });

  it("norms: one forward, one for x, two for the parameters", () => {
    const shapes = { x: [300, 8], gain: [8], bias: [8] };
    const layer = (p: Record<string, Tensor>) =>
      fusedOps.layerNorm(p.x as Tensor2D, p.gain as Tensor1D, p.bias as Tensor1D, 1e-5);
    expect(count(layer, shapes, ["x"])).toBe(2);
    expect(count(layer, shapes, ["x", "gain", "bias"])).toBe(4);
    const rms = (p: Record<string, Tensor>) => fusedOps.rmsNorm(p.x as Tensor2D, p.gain as Tensor1D, 1e-5);
    expect(count(rms, { x: [300, 8], gain: [8] }, ["x"])).toBe(2);
    expect(count(rms, { x: [10, 8], gain: [8] }, ["gain"])).toBe(3);
  });

  it("the rest: one forward, one backward", () => {
    const unary: [string, (p: Record<string, Tensor>) => Tensor, Record<string, number[]>, string[]][] = [
      ["gelu", (p) => fusedOps.gelu(p.x as Tensor2D), { x: [3, 4] }, ["x"]],
      ["siluGate", (p) => fusedOps.siluGate(p.g as Tensor2D, p.u as Tensor2D), { g: [3, 4], u: [3, 4] }, ["g", "u"]],
      ["pool", (p) => fusedOps.pool(p.x as Tensor2D, p.w as Tensor2D), { x: [6, 4], w: [2, 3] }, ["x"]],
    ];
    for (const [name, op, shapes, names] of unary) expect(count(op, shapes, names), name).toBe(2);
  });

  it("in our own backward pass: one for all gradients of an operation, and none for a sum with what is there", () => {
    const [rows, width, hidden] = [40, 16, 24];
    const flat = flatTensors(gpu(), [
      { shape: [rows, width] },
      { shape: [3 * width, width] },
      { shape: [width] },
      { shape: [hidden, width] },
      { shape: [width, hidden] },
    ]);
    const [x, qkv, gain, inner, outer] = flat.tensors as [Tensor2D, Tensor2D, Tensor1D, Tensor2D, Tensor2D];
    const store = createGradientStore(
      gpu(),
      flat.tensors.map(({ size }) => ({ size, uses: 1 })),
    );
    const cost = (op: () => Tensor) => {
      const step = captureStep(
        gpu(),
        () => {
          store.begin();
          // Squares and their sum take what they take; the operation's share is what is more.
          const { value, gradients } = valueAndGradients(
            () => tf.sum(tf.square(op())) as tf.Scalar,
            flat.tensors,
            new Map(flat.tensors.slice(1).map((t, i) => [t.id, store.sink(i + 1)])),
          );
          return { value, dx: gradients[0]! };
        },
        {},
      );
      const { dispatches } = step.stats;
      step.dispose();
      return dispatches!;
    };
    const bare = cost(() => x);
    expect(cost(() => fusedOps.linear(x, qkv)) - bare).toBe(2);
    expect(cost(() => fusedOps.rmsNormLinear(x, gain, 1e-6, qkv)) - bare).toBe(3);
    expect(cost(() => fusedOps.feedForward(x, { gated: false, inner, outer })) - bare).toBe(4);
    const norm = { gain, eps: 1e-6 };
    expect(cost(() => fusedOps.feedForward(x, { gated: false, norm, inner, outer }, x)) - bare).toBe(5);
    expect(cost(() => fusedOps.linear(fusedOps.rmsNorm(x, gain, 1e-6), qkv)) - bare).toBe(4);
    store.dispose();
    flat.dispose();
  });
});
