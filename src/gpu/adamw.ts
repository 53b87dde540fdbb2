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
import { CHUNK_WORDS, type ChunkSizes, normCode, SLOT_WORDS, squaresCode, updateCode } from "./adamwShader";
import type { Gpu } from "./device";
import { dispatch, workgroupGrid } from "./dispatch";
import { isHalf, rangeOf } from "./flat";
import { createGradientStore, type GradientStore } from "./gradients";
import { hostAdamW } from "./hostAdamw";
import type { GradientSink } from "./kernels/op";
import { reductionOf } from "./kernels/reduce";
import { variantsOf } from "./kernels/variants";
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
interface Segment extends ChunkSizes {
  slots: Slot[];
  /** First of this segment's chunks among those of one model in all segments. */
  firstChunk: number;
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
