/**
 * The operations once more, in plain TypeScript and float64, written from their definitions and without tfjs: what the
 * self-test (selfTest.ts) and the tests hold every backend against. Forward alone: a gradient is checked by differences of
 * it, which in float64 are good to about nine digits, far beyond the float32 under test.
 */
import type { AttentionShape } from "./ops";

/** Row-major values; the caller knows the shape. */
export type Values = Float64Array;

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

export interface InfoNceReference {
  /** Length of a vector. */
  size: number;
  /** [batch, columns]: 1 where a document counts for a query. */
  counts: ArrayLike<number>;
  temperature: number;
}

/** Mean over queries of -log softmax(cosine / temperature) at the query's own document. */
export function infoNce(queries: Values, documents: Values, { size, counts, temperature }: InfoNceReference): number {
  const q = normalise(queries, size);
  const d = normalise(documents, size);
  const columns = d.length / size;
  const rows = q.length / size;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const logits = Array.from({ length: columns }, (_, j) => {
      let cosine = 0;
      for (let e = 0; e < size; e++) cosine += q[i * size + e]! * d[j * size + e]!;
      return cosine / temperature;
    });
    const total = logits.reduce((all, z, j) => all + (counts[i * columns + j] ? Math.exp(z) : 0), 0);
    sum += Math.log(total) - logits[i]!;
  }
  return sum / rows;
}

export interface QkdReference {
  size: number;
  mseWeight: number;
  cosineWeight: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
}

/** mseWeight MSE + cosineWeight (1 - cosine), means over the rows. */
export function qkd(student: Values, teacher: Values, options: QkdReference): number {
  const { size, mseOn, mseReduce, mseWeight, cosineWeight } = options;
  const rows = student.length / size;
  const [s, t] = [normalise(student, size), normalise(teacher, size)];
  const [a, b] = mseOn === "raw" ? [student, teacher] : [s, t];
  const squares = a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);
  const cosine = s.reduce((sum, v, i) => sum + v * t[i]!, 0) / rows;
  return (mseWeight * squares) / (mseReduce === "mean" ? rows * size : rows) + cosineWeight * (1 - cosine);
}

export interface AdamWReference {
  rate: number;
  decay: number;
  beta1: number;
  beta2: number;
  clip: number;
  eps: number;
}

/** The first step of AdamW, from moments at 0, with clipping by the gradient's norm. */
export function adamwFirstStep(parameter: Values, gradient: Values, o: AdamWReference): Values {
  const norm = Math.hypot(...gradient);
  const scale = o.clip > 0 ? Math.min(1, o.clip / norm) : 1;
  return parameter.map((p, i) => {
    const g = gradient[i]! * scale;
    // m / (1 - beta1) = g and v / (1 - beta2) = g^2.
    return p - o.rate * (g / (Math.abs(g) + o.eps) + o.decay * p);
  });
}
