/**
 * Every measure against its definition, written out again as plainly as can be and knowing nothing of the code: over
 * random judgements (grades, 0, -1, none), ties, lists of any length, queries on one side only.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrapMeans, interval95 } from "./bootstrap";
import { AUC_ONE_SIDED, evaluate, mean } from "./metrics";
import { compareIds } from "./order";
import { pairedTest } from "./overSeeds";
import { retention, summarise } from "./summary";
import { METRIC_KEYS, type MetricKey, type PerQuery, type RankedList } from "./types";

type Style = "trec" | "sentence-transformers";
type Grades = Map<string, number>;

/** One query's value of a measure, or undefined where the style leaves the query out; null: not defined. */
function byDefinition(key: string, grades: Grades, scores: Map<string, number>, style: Style, level: number) {
  const isRelevant = (id: string) => (grades.get(id) ?? -1) >= level;
  const relevant = [...grades.keys()].filter(isRelevant).length;
  if (style === "sentence-transformers" && relevant === 0) return undefined;
  if (key === "auc") {
    const sides = { yes: [] as number[], no: [] as number[] };
    for (const [id, grade] of grades) {
      if (grade < 0) continue;
      const score = scores.get(id);
      if (score === undefined) return null;
      sides[isRelevant(id) ? "yes" : "no"].push(Math.fround(score));
    }
    let won = 0;
    for (const y of sides.yes) for (const n of sides.no) won += y > n ? 1 : y === n ? 0.5 : 0;
    return sides.yes.length * sides.no.length > 0 ? won / (sides.yes.length * sides.no.length) : null;
  }
  const direction = style === "trec" ? -1 : 1;
  const order = [...scores]
    .map(([id, score]) => ({ id, score: Math.fround(score) }))
    .sort((a, b) => b.score - a.score || direction * compareIds(a.id, b.id))
    .map(({ id }) => id);
  const [name, cut] = key.split("@");
  const k = cut === undefined ? Number.POSITIVE_INFINITY : Number(cut);
  const top = order.slice(0, k);
  const found = top.filter(isRelevant).length;
  const gain = (id: string) => (style === "trec" ? Math.max(0, grades.get(id) ?? 0) : Number(isRelevant(id)));
  const dcg = (gains: number[]) => gains.reduce((sum, g, i) => sum + g / Math.log2(i + 2), 0);
  const best = dcg(
    [...grades.keys()]
      .map(gain)
      .sort((a, b) => b - a)
      .slice(0, k),
  );
  const first = top.findIndex(isRelevant);
  const precisions = top.map((id, i) => (isRelevant(id) ? top.slice(0, i + 1).filter(isRelevant).length / (i + 1) : 0));
  const total = precisions.reduce((a, b) => a + b, 0);
  const result: Record<string, number> = {
    recall: found / relevant,
    p: found / k,
    irrelevant: 1 - found / top.length,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    ndcg: dcg(top.map(gain)) / best,
    map: total / (style === "trec" ? relevant : Math.min(k, relevant)),
  };
  const value = result[name!]!;
  return Number.isNaN(value) ? 0 : value; // 0/0: nothing relevant, nothing shown
}

const doc = fc.constantFrom(..."abcdefghij", "\uFF01", "\u{1F600}");
// Few different scores, and two that only 32 bits make equal.
const score = fc.constantFrom(0, 1, 2, -1, 1 + 1e-9, 0.1, 0.1 + 1e-10, 1e30);
const grades: fc.Arbitrary<Grades> = fc
  .uniqueArray(fc.tuple(doc, fc.constantFrom(-1, 0, 1, 2, 3, 0.5)), { selector: ([id]) => id, minLength: 1 })
  .map((entries) => new Map(entries));
const ranking = fc.uniqueArray(fc.tuple(doc, score), { selector: ([id]) => id }).map((entries) => new Map(entries));
const query: fc.Arbitrary<string> = fc.constantFrom("q1", "q2", "q3", "q4");
const collection = <T>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(fc.tuple(query, value), { selector: ([id]) => id }).map((entries) => new Map(entries));
const asLists = (run: Map<string, Map<string, number>>) =>
  new Map(
    [...run].map(([id, scores]): [string, RankedList] => [
      id,
      { ids: [...scores.keys()], scores: Float32Array.from(scores.values()) },
    ]),
  );
const style = fc.constantFrom<Style>("trec", "sentence-transformers");
const level = fc.constantFrom(1, 2);

describe("every measure", () => {
  it("is its definition, for all judged queries or for the run's", () => {
    fc.assert(
      fc.property(
        collection(grades),
        collection(ranking),
        style,
        level,
        fc.boolean(),
        (qrels, run, style, relevanceLevel, onlyRetrieved) => {
          const result = evaluate(qrels, asLists(run), { style, relevanceLevel, onlyRetrieved });
          let averaged = 0;
          for (const [q, id] of result.queryIds.entries()) {
            const out = onlyRetrieved && !run.has(id);
            const expected = METRIC_KEYS.map((key) =>
              byDefinition(key, qrels.get(id)!, run.get(id) ?? new Map(), style, relevanceLevel),
            );
            const counted = !out && expected[0] !== undefined;
            if (counted) averaged++;
            METRIC_KEYS.forEach((key, m) => {
              const value = result.perQuery[key][q]!;
              const want = counted ? expected[m]! : null;
              if (want === null) expect(value, `${key} of ${id}`).toBeNull();
              else expect(value, `${key} of ${id}`).toBeCloseTo(want, 12);
            });
          }
          expect(result.numQueries).toBe(averaged);
          expect(result.missing).toBe([...qrels.keys()].filter((id) => !run.has(id)).length);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("stays within 0 and 1, and is a number wherever it is not left out", () => {
    fc.assert(
      fc.property(collection(grades), collection(ranking), style, level, (qrels, run, style, relevanceLevel) => {
        const { perQuery } = evaluate(qrels, asLists(run), { style, relevanceLevel });
        for (const value of METRIC_KEYS.flatMap((key) => perQuery[key]))
          if (value !== null) expect(value >= 0 && value <= 1 + 1e-12, String(value)).toBe(true);
      }),
    );
  });

  it("does not depend on the order in which the lists or the judgements stand", () => {
    fc.assert(
      fc.property(collection(grades), collection(ranking), style, (qrels, run, style) => {
        const turned = <T>(map: Map<string, Map<string, T>>) =>
          new Map([...map].map(([id, inner]) => [id, new Map([...inner].reverse())]));
        const options = { style, relevanceLevel: 1 };
        const columns = (a: typeof qrels, b: typeof run) => {
          const { perQuery } = evaluate(a, asLists(b), options);
          return METRIC_KEYS.map((key) => perQuery[key].map((value) => value?.toFixed(12)));
        };
        expect(columns(turned(qrels), turned(run))).toEqual(columns(qrels, run));
      }),
    );
  });
});

describe("runs with little in them", () => {
  const qrels = new Map([["q", new Map([["a", 1]])]]);

  it("count 0 where they hold nothing, whether the query is absent or its list empty", () => {
    const empty: RankedList = { ids: [], scores: new Float32Array() };
    for (const run of [new Map<string, RankedList>(), new Map([["q", empty]])]) {
      const { perQuery, numQueries } = evaluate(qrels, run, { style: "trec", relevanceLevel: 1 });
      expect(numQueries).toBe(1);
      for (const key of METRIC_KEYS) expect(perQuery[key]).toEqual([key === "auc" ? null : 0]);
    }
    const none = evaluate(qrels, new Map(), { style: "trec", relevanceLevel: 1, onlyRetrieved: true });
    expect(none.numQueries).toBe(0);
    expect(mean(none.perQuery.map)).toBeNull();
    expect(summarise(none.perQuery, { samples: 10, seed: 1 }).map).toMatchObject({ value: null, low: null });
  });

  it("have a recall, an AP and an nDCG at k beyond their end, and a precision over k all the same", () => {
    const run = new Map([["q", { ids: ["b", "a"], scores: Float32Array.of(2, 1) }]]);
    const keys = ["recall@100", "map@100", "ndcg@10", "p@10", "irrelevant@20"];
    const { perQuery } = evaluate(qrels, run, { style: "trec", relevanceLevel: 1 }, keys);
    expect(keys.map((key) => perQuery[key]![0])).toEqual([1, 1 / 2, 1 / Math.log2(3), 1 / 10, 1 / 2]);
  });
});

describe("intervals, against all resamples there are", () => {
  const a = [0, 0.25, 1];
  const b = [0.5, 0.5, 0.75];
  const options = { samples: 40_000, seed: 5 };
  /** Sorted figures of the 27 equally likely resamples of three queries. */
  const all = (figure: (drawn: number[]) => number) =>
    Array.from({ length: 27 }, (_, i) => figure([i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9)])).sort(
      (x, y) => x - y,
    );
  const average = (values: number[], drawn: number[]) => drawn.reduce((sum, i) => sum + values[i]!, 0) / 3;
  // Each of 27 is 3.7 %: the 2.5 % and 97.5 % points are the least and the largest.
  const ends = (figures: number[]) => ({ low: figures[0]!, high: figures.at(-1)! });
  const columns = (values: (number | null)[]): PerQuery =>
    Object.fromEntries(METRIC_KEYS.map((key) => [key, values])) as Record<MetricKey, (number | null)[]>;

  it("are drawn evenly", () => {
    const drawn = [...bootstrapMeans([a], options)[0]!];
    const expected = new Map<string, number>();
    for (const value of all((d) => average(a, d)))
      expected.set(value.toFixed(6), (expected.get(value.toFixed(6)) ?? 0) + 1);
    for (const [value, times] of expected) {
      const share = drawn.filter((x) => x.toFixed(6) === value).length / options.samples;
      // Five standard errors.
      expect(Math.abs(share - times / 27)).toBeLessThan(5 * Math.sqrt((times / 27) * (1 - times / 27)) * 0.005);
    }
    expect(drawn.every((x) => expected.has(x.toFixed(6)))).toBe(true);
  });

  it("of means, differences and ratios are those of the same queries drawn for both", () => {
    const close = (got: { low: number | null; high: number | null }, want: { low: number; high: number }) => {
      expect(got.low).toBeCloseTo(want.low, 12);
      expect(got.high).toBeCloseTo(want.high, 12);
    };
    close(interval95(bootstrapMeans([a], options)[0]!)!, ends(all((d) => average(a, d))));
    const { difference } = pairedTest([{ a: columns(a).map, b: columns(b).map }], options);
    expect(difference.value).toBeCloseTo(1.25 / 3 - 1.75 / 3, 12);
    close(difference, ends(all((d) => average(a, d) - average(b, d))));
    const kept = retention(columns(a), columns(b), options);
    expect(kept.value).toBeCloseTo(1.25 / 1.75, 12);
    close(kept, ends(all((d) => average(a, d) / average(b, d))));
    // Drawn apart, the difference could reach from 0 - 0.75 to 1 - 0.5.
    expect(difference.low).toBeGreaterThan(-0.75);
    expect(difference.high).toBeLessThan(0.5);
  });

  it("say why there is no AUC", () => {
    expect(summarise(columns([null, null]), options).auc.reason).toBe(AUC_ONE_SIDED);
  });
});
