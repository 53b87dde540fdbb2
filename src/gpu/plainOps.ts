/**
 * The towers' operations in tfjs ops alone: the reference for the kernels and what other backends run. Matrices are
 * two-dimensional throughout (see ops.ts). Only the embedding's gradient and dropout call a kernel of this project where
 * the backend has it (WebGPU), for tfjs' own either add up by float atomics or draw their mask on the CPU.
 */
// It registers a kernel for WebGPU; without it the gradient below would fall to float atomics there, unseen.
import "./kernels/embed";
import type {
  NamedAttrMap,
  NamedTensorMap,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
} from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dropoutBits, dropoutThreshold } from "./dropoutBits";
import { headSize } from "./kernels/attention";
import { firstValue } from "./kernels/dropout";
import { modelsOf, ofEach } from "./kernels/models";
import { ropeFrequency } from "./kernels/rotary";
import type {
  AttentionShape,
  DropoutKey,
  FeedForward,
  Matrix,
  Places,
  RopeScaling,
  TokenIds,
  TowerOps,
  Vector,
} from "./ops";

const hasKernel = (name: string) => Boolean(tf.getKernel(name, tf.getBackend()));
const runKernel = <T extends Tensor>(name: string, inputs: Record<string, Tensor>, attrs: Record<string, unknown>): T =>
  tf.engine().runKernel(name, inputs as NamedTensorMap, attrs as NamedAttrMap) as T;

/** Each model's rows by themselves: x [models * rows, width] -> [models, rows, width]. */
const byModel = (x: Tensor2D, models: number): Tensor3D => tf.reshape(x, [models, -1, x.shape[1]]);
/** A vector of each model against `byModel`. */
const perModel = (vector: Vector): Tensor => (vector.rank === 1 ? vector : tf.expandDims(vector, 1));

function linear(x: Tensor2D, weight: Matrix, bias?: Vector, residual?: Tensor2D): Tensor2D {
  const models = modelsOf(weight, 2);
  let y: Tensor =
    weight.rank === 2 ? tf.matMul(x, weight, false, true) : tf.matMul(byModel(x, models), weight, false, true);
  if (bias) y = tf.add(y, perModel(bias));
  const flat = tf.reshape(y, [x.shape[0], -1]) as Tensor2D;
  return residual ? tf.add(residual, flat) : flat;
}

const gelu = (x: Tensor2D): Tensor2D => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
const siluGate = (gate: Tensor2D, up: Tensor2D): Tensor2D => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);

function feedForward(x: Tensor2D, layer: FeedForward, residual?: Tensor2D): Tensor2D {
  const { norm } = layer;
  const u = linear(norm ? rmsNorm(x, norm.gain, norm.eps) : x, layer.inner, layer.innerBias);
  const h = layer.gated ? siluGate(...(tf.split(u, 2, 1) as [Tensor2D, Tensor2D])) : gelu(u);
  return linear(h, layer.outer, layer.outerBias, residual);
}

function embed(table: Matrix, tokens: TokenIds, places?: Places): Tensor2D {
  const { positions, types } = places ?? {};
  if (table.rank === 3) {
    const each = (matrix: Matrix | undefined) => matrix && (ofEach(matrix) as Tensor2D[]);
    const [tables, allPositions, allTypes] = [each(table), each(positions), each(types)];
    const rows = tables!.map((own, i) => {
      const type = allTypes?.[i];
      const at = places && { tokens: places.tokens, positions: allPositions![i]!, ...(type ? { types: type } : {}) };
      return embed(own, tokens, at);
    });
    return tf.concat(rows, 0);
  }
  const words = gather(table as Tensor2D, tokens);
  if (!places) return words;
  const width = table.shape[1];
  let added: Tensor2D = tf.slice(positions as Tensor2D, [0, 0], [places.tokens, width]);
  if (types) added = tf.add(added, types);
  return tf.reshape(tf.add(tf.reshape(words, [-1, places.tokens, width]), added), words.shape);
}

const gather = (table: Tensor2D, tokens: TokenIds): Tensor2D =>
  tf.customGrad((...args) => {
    const [values, save] = args as unknown as [Tensor2D, (tensors: Tensor[]) => void];
    save([tokens.ids, tokens.order, tokens.offsets]);
    return {
      value: tf.gather(values, tokens.ids),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [ids, order, offsets] = saved as [Tensor1D, Tensor1D, Tensor1D];
        return embedGradient(dy as Tensor2D, ids, order, offsets, table.shape[0]);
      },
    };
  })(table) as Tensor2D;

/** Row v of the result is the sum of dy over the listed positions that hold id v. */
function embedGradient(dy: Tensor2D, ids: Tensor1D, order: Tensor1D, offsets: Tensor1D, vocabulary: number): Tensor2D {
  if (hasKernel("LabEmbedGrad")) return runKernel("LabEmbedGrad", { dy, order, offsets }, { vocabulary });
  // Only the first offsets[vocabulary] entries of `order` count: what it does not list is padding.
  const listed = tf.less(tf.range(0, ids.size, 1, "int32"), tf.slice(offsets, [vocabulary], [1]));
  const rows = tf.mul(tf.gather(dy, order), tf.reshape(tf.cast(listed, "float32"), [ids.size, 1]));
  return tf.unsortedSegmentSum(rows, tf.gather(ids, order), vocabulary) as Tensor2D;
}

function rmsNorm(x: Tensor2D, gain: Vector, eps: number): Tensor2D {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), eps));
  return affine(tf.mul(x, scale), gain);
}

function layerNorm(x: Tensor2D, gain: Vector, bias: Vector, eps: number): Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  return affine(tf.mul(centred, scale), gain, bias);
}

function affine(x: Tensor2D, gain: Vector, bias?: Vector): Tensor2D {
  const models = modelsOf(gain, 1);
  const scaled = tf.mul(gain.rank === 1 ? x : byModel(x, models), perModel(gain));
  return tf.reshape(bias ? tf.add(scaled, perModel(bias)) : scaled, x.shape);
}

/** Rotary positions, split-half layout: x [batch, heads, tokens, size]. (Su et al., arXiv 2104.09864; layout of Llama) */
function rotate(x: Tensor4D, theta: number, scaling: RopeScaling | undefined): Tensor4D {
  const [, , tokens, size] = x.shape;
  const half = size / 2;
  const angles = new Float32Array(tokens * size);
  for (let t = 0; t < tokens; t++)
    for (let i = 0; i < size; i++) angles[t * size + i] = t * ropeFrequency(size, theta, scaling, i % half);
  const cos = tf.tensor2d(angles.map(Math.cos), [tokens, size]);
  const sin = tf.tensor2d(angles.map(Math.sin), [tokens, size]);
  const [first, second] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(second), first], 3), sin));
}

function attention(qkv: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D {
  const { batch, tokens, heads, kvHeads, causal, ropeTheta, ropeScaling } = shape;
  const size = headSize(qkv, shape);
  const [q, k, v] = tf.split(qkv, [heads * size, kvHeads * size, kvHeads * size], 1) as [Tensor2D, Tensor2D, Tensor2D];
  const split = (x: Tensor2D, count: number) =>
    tf.transpose(tf.reshape(x, [batch, tokens, count, size]), [0, 2, 1, 3]) as Tensor4D;
  let queries = split(q, heads);
  let keys = split(k, kvHeads);
  let values = split(v, kvHeads);
  if (ropeTheta !== undefined) {
    queries = rotate(queries, ropeTheta, ropeScaling);
    keys = rotate(keys, ropeTheta, ropeScaling);
  }
  if (kvHeads !== heads) {
    keys = repeatHeads(keys, heads / kvHeads);
    values = repeatHeads(values, heads / kvHeads);
  }
  const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size)); // [batch, heads, tokens, tokens]
  // A large finite number, not infinity: a stray Inf beside a tfjs matMul becomes NaN.
  const masks = tf.tile(mask, [batch / mask.shape[0], 1]);
  let hidden: Tensor = tf.mul(tf.sub(1, tf.reshape(masks, [batch, 1, 1, tokens])), -1e9);
  if (causal) {
    const future = new Float32Array(tokens * tokens);
    for (let i = 0; i < tokens; i++) for (let j = i + 1; j < tokens; j++) future[i * tokens + j] = -1e9;
    hidden = tf.add(hidden, tf.tensor4d(future, [1, 1, tokens, tokens]));
  }
  const weights = softmax(tf.add(scores, hidden));
  const mixed = tf.matMul(weights, values); // [batch, heads, tokens, size]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * tokens, heads * size]);
}

/**
 * Softmax over the last axis. tfjs' WebGPU kernel has no bound on its rows: past 65,535 of them it may overwrite its last
 * element, so larger ones are made in parts.
 */
function softmax(x: Tensor): Tensor {
  const columns = x.shape[x.shape.length - 1]!;
  const rows = x.size / columns;
  if (rows <= MOST_SOFTMAX_ROWS) return tf.softmax(x);
  const counts = Array.from({ length: Math.ceil(rows / MOST_SOFTMAX_ROWS) }, (_, i) =>
    Math.min(MOST_SOFTMAX_ROWS, rows - i * MOST_SOFTMAX_ROWS),
  );
  const parts = tf.split(tf.reshape(x, [rows, columns]), counts, 0);
  return tf.reshape(
    tf.concat(
      parts.map((part) => tf.softmax(part)),
      0,
    ),
    x.shape,
  );
}
const MOST_SOFTMAX_ROWS = 65_535;

/** [batch, kvHeads, tokens, size] -> each head `times` times in a row. */
function repeatHeads(x: Tensor4D, times: number): Tensor4D {
  const [batch, heads, tokens, size] = x.shape;
  const copies = tf.stack(
    Array.from({ length: times }, () => x),
    2,
  );
  return tf.reshape(copies, [batch, heads * times, tokens, size]);
}

function dropout<T extends Tensor>(x: T, { rate, counter, site, firstRow = 0 }: DropoutKey): T {
  if (rate === 0) return x;
  if (!(rate > 0 && rate < 1)) throw new Error(`dropout: a rate of ${rate}; it has to be at least 0 and below 1`);
  const first = firstValue(x, firstRow);
  const masked = tf.customGrad((...args) => {
    const [value, save] = args as unknown as [T, (tensors: Tensor[]) => void];
    save([counter]);
    return {
      value: applyDropout(value, counter, rate, site, first),
      gradFunc: (dy: Tensor, saved: Tensor[]) => applyDropout(dy, saved[0] as Vector, rate, site, first),
    };
  });
  return masked(x) as T;
}

function applyDropout<T extends Tensor>(x: T, counter: Vector, rate: number, site: number, first: number): T {
  if (hasKernel("LabDropout")) return runKernel("LabDropout", { x, counter }, { rate, site, first });
  const counters = counter.dataSync(); // not on WebGPU, where the kernel above is
  const each = x.size / modelsOf(counter, 1);
  const threshold = dropoutThreshold(rate);
  const keep = Float32Array.from({ length: x.size }, (_, i) => {
    const own = 2 * Math.floor(i / each);
    const bits = dropoutBits(counters[own]!, counters[own + 1]!, site, first + (i % each));
    return bits >= threshold ? 1 / (1 - rate) : 0;
  });
  return tf.mul(x, tf.tensor(keep, x.shape)) as T;
}

function pool(x: Tensor2D, weights: Tensor2D): Tensor2D {
  const [batch, tokens] = weights.shape;
  const width = x.shape[1];
  const texts = x.shape[0] / tokens;
  const all = tf.tile(weights, [texts / batch, 1]);
  return tf.sum(tf.mul(tf.reshape(x, [texts, tokens, width]), tf.reshape(all, [texts, tokens, 1])), 1) as Tensor2D;
}

export const plainOps: TowerOps = {
  name: "plain",
  linear,
  rmsNormLinear: (x, gain, eps, weight, bias) => linear(rmsNorm(x, gain, eps), weight, bias),
  feedForward,
  embed,
  rmsNorm,
  layerNorm,
  attention,
  gelu,
  siluGate,
  pool,
  rmsNormPool: (x, gain, eps, weights) => pool(rmsNorm(x, gain, eps), weights),
  layerNormPool: (x, gain, bias, eps, weights) => pool(layerNorm(x, gain, bias, eps), weights),
  dropout,
};
