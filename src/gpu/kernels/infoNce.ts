/**
 * InfoNCE with its gradients in two dispatches. With q' = q / |q|, d' = d / |d| (1e-12 under the root), B queries:
 *
 *   z_ij = q'_i . d'_j / tau - 1e9 (1 - counts_ij),   loss = mean_i (log sum_j exp z_ij - z_ii)
 *   g_ij = (softmax(z_i)_j - [i = j]) / (B tau)
 *   dq_i = (v - q'_i (q'_i . v)) / |q_i|,  v = sum_j g_ij d'_j;   dd_j likewise with sum_i g_ij q'_i
 *   dtau = -sum_ij g_ij q'_i . d'_j / tau
 *
 * The first dispatch owns a query a workgroup (its row of z is in workgroup memory), the second a document a workgroup,
 * and one more that adds up the rows' shares. A loss is where the way back begins, so its gradients are made with it.
 * Several models share what counts (models.ts); each has its temperature, and its workgroups are the grid's own y.
 */
import type { Tensor, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dispatch, readBinding, writeBinding } from "../dispatch";
import { ofModels, timesEach } from "./models";
import { registerOp } from "./op";
import { type Reduction, reductionOf } from "./reduce";
import { float } from "./wgsl";

export interface InfoNceSizes {
  models: number;
  /** Of one model, as `columns`. */
  batch: number;
  columns: number;
  size: number;
}

const head = ({ parameters, begin }: Reduction) => `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32${parameters}) {
  ${begin}
  let model = group.y;`;

/** WGSL: where a model's queries, documents, `g` and lengths begin. */
const firsts = ({ models, batch, columns }: InfoNceSizes): string => {
  const first = (count: number) => (models === 1 ? "0u" : `model * ${count}u`);
  return `  let firstQuery = ${first(batch)};
  let firstDocument = ${first(columns)};
  let firstG = ${first(batch * columns)};
  let firstLength = ${first(batch + columns)};`;
};

/** WGSL: v of every value is in `out`; makes it the gradient of the vector itself, at `at`, of length 1 / scale. */
const project = (size: number, vector: string, out: string) => `
  var along = 0.0;
  for (var e = thread; e < ${size}u; e += 64u) { along += ${out}[at + e] * ${vector}[at + e]; }
  let pull = sumOf(thread, along) * scale * scale;
  for (var e = thread; e < ${size}u; e += 64u) { ${out}[at + e] = scale * (${out}[at + e] - ${vector}[at + e] * pull); }`;

/**
 * Reads queries, documents, counts, tau; writes dq, g [models, batch, columns], 1 / lengths (of a model's queries, then its
 * documents), (loss, dtau) of each row.
 */
export function infoNceQueryCode(sizes: InfoNceSizes, reduction: Reduction): string {
  const { batch, columns, size } = sizes;
  return `${reduction.enable}${readBinding(0, "array<f32>")}${readBinding(1, "array<f32>")}${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${writeBinding(4, "array<f32>")}${writeBinding(5, "array<f32>")}${writeBinding(6, "array<f32>")}${writeBinding(7, "array<vec2f>")}
var<workgroup> z: array<f32, ${columns}>;
var<workgroup> lengths: array<f32, ${columns}>;
${reduction.overWorkgroup(64)}
${head(reduction)}
${firsts(sizes)}
  let i = group.x;
  let at = (firstQuery + i) * ${size}u;
  let tau = b3[model];
  var squares = 0.0;
  for (var e = thread; e < ${size}u; e += 64u) { squares += b0[at + e] * b0[at + e]; }
  let scale = 1.0 / sqrt(sumOf(thread, squares) + 1e-12);
  var top = -3.0e38;
  for (var j = thread; j < ${columns}u; j += 64u) {
    var dotted = 0.0;
    var own = 0.0;
    for (var e = 0u; e < ${size}u; e++) {
      let d = b1[(firstDocument + j) * ${size}u + e];
      dotted += b0[at + e] * d;
      own += d * d;
    }
    lengths[j] = 1.0 / sqrt(own + 1e-12);
    if (i == 0u) { b6[firstLength + ${batch}u + j] = lengths[j]; }
    z[j] = dotted * scale * lengths[j] / tau - 1e9 * (1.0 - b2[i * ${columns}u + j]);
    top = max(top, z[j]);
  }
  let most = mostOf(thread, top);
  var sum = 0.0;
  for (var j = thread; j < ${columns}u; j += 64u) { sum += exp(z[j] - most); }
  let lse = most + log(sumOf(thread, sum));
  let loss = lse - z[i];
  workgroupBarrier();
  var byTau = 0.0;
  for (var j = thread; j < ${columns}u; j += 64u) {
    let g = (exp(z[j] - lse) - select(0.0, 1.0, i == j)) / (${float(batch)} * tau);
    // A hidden column has g = 0, so what hides it does not matter here.
    byTau -= select(0.0, g * (z[j] + 1e9 * (1.0 - b2[i * ${columns}u + j])), g != 0.0);
    b5[firstG + i * ${columns}u + j] = g;
    z[j] = g * lengths[j];
  }
  let change = sumOf(thread, byTau);
  if (thread == 0u) {
    b6[firstLength + i] = scale;
    b7[firstQuery + i] = vec2f(loss, change);
  }
  for (var e = thread; e < ${size}u; e += 64u) {
    var v = 0.0;
    for (var j = 0u; j < ${columns}u; j++) { v += z[j] * b1[(firstDocument + j) * ${size}u + e]; }
    b4[at + e] = v;
  }
${project(size, "b0", "b4")}
}`;
}

/** Reads queries, documents, g, 1 / lengths, the rows' shares; writes dd, loss, dtau. A workgroup a document and one more. */
export function infoNceDocumentCode(sizes: InfoNceSizes, reduction: Reduction): string {
  const { batch, columns, size } = sizes;
  return `${reduction.enable}${readBinding(0, "array<f32>")}${readBinding(1, "array<f32>")}${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}${readBinding(4, "array<vec2f>")}
${writeBinding(5, "array<f32>")}${writeBinding(6, "array<f32>")}${writeBinding(7, "array<f32>")}
${reduction.overWorkgroup(64)}
${head(reduction)}
${firsts(sizes)}
  let j = group.x;
  if (j == ${columns}u) {
    var own = vec2f(0.0);
    for (var i = thread; i < ${batch}u; i += 64u) { own += b4[firstQuery + i]; }
    let loss = sumOf(thread, own.x);
    let change = sumOf(thread, own.y);
    if (thread == 0u) {
      b6[model] = loss / ${float(batch)};
      b7[model] = change;
    }
    return;
  }
  let at = (firstDocument + j) * ${size}u;
  let scale = b3[firstLength + ${batch}u + j];
  for (var e = thread; e < ${size}u; e += 64u) {
    var v = 0.0;
    for (var i = 0u; i < ${batch}u; i++) { v += b2[firstG + i * ${columns}u + j] * b3[firstLength + i] * b0[(firstQuery + i) * ${size}u + e]; }
    b5[at + e] = v;
  }
${project(size, "b1", "b5")}
}`;
}

type Inputs = Record<"queries" | "documents" | "counts" | "temperature", TensorInfo>;

const infoNceOp = registerOp<Inputs>({
  name: "LabInfoNce",
  saveOutputs: [false, true, true, true],
  run(backend, { queries, documents, counts, temperature }) {
    const size = queries.shape[1]!;
    const [batch, columns] = counts.shape as [number, number];
    const models = queries.shape[0]! / batch;
    const sizes = { models, batch, columns, size };
    const reduction = reductionOf(backend);
    const name = `${ofModels(models)}${batch} ${columns} ${size}${reduction.key}`;
    const [dq, g, lengths, rows] = dispatch(
      backend,
      {
        key: `info-nce-queries ${name}`,
        workgroups: [batch, models, 1],
        code: () => infoNceQueryCode(sizes, reduction),
      },
      [queries, documents, counts, temperature],
      [
        { shape: queries.shape },
        { shape: [models, batch, columns] },
        { shape: [models, batch + columns] },
        { shape: [models * batch, 2] },
      ],
    ) as [TensorInfo, TensorInfo, TensorInfo, TensorInfo];
    const [dd, loss, dtau] = dispatch(
      backend,
      {
        key: `info-nce-documents ${name}`,
        workgroups: [columns + 1, models, 1],
        code: () => infoNceDocumentCode(sizes, reduction),
      },
      [queries, documents, g, lengths, rows],
      [{ shape: documents.shape }, { shape: models === 1 ? [] : [models] }, { shape: temperature.shape }],
    ) as [TensorInfo, TensorInfo, TensorInfo];
    for (const info of [g, lengths, rows]) backend.disposeData(info.dataId);
    return [loss, dq, dd, dtau];
  },
  gradient({ dy, saved, pass }) {
    const scaled = (tensor: Tensor) => (pass?.one ? tf.clone(tensor) : timesEach(tensor, dy));
    return {
      queries: () => scaled(saved[0]!),
      documents: () => scaled(saved[1]!),
      temperature: () => scaled(saved[2]!),
    };
  },
});

// A row of z and the documents' lengths share the 16 KiB that WebGPU promises a workgroup.
const MOST_COLUMNS = 1900;

/** Whether the kernels take so many documents. */
export const infoNceFits = (columns: number): boolean => columns <= MOST_COLUMNS;

/**
 * Mean over the queries of -log softmax(cos(q, d) / temperature) at the query's own document.
 * queries [batch, size], documents [columns, size], counts [batch, columns]; temperature has one value. Of several models,
 * rows one under the other, with the same counts: temperature [models] -> [models].
 */
export function infoNceKernels(queries: Tensor2D, documents: Tensor2D, counts: Tensor2D, temperature: Tensor): Tensor {
  const [batch, columns] = counts.shape;
  const models = temperature.size;
  if (queries.shape[0] !== models * batch || documents.shape[0] !== models * columns)
    throw new Error(
      `infoNCE: ${queries.shape[0]} queries and ${documents.shape[0]} documents of ${models} models, but counts ${counts.shape}`,
    );
  return infoNceOp({ queries, documents, counts, temperature }, {})[0]!;
}
