/** Every kernel over several models at once, and over one that has the leading dimension all the same. */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { infoNCE } from "../../core/objectives/infoNCE";
import { qkdLoss } from "../../core/objectives/qkd";
import { fusedOps } from "../fusedOps";
import type { TowerOps } from "../ops";
import { plainOps } from "../plainOps";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { type Differentiable, expectSame, expectSamePass, type Inputs, noisy } from "./checkOp";
import { infoNceKernels } from "./infoNce";
import { modelsOf, ofEach, rowsOfEach } from "./models";
import { asTensor } from "./op";
import { backwardProducts, foldsBlocks, splitRows } from "./product";
import { qkdKernel } from "./qkd";

const gpu = useGpu();
type Xs = Record<string, Tensor>;
type Of = (ops: TowerOps, models: number) => Differentiable;

/** Rows of activations lie one under the other; all else has a leading dimension. */
const ROWS = ["x", "residual", "qkv", "student", "queries", "documents"];

/** Inputs of all models, from the shapes of one's. */
const inputsOf = (models: number, shapes: Record<string, number[]>): Inputs =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, [first, ...rest]], i) => [
      name,
      noisy(i + 1, ROWS.includes(name) ? [models * first!, ...rest] : [models, first!, ...rest]),
    ]),
  );

/** What one model at a time gives. */
const oneByOne =
  (models: number, one: Differentiable): Differentiable =>
  (all) => {
    const split = Object.fromEntries(
      Object.entries(all).map(([name, x]) => [name, ROWS.includes(name) ? rowsOfEach(x, models) : ofEach(x)]),
    );
    const own = (k: number): Xs => Object.fromEntries(Object.entries(split).map(([name, each]) => [name, each[k]!]));
    return tf.concat(
      Array.from({ length: models }, (_, k) => {
        const y = one(own(k));
        return y.rank === 0 ? tf.reshape(y, [1]) : y;
      }),
      0,
    );
  };

const BATCH = 5;
const TOKENS = 7;
const ROW = BATCH * TOKENS;
const MASK = Array.from({ length: ROW }, (_, i) => (i % TOKENS < 3 + (i % 4) ? 1 : 0));
const mask = () => tf.tensor2d(MASK, [BATCH, TOKENS]);
const poolWeights = () => tf.tensor2d(noisy(50, [BATCH, TOKENS]).values, [BATCH, TOKENS]);

function tokenIds(vocabulary: number) {
  const ids = Array.from({ length: ROW }, (_, i) => (i * 7) % vocabulary);
  const order = ids.map((_, i) => i).sort((a, b) => ids[a]! - ids[b]! || a - b);
  const offsets = Array.from({ length: vocabulary + 1 }, (_, v) => ids.filter((id) => id < v).length);
  const int = (values: number[]) => tf.tensor1d(values, "int32") as Tensor1D;
  return { ids: int(ids), order: int(order), offsets: int(offsets) };
}

const m = (x: Tensor | undefined) => x as Tensor2D;
const v = (x: Tensor | undefined) => x as Tensor1D;
const attention = (heads: number, kvHeads: number, rope: boolean): Of => {
  const shape = { tokens: TOKENS, heads, kvHeads, causal: rope, ...(rope ? { ropeTheta: 100 } : {}) };
  return (ops, models) => (x) => ops.attention(m(x["qkv"]), mask(), { ...shape, batch: models * BATCH });
};

/** An operation, the shapes of one model's inputs, and how far its float32 reference is off. */
const ops: [string, Of, Record<string, number[]>, number?][] = [
  [
    "linear, 5 -> 7",
    (o) => (x) => o.linear(m(x["x"]), m(x["w"]), v(x["b"]), m(x["residual"])),
    { x: [37, 5], w: [7, 5], b: [7], residual: [37, 7] },
  ],
  ["linear, one value", (o) => (x) => o.linear(m(x["x"]), m(x["w"])), { x: [1, 1], w: [1, 1] }],
  [
    "linear of an RMS norm",
    (o) => (x) => o.rmsNormLinear(m(x["x"]), v(x["g"]), 1e-5, m(x["w"]), v(x["b"])),
    { x: [70, 8], g: [8], w: [12, 8], b: [12] },
    2e-5,
  ],
  [
    "feed-forward, GELU",
    (o) => (x) =>
      o.feedForward(
        m(x["x"]),
        { gated: false, inner: m(x["w"]), innerBias: v(x["b"]), outer: m(x["u"]), outerBias: v(x["c"]) },
        m(x["x"]),
      ),
    { x: [37, 5], w: [11, 5], b: [11], u: [5, 11], c: [5] },
    2e-5,
  ],
  [
    "feed-forward, gated, after a norm",
    (o) => (x) =>
      o.feedForward(
        m(x["x"]),
        { gated: true, norm: { gain: v(x["g"]), eps: 1e-5 }, inner: m(x["w"]), outer: m(x["u"]) },
        m(x["x"]),
      ),
    { x: [37, 6], g: [6], w: [16, 6], u: [6, 8] },
    2e-5,
  ],
  [
    "embedding with places",
    (o) => (x) =>
      o.embed(m(x["table"]), tokenIds(11), { positions: m(x["positions"]), types: m(x["types"]), tokens: TOKENS }),
    { table: [11, 3], positions: [9, 3], types: [1, 3] },
  ],
  ["embedding", (o) => (x) => o.embed(m(x["table"]), tokenIds(11)), { table: [11, 8] }],
  ["RMS norm", (o) => (x) => o.rmsNorm(m(x["x"]), v(x["g"]), 1e-5), { x: [37, 7], g: [7] }, 2e-5],
  [
    "layer norm",
    (o) => (x) => o.layerNorm(m(x["x"]), v(x["g"]), v(x["b"]), 1e-5),
    { x: [65, 12], g: [12], b: [12] },
    2e-5,
  ],
  [
    "RMS norm and pooling",
    (o) => (x) => o.rmsNormPool(m(x["x"]), v(x["g"]), 1e-5, poolWeights()),
    { x: [ROW, 8], g: [8] },
    2e-5,
  ],
  [
    "layer norm and pooling",
    (o) => (x) => o.layerNormPool(m(x["x"]), v(x["g"]), v(x["b"]), 1e-5, poolWeights()),
    { x: [ROW, 3], g: [3], b: [3] },
    2e-5,
  ],
  ["pooling", (o) => (x) => o.pool(m(x["x"]), poolWeights()), { x: [ROW, 5] }],
  ["attention", attention(2, 2, false), { qkv: [ROW, 18] }, 2e-5],
  ["attention, causal, grouped, rotary", attention(4, 2, true), { qkv: [ROW, 32] }, 2e-5],
];

for (const models of [1, 3])
  describe(`${models} models`, () => {
    for (const [name, of, shapes, tolerance = 1e-5] of ops)
      it(name, async () => {
        const inputs = inputsOf(models, shapes);
        const expected = oneByOne(models, of(plainOps, 1));
        await expectSamePass(gpu(), of(fusedOps, models), expected, inputs, tolerance);
        // One model is made as it always was; the sums of several take another way without sinks.
        if (models === 1) return;
        await expectSame(gpu(), of(fusedOps, models), expected, inputs, tolerance);
        await expectSamePass(gpu(), of(plainOps, models), expected, inputs, tolerance);
      });

    it("dropout: each with its own seed, and the bits that it has alone", async () => {
      for (const size of [6, 35]) {
        const seeds = [5, -9, 77].slice(0, models);
        const x = tf.ones([models * 3, size]);
        const own = (counter: number[][]) => tf.tensor2d(counter, [counter.length, 2], "int32");
        const key = { rate: 0.4, site: 2 };
        const all = fusedOps.dropout(x, { ...key, counter: own(seeds.map((seed) => [seed, 8])) });
        const each = seeds.map((seed) =>
          fusedOps.dropout(tf.ones([3, size]), { ...key, counter: tf.tensor1d([seed, 8], "int32") }),
        );
        const [found, ...expected] = await readTensors(gpu(), [all, ...each]);
        expect([...found!]).toEqual(expected.flatMap((y) => [...y]));
        tf.dispose([x, all, ...each]);
      }
    });

    for (const mseOn of ["raw", "normalised"] as const)
      it(`distillation loss, ${mseOn}`, async () => {
        const rows = 37;
        const options = { mseOn, mseReduce: "mean" as const };
        const teacher = () => tf.tensor2d(noisy(9, [rows, 6], 2).values, [rows, 6]);
        const weights = [0.7, 1.3, 2, 0, 0, 1].slice(0, 2 * models);
        const term = (name: "loss" | "mse" | "cosine"): Differentiable => {
          const own: Differentiable = ({ student }) => {
            const made = qkdKernel(m(student), teacher(), tf.tensor2d(weights, [models, 2]), options);
            return name === "loss" ? made.loss : made.terms[name];
          };
          return own;
        };
        const expected =
          (name: "loss" | "mse" | "cosine"): Differentiable =>
          ({ student }) =>
            tf.stack(
              rowsOfEach(m(student), models).map((one, k) => {
                const [mseWeight, cosineWeight] = [tf.scalar(weights[2 * k]!), tf.scalar(weights[2 * k + 1]!)];
                const made = qkdLoss(one, teacher(), { ...options, mseWeight, cosineWeight });
                return name === "loss" ? made.loss : made.terms[name];
              }),
            );
        const inputs = { student: noisy(1, [models * rows, 6]) };
        await expectSame(gpu(), term("loss"), expected("loss"), inputs, 2e-5);
        for (const name of ["mse", "cosine"] as const) {
          const xs = { student: tf.tensor(inputs.student.values, inputs.student.shape) };
          const [own, plain] = await readTensors(gpu(), [term(name)(xs), expected(name)(xs)]);
          own!.forEach((value, k) => {
            expect(value).toBeCloseTo(plain![k]!, 4);
          });
        }
      });

    it("InfoNCE, each with its own temperature", async () => {
      const [batch, columns, size] = [5, 9, 6];
      const counts = Array.from({ length: batch }, (_, i) =>
        Array.from({ length: columns }, (_, j) => (i === j || (i + j) % 4 !== 1 ? 1 : 0)),
      );
      const inputs = {
        queries: noisy(1, [models * batch, size]),
        documents: noisy(2, [models * columns, size]),
        temperature: { values: Float32Array.of(0.2, 0.7, 0.05).slice(0, models), shape: [models] },
      };
      const own: Differentiable = ({ queries, documents, temperature }) =>
        tf.reshape(infoNceKernels(m(queries), m(documents), tf.tensor2d(counts), temperature!), [models]);
      const plain: Differentiable = ({ queries, documents, temperature }) => {
        const each = rowsOfEach(m(documents), models);
        const temperatures = ofEach(temperature!) as tf.Scalar[];
        return tf.stack(
          rowsOfEach(m(queries), models).map((q, k) => infoNCE(q, each[k]!, tf.tensor2d(counts), temperatures[k]!)),
        );
      };
      await expectSame(gpu(), own, plain, inputs, 2e-5);
    });
  });

describe("of several models", () => {
  it("a weight's gradient is the same to the bit as alone, where threads add up blocks themselves and where not", async () => {
    const models = 3;
    for (const [rows, width, out, folded, normed] of [
      [70, 109, 102, true, false],
      [70, 112, 104, true, true],
      [70, 12, 20, false, false],
    ] as const) {
      expect(foldsBlocks(models, Math.ceil(width / 8) * Math.ceil(out / 8), rows)).toBe(folded);
      expect(splitRows(rows, 128).splits).toBeGreaterThan(1);
      const values = (seed: number, columns: number) => noisy(seed, [models, rows, columns]).values;
      const [x, dy, stats, gain] = [values(1, width), values(2, out), values(3, 2), noisy(4, [models, width]).values];
      const gradients = (count: number, first: number) => {
        const part = (all: Float32Array, columns: number) =>
          tf.tensor2d(all.slice(first * rows * columns, (first + count) * rows * columns), [count * rows, columns]);
        const of = count === 1 ? [out, width] : [count, out, width];
        const own = tf.tensor2d(gain.slice(first * width, (first + count) * width), [count, width]);
        const norm = normed ? { gain: own, stats: part(stats, 2) } : undefined;
        const { dws } = backwardProducts(gpu().backend, {
          dws: [{ dy: part(dy, out), x: part(x, width), of, norm, weight: null, bias: { sink: null } }],
        });
        return [asTensor(dws[0]!.dw!), asTensor(dws[0]!.db!)];
      };
      const [together, ...alone] = tf.tidy(() => [gradients(models, 0), ...[0, 1, 2].map((k) => gradients(1, k))]);
      const found = await readTensors(gpu(), together!);
      const expected = await Promise.all(alone.map((each) => readTensors(gpu(), each)));
      for (const i of [0, 1]) expect([...found[i]!]).toEqual(expected.flatMap((each) => [...each[i]!]));
      tf.dispose([together!, alone]);
    }
  });

  it("names ranks, rows and masks that do not fit", () => {
    expect(() => modelsOf({ shape: [2, 3, 4] }, 1)).toThrow(/shape 2,3,4: one model's has 1 dimensions/);
    expect(() => fusedOps.linear(tf.zeros([5, 3]), tf.zeros([2, 4, 3]) as tf.Tensor3D)).toThrow(/5 rows .* 2 models/);
    const qkv = tf.zeros([6, 6]) as Tensor2D;
    const shape = { batch: 3, tokens: 2, heads: 1, kvHeads: 1, causal: false };
    expect(() => fusedOps.attention(qkv, tf.ones([2, 2]), shape)).toThrow(/3 texts, but a mask for 2/);
    expect(() =>
      qkdKernel(tf.zeros([3, 2]), tf.zeros([2, 2]), tf.zeros([2, 2]) as Tensor2D, { mseOn: "raw", mseReduce: "sum" }),
    ).toThrow(/of 2 models/);
    expect(() => infoNceKernels(tf.zeros([3, 2]), tf.zeros([4, 2]), tf.ones([2, 2]), tf.ones([2]))).toThrow(
      /3 queries and 4 documents of 2 models/,
    );
  });
});
