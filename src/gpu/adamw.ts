/**
 * AdamW (Loshchilov & Hutter, arXiv 1711.05101) with clipping by the global norm, in place.
 *
 *   g' = g * min(1, clip / |g|)        over all tensors together
 *   m = b1 m + (1 - b1) g',  v = b2 v + (1 - b2) g'^2
 *   p = p - rate * (m c1 / (sqrt(v c2) + eps) + decay p),   c = 1 / (1 - b^t)
 *
 * tfjs' own Adam takes 13 dispatches a tensor and swaps the parameters' buffers, which a captured step cannot follow.
 * Here several tensors share a dispatch, as many as the device has bindings for; moments lie in two flat buffers.
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { Gpu } from "./device";
import { dispatch, linearGrid, readBinding, writeBinding } from "./dispatch";
import { disposeOwn, ownTensor } from "./step";

export interface AdamWParameter {
  name: string;
  tensor: Tensor;
  /** Which learning rate it takes: an index into the rates of `hyper`. */
  rate: 0 | 1;
  /** Decoupled weight decay. */
  decay: number;
}

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  /** Largest norm of the whole gradient; 0: never clipped. */
  clip: number;
  eps?: number;
}

export interface AdamW {
  /**
   * Updates the parameters in place.
   * @param gradients by parameter name
   * @param hyper float32 [4], see `hyperValues`
   * @returns the gradient's norm before clipping, float32 [1]
   */
  apply(gradients: Record<string, Tensor>, hyper: Tensor): Tensor;
  /** First and second moments, flat, in the order of the parameters. */
  readonly moments: { m: Tensor; v: Tensor };
  dispose(): void;
}

/** What `apply` reads of the schedule at `step` (from 1): [rate 0, rate 1, 1/(1-b1^t), 1/(1-b2^t)]. */
export function hyperValues(rates: readonly [number, number], step: number, options: AdamWOptions): Float32Array {
  return Float32Array.of(rates[0], rates[1], 1 / (1 - options.beta1 ** step), 1 / (1 - options.beta2 ** step));
}

// One thread adds up this many squares, so that neither the partial sums nor their order depend on the device.
const CHUNK = 256;

export function createAdamW(gpu: Gpu, parameters: readonly AdamWParameter[], options: AdamWOptions): AdamW {
  const { backend, device } = gpu;
  const { beta1, beta2, clip, eps = 1e-8 } = options;
  const total = parameters.reduce((sum, p) => sum + p.tensor.size, 0);
  if (total * 4 > device.limits.maxStorageBufferBindingSize)
    throw new LabError(
      "gpu-refused",
      `${total.toLocaleString("en")} trained parameters need moments of ${Math.ceil((total * 4) / 2 ** 20)} MiB; this GPU binds ${Math.floor(device.limits.maxStorageBufferBindingSize / 2 ** 20)} MiB at once.`,
      "Choose a smaller width or vocabulary.",
    );
  const m = ownTensor(gpu, { shape: [total], dtype: "float32" });
  const v = ownTensor(gpu, { shape: [total], dtype: "float32" });
  const bindings = device.limits.maxStorageBuffersPerShaderStage;

  let offset = 0;
  let partialOffset = 0;
  const slots = parameters.map((p) => {
    const slot = { ...p, size: p.tensor.size, offset, partialOffset };
    offset += slot.size;
    partialOffset += Math.ceil(slot.size / CHUNK);
    return slot;
  });
  const partials = ownTensor(gpu, { shape: [partialOffset], dtype: "float32" });
  const normGroups = split(slots, bindings - 1);
  const updateGroups = split(slots, Math.floor((bindings - 4) / 2));

  return {
    moments: { m, v },
    apply(gradients, hyper) {
      const gradientOf = (slot: Slot) => {
        const gradient = gradients[slot.name];
        if (!gradient || gradient.size !== slot.size) throw new Error(`no gradient for ${slot.name}`);
        return gradient;
      };
      for (const group of normGroups) {
        const sizes = group.map((s) => s.size);
        const chunks = sizes.reduce((sum, size) => sum + Math.ceil(size / CHUNK), 0);
        const grid = linearGrid(chunks);
        dispatch(
          backend,
          {
            key: `adamw-squares ${sizes.join(" ")} at ${group[0]!.partialOffset}`,
            workgroups: grid.workgroups,
            code: () => squaresCode(sizes, group[0]!.partialOffset, chunks, grid.index),
          },
          group.map(gradientOf),
          [partials],
        );
      }
      const [normInfo] = dispatch(
        backend,
        { key: `adamw-norm ${partialOffset}`, workgroups: [1, 1, 1], code: () => normCode(partialOffset) },
        [partials],
        [{ shape: [1] }],
      );
      const norm = tf.engine().makeTensorFromTensorInfo(normInfo!);
      for (const group of updateGroups) {
        const size = group.reduce((sum, s) => sum + s.size, 0);
        const grid = linearGrid(size);
        dispatch(
          backend,
          {
            key: `adamw ${group.map((s) => `${s.size}/${s.rate}/${s.decay}`).join(" ")} at ${group[0]!.offset} ${beta1} ${beta2} ${clip} ${eps}`,
            workgroups: grid.workgroups,
            code: () => updateCode(group, grid.index, { beta1, beta2, clip, eps }),
          },
          [...group.map(gradientOf), norm, hyper],
          [...group.map((s) => s.tensor), m, v],
        );
      }
      return norm;
    },
    dispose() {
      for (const tensor of [m, v, partials]) disposeOwn(gpu, tensor);
    },
  };
}

type Slot = AdamWParameter & { size: number; offset: number; partialOffset: number };

function split<T>(list: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < list.length; i += size) groups.push(list.slice(i, i + size));
  return groups;
}

/** partial[k] = sum of squares of one chunk of one tensor. */
function squaresCode(sizes: readonly number[], base: number, chunks: number, index: string): string {
  let first = 0;
  const branches = sizes.map((size, t) => {
    const count = Math.ceil(size / CHUNK);
    const from = first;
    first += count;
    return `if (c < ${first}u) {
      let start = (c - ${from}u) * ${CHUNK}u;
      let end = min(start + ${CHUNK}u, ${size}u);
      for (var i = start; i < end; i++) { s += b${t}[i] * b${t}[i]; }
    }`;
  });
  return `${sizes.map((_, t) => readBinding(t, "array<f32>")).join("")}${writeBinding(sizes.length, "array<f32>")}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = ${index};
  if (c >= ${chunks}u) { return; }
  var s = 0.0;
  ${branches.join(" else ")}
  b${sizes.length}[${base}u + c] = s;
}`;
}

/** norm = sqrt(sum of partials), by 64 threads and a tree in a fixed order. */
function normCode(count: number): string {
  return `${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) t: u32) {
  var s = 0.0;
  for (var i = t; i < ${count}u; i += 64u) { s += b0[i]; }
  sums[t] = s;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { sums[t] += sums[t + half]; }
  }
  if (t == 0u) { b1[0] = sqrt(sums[0]); }
}`;
}

function updateCode(group: readonly Slot[], index: string, o: Required<AdamWOptions>): string {
  const n = group.length;
  const float = (x: number) => (Number.isInteger(x) ? `${x}.0` : `${x}`);
  let first = 0;
  const branches = group.map((slot, t) => {
    const from = first;
    first += slot.size;
    const parameter = n + 2 + t;
    return `if (i < ${first}u) {
      let k = i - ${from}u;
      let d = delta(b${t}[k] * scale, i + ${group[0]!.offset}u);
      b${parameter}[k] -= b${n + 1}[${slot.rate}] * (d + ${float(slot.decay)} * b${parameter}[k]);
    }`;
  });
  const clipped =
    o.clip > 0 ? `min(1.0, ${float(o.clip)} / max(b${n}[0], 1e-30))` : `select(1.0, 1.0, b${n}[0] >= 0.0)`;
  return `${group.map((_, t) => readBinding(t, "array<f32>")).join("")}${readBinding(n, "array<f32>")}${readBinding(n + 1, "array<f32>")}
${group.map((_, t) => writeBinding(n + 2 + t, "array<f32>")).join("")}${writeBinding(2 * n + 2, "array<f32>")}${writeBinding(2 * n + 3, "array<f32>")}
fn delta(g: f32, j: u32) -> f32 {
  let m = ${float(o.beta1)} * b${2 * n + 2}[j] + ${float(1 - o.beta1)} * g;
  let v = ${float(o.beta2)} * b${2 * n + 3}[j] + ${float(1 - o.beta2)} * g * g;
  b${2 * n + 2}[j] = m;
  b${2 * n + 3}[j] = v;
  return m * b${n + 1}[2] / (sqrt(v * b${n + 1}[3]) + ${o.eps.toExponential()});
}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${index};
  if (i >= ${first}u) { return; }
  let scale = ${clipped};
  ${branches.join(" else ")}
}`;
}
