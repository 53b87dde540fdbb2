/**
 * AdamW (Loshchilov & Hutter, arXiv 1711.05101) with clipping by the global norm, in place.
 *
 *   g' = g * min(1, clip / |g|)        over all tensors together
 *   m = b1 m + (1 - b1) g',  v = b2 v + (1 - b2) g'^2
 *   p = p - rate * (m c1 / (sqrt(v c2) + eps) + decay p),   c = 1 / (1 - b^t)
 *
 * Three kernels, whatever the number of tensors: squares of the gradient, its norm, and the update, once for each buffer
 * that parameters lie in (a tower is one). Gradients are read as partial sums from where the kernels put them
 * (gradients.ts) and added up on the way; a table in GPU memory says which values belong together. tfjs' own Adam takes
 * 13 dispatches a tensor and swaps the parameters' buffers, which a captured step cannot follow.
 *
 * Of several models (kernels/models.ts) each is clipped by its own norm and takes its own rates, in the same dispatches:
 * every model's part of a tensor has a slot of its own in the table, and its squares are added up with that model's alone.
 */

import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { dispatch, groupNumber, readBinding, workgroupGrid, writeBinding } from "./dispatch";
import { isHalf, rangeOf } from "./flat";
import { createGradientStore, type GradientStore } from "./gradients";
import { hostAdamW } from "./hostAdamw";
import type { GradientSink } from "./kernels/op";
import { type Reduction, reductionOf } from "./kernels/reduce";
import { variantsOf } from "./kernels/variants";
import { float, type Lanes, laneSum, laneType } from "./kernels/wgsl";
import { disposeOwn, ownTensor } from "./step";

export interface AdamWParameter {
  name: string;
  tensor: Tensor;
  /** Which learning rate it takes: its place in `hyper`. 4: a third one after `hyperValues`, where there is one model. */
  rate: 0 | 1 | 4;
  /** Decoupled weight decay. */
  decay: number;
  /** How often a step uses it; 1 unless given. */
  uses?: number;
}

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  /** Largest norm of the whole gradient; 0: never clipped. */
  clip: number;
  eps?: number;
  /** A step's gradients come in so many pieces, which `add` adds up; 1 unless given. */
  pieces?: number;
}

export interface AdamW {
  /** Before a backward pass that writes to the sinks. Where gradients may be written, by id of the parameter. */
  begin(): ReadonlyMap<number, GradientSink>;
  /**
   * Takes the gradients of a piece of the batch: `apply` updates by the sum of all. By parameter name; null where all of it
   * went to the parameter's sink.
   */
  add(gradients: Record<string, Tensor | null>): void;
  /**
   * Updates the parameters in place.
   * @param gradients by parameter name; none where all of it went to the parameter's sink
   * @param hyper float32 [4] of each model, see `hyperValues`
   * @returns the gradient's norm before clipping, float32 [models]
   */
  apply(gradients: Record<string, Tensor | null>, hyper: Tensor): Tensor;
  /** First and second moments: flat, in the order of the parameters, in as many tensors as the binding limit asks for. */
  readonly moments: { m: readonly Tensor[]; v: readonly Tensor[] };
  dispose(): void;
}

/** What `apply` reads of the schedule at `step` (from 1): [rate 0, rate 1, 1/(1-b1^t), 1/(1-b2^t)]. */
export function hyperValues(rates: readonly [number, number], step: number, options: AdamWOptions): Float32Array {
  return Float32Array.of(rates[0], rates[1], 1 / (1 - options.beta1 ** step), 1 / (1 - options.beta2 ** step));
}

/*
 * Values that one workgroup of 64 threads updates, and whose squares it adds up in an order that no device changes. A GPU's memory
 * is busy only with many threads at it. Where register tiles are the faster way to multiply, as on a CPU that plays one, a
 * workgroup's own cost counts: 4,096 take .53 of the time of 1,024 for squares and .76 for the update on SwiftShader, .94 and
 * 1.0 to 1.1 on lavapipe (2.1 million parameters).
 */
const chunkOf = (backend: WebGPUBackend): number => (variantsOf(backend).matmul === "registers" ? 4096 : 1024);
// Words of the table: a chunk is (slot, first value), a slot as in `slotWords`, a contribution (offset, count).
const CHUNK_WORDS = 2;
const SLOT_WORDS = 10;

/** A model's part of a parameter. */
interface Slot extends AdamWParameter {
  index: number;
  model: number;
  size: number;
  buffer: GPUBuffer;
  /** First value in the parameter's buffer. */
  parameterOffset: number;
  /** First value in the segment's moments. */
  momentOffset: number;
  /** First of its chunks among those of its model in this segment. */
  firstChunk: number;
}

/** Tensors that share moments, gradients and table. */
interface Segment {
  slots: Slot[];
  /** Values of a chunk. */
  chunk: number;
  /** Of all models, as those of `runs`. */
  chunks: number;
  /** First of this segment's chunks among those of one model in all segments. */
  firstChunk: number;
  /** Values that are loaded at once: 4 where every tensor is of a multiple of 4, as all then begin at one. */
  lanes: Lanes;
  /** Consecutive chunks whose parameters are in one buffer. */
  runs: { buffer: GPUBuffer; first: number; count: number }[];
  m: Tensor;
  v: Tensor;
  gradients: GPUBuffer;
}

/**
 * An optimizer of these parameters, with moments at 0.
 * @param models how many the parameters are of: the leading dimension of each where there are several
 * @throws Error naming a parameter that a step leaves without a gradient
 */
export function createAdamW(gpu: Gpu, parameters: readonly AdamWParameter[], options: AdamWOptions, models = 1): AdamW {
  const frozen = parameters.find(({ tensor }) => isHalf(tensor));
  if (frozen) throw new Error(`${frozen.name} is of half floats, which are frozen`);
  if (gpu.heap) return hostAdamW(gpu, parameters, options, models);
  const { backend } = gpu;
  const store = createGradientStore(
    gpu,
    parameters.map((p) => ({ size: p.tensor.size, uses: p.uses ?? 1, models })),
    (options.pieces ?? 1) > 1,
  );
  const put = (gradients: Record<string, Tensor | null>) =>
    store.put(
      parameters.flatMap(({ name }, index) => {
        const tensor = gradients[name];
        return tensor ? [{ index, tensor }] : [];
      }),
    );
  const segments = store.buffers.map((gradients, s) => makeSegment(gpu, parameters, store, s, gradients, models));
  /** Of one model. */
  let chunks = 0;
  for (const segment of segments) {
    segment.firstChunk = chunks;
    chunks += segment.chunks / models;
  }
  const squares = ownTensor(gpu, { shape: [models, Math.max(1, chunks)], dtype: "float32" });
  const tables = new Map<string, Tensor>();
  const tableOf = (segment: Segment): Tensor => {
    const words = tableWords(segment, store, chunks);
    // Where contributions lie is all that can change, and it does so only with another step function.
    const key = `${segment.firstChunk} ${words.slice(segment.chunks * CHUNK_WORDS).join(" ")}`;
    let table = tables.get(key);
    if (!table) {
      table = ownTensor(gpu, { shape: [words.length], dtype: "int32" }, words);
      tables.set(key, table);
    }
    return table;
  };
  const { beta1, beta2, clip, eps = 1e-8 } = options;
  const sinks = new Map(parameters.map((p, i) => [p.tensor.id, store.sink(i)]));

  return {
    moments: { m: segments.map((s) => s.m), v: segments.map((s) => s.v) },
    begin() {
      store.begin();
      return sinks;
    },
    add(gradients) {
      put(gradients);
      store.addUp();
    },
    apply(gradients, hyper) {
      put(gradients);
      parameters.forEach(({ name }, i) => {
        if (store.contributions(i).length === 0) throw new Error(`no gradient for ${name}`);
      });
      const reduction = reductionOf(backend);
      const bound = segments.map((segment) => ({ segment, table: tableOf(segment) }));
      for (const { segment, table } of bound)
        dispatch(
          backend,
          {
            key: `adamw-squares ${segment.chunks} of ${segment.chunk} by ${segment.lanes}${reduction.key}`,
            workgroups: workgroupGrid(segment.chunks),
            code: () => squaresCode(segment, reduction),
          },
          [{ buffer: segment.gradients }, table],
          [squares],
        );
      const [normInfo] = dispatch(
        backend,
        {
          key: `adamw-norm ${chunks}${reduction.key}`,
          workgroups: [models, 1, 1],
          code: () => normCode(chunks, reduction),
        },
        [squares],
        [{ shape: [models] }],
      );
      const norm = tf.engine().makeTensorFromTensorInfo(normInfo!);
      for (const { segment, table } of bound)
        for (const { buffer, first, count } of segment.runs)
          dispatch(
            backend,
            {
              key: `adamw ${count} at ${first} in ${segment.chunks} of ${segment.chunk} by ${segment.lanes} ${beta1} ${beta2} ${clip} ${eps}`,
              workgroups: workgroupGrid(count),
              code: () => updateCode(segment, first, count, { beta1, beta2, clip, eps }),
            },
            [{ buffer: segment.gradients }, table, norm, hyper],
            [{ buffer }, segment.m, segment.v],
          );
      store.begin();
      return norm;
    },
    dispose() {
      for (const tensor of [squares, ...tables.values(), ...segments.flatMap((s) => [s.m, s.v])])
        disposeOwn(gpu, tensor);
      store.dispose();
    },
  };
}

function makeSegment(
  gpu: Gpu,
  parameters: readonly AdamWParameter[],
  store: GradientStore,
  number: number,
  gradients: GPUBuffer,
  models: number,
): Segment {
  const chunk = chunkOf(gpu.backend);
  let momentOffset = 0;
  let chunks = 0; // of one model
  const slots: Slot[] = [];
  const runs: Segment["runs"] = [];
  parameters.forEach((p, index) => {
    if (store.segmentOf(index) !== number) return;
    const range = rangeOf(gpu, p.tensor);
    const size = p.tensor.size / models;
    const count = Math.ceil(size / chunk);
    for (let model = 0; model < models; model++) {
      const parameterOffset = range.offset / 4 + model * size;
      slots.push({ ...p, index, model, size, buffer: range.buffer, parameterOffset, momentOffset, firstChunk: chunks });
      momentOffset += size;
    }
    const last = runs.at(-1);
    if (last?.buffer === range.buffer) last.count += models * count;
    else runs.push({ buffer: range.buffer, first: models * chunks, count: models * count });
    chunks += count;
  });
  const m = ownTensor(gpu, { shape: [momentOffset], dtype: "float32" });
  const v = ownTensor(gpu, { shape: [momentOffset], dtype: "float32" });
  const lanes = slots.every(({ size }) => size % 4 === 0) ? 4 : 1;
  return { slots, chunk, chunks: models * chunks, firstChunk: 0, lanes, runs, m, v, gradients };
}

/** Chunks, then slots, then contributions. @param chunksOfModel in all segments */
function tableWords(
  { slots, chunk, chunks, firstChunk }: Segment,
  store: GradientStore,
  chunksOfModel: number,
): Int32Array {
  const chunkWords: number[] = [];
  const slotWords: number[] = [];
  const contributionWords: number[] = [];
  const bits = new Int32Array(1);
  const value = new Float32Array(bits.buffer);
  const base = chunks * CHUNK_WORDS + slots.length * SLOT_WORDS;
  slots.forEach((slot, s) => {
    for (let start = 0; start < slot.size; start += chunk) chunkWords.push(s, start);
    value[0] = slot.decay;
    const contributions = store.contributions(slot.index);
    slotWords.push(
      slot.parameterOffset,
      slot.momentOffset,
      slot.size,
      slot.rate,
      bits[0]!,
      base + contributionWords.length,
      contributions.length,
      // From one partial sum to the next: they are of all models.
      slot.tensor.size,
      slot.model,
      slot.model * chunksOfModel + firstChunk + slot.firstChunk,
    );
    for (const { offset, count } of contributions) contributionWords.push(offset + slot.model * slot.size, count);
  });
  return Int32Array.from([...chunkWords, ...slotWords, ...contributionWords]);
}

/** The WGSL type that values are bound as. */
const array = ({ lanes }: Pick<Segment, "lanes">) => `array<${laneType(lanes)}>`;

/**
 * WGSL of the table b1 and the gradients b0: `slotOf(chunk)`, and `gradient(e, stride, at, count)`, the sum of one
 * contribution's partial sums at lanes e. Nearly every tensor has one contribution, so what says where it lies is read
 * once a chunk, and `more(slot, e)` adds the others.
 */
const tableCode = (segment: Pick<Segment, "lanes" | "chunks">): string => {
  const { lanes, chunks } = segment;
  const type = laneType(lanes);
  return `${readBinding(0, array(segment))}${readBinding(1, "array<i32>")}
fn word(k: u32) -> u32 { return u32(b1[k]); }
fn slotOf(chunk: u32) -> u32 { return ${chunks * CHUNK_WORDS}u + word(chunk * ${CHUNK_WORDS}u) * ${SLOT_WORDS}u; }
fn gradient(e: u32, stride: u32, at: u32, count: u32) -> ${type} {
  var sum = b0[at + e];
  for (var s = 1u; s < count; s++) { sum += b0[at + s * stride + e]; }
  return sum;
}
fn more(slot: u32, e: u32) -> ${type} {
  let first = word(slot + 5u);
  var sum = ${type}(0.0);
  for (var c = 1u; c < word(slot + 6u); c++) {
    sum += gradient(e, word(slot + 7u) / ${lanes}u, word(first + 2u * c) / ${lanes}u, word(first + 2u * c + 1u));
  }
  return sum;
}`;
};

/** The head of a kernel's loop over its chunk: thread t has every 64th lanes `e` and their gradient `g`. */
const chunkLoop = (number: string, { lanes, chunk }: Pick<Segment, "lanes" | "chunk">): string => `
  let slot = slotOf(${number});
  let start = word(${number} * ${CHUNK_WORDS}u + 1u);
  let size = word(slot + 2u);
  let stride = word(slot + 7u) / ${lanes}u;
  let end = min(start + ${chunk}u, size) / ${lanes}u;
  let at = word(word(slot + 5u)) / ${lanes}u;
  let count = word(word(slot + 5u) + 1u);
  let several = word(slot + 6u) > 1u;
  for (var e = start / ${lanes}u + t; e < end; e += 64u) {
    var g = gradient(e, stride, at, count);
    if (several) { g += more(slot, e); }`;

// Of a kernel whose threads add nothing up together.
const ALONE = { parameters: "", begin: "" };

const workgroupHead = (
  chunks: number,
  { parameters, begin }: Pick<Reduction, "parameters" | "begin"> = ALONE,
): string => `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32${parameters}) {
  ${begin}
  let own = ${groupNumber("w")};
  if (own >= ${chunks}u) { return; }`;

/** squares[model, k] = sum of squares of the model's chunk k. */
function squaresCode(segment: Pick<Segment, "lanes" | "chunk" | "chunks">, reduction: Reduction): string {
  const { lanes, chunk, chunks } = segment;
  return `${reduction.enable}${tableCode(segment)}
${writeBinding(2, "array<f32>")}
${laneSum(lanes)}
${reduction.overWorkgroup(64)}
${workgroupHead(chunks, reduction)}
  var s = ${laneType(lanes)}(0.0);
${chunkLoop("own", segment)}
    s += g * g;
  }
  let sum = sumOf(t, total(s));
  if (t == 0u) { b2[word(slot + 9u) + start / ${chunk}u] = sum; }
}`;
}

/** norm[model] = sqrt(sum of its squares), by one workgroup. */
function normCode(count: number, reduction: Reduction): string {
  return `${reduction.enable}${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
${reduction.overWorkgroup(64)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32${reduction.parameters}) {
  ${reduction.begin}
  var s = 0.0;
  for (var i = t; i < ${count}u; i += 64u) { s += b0[w.x * ${count}u + i]; }
  let sum = sumOf(t, s);
  if (t == 0u) { b1[w.x] = sqrt(sum); }
}`;
}

/** Reads gradients, table, norm, hyper; updates parameters, m, v of `count` chunks from `first` on. */
function updateCode(
  segment: Pick<Segment, "lanes" | "chunk" | "chunks">,
  first: number,
  count: number,
  o: Required<Omit<AdamWOptions, "pieces">>,
): string {
  const { lanes } = segment;
  const clipped =
    o.clip > 0 ? `min(1.0, ${float(o.clip)} / max(b2[model], 1e-30))` : "select(1.0, 1.0, b2[model] >= 0.0)";
  return `${tableCode(segment)}
${readBinding(2, "array<f32>")}${readBinding(3, "array<f32>")}
${writeBinding(4, array(segment))}${writeBinding(5, array(segment))}${writeBinding(6, array(segment))}
${workgroupHead(count)}
  let chunk = own + ${first}u;
  let model = word(slotOf(chunk) + 8u);
  let scale = ${clipped};
  let parameters = word(slotOf(chunk)) / ${lanes}u;
  let moments = word(slotOf(chunk) + 1u) / ${lanes}u;
  let rate = b3[4u * model + word(slotOf(chunk) + 3u)];
  let decay = bitcast<f32>(b1[slotOf(chunk) + 4u]);
  let c1 = b3[4u * model + 2u];
  let c2 = b3[4u * model + 3u];
${chunkLoop("chunk", segment)}
    let p = parameters + e;
    let j = moments + e;
    g *= scale;
    let m = ${float(o.beta1)} * b5[j] + ${float(1 - o.beta1)} * g;
    let v = ${float(o.beta2)} * b6[j] + ${float(1 - o.beta2)} * g * g;
    b5[j] = m;
    b6[j] = v;
    b4[p] -= rate * (m * c1 / (sqrt(v * c2) + ${o.eps.toExponential()}) + decay * b4[p]);
  }
}`;
}
