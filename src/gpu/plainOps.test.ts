/** The reference ops against their float64 twins: values to 1e-5, gradients to 1e-4 of the largest. */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropoutBits, dropoutThreshold } from "./dropoutBits";
import { l2Normalise } from "./l2Normalise";
import type { AttentionShape, TokenIds } from "./ops";
import { plainOps } from "./plainOps";
import * as f64 from "./testFloat64";
import { expectTwin, noisy } from "./testFloat64";

f64.useCpu();

const matrix = (x: Tensor | undefined) => x as Tensor2D;
const vector = (x: Tensor | undefined) => x as Tensor1D;

/** A counting sort of the listed positions, written anew. */
function tokenIds(ids: number[], vocabulary: number, listed = ids.map(() => true)): TokenIds {
  const positions = ids.map((_, i) => i).filter((i) => listed[i]);
  const order = positions.toSorted((a, b) => ids[a]! - ids[b]! || a - b);
  const offsets = Array.from({ length: vocabulary + 1 }, (_, v) => positions.filter((i) => ids[i]! < v).length);
  while (order.length < ids.length) order.push(0); // what stands behind the listed ones must not matter
  return {
    ids: tf.tensor1d(ids, "int32"),
    order: tf.tensor1d(order, "int32"),
    offsets: tf.tensor1d(offsets, "int32"),
  };
}

describe("plainOps", () => {
  it("linear, with and without a bias", () => {
    const inputs = { x: noisy(1, [5, 4]), w: noisy(2, [3, 4]), b: noisy(3, [3]) };
    expectTwin(
      ({ x, w, b }) => plainOps.linear(matrix(x), matrix(w), vector(b)),
      ({ x, w, b }) => f64.linear(x!, w!, 4, b),
      inputs,
    );
    expectTwin(
      ({ x, w }) => plainOps.linear(matrix(x), matrix(w)),
      ({ x, w }) => f64.linear(x!, w!, 4),
      { x: inputs.x, w: inputs.w },
    );
  });

  it("embed", () => {
    const ids = [3, 0, 3, 3, 1, 0];
    expectTwin(
      ({ table }) => plainOps.embed(matrix(table), tokenIds(ids, 5)),
      ({ table }) => f64.embed(table!, ids, 2),
      { table: noisy(1, [5, 2]) },
    );
  });

  it("embed gives positions that are not listed no gradient, whatever arrives there", () => {
    const ids = [3, 0, 3, 0, 0, 1];
    const listed = [true, true, true, false, false, true];
    const found = tf.tidy(() => {
      const dy = tf.tensor2d(noisy(2, [6, 2]).values, [6, 2]);
      const gradient = tf.grad((t) => plainOps.embed(t as Tensor2D, tokenIds(ids, 5, listed)));
      return [
        gradient(tf.zeros([5, 2]), dy)
          .dataSync()
          .slice(),
        dy.dataSync().slice(),
      ] as const;
    });
    const expected = new Float32Array(10);
    ids.forEach((id, p) => {
      if (listed[p]) for (const c of [0, 1]) expected[id * 2 + c]! += found[1][p * 2 + c]!;
    });
    expect([...found[0]]).toEqual([...expected]);
  });

  it("rmsNorm and layerNorm", () => {
    const inputs = { x: noisy(1, [4, 6], 2, 1), gain: noisy(2, [6]) };
    expectTwin(
      ({ x, gain }) => plainOps.rmsNorm(matrix(x), vector(gain), 1e-6),
      ({ x, gain }) => f64.rmsNorm(x!, gain!, 1e-6),
      inputs,
    );
    expectTwin(
      ({ x, gain, bias }) => plainOps.layerNorm(matrix(x), vector(gain), vector(bias), 1e-12),
      ({ x, gain, bias }) => f64.layerNorm(x!, gain!, bias!, 1e-12),
      { ...inputs, bias: noisy(3, [6]) },
    );
  });

  it("gelu and siluGate", () => {
    // tfjs' erf is a formula good to 1.5e-7
    expectTwin(
      ({ x }) => plainOps.gelu(matrix(x)),
      ({ x }) => f64.gelu(x!),
      { x: noisy(1, [5, 4], 2) },
    );
    expectTwin(
      ({ gate, up }) => plainOps.siluGate(matrix(gate), matrix(up)),
      ({ gate, up }) => f64.siluGate(gate!, up!),
      { gate: noisy(1, [5, 4], 3), up: noisy(2, [5, 4]) },
    );
  });

  it("pool, for weights too", () => {
    expectTwin(
      ({ x, weights }) => plainOps.pool(matrix(x), matrix(weights)),
      ({ x, weights }) => f64.pool(x!, weights!, 2, 4),
      { x: noisy(1, [6, 4]), weights: noisy(2, [2, 3]) },
    );
  });

  it("l2Normalise, and a row of zeros stays finite", () => {
    expectTwin(
      ({ x }) => l2Normalise(matrix(x)),
      ({ x }) => f64.normalise(x!, 4),
      { x: noisy(1, [3, 4]) },
    );
    const found = tf.tidy(() => {
      const zeros = tf.zeros<tf.Rank.R2>([1, 4]);
      return [l2Normalise(zeros), tf.grad((x) => l2Normalise(x as Tensor2D))(zeros)].map((t) => [...t.dataSync()]);
    });
    expect(found[0]).toEqual([0, 0, 0, 0]);
    expect(found[1]!.every(Number.isFinite)).toBe(true);
  });
});

/** Queries, keys and values side by side, as attention takes them. */
const beside = (...parts: (Tensor | undefined)[]) => tf.concat(parts as Tensor2D[], 1) as Tensor2D;

describe("plainOps.attention", () => {
  const size = 4;
  const inputsOf = ({ batch, tokens, heads, kvHeads }: AttentionShape) => ({
    q: noisy(1, [batch * tokens, heads * size]),
    k: noisy(2, [batch * tokens, kvHeads * size]),
    v: noisy(3, [batch * tokens, kvHeads * size]),
  });
  const MASK = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]; // 2 texts of 5: one full, one of two tokens
  const run = (shape: AttentionShape, mask: number[], { q, k, v } = inputsOf(shape)) =>
    tf.tidy(() => [
      ...plainOps
        .attention(
          beside(...[q, k, v].map((x) => tf.tensor2d(x.values, x.shape as [number, number]))),
          tf.tensor2d(mask, [shape.batch, shape.tokens]),
          shape,
        )
        .dataSync(),
    ]);

  for (const causal of [false, true])
    for (const kvHeads of [4, 2, 1])
      for (const ropeTheta of [undefined, 10_000])
        it(`causal ${causal}, ${kvHeads} key heads of 4, ${ropeTheta ? "rotary" : "no"} positions`, () => {
          const shape: AttentionShape = { batch: 2, tokens: 5, heads: 4, kvHeads, causal };
          if (ropeTheta) shape.ropeTheta = ropeTheta;
          expectTwin(
            ({ q, k, v }) => plainOps.attention(beside(q, k, v), tf.tensor2d(MASK, [2, 5]), shape),
            ({ q, k, v }) => f64.attention(q!, k!, v!, MASK, shape),
            inputsOf(shape),
          );
        });

  it("stays finite for a text of padding alone, and so do its gradients", () => {
    const shape: AttentionShape = { batch: 2, tokens: 3, heads: 2, kvHeads: 1, causal: true, ropeTheta: 100 };
    const { q, k, v } = inputsOf(shape);
    const mask = [0, 0, 0, 1, 1, 1];
    expect(run(shape, mask).every(Number.isFinite)).toBe(true);
    const gradients = tf.tidy(() =>
      tf
        .grads((a, b, c) => plainOps.attention(beside(a, b, c), tf.tensor2d(mask, [2, 3]), shape))(
          [q, k, v].map((x) => tf.tensor(x.values, x.shape)),
        )
        .flatMap((g) => [...g.dataSync()]),
    );
    expect(gradients.every(Number.isFinite)).toBe(true);
  });

  it("is causal: a later token changes nothing before it", () => {
    const shape: AttentionShape = { batch: 1, tokens: 4, heads: 2, kvHeads: 2, causal: true, ropeTheta: 10_000 };
    const inputs = inputsOf(shape);
    const before = run(shape, [1, 1, 1, 1], inputs);
    for (const x of Object.values(inputs)) x.values.fill(9, 3 * 2 * size); // the last token
    const after = run(shape, [1, 1, 1, 1], inputs);
    expect(after.slice(0, 3 * 2 * size)).toEqual(before.slice(0, 3 * 2 * size));
    expect(after.slice(3 * 2 * size)).not.toEqual(before.slice(3 * 2 * size));
  });

  it("shares a key head among its query heads: the same as heads repeated", () => {
    const shape: AttentionShape = { batch: 2, tokens: 5, heads: 4, kvHeads: 2, causal: true, ropeTheta: 10_000 };
    const grouped = inputsOf(shape);
    const repeat = ({ values }: f64.Input): f64.Input => ({
      shape: [10, 4 * size],
      values: Float32Array.from({ length: 10 * 4 * size }, (_, i) => {
        const [row, head] = [Math.floor(i / (4 * size)), Math.floor((i % (4 * size)) / size)];
        return values[(row * 2 + Math.floor(head / 2)) * size + (i % size)]!;
      }),
    });
    const repeated = { q: grouped.q, k: repeat(grouped.k), v: repeat(grouped.v) };
    expect(run({ ...shape, kvHeads: 4 }, MASK, repeated)).toEqual(run(shape, MASK, grouped));
  });
});

describe("plainOps.attention in more than 65,535 rows", () => {
  // tfjs' WebGPU softmax may overwrite its last element there; software adapters drop that write, so sizes are checked.
  const [batch, tokens, width] = [4100, 2, 16];
  const shape = { batch, tokens, heads: 8, kvHeads: 8, causal: true }; // 65,600 rows
  const one = { q: noisy(1, [tokens, width]), k: noisy(2, [tokens, width]), v: noisy(3, [tokens, width]) };
  const of = (texts: number) => {
    const many = ({ values }: f64.Input) => tf.tile(tf.tensor2d(values, [tokens, width]), [texts, 1]) as Tensor2D;
    const [q, k, v] = [many(one.q), many(one.k), many(one.v)];
    const attend = (x: Tensor) =>
      plainOps.attention(beside(x, k, v), tf.ones([texts, tokens]), { ...shape, batch: texts });
    return [attend(q), tf.grad(attend)(q, tf.onesLike(q))];
  };

  it("never asks tfjs for a softmax of more, and gives each text what it gets alone", async () => {
    const alone = tf.tidy(() => of(1).map((t) => [...t.dataSync()]));
    let together: Float32Array[] = [];
    const { kernels } = await tf.profile(() => {
      together = tf.tidy(() => of(batch).map((t) => t.dataSync().slice() as Float32Array));
    });
    const rows = kernels.filter((k) => k.name === "Softmax").map((k) => f64.sizeOf(k.inputShapes[0]!) / tokens);
    expect(rows).toEqual([65_535, 65, 65_535, 65]); // forward alone, then with the gradient
    together.forEach((found, i) => {
      let worst = 0;
      for (const [at, value] of found.entries())
        worst = Math.max(worst, Math.abs(value - alone[i]![at % (tokens * width)]!));
      expect(worst).toBeLessThan(1e-6);
    });
  });
});

describe("plainOps.dropout", () => {
  const counter = () => tf.tensor1d([-5, 3], "int32");

  it("keeps what the bits say, forward and backward", () => {
    const keep = (i: number) => (dropoutBits(-5, 3, 7, i) >= dropoutThreshold(0.4) ? 1 / 0.6 : 0);
    const inputs = { x: noisy(1, [6, 5]) };
    expect(inputs.x.values.some((_, i) => keep(i) === 0)).toBe(true);
    expectTwin(
      ({ x }) => plainOps.dropout(x!, { rate: 0.4, counter: counter(), site: 7 }),
      ({ x }) => x!.map((v, i) => v * keep(i)),
      inputs,
      { value: 1e-6, gradient: 1e-6 },
    );
  });

  it("returns x itself at rate 0 and refuses a rate of 1", () => {
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R1>([3]);
      expect(plainOps.dropout(x, { rate: 0, counter: counter(), site: 0 })).toBe(x);
      expect(() => plainOps.dropout(x, { rate: 1, counter: counter(), site: 0 })).toThrow("below 1");
    });
  });
});
