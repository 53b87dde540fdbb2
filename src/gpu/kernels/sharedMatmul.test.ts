/** Products through workgroup memory: each kernel against plain loops, then an op whose products all go that way. */
import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { captureStep } from "../capture";
import { disposeOwn, ownTensor, readTensors } from "../step";
import { useGpu } from "../testGpu";
import { expectSamePass, noise, noisy, relativeError } from "./checkOp";
import { feedForward } from "./feedForward";
import { linear } from "./linear";
import { matrixType, storer, type Tile } from "./matmul";
import { asTensor } from "./op";
import { dispatchParts } from "./shader";
import { blocksOf, SHARED_MEMORY, sharedProductOverRowsPart, sharedProductPart, sharedTileFor } from "./sharedMatmul";
import { setVariants, variantsOf } from "./variants";

const gpu = useGpu();
afterEach(() => setVariants(gpu().backend, { matmul: "registers" }));

/** Runs one part over matrices of noise; answers what it wrote. */
async function runPart(
  reads: Record<string, { values: Float32Array; type: string }>,
  writes: Record<string, { size: number; type: string }>,
  groups: number,
  code: string,
): Promise<Float32Array[]> {
  const tensors = Object.values(reads).map(({ values }) =>
    ownTensor(gpu(), { shape: [values.length], dtype: "float32" }, values),
  );
  const made = dispatchParts(
    gpu().backend,
    `test ${code}`,
    Object.entries(reads).map(([name, { type }], i) => ({ name, type, to: tensors[i]! as TensorInfo })),
    Object.entries(writes).map(([name, { size, type }]) => ({ name, type, to: { shape: [size] } })),
    () => [{ name: "product", threads: 64 * groups, memory: SHARED_MEMORY, code }],
    [64 * groups],
  ).map(asTensor);
  const values = await readTensors(gpu(), made);
  tf.dispose(made);
  for (const tensor of tensors) disposeOwn(gpu(), tensor);
  gpu().check();
  return values;
}

const sizes = { m: 1, n: 1, k: 1, models: 1, tile: [4, 4] as Tile };
const EPS = 1e-5;

describe("NT and NN", () => {
  for (const [what, o] of [
    ["size 1", { ...sizes }],
    ["overhanging blocks, three models", { ...sizes, models: 3, m: 37, n: 34, k: 18 }],
    ["large tiles, whole vectors", { ...sizes, tile: [8, 8] as Tile, m: 70, n: 132, k: 20 }],
    ["bias and norm, two models", { ...sizes, models: 2, m: 35, n: 6, k: 36, bias: true, norm: true }],
    ["a pair with bias", { ...sizes, m: 5, n: 36, k: 9, pair: true, bias: true }],
    ["NN, several blocks, two models", { ...sizes, mode: "NN" as const, models: 2, m: 33, n: 68, k: 40 }],
    ["NN, large tiles", { ...sizes, mode: "NN" as const, tile: [8, 8] as Tile, m: 65, n: 70, k: 19 }],
  ] as const)
    it(what, async () => {
      const {
        mode = "NT",
        models,
        m,
        n,
        k,
        tile,
        bias = false,
        norm = false,
        pair = false,
      } = o as typeof sizes & {
        mode?: "NT" | "NN";
        bias?: boolean;
        norm?: boolean;
        pair?: boolean;
      };
      const both = pair ? 2 : 1;
      const a = noise(1, models * m * k);
      const b = noise(2, models * both * n * k);
      const starts = noise(3, models * both * n);
      const gain = noise(4, models * k);
      const code = sharedProductPart({
        name: "product",
        mode,
        models,
        m,
        n,
        k,
        tile,
        a: "a",
        b: "b",
        pair,
        ...(bias ? { bias: "bias" } : {}),
        ...(norm ? { norm: { gain: "gain", stats: "stats", eps: EPS } } : {}),
        finish: `yStore(first, row, c, v${pair ? " - w" : ""});`,
      });
      const [y, stats] = await runPart(
        {
          a: { values: a, type: matrixType(k) },
          b: { values: b, type: matrixType(mode === "NT" ? k : n) },
          ...(bias ? { bias: { values: starts, type: "array<f32>" } } : {}),
          ...(norm ? { gain: { values: gain, type: matrixType(k) } } : {}),
        },
        {
          y: { size: models * m * n, type: matrixType(n) },
          ...(norm ? { stats: { size: models * m * 2, type: "array<vec2f>" } } : {}),
        },
        models * blocksOf({ m, n, tile }),
        `alias T = vec4f;\n${storer("yStore", "y", `${m}u`, n)}\n${code}`,
      );
      const expected = new Float32Array(models * m * n);
      for (let row = 0; row < models * m; row++) {
        const model = Math.floor(row / m);
        const x = a.subarray(row * k, (row + 1) * k);
        const length = norm ? 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / k + EPS) : 1;
        if (norm) expect(stats![2 * row + 1]).toBeCloseTo(length, 4);
        for (let c = 0; c < n; c++)
          for (let matrix = 0; matrix < both; matrix++) {
            const column = model * both * n + matrix * n + c;
            let sum = 0;
            for (let i = 0; i < k; i++)
              sum +=
                x[i]! *
                (norm ? gain[model * k + i]! * length : 1) *
                (mode === "NT" ? b[column * k + i]! : b[(model * k + i) * n + c]!);
            expected[row * n + c]! += (matrix === 1 ? -1 : 1) * (sum + (bias ? starts[column]! : 0));
          }
      }
      expect(relativeError(y!, expected)).toBeLessThan(1e-5);
    });
});

describe("TN", () => {
  for (const [what, o] of [
    ["size 1", { ...sizes, splits: 1, sums: false, norm: false, folded: false }],
    [
      "cut rows, two models",
      { ...sizes, models: 2, m: 36, n: 33, k: 37, splits: 3, sums: true, norm: true, folded: false },
    ],
    [
      "folded, two models",
      { ...sizes, models: 2, m: 36, n: 33, k: 37, splits: 3, sums: true, norm: true, folded: true },
    ],
    [
      "large tiles",
      { ...sizes, tile: [8, 8] as Tile, m: 66, n: 72, k: 21, splits: 2, sums: true, norm: false, folded: false },
    ],
  ] as const)
    it(what, async () => {
      const { models, m, n, k, tile, splits, sums, norm, folded } = o;
      const outs = folded ? 1 : splits;
      const block = Math.ceil(k / splits);
      const a = noise(1, models * k * m);
      const b = noise(2, models * k * n);
      const gain = noise(3, models * n);
      const lengths = noise(4, models * k * 2);
      const code = sharedProductOverRowsPart({
        name: "product",
        models,
        m,
        n,
        k,
        tile,
        splits,
        block,
        folded,
        a: "a",
        b: "b",
        out: "y",
        ...(sums ? { sums: "sums" } : {}),
        ...(norm ? { norm: { gain: "gain", stats: "stats" } } : {}),
      });
      const [y, s] = await runPart(
        {
          a: { values: a, type: matrixType(m) },
          b: { values: b, type: matrixType(n) },
          ...(norm
            ? { gain: { values: gain, type: matrixType(n) }, stats: { values: lengths, type: "array<vec2f>" } }
            : {}),
        },
        {
          y: { size: outs * models * m * n, type: matrixType(n) },
          ...(sums ? { sums: { size: outs * models * m, type: "array<f32>" } } : {}),
        },
        outs * models * blocksOf({ m, n, tile }),
        code,
      );
      const expected = new Float32Array(outs * models * m * n);
      const totals = new Float32Array(outs * models * m);
      for (let model = 0; model < models; model++)
        for (let p = 0; p < k; p++) {
          const at = (folded ? 0 : Math.floor(p / block)) * models + model;
          const row = model * k + p;
          for (let i = 0; i < m; i++) {
            totals[at * m + i]! += a[row * m + i]!;
            for (let j = 0; j < n; j++)
              expected[(at * m + i) * n + j]! +=
                a[row * m + i]! * b[row * n + j]! * (norm ? gain[model * n + j]! * lengths[2 * row + 1]! : 1);
          }
        }
      expect(relativeError(y!, expected)).toBeLessThan(1e-5);
      if (sums) expect(relativeError(s!, totals)).toBeLessThan(1e-5);
    });
});

it("a gated layer and its gradients go through it, with several products in one dispatch", async () => {
  setVariants(gpu().backend, { matmul: "shared" });
  const layer = ({ x, gain, inner, outer }: Record<string, Tensor>) =>
    feedForward(
      x as Tensor2D,
      { gated: true, norm: { gain: gain as Tensor1D, eps: EPS }, inner: inner as Tensor2D, outer: outer as Tensor2D },
      x as Tensor2D,
    );
  const plain = ({ x, gain, inner, outer }: Record<string, Tensor>) => {
    const normed = tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), 1, true), EPS))), gain!);
    const [gate, up] = tf.split(tf.matMul(normed as Tensor2D, inner as Tensor2D, false, true), 2, 1) as [
      Tensor,
      Tensor,
    ];
    const h = tf.mul(tf.mul(gate, tf.sigmoid(gate)), up) as Tensor2D;
    return tf.add(x!, tf.matMul(h, outer as Tensor2D, false, true));
  };
  const inputs = {
    x: noisy(1, [37, 12]),
    gain: noisy(2, [12]),
    inner: noisy(3, [40, 12], 0.3),
    outer: noisy(4, [12, 20], 0.3),
  };
  await expectSamePass(gpu(), layer, plain, inputs, 2e-5);
});

it("a capture keeps the variant it was made with", async () => {
  const specs = { x: { shape: [40, 8], dtype: "float32" as const } };
  const weight = ownTensor(gpu(), { shape: [8, 8], dtype: "float32" }, new Float32Array(64).fill(1)) as Tensor2D;
  const capture = () => captureStep(gpu(), ({ x }) => ({ y: linear(x as Tensor2D, weight) }), specs);
  setVariants(gpu().backend, { matmul: "shared" });
  const shared = capture();
  setVariants(gpu().backend, { matmul: "registers" });
  const registers = capture();
  const x = Float32Array.from({ length: 320 }, (_, i) => i % 7);
  for (const step of [shared, registers]) step.run({ x });
  expect(await shared.read("y")).toEqual(await registers.read("y"));
  for (const step of [shared, registers]) step.dispose();
  disposeOwn(gpu(), weight);
  expect(variantsOf(gpu().backend).matmul).toBe("registers");
});

it("takes large blocks where there are enough of them", () => {
  expect(blocksOf({ m: 65, n: 64, tile: [8, 8] })).toBe(2);
  expect(sharedTileFor(1536, 512)).toEqual([8, 8]);
  expect(sharedTileFor(512, 128)).toEqual([4, 4]);
});
