/**
 * For tests: the towers' operations once more, in plain TypeScript and float64, written from their definitions and
 * without tfjs; and a check of value and gradients against them. Because the differences are taken in float64, they are
 * good to about nine digits, far beyond the float32 under test.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect } from "vitest";
import { random } from "../core/random";
import type { AttentionShape } from "./ops";

/** Call at the top of a test file: its tests run on tfjs' CPU backend. */
export function useCpu(): void {
  beforeAll(async () => {
    await tf.setBackend("cpu");
  });
}

/** Row-major values; the caller knows the shape. */
export type Values = Float64Array;
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

/** x [n, from] times weight [to, from] transposed, plus bias [to]. */
export function linear(x: Values, weight: Values, from: number, bias?: Values): Values {
  const to = weight.length / from;
  const n = x.length / from;
  const y = new Float64Array(n * to);
  for (let r = 0; r < n; r++)
    for (let o = 0; o < to; o++) {
      let sum = bias ? bias[o]! : 0;
      for (let i = 0; i < from; i++) sum += x[r * from + i]! * weight[o * from + i]!;
      y[r * to + o] = sum;
    }
  return y;
}

export function embed(table: Values, ids: ArrayLike<number>, width: number): Values {
  return Float64Array.from(
    { length: ids.length * width },
    (_, i) => table[ids[Math.floor(i / width)]! * width + (i % width)]!,
  );
}

export function rmsNorm(x: Values, gain: Values, eps: number): Values {
  const width = gain.length;
  return x.map((v, i) => {
    const row = x.subarray(i - (i % width), i - (i % width) + width);
    const square = row.reduce((s, a) => s + a * a, 0) / width;
    return (v / Math.sqrt(square + eps)) * gain[i % width]!;
  });
}

export function layerNorm(x: Values, gain: Values, bias: Values, eps: number): Values {
  const width = gain.length;
  return x.map((v, i) => {
    const row = x.subarray(i - (i % width), i - (i % width) + width);
    const mean = row.reduce((s, a) => s + a, 0) / width;
    const variance = row.reduce((s, a) => s + (a - mean) ** 2, 0) / width;
    return ((v - mean) / Math.sqrt(variance + eps)) * gain[i % width]! + bias[i % width]!;
  });
}

/**
 * One query at a time, hidden keys left out rather than given a low score; a query that sees no key gives zeros.
 * Rotary positions turn the pair (i, i + size / 2) of a head as a complex number.
 */
export function attention(q: Values, k: Values, v: Values, mask: ArrayLike<number>, shape: AttentionShape): Values {
  const { batch, tokens, heads, kvHeads, causal, ropeTheta } = shape;
  const size = q.length / (batch * tokens * heads);
  const vector = (x: Values, row: number, head: number, count: number, position: number | null): number[] => {
    const at = (row * count + head) * size;
    const own = Array.from(x.subarray(at, at + size));
    if (ropeTheta === undefined || position === null) return own;
    const half = size / 2;
    return own.map((_, i) => {
      const pair = i % half;
      const angle = position / ropeTheta ** ((2 * pair) / size);
      const [re, im] = [own[pair]!, own[pair + half]!];
      return i < half ? re * Math.cos(angle) - im * Math.sin(angle) : re * Math.sin(angle) + im * Math.cos(angle);
    });
  };
  const out = new Float64Array(q.length);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor(h / (heads / kvHeads));
      for (let t = 0; t < tokens; t++) {
        const query = vector(q, b * tokens + t, h, heads, t);
        const seen = Array.from({ length: tokens }, (_, s) => s).filter(
          (s) => mask[b * tokens + s] === 1 && (!causal || s <= t),
        );
        const weights = seen.map((s) => {
          const key = vector(k, b * tokens + s, kv, kvHeads, s);
          return Math.exp(query.reduce((sum, a, i) => sum + a * key[i]!, 0) / Math.sqrt(size));
        });
        const total = weights.reduce((a, w) => a + w, 0);
        seen.forEach((s, n) => {
          vector(v, b * tokens + s, kv, kvHeads, null).forEach((a, i) => {
            out[((b * tokens + t) * heads + h) * size + i]! += (weights[n]! / total) * a;
          });
        });
      }
    }
  return out;
}

/** erf by its Maclaurin series: exact to float64 up to about 4, where it is 1 to within 2e-8. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

export const gelu = (x: Values): Values => x.map((v) => (v / 2) * (1 + erf(v / Math.SQRT2)));
export const siluGate = (gate: Values, up: Values): Values => gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
export const add = (a: Values, b: Values): Values => a.map((v, i) => v + b[i]!);

/** Weighted sum of each text's rows: x [batch * tokens, width], weights [batch, tokens]. */
export function pool(x: Values, weights: ArrayLike<number>, batch: number, width: number): Values {
  const tokens = weights.length / batch;
  const y = new Float64Array(batch * width);
  x.forEach((v, i) => {
    const row = Math.floor(i / width);
    y[Math.floor(row / tokens) * width + (i % width)]! += v * weights[row]!;
  });
  return y;
}

export function normalise(x: Values, size: number): Values {
  return x.map((v, i) => v / Math.hypot(...x.subarray(i - (i % size), i - (i % size) + size)));
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
