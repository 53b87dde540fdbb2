/** Reductions by subgroups: sums over workgroups of any size, and every kernel that uses them against its reference. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { infoNCE } from "../../core/objectives/infoNCE";
import { nextToken } from "../../core/objectives/nextToken";
import { qkdLoss } from "../../core/objectives/qkd";
import { createAdamW, hyperValues } from "../adamw";
import { countGpu } from "../count";
import { dispatch, readBinding, writeBinding } from "../dispatch";
import { fusedOps } from "../fusedOps";
import type { TowerOps } from "../ops";
import { plainOps } from "../plainOps";
import { disposeOwn, ownTensor, readTensors } from "../step";
import { useGpu } from "../testGpu";
import { type Differentiable, expectSame, expectSamePass, type Inputs, noise, noisy, relativeError } from "./checkOp";
import { infoNceKernels } from "./infoNce";
import { ofEach, rowsOfEach } from "./models";
import { nextTokenKernels } from "./nextToken";
import { asTensor } from "./op";
import { qkdKernel } from "./qkd";
import { reduction } from "./reduce";
import { unitRows } from "./scores";
import { offers, setVariants, VARIANTS } from "./variants";

const gpu = useGpu();
const use = (reductions: (typeof VARIANTS.reductions)[number]) => setVariants(gpu().backend, { reductions });
// Both software adapters offer them; a device that does not has only the other variant to test.
beforeAll(() => {
  expect(offers(gpu().device, "reductions", "subgroups")).toBe(true);
  use("subgroups");
});
afterAll(() => use("shared"));

const m = (x: Tensor | undefined) => x as Tensor2D;
const v = (x: Tensor | undefined) => x as Tensor1D;

describe("sums over a workgroup", () => {
  // Fewer threads than a subgroup has lanes, so that some are missing, as of 64 threads where it has 128; and more.
  for (const variant of VARIANTS.reductions)
    for (const threads of variant === "shared" ? [2, 64, 256] : [1, 2, 3, 4, 64, 256])
      it(`${variant}, ${threads} threads`, async () => {
        const [rows, width] = [5, 37];
        const x = noise(threads, rows * width);
        const input = ownTensor(gpu(), { shape: [rows, width], dtype: "float32" }, x);
        const by = reduction(variant);
        const code = `${by.enable}${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}${writeBinding(2, "array<f32>")}
${by.overWorkgroup(threads)}
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) thread: u32${by.parameters}) {
  ${by.begin}
  var own = 0.0;
  var top = -3e38;
  for (var i = thread; i < ${rows * width}u; i += ${threads}u) {
    own += b0[i];
    top = max(top, b0[i]);
  }
  // One after the other: what one leaves in memory must not reach the next.
  let sum = sumOf(thread, own);
  let most = mostOf(thread, top);
  let count = sumOf(thread, 1.0);
  b1[thread] = sum + 1000.0 * most + 1e5 * count;
  ${by.rows("n", `${rows}u`, threads)} {
    var along = 0.0;
    ${by.alongRow("k", `${width}u`)} { along += b0[n * ${width}u + k]; }
    let all = ${by.rowSum("along")};
    ${by.once("b2[n] = all;")}
  }
}`;
        const made = dispatch(
          gpu().backend,
          { key: `test of sums ${variant} ${threads}`, workgroups: [1, 1, 1], code: () => code },
          [input],
          [{ shape: [threads] }, { shape: [rows] }],
        ).map(asTensor);
        const [all, ofRows] = await readTensors(gpu(), made);
        tf.dispose(made);
        disposeOwn(gpu(), input);
        gpu().check();
        const expected = x.reduce((a, b) => a + b, 0) + 1000 * Math.max(...x) + 1e5 * threads;
        for (const found of all!) expect(Math.abs(found - expected) / 1e5).toBeLessThan(1e-5 * threads);
        const sums = Float32Array.from({ length: rows }, (_, r) =>
          x.subarray(r * width, (r + 1) * width).reduce((a, b) => a + b, 0),
        );
        expect(relativeError(ofRows!, sums)).toBeLessThan(1e-5);
      });
});

const pooling = (batch: number, tokens: number) => () =>
  tf.tensor2d(noisy(50, [batch, tokens]).values, [batch, tokens]);
type Op = (ops: TowerOps, xs: Record<string, Tensor>, weights: () => Tensor2D) => Tensor;
const norms: [string, Op][] = [
  ["RMS norm", (o, { x, gain }) => o.rmsNorm(m(x), v(gain), 1e-5)],
  ["layer norm", (o, { x, gain, bias }) => o.layerNorm(m(x), v(gain), v(bias), 1e-5)],
  ["RMS norm, pooled", (o, { x, gain }, w) => o.rmsNormPool(m(x), v(gain), 1e-5, w())],
  ["layer norm, pooled", (o, { x, gain, bias }, w) => o.layerNormPool(m(x), v(gain), v(bias), 1e-5, w())],
];
for (const models of [1, 3])
  describe(`${models} models`, () => {
    for (const [name, op] of norms)
      for (const [batch, tokens, width] of (models === 1
        ? [
            [1, 1, 1],
            [2, 40, 260],
          ]
        : [[3, 7, 5]]) as [number, number, number][])
        it(`${name}, ${batch} texts of ${tokens} tokens, ${width} wide`, async () => {
          const parameter = (seed: number) => noisy(seed, models === 1 ? [width] : [models, width]);
          const inputs: Inputs = { x: noisy(1, [models * batch * tokens, width]), gain: parameter(2) };
          if (name.startsWith("layer")) inputs["bias"] = parameter(3);
          const of =
            (ops: TowerOps): Differentiable =>
            (xs) =>
              op(ops, xs, pooling(batch, tokens));
          // Of rows of one value nothing but rounding is left of dx.
          await expectSamePass(gpu(), of(fusedOps), of(plainOps), inputs, width === 1 ? 1e-3 : 2e-5);
        });

    for (const [batch, columns, size] of (models === 1
      ? [
          [1, 1, 1],
          [17, 150, 70],
        ]
      : [[5, 9, 6]]) as [number, number, number][])
      it(`InfoNCE, ${batch} queries, ${columns} documents of ${size}`, async () => {
        const counts = () =>
          tf.tensor2d(
            Array.from({ length: batch }, (_, i) =>
              Array.from({ length: columns }, (_, j) => (i === j || (i + j) % 4 !== 1 ? 1 : 0)),
            ),
          );
        const inputs = {
          queries: noisy(1, [models * batch, size]),
          documents: noisy(2, [models * columns, size]),
          temperature: { values: Float32Array.of(0.2, 0.7, 0.1).slice(0, models), shape: [models] },
        };
        const own: Differentiable = ({ queries, documents, temperature }) =>
          tf.reshape(infoNceKernels(m(queries), m(documents), counts(), temperature!), [models]);
        const plain: Differentiable = ({ queries, documents, temperature }) => {
          const [each, temperatures] = [rowsOfEach(m(documents), models), ofEach(temperature!) as Scalar[]];
          return tf.stack(
            rowsOfEach(m(queries), models).map((q, k) => infoNCE(q, each[k]!, counts(), temperatures[k]!)),
          );
        };
        await expectSame(gpu(), own, plain, inputs, size === 1 ? 1e-4 : 3e-5);
      });

    for (const [rows, size, mseOn] of [
      [1, 3, "raw"],
      [37, 6, "raw"],
      [33, 130, "normalised"],
    ] as const)
      it(`distillation, ${rows} rows of ${size}, ${mseOn}`, async () => {
        const options = { mseOn, mseReduce: "mean" as const };
        const teacher = () => tf.tensor2d(noisy(9, [rows, size], 2).values, [rows, size]);
        const weights = [0.7, 1.3, 2, 0.5, 0.1, 1].slice(0, 2 * models);
        const own: Differentiable = ({ student }) =>
          qkdKernel(m(student), teacher(), tf.tensor2d(weights, [models, 2]), options).loss;
        const plain: Differentiable = ({ student }) =>
          tf.stack(
            rowsOfEach(m(student), models).map((one, k) => {
              const [mseWeight, cosineWeight] = [tf.scalar(weights[2 * k]!), tf.scalar(weights[2 * k + 1]!)];
              return qkdLoss(one, teacher(), { ...options, mseWeight, cosineWeight }).loss;
            }),
          );
        await expectSame(gpu(), own, plain, { student: noisy(1, [models * rows, size]) }, 2e-5);
      });

    it("the optimizer's clipping", async () => {
      const size = 2700;
      const step = async (reductions: (typeof VARIANTS.reductions)[number]) => {
        use(reductions);
        const shape = models === 1 ? [size] : [models, size];
        const tensor = ownTensor(gpu(), { shape, dtype: "float32" }, noise(1, models * size));
        const options = { beta1: 0.9, beta2: 0.99, clip: 0.5 };
        const adam = createAdamW(gpu(), [{ name: "p", tensor, rate: 0, decay: 0.1 }], options, models);
        const norm = tf.tidy(() => {
          const hyper = Array.from({ length: models }, () => [...hyperValues([0.02, 0.05], 1, options)]);
          return adam.apply({ p: tf.tensor(noise(7, models * size), shape) }, tf.tensor(hyper.flat()));
        });
        const found = await readTensors(gpu(), [norm, tensor]);
        norm.dispose();
        adam.dispose();
        disposeOwn(gpu(), tensor);
        return found as [Float32Array, Float32Array];
      };
      const [expectedNorm, expected] = await step("shared");
      const [norm, parameters] = await step("subgroups");
      const gradient = noise(7, models * size);
      norm.forEach((length, k) => {
        const squares = gradient.subarray(k * size, (k + 1) * size).reduce((sum, g) => sum + g * g, 0);
        expect(length / Math.sqrt(squares)).toBeCloseTo(1, 5);
      });
      expect(relativeError(norm, expectedNorm)).toBeLessThan(1e-6);
      expect(relativeError(parameters, expected)).toBeLessThan(1e-6);
    });
  });

for (const [count, vocabulary, block] of [
  [1, 3, undefined],
  [33, 130, 16],
] as const)
  it(`next token, ${count} positions, ${vocabulary} words`, async () => {
    const targets = () =>
      tf.tensor1d(
        Array.from({ length: count }, (_, i) => (i * 7) % vocabulary),
        "int32",
      );
    const weights = () => tf.fill([count], 1 / count) as Tensor1D;
    const inputs = { states: noisy(1, [count, 8], 2), table: noisy(2, [vocabulary, 8], 0.5) };
    await expectSame(
      gpu(),
      ({ states, table }) => nextTokenKernels(m(states), m(table), targets(), weights(), block),
      ({ states, table }) => nextToken(m(states), m(table), targets(), weights()),
      inputs,
      3e-5,
    );
  });

it("queries of a search at length 1", async () => {
  const [batch, size] = [3, 70];
  const x = noise(3, batch * size);
  x.fill(0, size, 2 * size);
  const found = tf.tidy(() => {
    const queries = tf.tensor2d(x, [batch, size]);
    const table = tf.tensor1d([batch, size, ...Array.from({ length: 14 }, () => 0)], "int32");
    return asTensor(unitRows(gpu().backend, queries, table));
  });
  const [unit] = await readTensors(gpu(), [found]);
  found.dispose();
  for (const row of [0, 1, 2]) {
    const own = x.subarray(row * size, (row + 1) * size);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    const expected = Float32Array.from(own, (value) => (length > 0 ? value / length : 0));
    expect(relativeError(unit!.slice(row * 72, row * 72 + size), expected)).toBeLessThan(1e-5);
  }
});

it("each of them goes by subgroups", () => {
  const counting = countGpu();
  try {
    tf.tidy(() => {
      const x = tf.tensor2d(noise(1, 64), [8, 8]) as Tensor2D;
      const back = tf.grad((rows: Tensor) => fusedOps.rmsNorm(rows as Tensor2D, tf.ones([8]) as Tensor1D, 1e-5));
      back(x);
      infoNceKernels(x, x, tf.ones([8, 8]), tf.scalar(1));
    });
  } finally {
    counting.stop();
  }
  const labels = [...counting.counts.byLabel.keys()].filter((label) => /^(norm|info-nce)/.test(label));
  expect(labels.length).toBe(4);
  for (const label of labels) expect(label).toMatch(/ by subgroups$/);
});
