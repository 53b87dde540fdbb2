/**
 * What one query costs, measured apart: encoding alone, index search, read-back, and end to end. On a software adapter
 * these are the times of a CPU and are labelled so wherever they are shown.
 */

import * as tf from "@tensorflow/tfjs-core";
import { captureStep } from "../../gpu/capture";
import { compileWaiting } from "../../gpu/pipelines";
import type { HostValues } from "../../gpu/step";
import { type DocumentIndex, normaliseRows, scoreAll, topK } from "../retrieval/exact";
import { hostInputs } from "../text/batch";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import { towerInputSpecs, towerInputs } from "../training/inputs";
import type { RunContext } from "./context";
import type { TowerText } from "./texts";

export interface QueryCost {
  encodeMs: number | null;
  searchMs: number | null;
  readBackMs: number | null;
  endToEndMs: { p50: number | null; p95: number | null };
  queriesPerSecond: number | null;
}

const SEARCH_DEPTH = 100;
const REPEATS = [1, 8, 32] as const;

const percentile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
const median = (values: number[]) =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Milliseconds of a call that settles when the work is done. */
async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Measures a query tower with its index on real queries.
 * @param queries texts to ask, at least one
 */
export async function queryCost(
  context: Pick<RunContext, "gpu" | "ops">,
  tower: Tower,
  text: TowerText,
  index: DocumentIndex,
  queries: readonly string[],
): Promise<QueryCost> {
  const { gpu, ops } = context;
  const length = text.queryLength;
  const encoderOf = (batch: number) => {
    const { "text.order": _o, "text.offsets": _f, ...specs } = towerInputSpecs("text", tower.config, batch, length);
    const unused = tf.keep(tf.zeros([1], "int32"));
    const step = captureStep(
      gpu,
      (tensors) => ({
        vectors: tf.mul(
          towerForward(
            ops,
            tower.config,
            tower.parameters,
            towerInputs("text", { ...tensors, "text.order": unused, "text.offsets": unused }),
          ),
          1,
        ),
      }),
      specs,
    );
    const values = (texts: readonly string[]): HostValues => {
      const host = hostInputs(texts.map(text.encodeQuery), length, tower.config.vocabulary, tower.config.pooling, 0);
      return { "text.ids": host.ids, "text.mask": host.mask, "text.poolWeights": host.poolWeights };
    };
    return {
      step,
      values,
      vectors: () => step.read("vectors"),
      dispose: () => {
        step.dispose();
        unused.dispose();
      },
    };
  };
  const search = (vectors: Float32Array) => {
    const normalised = normaliseRows(vectors, index.size);
    for (let q = 0; q < normalised.length; q += index.size)
      topK(scoreAll(index, normalised.subarray(q, q + index.size)), index.ids, SEARCH_DEPTH);
  };

  const single = encoderOf(1);
  const batched = encoderOf(32);
  try {
    await compileWaiting(gpu);
    const some = Array.from({ length: 24 }, (_, i) => queries[i % queries.length]!);
    const endToEnd: number[] = [];
    const readBack: number[] = [];
    const searching: number[] = [];
    const encodes = REPEATS.map((): number[] => []);
    for (const [round, query] of some.entries()) {
      let vectors: Float32Array = new Float32Array(0);
      const total = await timed(async () => {
        single.step.run(single.values([query]));
        vectors = await single.vectors();
        search(vectors);
      });
      const back = await timed(() => single.vectors()); // nothing is left to compute: this is the way back alone
      const searched = await timed(() => search(vectors));
      if (round < 4) continue; // pipelines, caches and the optimising compiler warm up
      endToEnd.push(total);
      readBack.push(back);
      searching.push(searched);
      if (round % 3 !== 0) continue;
      for (const [i, times] of REPEATS.entries()) {
        await gpu.finish();
        encodes[i]!.push(
          await timed(async () => {
            single.step.run(single.values([query]), times);
            await gpu.finish();
          }),
        );
      }
    }
    const batch = Array.from({ length: 32 }, (_, i) => queries[i % queries.length]!);
    const batchMs: number[] = [];
    for (let i = 0; i < 4; i++)
      batchMs.push(
        await timed(async () => {
          batched.step.run(batched.values(batch));
          search(await batched.vectors());
        }),
      );
    const sorted = endToEnd.toSorted((a, b) => a - b);
    return {
      encodeMs: slope(REPEATS, encodes.map(median)),
      searchMs: median(searching),
      readBackMs: median(readBack),
      endToEndMs: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) },
      queriesPerSecond: 32_000 / median(batchMs.slice(1)),
    };
  } finally {
    single.dispose();
    batched.dispose();
  }
}

/** Least-squares slope; null where noise makes it negative, which no cost can be. */
function slope(x: readonly number[], y: readonly number[]): number | null {
  const mx = x.reduce((a, b) => a + b, 0) / x.length;
  const my = y.reduce((a, b) => a + b, 0) / y.length;
  let xy = 0;
  let xx = 0;
  x.forEach((value, i) => {
    xy += (value - mx) * (y[i]! - my);
    xx += (value - mx) ** 2;
  });
  return xy > 0 ? xy / xx : null;
}

/** BM25's cost: nothing is encoded, words are looked up. */
export async function bm25Cost(search: (query: string) => unknown, queries: readonly string[]): Promise<QueryCost> {
  const times: number[] = [];
  for (let i = 0; i < 24; i++) {
    const ms = await timed(() => search(queries[i % queries.length]!));
    if (i >= 4) times.push(ms);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    encodeMs: null,
    searchMs: percentile(sorted, 0.5),
    readBackMs: null,
    endToEndMs: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) },
    queriesPerSecond: 1000 / percentile(sorted, 0.5),
  };
}
