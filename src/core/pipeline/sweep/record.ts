/**
 * What a sweep keeps of a trial: one JSON value, one line of trials.jsonl. It says all that later comparisons need: figures
 * with intervals, the compared measures query by query, and the axes of a scaling law.
 */
import { z } from "zod";
import { METRIC_KEYS } from "../../evaluation/types";
import { SYSTEMS } from "../../formats/result";
import { adapter, engine, figure } from "../../formats/resultSchema";

/** Version of the record's shape. */
export const TRIAL_VERSION = 1;

const numberOrNull = z.number().nullable();
const value = z.union([z.number(), z.boolean(), z.string()]);

const systemRecord = z.object({
  metrics: z.record(z.enum(METRIC_KEYS), figure),
  /** Of the teacher's recall@10, paired; null where the teacher was not measured beside it. */
  retention: figure.nullable(),
  /** By measure: values in the order of the queries' ids, so that systems and trials on one test set pair up. */
  perQuery: z.partialRecord(z.enum(METRIC_KEYS), z.array(numberOrNull)),
  /** Parameters without token embeddings; 0 for BM25. */
  queryParams: z.number(),
  documentParams: z.number(),
  /** The query tower's with token embeddings. */
  queryParamsWithEmbeddings: z.number(),
  /** To encode one query of the longest length. */
  queryFlops: z.number(),
  /** Floating-point operations of all steps that made it, of a student the teacher's too; watching is not counted. */
  trainingFlops: z.number(),
  /** Steps done, of a student those of stage 2; and pairs seen in them, of a student queries. */
  steps: z.number(),
  pairsSeen: z.number(),
  /** The last loss with its terms, and the last validation; null where nothing is trained. */
  loss: z.object({ loss: z.number(), terms: z.record(z.string(), z.number()) }).nullable(),
  validation: z.record(z.string(), z.number()).nullable(),
  /** Contrastive entropy in nats; null for BM25. Raw and scaled, and figures of different pools, do not compare. */
  entropy: z
    .object({
      /** Inner products of normalised vectors. */
      raw: figure,
      /** Divided by the temperature. */
      scaled: figure,
      temperature: z.number(),
      /** Fitted on validation queries, because the training temperature was learned. */
      fitted: z.boolean(),
      pool: z.enum(["relevant to no test query", "not relevant to this query"]).nullable(),
      pairs: z.number(),
    })
    .nullable(),
  /** What one query costs in milliseconds, where the sweep measures it. */
  cost: z
    .object({
      encodeMs: numberOrNull,
      searchMs: numberOrNull,
      readBackMs: numberOrNull,
      endToEndMs: z.object({ p50: numberOrNull, p95: numberOrNull }),
      queriesPerSecond: numberOrNull,
    })
    .nullable(),
});

const common = {
  version: z.literal(TRIAL_VERSION),
  /** `trialKey`: equal trials have equal keys. */
  key: z.string(),
  sweep: z.string(),
  assignments: z.record(z.string(), value),
  seed: z.number(),
  /** In what its experiment differs from the sweep's base, the seed apart. */
  changes: z.array(z.object({ path: z.string(), from: value, to: value })),
  adapter,
  engine: engine.exactOptional(),
  codeVersion: z.string(),
  /** Of this trial alone; of students trained side by side its share. */
  seconds: z.number(),
};

export const trialRecordSchema = z.discriminatedUnion("status", [
  z.object({
    ...common,
    status: z.literal("done"),
    testSetHash: z.string(),
    collection: z.object({
      name: z.string(),
      documents: z.number(),
      testQueries: z.number(),
      /** Labelled queries with a relevant document each: a scaling law's D. */
      trainingPairs: z.number(),
      trainingQueries: z.number(),
    }),
    systems: z.partialRecord(z.enum(SYSTEMS), systemRecord),
  }),
  z.object({
    ...common,
    status: z.literal("failed"),
    /** The error's own words. */
    error: z.object({ kind: z.string(), message: z.string(), remedy: z.string() }),
  }),
]);

export type TrialRecord = z.output<typeof trialRecordSchema>;
export type DoneTrial = Extract<TrialRecord, { status: "done" }>;
export type SystemRecord = z.output<typeof systemRecord>;
