/**
 * The record of a run: result.json. The page, the command line and the archive hold this one shape. `formatVersion` is
 * raised with a migration in migrations.ts when the shape changes.
 */
import type { Experiment } from "../config/schema";
import type { Figure, MetricKey } from "../evaluation/types";

export const FORMAT_VERSION = 1;

/** The five systems, in the order in which they are shown. */
export const SYSTEMS = ["teacher", "scalingnote", "scalingdoc", "twinbert", "bm25"] as const;
export type SystemName = (typeof SYSTEMS)[number];
/** Those that are trained. */
export type TrainedSystem = Exclude<SystemName, "bm25">;

/** The stages of a run, in order. */
export const STAGES = ["data", "stage1", "index", "stage2", "scalingdoc", "twinbert", "evaluation"] as const;
export type StageName = (typeof STAGES)[number];

/** One point of a training curve. */
export interface LossPoint {
  step: number;
  loss: number;
  /** Norm of the whole gradient before clipping. */
  gradNorm: number;
  /** Peak learning rate times the schedule's factor at this step. */
  learningRate: number;
  /** Terms of the loss by name, unweighted (stage 2: mse, cosine, kl, ...; contrastive trainings: temperature). */
  terms: Record<string, number>;
  /** Tokens (padding excluded) a second since the last point. */
  tokensPerSecond: number;
  /** GPU memory in use, bytes. */
  gpuBytes: number;
}

/** One validation. */
export interface ValidationPoint {
  step: number;
  /**
   * Over the validation queries: recall@1, recall@10, ... and, in stage 2, cosine to the teacher. There also "gradNorm.mse"
   * and so on: the norm of each term's gradient at the student's vectors of the last batch, its weight included.
   */
  metrics: Record<string, number>;
}

/** What is known of one stage, live and at the end. */
export interface StageRecord {
  name: StageName;
  status: "waiting" | "running" | "done" | "interrupted";
  /** Steps done and planned; documents for `index`, queries for `evaluation`, notes for `data`. */
  done: number;
  total: number;
  seconds: number;
  losses: LossPoint[];
  validation: ValidationPoint[];
  /** Facts in a few words: "parameters" -> 105280, "documents" -> 4000. */
  facts: Record<string, number | string>;
}

/** A stage that has not begun. */
export function waitingRecord(name: StageName): StageRecord {
  return { name, status: "waiting", done: 0, total: 0, seconds: 0, losses: [], validation: [], facts: {} };
}

export interface AdapterRecord {
  /** The driver's own words. */
  description: string;
  vendor: string;
  architecture: string;
  /** A CPU pretending to be a GPU: its times are not latencies. */
  software: boolean;
  /** "browser" or "node". */
  host: string;
}

/** Why the engine computes with one of two kinds of kernels. */
export type Settled = "setting" | "measured" | "software adapter" | "nothing else offered";

/** What the engine settled before the run: equal seeds give equal runs only where it is equal, too. */
export interface EngineRecord {
  /** How matrices are multiplied: tiles in registers, or blocks through workgroup memory. */
  matmul: "registers" | "shared";
  chosen: Settled;
  /** Where it was measured: GFLOP/s of each. */
  gflops?: { registers: number; shared: number };
  /** How norms and sums over many threads are made; runs of before have it not, and went through workgroup memory. */
  reductions?: {
    by: "shared" | "subgroups";
    chosen: Settled;
    /** Where it was measured: GB/s of each. */
    gigabytes?: { shared: number; subgroups: number };
  };
}

/** One system's figures. Times in milliseconds. */
export interface SystemResult {
  name: SystemName;
  metrics: Record<MetricKey, Figure>;
  /** This system's recall@10 over the teacher's, paired interval; null for a teacher of recall 0. */
  retention: Figure;
  /** Parameters of the query tower without token embeddings; 0 for BM25. */
  queryParams: number;
  /** The same with token embeddings. */
  queryParamsWithEmbeddings: number;
  /** Multiply-adds times two to encode one query of the longest length; 0 for BM25. */
  queryFlops: number;
  /** Encoding one query alone: slope over 1, 8 and 32 encodes in one submit. */
  encodeMs: number | null;
  searchMs: number | null;
  readBackMs: number | null;
  /** Batch 1, text in, ranked list out. */
  endToEndMs: { p50: number | null; p95: number | null };
  /** Batch 32. */
  queriesPerSecond: number | null;
}

/** A paired comparison of two systems on the same test set. */
export interface Comparison {
  a: SystemName;
  b: SystemName;
  metric: MetricKey;
  /** a minus b with its paired 95 % interval. */
  difference: Figure;
  /** Two-sided p-value of the paired bootstrap; absent from runs before it was computed. */
  p?: number | null;
  /** The same by Holm's correction over the comparisons by this metric. */
  corrected?: number | null;
}

/** Name and size of a collection and what was decided in reading it. */
export interface CollectionRecord {
  name: string;
  documents: number;
  trainQueries: number;
  validationQueries: number;
  testQueries: number;
  relevanceLevel: number;
  notices: string[];
}

export interface RunResult {
  formatVersion: typeof FORMAT_VERSION;
  /** Name for the lists; the page lets it be changed. */
  name: string;
  /** ISO 8601. */
  createdAt: string;
  config: Experiment;
  adapter: AdapterRecord;
  /** Absent from runs before there was a choice, and where no kernels of ours ran. */
  engine?: EngineRecord;
  codeVersion: string;
  /** SHA-256 over corpus, queries and judgements: only equal ones may be paired. */
  testSetHash: string;
  collection: CollectionRecord;
  /** Floating-point operations of all trained systems together, counted by pipeline/plan. */
  trainingFlops: number;
  seconds: number;
  /** True where the user ended a training early. */
  stoppedEarly: boolean;
  stages: StageRecord[];
  systems: SystemResult[];
  comparisons: Comparison[];
}

/** One line of queries.jsonl: a test query with every system's values. */
export interface QueryRecord {
  id: string;
  text: string;
  /** Judged documents with grade. */
  judged: Record<string, number>;
  systems: Partial<
    Record<
      SystemName,
      {
        metrics: Partial<Record<MetricKey, number | null>>;
        /** Score of every judged document, also those below the top 1,000. */
        judgedScores: Record<string, number>;
      }
    >
  >;
}
