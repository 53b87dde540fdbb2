/**
 * Contrastive entropy (Fang et al. 2024, "Scaling laws for dense retrieval"): how hard it is for a tower pair to tell a
 * relevant document from chance ones, as a smooth figure that can be fitted against size. For each (query, relevant
 * document) the cross-entropy of the document among itself and 256 random ones that are not relevant, 10 times over,
 * averaged over the pairs. Telling nothing apart gives ln 257 = 5.549.
 *
 * The figure depends on the scale of the scores. `raw` takes inner products as they are, as the official code does;
 * `scaled` divides them by the temperature, which is the one to read where vectors are normalised. The two must never be
 * compared with each other.
 *
 * The official code draws from the documents that are relevant to no test query. Where fewer than 2,560 of them remain,
 * each query draws from all documents that are not relevant to it: figures of the two pools are not compared either.
 */
import type { Qrels } from "../data/types";
import { type Random, random } from "../random";
import { type BootstrapOptions, bootstrapMeans, interval95 } from "./bootstrap";
import type { Figure } from "./types";

export const NEGATIVES = 256;
export const DRAWS = 10;
/** The entropy of a tower pair that tells nothing apart. */
export const CHANCE = Math.log(NEGATIVES + 1);
const OFFICIAL_POOL = 2560;

/** Vectors row by row. */
export interface Vectors {
  ids: readonly string[];
  /** [ids, size] */
  values: Float32Array;
  size: number;
}

export interface EntropyOptions extends BootstrapOptions {
  relevanceLevel: number;
  /** The training temperature; where it was learned, one fitted again on validation queries. */
  temperature: number;
}

export interface ContrastiveEntropy {
  raw: Figure;
  scaled: Figure;
  /** Where the negatives came from; null where there is no figure. */
  pool: "relevant to no test query" | "not relevant to this query" | null;
  /** (query, relevant document) pairs averaged over. */
  pairs: number;
  /** By query, so that systems are compared query by query; null where there is no figure. */
  byQuery: EntropyByQuery | null;
}

/**
 * Each query's mean over its pairs, null for one without any, and how many those are: the figure is the mean of the
 * values weighted by them.
 */
export interface EntropyByQuery {
  raw: (number | null)[];
  scaled: (number | null)[];
  pairs: number[];
}

/** Fills `into` with different documents of the pool that `refused` does not hold. */
function draw(
  pool: Int32Array,
  refused: ReadonlySet<number>,
  seen: Int32Array,
  mark: number,
  source: Random,
  into: Int32Array,
) {
  for (let filled = 0; filled < into.length; ) {
    const doc = pool[source.int(pool.length)]!;
    if (seen[doc] === mark || refused.has(doc)) continue;
    seen[doc] = mark;
    into[filled++] = doc;
  }
}

/** -log softmax of the first score; stable for any scale. */
function crossEntropy(scores: Float64Array, scale: number): number {
  const top = scores.reduce((a, b) => Math.max(a, b)) * scale;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score * scale - top);
  return top + Math.log(sum) - scores[0]! * scale;
}

function inner(a: Vectors, i: number, b: Vectors, j: number): number {
  let sum = 0;
  for (let d = 0; d < a.size; d++) sum += a.values[i * a.size + d]! * b.values[j * b.size + d]!;
  return sum;
}

const NOT_ENOUGH = `Fewer than ${NEGATIVES + 1} candidates: a relevant document and ${NEGATIVES} others are needed for every query.`;

/** Every query's relevant documents and the pool its negatives come from; or why there is none. */
function candidates(queries: Vectors, docs: Vectors, qrels: Qrels, relevanceLevel: number) {
  const position = new Map(docs.ids.map((id, i) => [id, i]));
  const relevant = queries.ids.map((id) => {
    const grades = [...(qrels.get(id) ?? [])].filter(([, grade]) => grade >= relevanceLevel);
    return new Set(grades.map(([doc]) => position.get(doc)).filter((i) => i !== undefined));
  });
  const anywhere = new Set(relevant.flatMap((set) => [...set]));
  const all = Int32Array.from(docs.ids, (_, i) => i);
  const untouched = all.filter((i) => !anywhere.has(i));
  const official = untouched.length >= OFFICIAL_POOL;
  const reason = relevant.every((set) => set.size === 0)
    ? "No query has a relevant document."
    : relevant.some((set) => docs.ids.length - set.size < NEGATIVES)
      ? NOT_ENOUGH
      : null;
  return { relevant, official, pool: official ? untouched : all, reason };
}

/**
 * Calls `visit` for every draw of every pair with the relevant document's score, first, and those of its negatives. The
 * array is reused.
 */
function forEachDraw(
  queries: Vectors,
  docs: Vectors,
  { relevant, pool }: Pick<ReturnType<typeof candidates>, "relevant" | "pool">,
  draws: number,
  seed: number,
  visit: (query: number, scores: Float64Array) => void,
): void {
  const source = random(seed, "contrastive entropy");
  const seen = new Int32Array(docs.ids.length);
  const negatives = new Int32Array(NEGATIVES);
  const scores = new Float64Array(NEGATIVES + 1);
  // Each document's score for the query at hand: one that is drawn again, and most are, is not computed again.
  const known = new Float64Array(docs.ids.length);
  const knownFor = new Int32Array(docs.ids.length).fill(-1);
  let mark = 0;
  relevant.forEach((set, q) => {
    const score = (doc: number): number => {
      if (knownFor[doc] !== q) {
        known[doc] = inner(queries, q, docs, doc);
        knownFor[doc] = q;
      }
      return known[doc]!;
    };
    for (const positive of set) {
      scores[0] = score(positive);
      for (let n = 0; n < draws; n++) {
        draw(pool, set, seen, ++mark, source, negatives);
        for (let i = 0; i < NEGATIVES; i++) scores[i + 1] = score(negatives[i]!);
        visit(q, scores);
      }
    }
  });
}

/**
 * @param queries the test queries' vectors
 * @param docs the corpus' vectors
 * @param qrels their judgements; queries without a relevant document have no pair
 * @returns figures in nats with 95 % intervals over queries (all pairs of a query together); null with the reason where
 * there are too few candidates. Equal seeds draw equal negatives, so systems are paired.
 */
export function contrastiveEntropy(
  queries: Vectors,
  docs: Vectors,
  qrels: Qrels,
  options: EntropyOptions,
): ContrastiveEntropy {
  const found = candidates(queries, docs, qrels, options.relevanceLevel);
  if (found.reason) {
    const figure: Figure = { value: null, low: null, high: null, reason: found.reason };
    return { raw: figure, scaled: figure, pool: null, pairs: 0, byQuery: null };
  }
  const counts = found.relevant.map((set) => set.size);
  const pairs = counts.reduce((sum, count) => sum + count, 0);
  // Sums over each query's pairs: the mean over pairs is the ratio of two means over queries.
  const raw = counts.map(() => 0);
  const scaled = counts.map(() => 0);
  forEachDraw(queries, docs, found, DRAWS, options.seed, (q, scores) => {
    raw[q]! += crossEntropy(scores, 1) / DRAWS;
    scaled[q]! += crossEntropy(scores, 1 / options.temperature) / DRAWS;
  });
  const figure = (column: number[]): Figure => {
    const [tops, bottoms] = bootstrapMeans([column, counts], options);
    const value = column.reduce((a, b) => a + b, 0) / pairs;
    const interval = interval95(tops!.map((top, i) => top / bottoms![i]!));
    return interval
      ? { value, ...interval }
      : { value, low: null, high: null, reason: "Some resamples have no query with a relevant document." };
  };
  const means = (sums: number[]) => sums.map((sum, q) => (counts[q]! > 0 ? sum / counts[q]! : null));
  return {
    raw: figure(raw),
    scaled: figure(scaled),
    pool: found.official ? "relevant to no test query" : "not relevant to this query",
    pairs,
    byQuery: { raw: means(raw), scaled: means(scaled), pairs: counts },
  };
}

/** Bounds of a fitted temperature. */
const COLDEST = 1e-3;
const HOTTEST = 10;

/**
 * The temperature of the lowest contrastive entropy, for towers whose training temperature was learned: fitted on
 * validation queries, so that entropies of different towers compare. One draw a pair; golden section over its logarithm,
 * for the entropy is convex in the inverse temperature.
 *
 * @returns null where there are too few candidates
 */
export function fitTemperature(
  queries: Vectors,
  docs: Vectors,
  qrels: Qrels,
  { relevanceLevel, seed }: { relevanceLevel: number; seed: number },
): number | null {
  const found = candidates(queries, docs, qrels, relevanceLevel);
  if (found.reason) return null;
  const drawn: Float64Array[] = [];
  forEachDraw(queries, docs, found, 1, seed, (_, scores) => drawn.push(scores.slice()));
  const entropy = (log: number) => drawn.reduce((sum, scores) => sum + crossEntropy(scores, Math.exp(-log)), 0);
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(COLDEST), Math.log(HOTTEST)];
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
  let [atA, atB] = [entropy(a), entropy(b)];
  while (high - low > 1e-3) {
    if (atA < atB) {
      [high, b, atB] = [b, a, atA];
      a = high - golden * (high - low);
      atA = entropy(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + golden * (high - low);
      atB = entropy(b);
    }
  }
  return Math.exp((low + high) / 2);
}
