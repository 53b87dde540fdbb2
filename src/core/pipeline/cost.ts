/**
 * What one query costs, measured apart: encoding alone, index search, read-back, and end to end. On a software adapter
 * these are the times of a CPU and are labelled so wherever they are shown.
 */

import type { Gpu } from "../../gpu/device";
import { compileWaiting } from "../../gpu/pipelines";
import { readHits, type SearchIndex, searchQueries, searchStep } from "../../gpu/search";
import { prefix } from "../objectives/term";
import { firstValues } from "../retrieval/exact";
import type { Tower } from "../towers/device";
import { encodingStep, rawVectors } from "../training/encode";
import type { RunContext } from "./context";
import type { TowerText } from "./texts";

export interface QueryCost {
  encodeMs: number | null;
  /** The GPU's search for the best 100 of one query. */
  searchMs: number | null;
  /** What of one query comes back: 100 ids and scores. */
  readBackMs: number | null;
  endToEndMs: { p50: number | null; p95: number | null };
  queriesPerSecond: number | null;
}

const SEARCH_DEPTH = 100;
const REPEATS = [1, 8, 32] as const;
const BATCH = 32;

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

/** Milliseconds from submitting until the GPU has computed it. */
async function timedRun(gpu: Gpu, submit: () => void): Promise<number> {
  await gpu.finish();
  return timed(() => {
    submit();
    return gpu.finish();
  });
}

/**
 * Measures a query tower with its index on real queries.
 * @param queries texts to ask, at least one
 */
export async function queryCost(
  context: Pick<RunContext, "gpu" | "ops">,
  tower: Tower,
  text: TowerText,
  index: SearchIndex,
  queries: readonly string[],
): Promise<QueryCost> {
  const { gpu, ops } = context;
  const { length } = text.asked(queries);
  const opened: { dispose(): void }[] = [];
  const open = <T extends { dispose(): void }>(made: T): T => {
    opened.push(made);
    return made;
  };
  const encoding = (batch: number, finish: Parameters<typeof encodingStep>[4]) =>
    open(encodingStep(gpu, ops, tower, { batch, length, captured: true }, finish));
  const answering = (batch: number) => {
    const { step, values } = encoding(batch, (vectors) => ({
      best: searchQueries(gpu, index, prefix(vectors, index.size), SEARCH_DEPTH).best,
    }));
    const read = async () => readHits(index, await step.read("best"), batch);
    return {
      read,
      async answer(texts: readonly string[]) {
        step.run(values(texts.map(text.encodeQuery)));
        return read();
      },
    };
  };
  try {
    const single = answering(1);
    const batched = answering(BATCH);
    const encoder = encoding(1, rawVectors);
    const searcher = open(searchStep(gpu, index, 1, SEARCH_DEPTH));
    await compileWaiting(gpu);
    const some = Array.from({ length: 24 }, (_, i) => queries[i % queries.length]!);
    const endToEnd: number[] = [];
    const readBack: number[] = [];
    const encodes = REPEATS.map((): number[] => []);
    const searches = REPEATS.map((): number[] => []);
    for (const [round, query] of some.entries()) {
      const total = await timed(() => single.answer([query]));
      const back = await timed(single.read); // nothing is left to compute: this is the way back alone
      if (round < 4) continue; // pipelines, caches and the optimising compiler warm up
      endToEnd.push(total);
      readBack.push(back);
      if (round % 3 !== 0) continue;
      const tokens = encoder.values([text.encodeQuery(query)]);
      encoder.step.run(tokens);
      const vectors = {
        queries: firstValues(await encoder.step.read("vectors"), tower.config.embeddingSize, index.size),
      };
      for (const [i, times] of REPEATS.entries()) {
        encodes[i]!.push(await timedRun(gpu, () => encoder.step.run(tokens, times)));
        searches[i]!.push(await timedRun(gpu, () => searcher.run(vectors, times)));
      }
    }
    const batch = Array.from({ length: BATCH }, (_, i) => queries[i % queries.length]!);
    const batchMs: number[] = [];
    for (let i = 0; i < 4; i++) batchMs.push(await timed(() => batched.answer(batch)));
    const sorted = endToEnd.toSorted((a, b) => a - b);
    return {
      encodeMs: slope(REPEATS, encodes.map(median)),
      searchMs: slope(REPEATS, searches.map(median)) ?? median(searches.at(-1)!) / REPEATS.at(-1)!,
      readBackMs: median(readBack),
      endToEndMs: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) },
      queriesPerSecond: (1000 * BATCH) / median(batchMs.slice(1)),
    };
  } finally {
    for (const one of opened) one.dispose();
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
