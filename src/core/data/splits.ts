/**
 * Which queries train, validate and test. Splits the data names are kept; what is missing is cut from what is there, by seed.
 *
 * Test queries are never used for training or validation: a query that stands in several splits, or whose text does, stays
 * in the strictest of them only (test before validation before train), and a cut keeps queries of equal text together.
 */
import { LabError } from "../errors";
import { random } from "../random";
import { counted } from "./problems";
import type { Qrels, Query, Split } from "./types";

/** What judgements were given for; "all" where the data does not say. */
export type PoolName = "train" | "validation" | "test" | "all";
export type Pools = Partial<Record<PoolName, Qrels>>;

export interface Splits {
  train: Split;
  validation: Split;
  test: Split;
  notices: string[];
}

const TEST_SHARE = 0.3;
const TEST_MOST = 2000;
const VALIDATION_SHARE = 0.1;
const VALIDATION_MOST = 500;

/** Queries whose texts differ by letter case or blanks only ask the same. */
const sameText = (text: string) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** A number of queries to cut: at least 1, and at least 1 stays. */
const portion = (n: number, share: number, most: number) => Math.max(1, Math.min(most, n - 1, Math.round(n * share)));

/**
 * Cuts about `count` queries off, those of equal text together. Depends on the queries and the seed, not on their order.
 *
 * @returns [cut, rest], each in the order given; `cut` is empty where there is nothing to part
 */
function cut(pool: Query[], count: number, seed: number, name: string): [Query[], Query[]] {
  const groups = new Map<string, Query[]>();
  for (const query of pool) {
    const key = sameText(query.text);
    const group = groups.get(key);
    if (group) group.push(query);
    else groups.set(key, [query]);
  }
  const keys = random(seed, "beir", name).shuffle([...groups.keys()].sort());
  const taken = new Set<Query>();
  for (const key of keys) {
    const group = groups.get(key)!;
    if (taken.size + group.length <= count) for (const query of group) taken.add(query);
    if (taken.size === count) break;
  }
  return [pool.filter((query) => taken.has(query)), pool.filter((query) => !taken.has(query))];
}

const few = (what: string) =>
  new LabError(
    "bad-input",
    `There are too few judged queries: ${what}.`,
    "Give at least 3 queries of different text with a document of score 1 or more, better hundreds.",
  );

/** The queries of each pool with a document of the level, in the order of `queries`. */
function judgedQueries(queries: readonly Query[], pools: Pools, level: number, notices: string[]) {
  const found: Record<PoolName, Query[]> = { train: [], validation: [], test: [], all: [] };
  const used = new Set<string>();
  const low = new Set<string>();
  const empty = new Set<string>();
  for (const name of ["test", "validation", "train", "all"] as const) {
    const qrels = pools[name];
    if (!qrels) continue;
    found[name] = queries.filter(({ id, text }) => {
      const grades = qrels.get(id);
      if (!grades) return false;
      const relevant = [...grades.values()].some((grade) => grade >= level);
      if (!relevant) low.add(id);
      else if (text.trim() === "") empty.add(id);
      else used.add(id);
      return relevant && text.trim() !== "";
    });
    if (found[name].length === 0) notices.push(`The ${name} judgements leave no query and are not used.`);
  }
  for (const id of used) low.delete(id);
  const none = queries.length - used.size - low.size - empty.size;
  if (low.size > 0)
    notices.push(`${counted(low.size, "query", "queries")} left out: no document with a score of ${level} or more.`);
  if (empty.size > 0) notices.push(`${counted(empty.size, "query", "queries")} left out: the text is empty.`);
  if (none > 0) notices.push(`${counted(none, "query", "queries")} left out: no judgements.`);
  return found;
}

/** Takes out of `pool` what `stricter` holds, by id or by text. */
function without(pool: Query[], stricter: Query[], poolName: string, name: string, notices: string[]): Query[] {
  if (pool.length === 0 || stricter.length === 0) return pool;
  const ids = new Set(stricter.map(({ id }) => id));
  const texts = new Set(stricter.map(({ text }) => sameText(text)));
  const rest = pool.filter(({ id, text }) => !ids.has(id) && !texts.has(sameText(text)));
  if (rest.length < pool.length)
    notices.push(
      `${counted(pool.length - rest.length, "query", "queries")} taken out of ${poolName}: the same or one of equal text is a ${name} query.`,
    );
  return rest;
}

/**
 * Makes the three splits.
 *
 * - No training queries: from all judged queries without a split, else from the validation queries, else from the test
 *   queries (whose test is then a part of it).
 * - No test queries: a seeded 30 % of the others, 2,000 at most.
 * - No validation queries: a seeded 10 % of the training queries, 500 at most.
 *
 * @param queries every query; the splits keep this order
 * @param pools judgements by split, of known queries and documents only
 * @param level the grade from which a document is relevant; queries without one are left out
 * @throws LabError bad-input where there are too few queries for three splits
 */
export function makeSplits(queries: readonly Query[], pools: Pools, level: number, seed: number): Splits {
  const notices: string[] = [];
  const found = judgedQueries(queries, pools, level, notices);
  const qrels = new Map<Query, Qrels>();
  for (const name of ["all", "train", "validation", "test"] as const)
    for (const query of found[name]) qrels.set(query, pools[name]!);

  let test = found.test;
  let validation = without(found.validation, test, "validation", "test", notices);
  let train = without(found.train, test, "training", "test", notices);
  train = without(train, validation, "training", "validation", notices);
  const of = (pool: Query[]) => counted(pool.length, "query", "queries");

  if (found.all.length > 0) {
    if (train.length + validation.length + test.length > 0)
      notices.push("Judgements of no named split are not used: there are named ones beside them.");
    else {
      train = found.all;
      notices.push(`The judgements name no split: the ${of(train)} are split with seed ${seed}.`);
    }
  }
  if (train.length === 0 && validation.length > 0) {
    train = validation;
    validation = [];
    notices.push(`No training split: the ${of(train)} of the validation split train.`);
  }
  if (train.length === 0 && test.length > 0) {
    train = test;
    test = [];
    notices.push(
      `No training split: the ${of(train)} of the test split are split with seed ${seed}. Figures on a part of the test queries do not compare with published ones.`,
    );
  }
  if (train.length === 0) throw few("none has a document of score 1 or more");
  if (test.length === 0) {
    const before = of(train);
    [test, train] = cut(train, portion(train.length, TEST_SHARE, TEST_MOST), seed, "test");
    if (test.length === 0 || train.length === 0) throw few(`${before} cannot be split into training and test`);
    notices.push(
      `No test split: ${of(test)} of ${before} were cut off for testing (30 %, 2,000 at most, seed ${seed}).`,
    );
  }
  if (validation.length === 0) {
    const before = of(train);
    [validation, train] = cut(train, portion(train.length, VALIDATION_SHARE, VALIDATION_MOST), seed, "validation");
    if (validation.length === 0 || train.length === 0)
      throw few(`${before} for training cannot be split into training and validation`);
    notices.push(
      `No validation split: ${of(validation)} of the ${before} for training were cut off for it (10 %, 500 at most, seed ${seed}).`,
    );
  }
  notices.push(`Training ${of(train)}, validation ${of(validation)}, test ${of(test)}.`);
  const split = (pool: Query[]): Split => ({
    queries: pool,
    qrels: new Map(pool.map((query) => [query.id, qrels.get(query)!.get(query.id)!])),
  });
  return { train: split(train), validation: split(validation), test: split(test), notices };
}
