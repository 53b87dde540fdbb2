/** A trial's systems measured on the test queries, and what else a record says of each. */
import { contrastiveEntropy, fitTemperature, type Vectors } from "../../evaluation/contrastiveEntropy";
import { compareIds } from "../../evaluation/order";
import { retention, summarise } from "../../evaluation/summary";
import type { PerQuery } from "../../evaluation/types";
import type { SystemName } from "../../formats/result";
import { bm25Index } from "../../retrieval/bm25";
import { firstValues, normaliseRows } from "../../retrieval/exact";
import { countParameters, forwardFlops } from "../../towers";
import type { Tower } from "../../towers/device";
import { encoderFor, type RunContext } from "../context";
import { bm25Cost, queryCost } from "../cost";
import {
  type Answers,
  answerBm25,
  answerDense,
  COMPARED,
  type DenseSystem,
  measureAnswers,
  queryWork,
  searchedSize,
  testIndex,
} from "../evaluate";
import type { TowerText } from "../texts";
import type { SystemRecord } from "./record";
import { stageOf, type TrialStages } from "./trialStages";

/** Documents of a ranking that a record may keep. */
const TOP = 10;

/** A system's figures before they are set beside the teacher's. */
export interface Measured {
  record: SystemRecord;
  perQuery: PerQuery;
  /** Ids of each query's first documents, in the order of the record's values. */
  top: string[][];
}

/** Seven digits: a third of the characters, and a thousandth of what a figure is read to. */
const shortened = (value: number | null) => (value === null ? null : Number(value.toPrecision(7)));

/** Queries in the order of their ids, in which records keep values: the test set's hash does not tell orders apart. */
export const inOrder = (ids: readonly string[]) => ids.map((_, i) => i).sort((a, b) => compareIds(ids[a]!, ids[b]!));

/** The compared measures by query. */
const comparedByQuery = (perQuery: PerQuery, order: readonly number[]): SystemRecord["perQuery"] =>
  Object.fromEntries(COMPARED.map((key) => [key, order.map((i) => shortened(perQuery[key][i] ?? null))]));

const STAGE_OF = { teacher: "stage1", scalingnote: "stage2", scalingdoc: "scalingdoc", twinbert: "twinbert" } as const;
type Trained = keyof typeof STAGE_OF;

/** What making it took. A stage that is not in the store any more was as long as planned. */
function trainingOf(context: RunContext, system: Trained) {
  const { plan, experiment, texts, dataset, towers } = context;
  const stepsOf = (stage: (typeof STAGE_OF)[Trained]) => {
    const { status, done } = stageOf(context, stage);
    return status === "done" ? done : plan.steps[stage];
  };
  const work = (stage: (typeof STAGE_OF)[Trained]) => stepsOf(stage) * plan.stepFlops[stage];
  const stage = STAGE_OF[system];
  const encoding = dataset.train.queries.length * forwardFlops(towers.teacher, texts.teacher.queryLength);
  const record = stageOf(context, stage);
  const last = record.losses.at(-1);
  return {
    trainingFlops: work(stage) + (system === "scalingnote" ? work("stage1") + encoding : 0),
    steps: stepsOf(stage),
    pairsSeen: stepsOf(stage) * experiment.training.batch,
    loss: last ? { loss: last.loss, terms: last.terms } : null,
    validation: record.validation.at(-1)?.metrics ?? null,
  };
}

function documentParams({ teacher, smallDocument }: RunContext["towers"], system: Trained): number {
  return countParameters(system === "twinbert" ? smallDocument : teacher).withoutEmbeddings;
}

/** Contrastive entropy of a system's normalised vectors at its training temperature, or one fitted where that was learned. */
async function entropyOf(
  context: RunContext,
  { query, text }: { query: Tower; text: TowerText },
  queries: Float32Array,
  documents: Float32Array,
): Promise<NonNullable<SystemRecord["entropy"]>> {
  const { dataset, experiment, sample } = context;
  const { stage1, evaluation, embeddingSize, seed } = experiment;
  const size = searchedSize(experiment);
  const { relevanceLevel } = dataset;
  const vectors = (ids: string[], raw: Float32Array): Vectors => ({
    ids,
    values: normaliseRows(firstValues(raw, embeddingSize, size), size),
    size,
  });
  const docs = vectors(
    dataset.docs.map(({ id }) => id),
    documents,
  );
  let fitted: number | null = null;
  if (stage1.learnTemperature) {
    const encoder = encoderFor(context, query, text.queryLength);
    try {
      const watched = await encoder.encode(text.validation, sample.queries);
      const ids = Array.from(sample.queries, (q) => dataset.validation.queries[q]!.id);
      fitted = fitTemperature(vectors(ids, watched), docs, dataset.validation.qrels, { relevanceLevel, seed });
    } finally {
      encoder.dispose();
    }
  }
  const temperature = fitted ?? stage1.temperature;
  const test = vectors(
    dataset.test.queries.map(({ id }) => id),
    queries,
  );
  const options = { relevanceLevel, temperature, samples: evaluation.bootstrap, seed };
  const { byQuery, ...found } = contrastiveEntropy(test, docs, dataset.test.qrels, options);
  const order = inOrder(test.ids);
  const sorted = (values: readonly (number | null)[]) => order.map((i) => shortened(values[i] ?? null));
  return {
    ...found,
    temperature,
    fitted: fitted !== null,
    ...(byQuery
      ? {
          byQuery: {
            raw: sorted(byQuery.raw),
            scaled: sorted(byQuery.scaled),
            pairs: order.map((i) => byQuery.pairs[i]!),
          },
        }
      : {}),
  };
}

/**
 * Measures one system, making what is not made yet.
 * @param latency whether the cost of a query is measured too
 */
export async function measureSystem(
  context: RunContext,
  stages: TrialStages,
  system: SystemName,
  latency: boolean,
): Promise<Measured> {
  const { dataset, experiment, gpu, texts } = context;
  const options = { samples: experiment.evaluation.bootstrap, seed: experiment.seed };
  const ids = dataset.test.queries.map(({ id }) => id);
  const order = inOrder(ids);
  const topOf = ({ rankings }: Answers) => order.map((i) => rankings.get(ids[i]!)?.ids.slice(0, TOP) ?? []);
  const queryTexts = dataset.test.queries.map(({ text }) => text);
  const figures = (perQuery: PerQuery) => ({
    metrics: summarise(perQuery, options),
    retention: null,
    perQuery: comparedByQuery(perQuery, order),
  });
  if (system === "bm25") {
    const index = bm25Index(dataset.docs);
    const answers = answerBm25(context, index);
    const perQuery = measureAnswers(context, answers);
    const cost = latency ? await bm25Cost((query) => index.search(query, 100), queryTexts) : null;
    const untrained = { trainingFlops: 0, steps: 0, pairsSeen: 0, loss: null, validation: null, entropy: null };
    return {
      record: { ...figures(perQuery), ...queryWork(undefined), documentParams: 0, ...untrained, cost },
      perQuery,
      top: topOf(answers),
    };
  }
  const [query, text, documents] = await dense(stages, system, texts);
  const index = testIndex(context, documents);
  try {
    const ready: DenseSystem = { name: system, query, text, index };
    const answers = await answerDense(context, ready);
    const perQuery = measureAnswers(context, answers);
    return {
      record: {
        ...figures(perQuery),
        ...queryWork(ready),
        documentParams: documentParams(context.towers, system),
        ...trainingOf(context, system),
        entropy: await entropyOf(context, ready, answers.vectors!, documents),
        cost: latency ? await queryCost(context, query, text, index, queryTexts) : null,
      },
      perQuery,
      top: topOf(answers),
    };
  } finally {
    if (!gpu.failure()) index.dispose();
  }
}

/** A dense system's query tower, what that reads, and the raw document vectors it searches. */
async function dense(
  stages: TrialStages,
  system: Exclude<SystemName, "bm25">,
  { teacher, student }: RunContext["texts"],
): Promise<[Tower, TowerText, Float32Array]> {
  if (system === "teacher") return [(await stages.teacher()).query, teacher, await stages.frozen()];
  if (system === "scalingnote") return [await stages.student(), student, await stages.frozen()];
  const { towers, vectors } = await stages.baseline(system);
  return [towers.query, student, vectors];
}

/** A system's record beside the teacher's, where that was measured. */
export function besideTeacher(
  { record, perQuery }: Measured,
  teacher: Measured | undefined,
  { evaluation, seed }: RunContext["experiment"],
): SystemRecord {
  if (!teacher) return record;
  return { ...record, retention: retention(perQuery, teacher.perQuery, { samples: evaluation.bootstrap, seed }) };
}
