/** A small made-up run for tests of formats. */
import { experimentSchema } from "../config/schema";
import { type Figure, METRIC_KEYS, type MetricKey } from "../evaluation/types";
import { FORMAT_VERSION, type QueryRecord, type RunResult, type SystemName } from "./result";

const figure = (value: number): Figure => ({ value, low: value - 0.1, high: value + 0.1 });
const metrics = (value: number) =>
  Object.fromEntries(METRIC_KEYS.map((key) => [key, figure(value)])) as Record<MetricKey, Figure>;

function system(name: SystemName, value: number): RunResult["systems"][number] {
  return {
    name,
    metrics: { ...metrics(value), auc: { value: null, low: null, high: null, reason: "one side only" } },
    retention: figure(value / 0.8),
    queryParams: 1592,
    queryParamsWithEmbeddings: 18000,
    queryFlops: 76000,
    encodeMs: name === "bm25" ? null : 0.25,
    searchMs: 0.5,
    readBackMs: null,
    endToEndMs: { p50: 1, p95: 2 },
    queriesPerSecond: 1000,
  };
}

/** A run of two systems. */
export function testRun(): RunResult {
  return {
    formatVersion: FORMAT_VERSION,
    name: "a run, with a comma",
    createdAt: "2026-11-21T06:00:00.000Z",
    config: experimentSchema.parse({ seed: 3 }),
    adapter: { description: "none", vendor: "", architecture: "", software: true, host: "node" },
    codeVersion: "0.1.0",
    testSetHash: "00",
    collection: {
      name: "notes",
      documents: 2,
      trainQueries: 0,
      validationQueries: 0,
      testQueries: 1,
      relevanceLevel: 2,
      notices: ["made up"],
    },
    trainingFlops: 1e9,
    seconds: 12.5,
    stoppedEarly: false,
    stages: [
      {
        name: "stage1",
        status: "done",
        done: 1,
        total: 1,
        seconds: 3,
        losses: [
          { step: 1, loss: 4, gradNorm: 1, learningRate: 0.1, terms: { nce: 4 }, tokensPerSecond: 9, gpuBytes: 64 },
        ],
        validation: [{ step: 1, metrics: { "recall@10": 0.5 } }],
        facts: { parameters: 1592, tokenizer: "byte-level BPE" },
      },
    ],
    systems: [system("teacher", 0.8), system("bm25", 0.4)],
    comparisons: [{ a: "teacher", b: "bm25", metric: "recall@10", difference: figure(0.4) }],
  };
}

/** The queries of that run. */
export function testQueries(): QueryRecord[] {
  return [
    {
      id: "q1",
      text: "white walls",
      judged: { d1: 2, d2: 0 },
      systems: {
        teacher: { metrics: { "recall@10": 1, auc: null }, judgedScores: { d1: 0.1 + 0.2, d2: -1e-9 } },
        bm25: { metrics: { "recall@10": 0 }, judgedScores: {} },
      },
    },
  ];
}
