/** The last stage: all five systems on the held-out queries, with intervals, comparisons and costs. */
import { type SearchIndex, searchAll, uploadIndex } from "../../gpu/search";
import { evaluate } from "../evaluation/metrics";
import { holm, pairedTest } from "../evaluation/overSeeds";
import { retention, summarise } from "../evaluation/summary";
import type { MetricKey, PerQuery, RankedList, Rankings } from "../evaluation/types";
import { type Comparison, type QueryRecord, SYSTEMS, type SystemName, type SystemResult } from "../formats/result";
import { type Bm25Index, bm25Index } from "../retrieval/bm25";
import { firstValues, tieOrder } from "../retrieval/exact";
import { countParameters, forwardFlops } from "../towers";
import type { Tower } from "../towers/device";
import { encodeAll, type RunContext } from "./context";
import { bm25Cost, type QueryCost, queryCost } from "./cost";
import type { TowerText } from "./texts";

/** Length of the kept rankings. */
export const DEPTH = 1000;

/** A dense system ready to answer. */
export interface DenseSystem {
  name: Exclude<SystemName, "bm25">;
  query: Tower;
  text: TowerText;
  index: SearchIndex;
}

export interface Evaluated {
  systems: SystemResult[];
  comparisons: Comparison[];
  queries: QueryRecord[];
  rankings: Record<SystemName, Rankings>;
}

/** Values of a vector that the search compares. */
export function searchedSize({ embeddingSize, evaluation }: RunContext["experiment"]): number {
  const { dimensions } = evaluation;
  return dimensions > 0 ? Math.min(dimensions, embeddingSize) : embeddingSize;
}

/** Raw document vectors, float32 [documents, embeddingSize], as the index that the experiment searches. */
export function testIndex({ gpu, dataset, experiment }: RunContext, vectors: Float32Array): SearchIndex {
  const size = searchedSize(experiment);
  const order = tieOrder(dataset.docs.map(({ id }) => id));
  return uploadIndex(gpu, firstValues(vectors, experiment.embeddingSize, size), size, order);
}

/** What a system answers to the test queries. */
export interface Answers {
  rankings: Rankings;
  judgedScores: Map<string, Map<string, number>>;
  /** Its raw query vectors, float32 [queries, embeddingSize]; null for BM25. */
  vectors: Float32Array | null;
}

// The comparisons that the method's claim consists of.
const PAIRS: [SystemName, SystemName][] = [
  ["teacher", "scalingnote"],
  ["scalingnote", "scalingdoc"],
  ["scalingdoc", "twinbert"],
  ["scalingnote", "twinbert"],
  ["teacher", "bm25"],
];
export const COMPARED: readonly MetricKey[] = ["recall@10", "ndcg@10", "mrr@10"];

/** Each query's measures of what a system answered. */
export const measureAnswers = (
  { dataset, experiment }: Pick<RunContext, "dataset" | "experiment">,
  { rankings, judgedScores }: Answers,
): PerQuery =>
  evaluate(dataset.test.qrels, rankings, {
    style: experiment.evaluation.style,
    relevanceLevel: dataset.relevanceLevel,
    dropSelf: experiment.evaluation.dropSelf,
    depth: DEPTH,
    queryIds: dataset.test.queries.map((q) => q.id),
    judgedScores,
  }).perQuery;

/** Size of a system's query tower, and the operations of a query of the longest length; of BM25 none. */
export function queryWork(system: DenseSystem | undefined) {
  const parameters = system ? countParameters(system.query.config) : { withoutEmbeddings: 0, total: 0 };
  return {
    queryParams: parameters.withoutEmbeddings,
    queryParamsWithEmbeddings: parameters.total,
    queryFlops: system ? forwardFlops(system.query.config, system.text.queryLength) : 0,
  };
}

export async function evaluateSystems(context: RunContext, systems: readonly DenseSystem[]): Promise<Evaluated> {
  const { dataset, experiment, reporter, control } = context;
  const { test } = dataset;
  const texts = test.queries.map((q) => q.text);
  reporter.begin("evaluation", SYSTEMS.length * test.queries.length);
  let done = 0;
  const answers = {} as Record<SystemName, Answers>;
  const costs = {} as Record<SystemName, QueryCost>;
  for (const name of SYSTEMS) {
    await control.gate();
    if (name === "bm25") {
      const index = bm25Index(dataset.docs);
      answers[name] = answerBm25(context, index);
      costs[name] = await bm25Cost((query) => index.search(query, 100), texts);
    } else {
      const system = systems.find((s) => s.name === name)!;
      answers[name] = await answerDense(context, system);
      costs[name] = await queryCost(context, system.query, system.text, system.index, texts);
    }
    done += test.queries.length;
    reporter.progress("evaluation", done);
  }

  const options = { samples: experiment.evaluation.bootstrap, seed: experiment.seed };
  const perQuery = {} as Record<SystemName, PerQuery>;
  for (const name of SYSTEMS) perQuery[name] = measureAnswers(context, answers[name]);

  const results = SYSTEMS.map(
    (name): SystemResult => ({
      name,
      metrics: summarise(perQuery[name], options),
      retention: retention(perQuery[name], perQuery.teacher, options),
      ...queryWork(systems.find((s) => s.name === name)),
      ...costs[name],
    }),
  );
  const tests = COMPARED.map((metric) => {
    const each = PAIRS.map(([a, b]) => pairedTest([{ a: perQuery[a][metric], b: perQuery[b][metric] }], options));
    return { metric, each, corrected: holm(each.map(({ p }) => p)) };
  });
  const comparisons = PAIRS.flatMap(([a, b], i) =>
    tests.map(({ metric, each, corrected }): Comparison => {
      const { difference, p } = each[i]!;
      return { a, b, metric, difference, p, corrected: corrected[i]! };
    }),
  );
  reporter.end("evaluation", { queries: test.queries.length, documents: dataset.docs.length });
  return {
    systems: results,
    comparisons,
    queries: queryRecords(context, perQuery, answers),
    rankings: Object.fromEntries(SYSTEMS.map((name) => [name, answers[name].rankings])) as Record<SystemName, Rankings>,
  };
}

/** A dense system's first 1,000 of every test query, and the scores of all judged documents. */
export async function answerDense(context: RunContext, system: DenseSystem): Promise<Answers> {
  const { gpu, dataset } = context;
  const { docs, test } = dataset;
  const { index, text } = system;
  const { table, length } = text.asked(test.queries.map((query) => query.text));
  const vectors = await encodeAll(context, system.query, table, length);
  const place = new Map(docs.map((doc, i) => [doc.id, i]));
  const judged = test.queries.map((query) =>
    [...(test.qrels.get(query.id)?.keys() ?? [])].filter((id) => place.has(id)),
  );
  const { hits, scores } = await searchAll(
    gpu,
    index,
    firstValues(vectors, system.query.config.embeddingSize, index.size),
    DEPTH,
    judged.map((ids) => ids.map((id) => place.get(id)!)),
  );
  const byQuery = <T>(value: (q: number) => T) => new Map(test.queries.map(({ id }, q) => [id, value(q)]));
  return {
    rankings: byQuery((q) => ({ ids: Array.from(hits[q]!.documents, (d) => docs[d]!.id), scores: hits[q]!.scores })),
    judgedScores: byQuery((q) => new Map(judged[q]!.map((id, i) => [id, scores[q]![i]!]))),
    vectors,
  };
}

/** The same of BM25. */
export function answerBm25(
  { dataset }: Pick<RunContext, "dataset">,
  index: Bm25Index = bm25Index(dataset.docs),
): Answers {
  const rankings: Rankings = new Map();
  const judgedScores: Answers["judgedScores"] = new Map();
  for (const query of dataset.test.queries) {
    const list: RankedList = index.search(query.text, DEPTH);
    rankings.set(query.id, list);
    judgedScores.set(query.id, index.score(query.text, dataset.test.qrels.get(query.id)?.keys() ?? []));
  }
  return { rankings, judgedScores, vectors: null };
}

function queryRecords(
  context: RunContext,
  perQuery: Record<SystemName, PerQuery>,
  answers: Record<SystemName, Answers>,
): QueryRecord[] {
  const { test } = context.dataset;
  return test.queries.map((query, q) => ({
    id: query.id,
    text: query.text,
    judged: Object.fromEntries(test.qrels.get(query.id) ?? []),
    systems: Object.fromEntries(
      SYSTEMS.map((name) => [
        name,
        {
          metrics: Object.fromEntries(Object.entries(perQuery[name]).map(([key, column]) => [key, column[q] ?? null])),
          judgedScores: Object.fromEntries(answers[name].judgedScores.get(query.id) ?? []),
        },
      ]),
    ),
  }));
}
