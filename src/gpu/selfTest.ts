/**
 * Whether this backend computes what it should. Drivers and browsers have been known to give wrong values without an
 * error, and a training would only be a little worse for it; so every operation that a run uses is tried on small inputs
 * first, its value and its gradients, and held against float64 (reference.ts).
 *
 * All checks are one captured step, so that their programs compile together and their results come back in one read.
 */
import type { Scalar, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { createAdamW, hyperValues } from "./adamw";
import { valueAndGradients } from "./backward";
import { captureStep } from "./capture";
import type { Gpu } from "./device";
import { dispatch, readBinding, writeBinding } from "./dispatch";
import { flatTensors } from "./flat";
import { createGradientStore } from "./gradients";
import { registerOp } from "./kernels/op";
import { compileWaiting } from "./pipelines";
import { adamwFirstStep, type Values } from "./reference";
import { SEARCH_BATCH, searchAll, uploadIndex } from "./search";
import { disposeOwn, ownTensor, readBuffers, readTensors, type TensorMap } from "./step";

/** One operation with inputs to try it on. */
export interface OpCheck {
  /** What a user reads where it fails, "attention, causal", and what passing is remembered by: says all that makes it another check. */
  name: string;
  /** Its differentiable inputs. */
  inputs: Record<string, { shape: number[]; values: Float32Array }>;
  op(inputs: TensorMap): Tensor;
  /** The same in float64. */
  reference(inputs: Record<string, Values>): Values;
}

/** Largest difference that rounding in float32 explains, relative to the largest value. */
const TOLERANCE = 1e-3;

/**
 * Runs the checks, and those of the optimizer and the search.
 * @param inPieces whether the run adds up gradients of pieces of a batch
 * @throws LabError "wrong-numbers" naming the first operation that is wrong, and the value that should have come out
 */
export async function selfTest(gpu: Gpu, checks: readonly OpCheck[], inPieces = false): Promise<void> {
  const found = await compute(gpu, checks);
  for (const [i, check] of checks.entries()) {
    const expected = expectations(check);
    for (const [what, values] of Object.entries(expected)) compare(gpu, check.name, what, found[i]![what]!, values);
  }
  await testOptimizer(gpu);
  if (inPieces) await testOptimizer(gpu, 3);
  await testSearch(gpu);
}

/** Value and gradients of every check on the GPU, by name; the value is "". */
async function compute(gpu: Gpu, checks: readonly OpCheck[]): Promise<Record<string, Float32Array>[]> {
  const inputs = checks.map((check) =>
    Object.entries(check.inputs).map(([name, { shape, values }]) => ({
      name,
      tensor: ownTensor(gpu, { shape, dtype: "float32" }, values),
    })),
  );
  const flat = inputs.flat().map(({ tensor }) => tensor);
  // On a GPU gradients go where a training's go.
  const store = gpu.heap
    ? null
    : createGradientStore(
        gpu,
        flat.map(({ size }) => ({ size, uses: 1 })),
      );
  const sinks = new Map(store ? flat.map((tensor, i) => [tensor.id, store.sink(i)]) : []);
  const weights = checks.map(({ inputs: _, ...check }, i) => ({ check, xs: inputs[i]! }));
  const step = captureStep(
    gpu,
    () => {
      store?.begin();
      const outputs: TensorMap = {};
      weights.forEach(({ check, xs }, i) => {
        const { value, gradients } = valueAndGradients(
          () => {
            const y = check.op(Object.fromEntries(xs.map(({ name, tensor }) => [name, tensor])));
            if (y.size === 1) return tf.reshape(y, []) as Scalar;
            outputs[`${i}`] = tf.keep(tf.clone(y));
            return gpu.heap ? weighted(y) : probe(y);
          },
          xs.map(({ tensor }) => tensor),
          sinks,
        );
        outputs[`${i}`] ??= value;
        xs.forEach(({ name }, k) => {
          if (gradients[k]) outputs[`${i} ${name}`] = gradients[k];
        });
      });
      return outputs;
    },
    {},
  );
  try {
    await compileWaiting(gpu);
    step.run({});
    const partials = store ? (await readBuffers(gpu, store.buffers)).map((bytes) => new Float32Array(bytes)) : [];
    const names = Object.keys(step.outputs);
    const values = await readTensors(
      gpu,
      names.map((name) => step.outputs[name]!),
    );
    const read = new Map(names.map((name, i) => [name, values[i]!]));
    let index = 0;
    return inputs.map((xs, i) => {
      const result: Record<string, Float32Array> = { "": read.get(`${i}`)! };
      for (const { name, tensor } of xs) {
        const sum = new Float32Array(tensor.size);
        const returned = read.get(`${i} ${name}`);
        const own = store && partials[store.segmentOf(index)]!;
        for (const { offset, count } of store?.contributions(index++) ?? [])
          for (let e = 0; e < count * sum.length; e++) sum[e % sum.length]! += own![offset + e]!;
        result[name] = returned ? sum.map((v, e) => v + returned[e]!) : sum;
      }
      return result;
    });
  } finally {
    step.dispose();
    store?.dispose();
    for (const tensor of flat) disposeOwn(gpu, tensor);
  }
}

/** Value and gradients as they should be: the gradients by central differences in float64, under the probe's weights. */
function expectations(check: OpCheck): Record<string, Values> {
  const xs = Object.fromEntries(
    Object.entries(check.inputs).map(([name, { values }]) => [name, Float64Array.from(values)]),
  );
  const value = check.reference(xs);
  const loss = () => {
    const y = check.reference(xs);
    return y.length === 1 ? y[0]! : y.reduce((sum, v, i) => sum + v * probeWeight(i), 0);
  };
  const result: Record<string, Values> = { "": value };
  const h = 1e-5;
  for (const [name, x] of Object.entries(xs))
    result[name] = Float64Array.from(x, (start, i) => {
      const at = (v: number) => {
        x[i] = v;
        return loss();
      };
      const slope = (at(start + h) - at(start - h)) / (2 * h);
      x[i] = start;
      return slope;
    });
  return result;
}

function compare(gpu: Gpu, op: string, input: string, found: Float32Array, expected: Values): void {
  // A gradient that is zero by algebra is the rounding of sums around 1.
  const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-2);
  let worst = -1;
  let most = TOLERANCE * scale;
  expected.forEach((v, i) => {
    const difference = Math.abs((found[i] ?? Number.NaN) - v);
    if (Number.isNaN(difference) ? most < Number.POSITIVE_INFINITY : difference > most) {
      worst = i;
      most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    }
  });
  if (worst < 0) return;
  const what = input === "" ? "its result" : `its gradient for ${input}`;
  const [should, is] = [expected[worst]!.toPrecision(5), (found[worst] ?? Number.NaN).toPrecision(5)];
  throw new LabError(
    "wrong-numbers",
    `${gpu.adapter.description} computes "${op}" wrongly: value ${worst} of ${what} should be ${should} and is ${is}.`,
    "Nothing is trained on it, for the figures would be wrong. Update the graphics driver and the browser, or use another GPU or another browser. If it stays, please report this message.",
  );
}

/**
 * The optimizer's first step on a few values.
 * @param pieces how many the gradient comes in
 * @param create for tests
 * @throws LabError "wrong-numbers"
 */
export async function testOptimizer(gpu: Gpu, pieces = 1, create = createAdamW): Promise<void> {
  const options = { beta1: 0.9, beta2: 0.98, clip: 0.5, eps: 1e-8, pieces };
  const [rate, decay] = [0.01, 0.1];
  const values = Float32Array.from({ length: 35 }, (_, i) => Math.sin(3 * i + 1));
  const gradient = Float32Array.from({ length: 35 }, (_, i) => Math.cos(5 * i));
  /** Of each piece in each value; they add up to 1. */
  const shares = Array.from({ length: pieces }, (_, p) =>
    Float32Array.from({ length: 35 }, (_, i) => (2 * (((i + p) % pieces) + 1)) / (pieces * (pieces + 1))),
  );
  const memory = flatTensors(gpu, [{ shape: [5, 7], values }]);
  const tensor = memory.tensors[0]!;
  const adamw = create(gpu, [{ name: "p", tensor, rate: 0, decay }], options);
  const step = captureStep(
    gpu,
    ({ g, hyper }) => {
      adamw.begin();
      const parts = shares.map((share) => tf.mul(g!, tf.tensor2d(share, [5, 7])));
      for (const p of parts.slice(1)) adamw.add({ p });
      return { norm: tf.clone(adamw.apply({ p: parts[0]! }, hyper!)) };
    },
    { g: { shape: [5, 7], dtype: "float32" }, hyper: { shape: [4], dtype: "float32" } },
  );
  try {
    await compileWaiting(gpu);
    step.run({ g: gradient, hyper: hyperValues([rate, rate], 1, options) });
    const [found] = await readTensors(gpu, [tensor]);
    const expected = adamwFirstStep(Float64Array.from(values), Float64Array.from(gradient), {
      ...options,
      rate,
      decay,
    });
    const name = pieces === 1 ? "AdamW" : "AdamW with a gradient in pieces";
    compare(gpu, name, "", found!, expected);
    // The first step hardly depends on the gradient's size; the norm does.
    compare(gpu, `${name}: the norm`, "", await step.read("norm"), Float64Array.of(Math.hypot(...gradient)));
  } finally {
    step.dispose();
    adamw.dispose();
    memory.dispose();
  }
}

// More documents than lie in one group, more queries than are asked at once, and a width that is padded.
const [DOCUMENTS, QUERIES, SIZE, BEST] = [300, SEARCH_BATCH + 1, 7, 20];

/**
 * Scores and the best documents of a search, against cosines in float64.
 * @param search for tests
 * @throws LabError "wrong-numbers"
 */
export async function testSearch(gpu: Gpu, search = searchAll): Promise<void> {
  const vectors = Float32Array.from({ length: DOCUMENTS * SIZE }, (_, i) => Math.sin(i * i + 1));
  const queries = Float32Array.from({ length: QUERIES * SIZE }, (_, i) => Math.cos(3 * i * i));
  const index = uploadIndex(
    gpu,
    vectors,
    SIZE,
    Int32Array.from({ length: DOCUMENTS }, (_, i) => i),
  );
  try {
    const wanted = Array.from({ length: QUERIES }, (_, q) => [q, DOCUMENTS - 1 - q]);
    const { hits, scores } = await search(gpu, index, queries, BEST, wanted);
    for (let q = 0; q < QUERIES; q++) {
      const cosines = cosinesOf(queries.subarray(q * SIZE, (q + 1) * SIZE), vectors);
      const best = cosines.toSorted().reverse().slice(0, BEST);
      const { documents, scores: found } = hits[q]!;
      compare(gpu, "search: the best scores", "", Float32Array.from(found), best);
      // Documents as near as rounding may change places; each has to be worth its place.
      const worth = Float32Array.from({ length: BEST }, (_, i) => cosines[documents[i] ?? -1] ?? Number.NaN);
      compare(gpu, "search: the best documents", "", worth, best);
      compare(
        gpu,
        "search: scores of given documents",
        "",
        Float32Array.from(scores[q]!),
        Float64Array.from(wanted[q]!, (d) => cosines[d]!),
      );
    }
  } finally {
    index.dispose();
  }
}

function cosinesOf(query: Float32Array, vectors: Float32Array): Float64Array {
  return Float64Array.from({ length: vectors.length / SIZE }, (_, d) => {
    let [product, ofQuery, ofDocument] = [0, 0, 0];
    for (let k = 0; k < SIZE; k++) {
      const [a, b] = [query[k]!, vectors[d * SIZE + k]!];
      product += a * b;
      ofQuery += a * a;
      ofDocument += b * b;
    }
    return product / Math.sqrt(ofQuery * ofDocument);
  });
}

/** The weight of value i of an output in the probe: what its gradient starts from. */
const probeWeight = (i: number): number => 0.25 * ((i * 7) % 13) - 1.5;

/** A loss whose gradient for y is `probeWeight`; its own value means nothing. No size is baked in: two programs for all. */
const probeOp = registerOp<{ y: TensorInfo }>({
  name: "LabProbe",
  saveInputs: ["y"],
  run: (backend, { y }) =>
    dispatch(
      backend,
      {
        key: "probe",
        workgroups: [1, 1, 1],
        code: () => `${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
@compute @workgroup_size(1) fn main() { b1[0] = b0[0]; }`,
      },
      [y],
      [{ shape: [] }],
    )[0]!,
  gradient: ({ saved: [y] }) => ({ y: () => probeGradientOp({ y: y! }, {})[0]! }),
});

const probeGradientOp = registerOp<{ y: TensorInfo }>({
  name: "LabProbeGradient",
  run: (backend, { y }) =>
    dispatch(
      backend,
      {
        key: "probe-gradient",
        workgroups: [Math.ceil(tf.util.sizeFromShape(y.shape) / 64), 1, 1],
        code: () => `${writeBinding(0, "array<f32>")}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&b0)) { b0[id.x] = 0.25 * f32((id.x * 7u) % 13u) - 1.5; }
}`,
      },
      [],
      [{ shape: y.shape }],
    )[0]!,
});

/** The same by tfjs' own operations. */
const weighted = (y: Tensor): Scalar =>
  tf.sum(
    tf.mul(
      y,
      tf.tensor(
        Float32Array.from({ length: y.size }, (_, i) => probeWeight(i)),
        y.shape,
      ),
    ),
  );

const probe = (y: Tensor): Scalar => probeOp({ y }, {})[0] as Scalar;
