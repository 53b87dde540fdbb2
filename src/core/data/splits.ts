/** Which queries train, which validate, which test. Every decision is told in words. */
import { LabError } from "../errors";
import { random } from "../random";
import { counted } from "./problems";
import type { Qrels, Query, Split } from "./types";

/** The judgements by split, as the files name them; `unnamed` are those of files that name none. */
export interface NamedQrels {
  train: Qrels;
  validation: Qrels;
  test: Qrels;
  unnamed: Qrels;
}

export interface Splits {
  train: Split;
  validation: Split;
  test: Split;
}

const TEST_SHARE = 0.3;
const MOST_TEST = 2000;
const VALIDATION_SHARE = 0.1;
const MOST_VALIDATION = 500;

/**
 * Completes the splits. Named ones are kept; then
 * - without a test split, 30 % of the train queries (2,000 at most) become it;
 * - without a train split, it is the queries that no file names a split for, else those of validation, else 70 % of test;
 * - without a validation split, 10 % of the train queries (500 at most) become it; test queries never do.
 * A query of several splits stays in the test split, else in validation.
 *
 * @param queries in the order to keep; those without a judgement of 0 or more are left out
 * @throws LabError bad-input where a split would be empty, or no training query has a document of the level
 */
export function completeSplits(
  queries: readonly Query[],
  named: NamedQrels,
  seed: number,
  relevanceLevel: number,
  notices: string[],
): Splits {
  const take = (qrels: Qrels, taken: Set<string>): { list: Query[]; dropped: number } => {
    const judged = queries.filter((query) => [...(qrels.get(query.id)?.values() ?? [])].some((grade) => grade >= 0));
    const list = judged.filter((query) => !taken.has(query.id));
    for (const query of list) taken.add(query.id);
    return { list, dropped: judged.length - list.length };
  };
  const taken = new Set<string>();
  let { list: test } = take(named.test, taken);
  const fromValidation = take(named.validation, taken);
  let validation = fromValidation.list;
  const fromTrain = take(named.train, taken);
  let train = fromTrain.list;
  const rest = take(named.unnamed, taken).list;
  if (fromTrain.dropped + fromValidation.dropped > 0)
    notices.push(
      `${counted(fromTrain.dropped + fromValidation.dropped, "query is", "queries are")} in several splits and counted only in the last of train, validation, test.`,
    );

  train = [...train, ...rest];
  if (train.length === 0 && test.length > 0 && validation.length > 0) {
    notices.push(`No train split: its ${counted(validation.length, "query", "queries")} are those of the validation split.`);
    train = validation;
    validation = [];
  }
  if (test.length === 0 || train.length === 0) {
    const all = train.length === 0 ? test : train;
    const missing = train.length > 0 ? "test" : "train";
    const size = Math.min(Math.round(all.length * TEST_SHARE), MOST_TEST);
    if (all.length > 0 && (size === 0 || all.length - size < 1)) throw tooFew(all.length);
    const before = all.length;
    [test, train] = cut(all, size, seed, "test split");
    if (before > 0)
      notices.push(
        `No ${missing} split: of ${counted(before, "judged query", "judged queries")}, ${train.length.toLocaleString("en")} train and ` +
          `${test.length.toLocaleString("en")} test, drawn with seed ${seed}.`,
      );
  }
  if (train.length === 0) throw tooFew(test.length + validation.length);
  if (validation.length === 0) {
    if (train.length < 2) throw tooFew(train.length + test.length);
    const size = Math.min(Math.max(1, Math.round(train.length * VALIDATION_SHARE)), MOST_VALIDATION);
    const share = `${Math.round((1000 * size) / train.length) / 10} %`;
    [validation, train] = cut(train, size, seed, "validation split");
    notices.push(
      `No validation split: ${counted(size, "train query", "train queries")} (${share}) became it, drawn with seed ${seed}. Test queries are never used for it.`,
    );
  }

  const gradesOf = (query: Query) => {
    for (const qrels of [named.test, named.validation, named.train, named.unnamed]) {
      const grades = qrels.get(query.id);
      if (grades && [...grades.values()].some((grade) => grade >= 0)) return grades;
    }
    return new Map<string, number>();
  };
  const split = (list: Query[]): Split => ({
    queries: list,
    qrels: new Map(list.map((query) => [query.id, gradesOf(query)])),
  });
  const result = { train: split(train), validation: split(validation), test: split(test) };
  for (const [name, { qrels }] of Object.entries(result))
    if (![...qrels.values()].some((grades) => [...grades.values()].some((grade) => grade >= relevanceLevel)))
      throw new LabError(
        "bad-input",
        `No query of the ${name} split has a document with a score of ${relevanceLevel} or more.`,
        "Check the scores in qrels: 1 or more means relevant.",
      );
  tellOverlap(result, notices);
  return result;
}

/** Draws `size` of a list: [drawn, others], both in the list's order. */
function cut(list: readonly Query[], size: number, seed: number, stream: string): [Query[], Query[]] {
  const order = random(seed, stream).shuffle(list.map((_, i) => i));
  const drawn = new Set(order.slice(0, size));
  return [list.filter((_, i) => drawn.has(i)), list.filter((_, i) => !drawn.has(i))];
}

/** A test query that was trained on under another id makes the test too easy: it is kept, and told. */
function tellOverlap({ train, validation, test }: Splits, notices: string[]): void {
  const plain = (query: Query) => query.text.trim().toLowerCase();
  const seen = new Set([...train.queries, ...validation.queries].map(plain));
  const same = test.queries.filter((query) => seen.has(plain(query))).length;
  if (same > 0)
    notices.push(
      `${counted(same, "test query has", "test queries have")} the same words as a train or validation query. They are kept.`,
    );
}

function tooFew(count: number): LabError {
  return new LabError(
    "bad-input",
    `${counted(count, "judged query is", "judged queries are")} too few to train, validate and test with.`,
    "Give at least 4 queries with judgements in qrels.",
  );
}
