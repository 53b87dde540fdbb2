/** For tests: holds an op of own kernels against the same thing made of tfjs ops, against itself, and against differences. */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { random } from "../../core/random";
import { valueAndGradients } from "../backward";
import type { Gpu } from "../device";
import { createGradientStore } from "../gradients";
import { disposeOwn, ownTensor, readBuffers, readTensors } from "../step";

/** Standard normal values, scaled, of a seeded stream. */
export function noise(seed: number, size: number, scale = 1): Float32Array {
  const stream = random(seed, "noise");
  return Float32Array.from({ length: size }, () => scale * stream.normal());
}

export type Inputs = Record<string, { values: Float32Array; shape: number[] }>;
export type Differentiable = (inputs: Record<string, Tensor>) => Tensor;

export const noisy = (seed: number, shape: number[], scale = 1): { values: Float32Array; shape: number[] } => ({
  values: noise(
    seed,
    shape.reduce((a, b) => a * b, 1),
    scale,
  ),
  shape,
});

/** Value of an op, and the gradients of a fixed random weighting of its output for each input. */
export async function evaluate(gpu: Gpu, op: Differentiable, inputs: Inputs): Promise<Record<string, Float32Array>> {
  const names = Object.keys(inputs);
  const tensors = tf.tidy(() => {
    const xs = names.map((name) => tf.tensor(inputs[name]!.values, inputs[name]!.shape));
    const call = (...list: Tensor[]) => op(Object.fromEntries(names.map((name, i) => [name, list[i]!])));
    const value = call(...xs);
    const dy = tf.tensor(noise(77, value.size), value.shape);
    return [value, ...tf.grads(call)(xs, dy)];
  });
  const arrays = await readTensors(gpu, tensors);
  tf.dispose(tensors);
  gpu.check();
  return Object.fromEntries(["value", ...names].map((name, i) => [name, arrays[i]!.slice()]));
}

/** Largest difference, relative to the largest expected value, or to 1e-3 where all are smaller: sums that cancel. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let scale = 1e-3;
  for (let i = 0; i < actual.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    difference = Number.isNaN(d) ? Number.NaN : Math.max(difference, d);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}

/** Value and every gradient agree with the plain op, and a second run gives the same bits. */
export async function expectSame(
  gpu: Gpu,
  own: Differentiable,
  plain: Differentiable,
  inputs: Inputs,
  tolerance = 1e-5,
): Promise<Record<string, Float32Array>> {
  const actual = await evaluate(gpu, own, inputs);
  const again = await evaluate(gpu, own, inputs);
  const expected = await evaluate(gpu, plain, inputs);
  for (const name of Object.keys(expected)) {
    expect(relativeError(actual[name]!, expected[name]!), name).toBeLessThan(tolerance);
    expect(Buffer.compare(Buffer.from(actual[name]!.buffer), Buffer.from(again[name]!.buffer)), `${name} again`).toBe(
      0,
    );
  }
  return actual;
}

/** Gradients agree with central differences of the value. `step` suits float32 values around 1. */
export async function expectDifferences(
  gpu: Gpu,
  op: Differentiable,
  inputs: Inputs,
  step = 1e-2,
  tolerance = 1e-2,
): Promise<void> {
  const { value, ...gradients } = await evaluate(gpu, op, inputs);
  const dy = noise(77, value!.length);
  for (const [name, { values }] of Object.entries(inputs)) {
    const expected = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const at = async (delta: number) => {
        const moved = values.slice();
        moved[i]! += delta;
        const xs = Object.fromEntries(
          Object.entries(inputs).map(([n, x]) => [n, tf.tensor(n === name ? moved : x.values, x.shape)]),
        );
        const y = tf.tidy(() => op(xs));
        const [out] = await readTensors(gpu, [y]);
        tf.dispose([xs, y]);
        return out!.reduce((sum, v, k) => sum + v * dy[k]!, 0);
      };
      expected[i] = ((await at(step)) - (await at(-step))) / (2 * step);
    }
    expect(relativeError(gradients[name]!, expected), name).toBeLessThan(tolerance);
  }
}

/** Value and gradients of the same weighting as in `evaluate`, by our own backward pass, with a sink for every input. */
export async function evaluatePass(
  gpu: Gpu,
  op: Differentiable,
  inputs: Inputs,
): Promise<Record<string, Float32Array>> {
  const names = Object.keys(inputs);
  const xs = names.map((name) =>
    ownTensor(gpu, { shape: inputs[name]!.shape, dtype: "float32" }, inputs[name]!.values),
  );
  const store = createGradientStore(
    gpu,
    xs.map((x) => ({ size: x.size, uses: 1 })),
  );
  store.begin();
  let value: Tensor | null = null;
  const { value: loss, gradients } = valueAndGradients(
    () => {
      value = tf.keep(op(Object.fromEntries(names.map((name, i) => [name, xs[i]!]))));
      return tf.sum(tf.mul(value, tf.tensor(noise(77, value.size), value.shape))) as tf.Scalar;
    },
    xs,
    new Map(xs.map((x, i) => [x.id, store.sink(i)])),
  );
  const places = await readBuffers(gpu, store.buffers);
  const found: Record<string, Float32Array> = { value: (await readTensors(gpu, [value!]))[0]! };
  for (const [i, name] of names.entries()) {
    const sum = new Float32Array(xs[i]!.size);
    const partials = new Float32Array(places[store.segmentOf(i)]!);
    for (const { offset, count } of store.contributions(i))
      for (let k = 0; k < count; k++)
        for (let e = 0; e < sum.length; e++) sum[e]! += partials[offset + k * sum.length + e]!;
    const returned = gradients[i];
    if (returned) for (const [e, g] of (await readTensors(gpu, [returned]))[0]!.entries()) sum[e]! += g;
    found[name] = sum;
  }
  tf.dispose([loss, value!, ...gradients.filter((g) => g !== null)]);
  for (const x of xs) disposeOwn(gpu, x);
  store.dispose();
  gpu.check();
  return found;
}

/** Our own backward pass agrees with tfjs' of the plain op, and a second run gives the same bits. */
export async function expectSamePass(
  gpu: Gpu,
  own: Differentiable,
  plain: Differentiable,
  inputs: Inputs,
  tolerance = 1e-5,
): Promise<void> {
  const actual = await evaluatePass(gpu, own, inputs);
  const again = await evaluatePass(gpu, own, inputs);
  const expected = await evaluate(gpu, plain, inputs);
  for (const name of Object.keys(expected)) {
    expect(relativeError(actual[name]!, expected[name]!), name).toBeLessThan(tolerance);
    expect(Buffer.compare(Buffer.from(actual[name]!.buffer), Buffer.from(again[name]!.buffer)), `${name} again`).toBe(
      0,
    );
  }
}
