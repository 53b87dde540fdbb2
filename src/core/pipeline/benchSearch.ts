/** The benchmark of exact search: a batch of queries against made-up document vectors, and the same in JavaScript. */

import type { Gpu } from "../../gpu/device";
import { readHits, searchStep, uploadIndex } from "../../gpu/search";
import { bestProduct } from "../../gpu/variantChoice";
import { random } from "../random";
import { normaliseRows, scoreAll, tieOrder, topK } from "../retrieval/exact";
import { type Measured, median, profiled, startMeasuring } from "./benchMeasure";

export interface SearchChoice {
  documents: number;
  /** Values of a vector. */
  size: number;
  queries: number;
  k: number;
}

export interface SearchFigures extends SearchChoice, Measured {
  /** Putting the vectors in order, at length 1, and onto the GPU. Once an index. */
  uploadMs: number;
  /** What comes back: k numbers and scores a query. */
  readBackMs: number;
  queriesPerSecond: number;
  /** Of the scores alone, 2 x queries x documents x size, over the whole step. */
  gflops: number;
  /** `gflops` over what this project's best matrix product reaches alone on the same adapter, in the same run. */
  matmulShare: number;
  /** The reference in JavaScript on one thread, in the same run. */
  cpuMs: number;
  /** `cpuMs` over the GPU's time, read-back included. */
  timesCpu: number;
  /** Share of the k best that the reference finds as well; rounding may move the last place. */
  agreement: number;
}

/**
 * Measures search.
 * @param repeats timed batches after the warm-up of two
 */
export async function measureSearch(gpu: Gpu, choice: SearchChoice, repeats = 5): Promise<SearchFigures> {
  const { documents, size, queries, k } = choice;
  const r = random(7, "bench search");
  const normal = (n: number) => Float32Array.from({ length: n }, () => r.normal());
  const vectors = normal(documents * size);
  const asked = normal(queries * size);
  const ids = Array.from({ length: documents }, (_, i) => `d${i}`);
  const order = tieOrder(ids);

  const measuring = startMeasuring(gpu);
  const start = performance.now();
  const index = uploadIndex(gpu, vectors, size, order);
  await gpu.finish();
  const uploadMs = performance.now() - start;
  const step = searchStep(gpu, index, queries, k);
  try {
    const measured = await measuring.measure(() => step.run({ queries: asked }), repeats);
    const back: number[] = [];
    let hits = readHits(index, await step.read("best"), queries);
    for (let i = 0; i < repeats; i++) {
      const from = performance.now();
      hits = readHits(index, await step.read("best"), queries);
      back.push(performance.now() - from);
    }
    const readBackMs = median(back);
    const gpuMs = measured.stepMs.median + readBackMs;
    const cpu = onCpu(choice, { ids, vectors: normaliseRows(vectors, size), size }, normaliseRows(asked, size));
    const common = hits.map(({ documents: found }, q) => {
      const reference = new Set(cpu.best[q]!);
      return found.filter((d) => reference.has(d)).length / found.length;
    });
    const gflops = (2 * queries * documents * size) / measured.stepMs.median / 1e6;
    return {
      ...choice,
      ...measured,
      ...(await profiled(gpu, step)),
      uploadMs,
      readBackMs,
      queriesPerSecond: (1000 * queries) / gpuMs,
      gflops,
      matmulShare: gflops / (await bestProduct(gpu, queries, size)),
      cpuMs: cpu.ms,
      timesCpu: cpu.ms / gpuMs,
      agreement: common.reduce((a, b) => a + b, 0) / common.length,
    };
  } finally {
    measuring.stop();
    step.dispose();
    index.dispose();
  }
}

/** The same queries by the reference: twice, and the quicker of the two. */
function onCpu(
  { queries, size, k }: SearchChoice,
  index: Parameters<typeof scoreAll>[0],
  asked: Float32Array,
): { ms: number; best: Int32Array[] } {
  const scores = new Float32Array(index.ids.length);
  let ms = Number.POSITIVE_INFINITY;
  let best: Int32Array[] = [];
  for (let round = 0; round < 2; round++) {
    const from = performance.now();
    best = Array.from({ length: queries }, (_, q) =>
      topK(scoreAll(index, asked.subarray(q * size, (q + 1) * size), scores), index.ids, k),
    );
    ms = Math.min(ms, performance.now() - from);
  }
  return { ms, best };
}
