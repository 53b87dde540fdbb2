/** For tests: value and gradients of a tfjs function, checked against its twin in float64 (reference.ts). */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect } from "vitest";
import { random } from "../core/random";
import type { Values } from "./reference";

export * from "./reference";

/** Call at the top of a test file: its tests run on tfjs' CPU backend. */
export function useCpu(): void {
  beforeAll(async () => {
    await tf.setBackend("cpu");
  });
}

export interface Input {
  shape: number[];
  values: Float32Array;
}
export type Inputs = Record<string, Input>;

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Standard normal values of a seeded stream, scaled and shifted. */
export function noisy(seed: number, shape: number[], scale = 1, shift = 0): Input {
  const stream = random(seed, "float64");
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => shift + scale * stream.normal()) };
}

/** Largest difference over the largest expected value, or over 0.01 where all are smaller; NaN where anything is not a number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  // A gradient that is zero by algebra (a bias on all keys) is float32 rounding of sums around 1: up to some 3e-7.
  let scale = 1e-2;
  for (let i = 0; i < actual.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    difference = Number.isNaN(d) || Number.isNaN(difference) ? Number.NaN : Math.max(difference, d);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}

/**
 * A tfjs function has the value of its float64 twin, and for each input the gradient that central differences of the
 * twin give, under a fixed random weighting of the outputs.
 * @param tolerance relative to the largest value, of `value` (default 1e-5) and of each `gradient` (default 1e-4)
 */
export function expectTwin(
  op: (inputs: Record<string, Tensor>) => Tensor,
  twin: (inputs: Record<string, Values>) => Values,
  inputs: Inputs,
  tolerance: { value?: number; gradient?: number } = {},
): void {
  const names = Object.keys(inputs);
  const doubles = (): Record<string, Values> =>
    Object.fromEntries(names.map((name) => [name, Float64Array.from(inputs[name]!.values)]));
  const expected = twin(doubles());
  const weights = noisy(77, [expected.length]).values;
  const found = tf.tidy(() => {
    const xs = names.map((name) => tf.tensor(inputs[name]!.values, inputs[name]!.shape, "float32"));
    const call = (...list: Tensor[]) => op(Object.fromEntries(names.map((name, i) => [name, list[i]!])));
    const value = call(...xs);
    const gradients = tf.grads(call)(xs, tf.tensor(weights, value.shape));
    return [value, ...gradients].map((tensor) => tensor.dataSync().slice() as Float32Array);
  });
  expect(relativeError(found[0]!, expected), "value").toBeLessThan(tolerance.value ?? 1e-5);
  const h = 1e-5;
  names.forEach((name, n) => {
    const moving = doubles();
    const list = moving[name]!;
    const differences = Float64Array.from(list, (start, i) => {
      const at = (x: number) => {
        list[i] = x;
        return twin(moving).reduce((sum, v, o) => sum + v * weights[o]!, 0);
      };
      const slope = (at(start + h) - at(start - h)) / (2 * h);
      list[i] = start;
      return slope;
    });
    expect(relativeError(found[n + 1]!, differences), `gradient of ${name}`).toBeLessThan(tolerance.gradient ?? 1e-4);
  });
}
