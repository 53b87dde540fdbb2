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
      /** In the order of `perQuery`: means over a query's pairs, and how many those are. Absent from earlier records. */
      byQuery: z
        .object({ raw: z.array(numberOrNull), scaled: z.array(numberOrNull), pairs: z.array(z.number()) })
        .exactOptional(),
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

/** A query on which a system loses much against the teacher, with the first documents of both. */
const ranking = z.object({
  /** Place in `perQuery`. */
  place: z.int().min(0),
  id: z.string(),
  text: z.string(),
  /** Grades of the relevant documents, by id. */
  relevant: z.record(z.string(), z.number()),
  /** Ids of the first documents, best first. */
  top: z.partialRecord(z.enum(SYSTEMS), z.array(z.string())),
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
  /** The trial's whole experiment; absent from records before it was kept. */
  experiment: z.record(z.string(), z.unknown()).exactOptional(),
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
    /** Where systems lose most against the teacher; absent from earlier records, and where there is no teacher. */
    rankings: z.array(ranking).exactOptional(),
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
export type Ranking = z.output<typeof ranking>;
export type SystemRecord = z.output<typeof systemRecord>;
