/**
 * The towers' operations in tfjs ops alone: the reference for the kernels and what other backends run. Matrices are
 * two-dimensional throughout (see ops.ts). Only the embedding's gradient and dropout call a kernel of this project where
 * the backend has it, for tfjs' own either add up by float atomics or draw their mask on the CPU.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap, NamedTensorMap, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { dropoutBits, dropoutThreshold } from "./dropoutBits";
import type { AttentionShape, DropoutKey, TokenIds, TowerOps } from "./ops";

const hasKernel = (name: string) => tf.getKernel(name, tf.getBackend()) !== undefined && tf.getKernel(name, tf.getBackend()) !== null;
const runKernel = <T extends Tensor>(name: string, inputs: Record<string, Tensor>, attrs: Record<string, unknown>): T =>
  tf.engine().runKernel(name, inputs as NamedTensorMap, attrs as NamedAttrMap) as T;

function linear(x: Tensor2D, weight: Tensor2D, bias?: Tensor1D): Tensor2D {
  const y: Tensor2D = tf.matMul(x, weight, false, true);
  return bias ? (tf.add(y, bias) as Tensor2D) : y;
}

const embed = (table: Tensor2D, tokens: TokenIds): Tensor2D =>
  tf.customGrad((...args) => {
    const [t, ids, order, offsets] = args as unknown as [Tensor2D, Tensor1D, Tensor1D, Tensor1D];
    const save = args[args.length - 1] as unknown as (tensors: Tensor[]) => void;
    save([ids, order, offsets]);
    return {
      value: tf.gather(t, ids),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        embedGradient(dy as Tensor2D, saved[0] as Tensor1D, saved[1] as Tensor1D, saved[2] as Tensor1D, table.shape[0]),
        tf.zerosLike(saved[0]!),
        tf.zerosLike(saved[1]!),
        tf.zerosLike(saved[2]!),
      ],
    };
  })(table, tokens.ids, tokens.order, tokens.offsets) as Tensor2D;

function embedGradient(dy: Tensor2D, ids: Tensor1D, order: Tensor1D, offsets: Tensor1D, vocabulary: number): Tensor2D {
  if (hasKernel("LabEmbedGrad")) return runKernel("LabEmbedGrad", { dy, order, offsets }, { vocabulary });
  return tf.unsortedSegmentSum(dy, ids, vocabulary);
}

function rmsNorm(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), eps));
  return tf.mul(tf.mul(x, scale), gain);
}

function layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  return tf.add(tf.mul(tf.mul(centred, scale), gain), bias);
}

/** Rotary positions, split-half layout: x [batch, heads, tokens, size]. (Su et al., arXiv 2104.09864; layout of Llama) */
function rotate(x: Tensor4D, theta: number): Tensor4D {
  const [, , tokens, size] = x.shape;
  const half = size / 2;
  const angles = new Float32Array(tokens * size);
  for (let t = 0; t < tokens; t++)
    for (let i = 0; i < size; i++) angles[t * size + i] = t * theta ** ((-2 * (i % half)) / size);
  const cos = tf.tensor2d(angles.map(Math.cos), [tokens, size]);
  const sin = tf.tensor2d(angles.map(Math.sin), [tokens, size]);
  const [first, second] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(second), first], 3), sin));
}

function attention(q: Tensor2D, k: Tensor2D, v: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D {
  const { batch, tokens, heads, kvHeads, causal, ropeTheta } = shape;
  const size = q.shape[1] / heads;
  const split = (x: Tensor2D, count: number) =>
    tf.transpose(tf.reshape(x, [batch, tokens, count, size]), [0, 2, 1, 3]) as Tensor4D;
  let queries = split(q, heads);
  let keys = split(k, kvHeads);
  let values = split(v, kvHeads);
  if (ropeTheta !== undefined) {
    queries = rotate(queries, ropeTheta);
    keys = rotate(keys, ropeTheta);
  }
  if (kvHeads !== heads) {
    keys = repeatHeads(keys, heads / kvHeads);
    values = repeatHeads(values, heads / kvHeads);
  }
  const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size)); // [batch, heads, tokens, tokens]
  // A large finite number, not infinity: a stray Inf beside a tfjs matMul becomes NaN.
  let hidden: Tensor = tf.mul(tf.sub(1, tf.reshape(mask, [batch, 1, 1, tokens])), -1e9);
  if (causal) {
    const future = new Float32Array(tokens * tokens);
    for (let i = 0; i < tokens; i++) for (let j = i + 1; j < tokens; j++) future[i * tokens + j] = -1e9;
    hidden = tf.add(hidden, tf.tensor4d(future, [1, 1, tokens, tokens]));
  }
  const weights = tf.softmax(tf.add(scores, hidden));
  const mixed = tf.matMul(weights, values); // [batch, heads, tokens, size]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * tokens, heads * size]);
}

/** [batch, kvHeads, tokens, size] -> each head `times` times in a row. */
function repeatHeads(x: Tensor4D, times: number): Tensor4D {
  const [batch, heads, tokens, size] = x.shape;
  const copies = tf.stack(Array.from({ length: times }, () => x), 2);
  return tf.reshape(copies, [batch, heads * times, tokens, size]);
}

function dropout<T extends Tensor>(x: T, { rate, counter, site }: DropoutKey): T {
  if (rate === 0) return x;
  const masked = tf.customGrad((...args) => {
    const [value, state] = args as unknown as [T, Tensor1D];
    const save = args[args.length - 1] as unknown as (tensors: Tensor[]) => void;
    save([state]);
    return {
      value: applyDropout(value, state, rate, site),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        applyDropout(dy, saved[0] as Tensor1D, rate, site),
        tf.zerosLike(saved[0]!),
      ],
    };
  });
  return masked(x, counter) as T;
}

function applyDropout<T extends Tensor>(x: T, counter: Tensor1D, rate: number, site: number): T {
  if (hasKernel("LabDropout")) return runKernel("LabDropout", { x, counter }, { rate, site });
  const [seed, step] = counter.dataSync();
  const threshold = dropoutThreshold(rate);
  const keep = Float32Array.from({ length: x.size }, (_, i) =>
    dropoutBits(seed!, step!, site, i) >= threshold ? 1 / (1 - rate) : 0,
  );
  return tf.mul(x, tf.tensor(keep, x.shape)) as T;
}

export const plainOps: TowerOps = {
  name: "plain",
  linear,
  embed,
  rmsNorm,
  layerNorm,
  attention,
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  siluGate: (gate, up) => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up),
  pool(x, weights) {
    const [batch, tokens] = weights.shape;
    const width = x.shape[1];
    return tf.sum(tf.mul(tf.reshape(x, [batch, tokens, width]), tf.reshape(weights, [batch, tokens, 1])), 1) as Tensor2D;
  },
  dropout,
};
