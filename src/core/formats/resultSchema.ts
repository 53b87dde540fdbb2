/**
 * What a run's files must look like, checked on reading. The types are written by hand in result.ts, where they are
 * explained; the last lines of this file do not compile where the two disagree.
 */
import { z } from "zod";
import { experimentSchema } from "../config/schema";
import { METRIC_KEYS } from "../evaluation/types";
import { FORMAT_VERSION, type QueryRecord, type RunResult, STAGES, SYSTEMS } from "./result";

const numberOrNull = z.number().nullable();

export const figure = z.object({
  value: numberOrNull,
  low: numberOrNull,
  high: numberOrNull,
  reason: z.string().exactOptional(),
});

const lossPoint = z.object({
  step: z.number(),
  loss: z.number(),
  gradNorm: z.number(),
  learningRate: z.number(),
  terms: z.record(z.string(), z.number()),
  tokensPerSecond: z.number(),
  gpuBytes: z.number(),
});

const stage = z.object({
  name: z.enum(STAGES),
  status: z.enum(["waiting", "running", "done", "interrupted"]),
  done: z.number(),
  total: z.number(),
  seconds: z.number(),
  losses: z.array(lossPoint),
  validation: z.array(z.object({ step: z.number(), metrics: z.record(z.string(), z.number()) })),
  facts: z.record(z.string(), z.union([z.number(), z.string()])),
});

const system = z.object({
  name: z.enum(SYSTEMS),
  metrics: z.record(z.enum(METRIC_KEYS), figure),
  retention: figure,
  queryParams: z.number(),
  queryParamsWithEmbeddings: z.number(),
  queryFlops: z.number(),
  encodeMs: numberOrNull,
  searchMs: numberOrNull,
  readBackMs: numberOrNull,
  endToEndMs: z.object({ p50: numberOrNull, p95: numberOrNull }),
  queriesPerSecond: numberOrNull,
});

export const adapter = z.object({
  description: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  software: z.boolean(),
  host: z.string(),
});

const settled = z.enum(["setting", "measured", "software adapter", "nothing else offered"]);
export const engine = z.object({
  matmul: z.enum(["registers", "shared"]),
  chosen: settled,
  gflops: z.object({ registers: z.number(), shared: z.number() }).exactOptional(),
  reductions: z
    .object({
      by: z.enum(["shared", "subgroups"]),
      chosen: settled,
      gigabytes: z.object({ shared: z.number(), subgroups: z.number() }).exactOptional(),
    })
    .exactOptional(),
});

/** result.json of the present version. Keys it does not know are dropped. */
export const runResultSchema = z.object({
  formatVersion: z.literal(FORMAT_VERSION),
  name: z.string(),
  createdAt: z.string(),
  config: experimentSchema,
  adapter,
  engine: engine.exactOptional(),
  codeVersion: z.string(),
  testSetHash: z.string(),
  collection: z.object({
    name: z.string(),
    documents: z.number(),
    trainQueries: z.number(),
    validationQueries: z.number(),
    testQueries: z.number(),
    relevanceLevel: z.number(),
    notices: z.array(z.string()),
  }),
  trainingFlops: z.number(),
  seconds: z.number(),
  stoppedEarly: z.boolean(),
  stages: z.array(stage),
  systems: z.array(system),
  comparisons: z.array(
    z.object({
      a: z.enum(SYSTEMS),
      b: z.enum(SYSTEMS),
      metric: z.enum(METRIC_KEYS),
      difference: figure,
      p: numberOrNull.exactOptional(),
      corrected: numberOrNull.exactOptional(),
    }),
  ),
});

/** One line of queries.jsonl. */
export const queryRecordSchema = z.object({
  id: z.string(),
  text: z.string(),
  judged: z.record(z.string(), z.number()),
  systems: z.partialRecord(
    z.enum(SYSTEMS),
    z.object({
      metrics: z.partialRecord(z.enum(METRIC_KEYS), numberOrNull),
      judgedScores: z.record(z.string(), z.number()),
    }),
  ),
});

/** The first problem that zod found, with the way to it: "systems.0.metrics: ...". */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "it has the wrong shape";
  return `${issue.path.length > 0 ? `${issue.path.join(".")}: ` : ""}${issue.message}`;
}

// Two types are the same where a function of one is assignable to the same function of the other, both ways.
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { schema: A; contract: B };
type Plain<T> = T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

/** Compiles only while schema and contract are the same. */
export const SCHEMA_AGREES: [
  Same<Plain<z.output<typeof runResultSchema>>, Plain<RunResult>>,
  Same<Plain<z.output<typeof queryRecordSchema>>, Plain<QueryRecord>>,
] = [true, true];
