/** For tests: a client whose answers and events the test decides, and a made-up run of realistic shape. */
import { experimentSchema } from "../core/config/schema";
import { type Figure, METRIC_KEYS, type MetricKey } from "../core/evaluation/types";
import {
  type AdapterRecord,
  FORMAT_VERSION,
  type LossPoint,
  type RunResult,
  type StageName,
  type StageRecord,
  SYSTEMS,
  type SystemName,
  type SystemResult,
  type ValidationPoint,
} from "../core/formats/result";
import { hash32 } from "../core/random";
import type { CommandName, Commands, RunEvent, RunSummary, SearchAnswer } from "../worker/protocol";
import type { LabClient } from "./client";

export const ADAPTER: AdapterRecord = {
  description: "Example GPU",
  vendor: "example",
  architecture: "none",
  software: false,
  host: "browser",
};

type Answers = { [K in CommandName]?: (payload: Commands[K][0]) => Commands[K][1] | Promise<Commands[K][1]> };

export interface FakeClient extends LabClient {
  emit(event: RunEvent): void;
  calls: { name: CommandName; payload: unknown }[];
}

/** Commands without an answer are refused, as a worker would that does not know them. */
export function createFakeClient(answers: Answers): FakeClient {
  const listeners = new Set<(event: RunEvent) => void>();
  const calls: FakeClient["calls"] = [];
  return {
    calls,
    async send(name, payload) {
      calls.push({ name, payload });
      const answer = answers[name] as ((p: unknown) => unknown) | undefined;
      if (!answer) throw { kind: "bad-input", message: `No answer to ${name}.`, remedy: "Give the fake one." };
      return (await answer(payload)) as never;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    restart() {},
    emit(event) {
      for (const listener of listeners) listener(event);
    },
  };
}

const noise = (seed: number, i: number) => hash32(seed, i) / 2 ** 32 - 0.5;

/** A falling loss with noise, every other step. */
export function losses(steps: number, from: number, to: number, seed: number): LossPoint[] {
  return Array.from({ length: Math.floor(steps / 2) + 1 }, (_, i) => {
    const step = i * 2;
    const level = to + (from - to) * Math.exp((-5 * step) / steps);
    return {
      step,
      loss: level * (1 + 0.35 * noise(seed, i)),
      gradNorm: 1,
      learningRate: 0.002,
      terms: {},
      tokensPerSecond: 184_000,
      gpuBytes: 412e6,
    };
  });
}

export function validation(steps: number, top: number): ValidationPoint[] {
  return Array.from({ length: steps / 50 + 1 }, (_, i) => {
    const part = 1 - Math.exp((-4 * i * 50) / steps);
    const at = (k: number) => Math.min(1, top * part * (0.5 + 0.22 * Math.log10(k) + 0.28 * Math.log10(k)));
    return { step: i * 50, metrics: { "recall@1": at(1), "recall@10": at(10), "recall@100": Math.min(1, at(100)) } };
  });
}

export function stage(name: StageName, more: Partial<StageRecord>): StageRecord {
  return { name, status: "done", done: 0, total: 0, seconds: 0, losses: [], validation: [], facts: {}, ...more };
}

function system(name: SystemName, recall: number, more: Partial<SystemResult>): SystemResult {
  const figure = (v: number): Figure => ({ value: v, low: v - 0.025, high: v + 0.024 });
  return {
    name,
    metrics: Object.fromEntries(
      METRIC_KEYS.map((k) => [k, figure(k === "ndcg@10" ? recall * 0.82 : recall)]),
    ) as Record<MetricKey, Figure>,
    retention: figure(recall / 0.869),
    queryParams: 14_336,
    queryParamsWithEmbeddings: 79_872,
    queryFlops: 6.9e5,
    encodeMs: 0.5,
    searchMs: 0.7,
    readBackMs: 0.2,
    endToEndMs: { p50: 1.2, p95: 1.8 },
    queriesPerSecond: 9000,
    ...more,
  };
}

/** A whole made-up run. */
export function madeUpResult(adapter: AdapterRecord = ADAPTER): RunResult {
  const big = { queryParams: 401_408, queryFlops: 1.9e7, encodeMs: 6.1, endToEndMs: { p50: 6.8, p95: 9.4 } };
  const words = {
    queryParams: 0,
    queryFlops: 0,
    encodeMs: null,
    searchMs: 0.3,
    readBackMs: null,
    endToEndMs: { p50: 0.3, p95: 0.6 },
  };
  const recall: Record<SystemName, number> = {
    teacher: 0.869,
    scalingnote: 0.788,
    scalingdoc: 0.744,
    twinbert: 0.601,
    bm25: 0.118,
  };
  return {
    formatVersion: FORMAT_VERSION,
    name: "calm-heron",
    createdAt: "2026-11-20T10:00:00.000Z",
    config: experimentSchema.parse({}),
    adapter,
    codeVersion: "0.1.0",
    testSetHash: "aa",
    collection: {
      name: "notes 4k",
      documents: 4000,
      trainQueries: 6000,
      validationQueries: 300,
      testQueries: 1000,
      relevanceLevel: 2,
      notices: [],
    },
    trainingFlops: 1.2e12,
    seconds: 242,
    stoppedEarly: false,
    stages: [
      stage("data", { done: 4000, total: 4000, seconds: 2 }),
      stage("stage1", {
        done: 300,
        total: 300,
        seconds: 92,
        losses: losses(300, 4.1, 0.24, 1),
        validation: validation(300, 0.88),
      }),
      stage("index", { done: 4000, total: 4000, seconds: 3 }),
      stage("stage2", {
        done: 300,
        total: 300,
        seconds: 35,
        losses: losses(300, 1.1, 0.11, 2),
        validation: validation(300, 0.79),
      }),
      stage("scalingdoc", {
        done: 600,
        total: 600,
        seconds: 60,
        losses: losses(600, 4.2, 0.6, 3),
        validation: validation(600, 0.75),
      }),
      stage("twinbert", {
        done: 600,
        total: 600,
        seconds: 40,
        losses: losses(600, 4.2, 1.1, 4),
        validation: validation(600, 0.6),
      }),
      stage("evaluation", { done: 1000, total: 1000, seconds: 10 }),
    ],
    systems: SYSTEMS.map((n) => system(n, recall[n], n === "teacher" ? big : n === "bm25" ? words : {})),
    comparisons: [
      {
        a: "scalingnote",
        b: "scalingdoc",
        metric: "recall@10",
        difference: { value: 0.043, low: 0.02, high: 0.07 },
      },
    ],
  };
}

export function madeUpRun(id: string, more: Partial<RunSummary> = {}): RunSummary {
  const result = madeUpResult();
  return {
    id,
    name: "calm-heron",
    createdAt: result.createdAt,
    status: "done",
    experiment: result.config,
    collection: "notes 4k",
    stages: result.stages,
    result,
    bytes: 7_600_000,
    origin: "here",
    ...more,
  };
}

/** Five columns that share some documents in another order. */
export function madeUpAnswer(runId: string, query: string): SearchAnswer {
  const titles = [
    "Low-cost apartment, five minutes from the railway stop",
    "Budget studio beside the train terminal",
    "Affordable one-bed by the metro halt",
    "Inexpensive lodging close to rail links",
    "Affordable family house in a quiet suburb",
    "Small rental unit next to the tram terminus",
    "Long-stay parking at the train terminal",
    "Hotel rooms by the airport terminal",
    "Shared office with monthly desks, city centre",
    "Luxury penthouse overlooking the <b>harbour</b>",
  ];
  const hit = (i: number, rank: number, scale: number) => ({
    id: `d${i}`,
    title: titles[i]!,
    text: "A light place with two rooms, a small kitchen and a view of the yard. Quiet after eight.",
    score: scale * (0.84 - 0.04 * rank),
    grade: [2, 2, 2, 1, 0, 2, null, null, null, null][i] ?? null,
  });
  const orders: Record<SystemName, number[]> = {
    teacher: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    scalingnote: [1, 0, 3, 4, 2, 6, 5, 7, 9],
    scalingdoc: [1, 2, 0, 4, 3, 7, 5, 9, 8],
    twinbert: [4, 1, 7, 9, 0, 8, 6, 3, 2],
    bm25: [6, 7, 8],
  };
  return {
    runId,
    query,
    queryId: "q1",
    documents: 4000,
    columns: SYSTEMS.map((s) => ({
      system: s,
      hits: orders[s].map((i, rank) => hit(i, rank, s === "bm25" ? 11 : 1)),
      encodeMs: s === "bm25" ? null : s === "teacher" ? 6.1 : 0.5,
      searchMs: s === "bm25" ? 0.3 : 0.7,
    })),
  };
}

/** The events of a run up to the middle of stage 2. */
export function* eventsOf(result: RunResult, runId: string): Generator<RunEvent> {
  yield { type: "status", runId, status: "running" };
  for (const record of result.stages) {
    const { losses: all, validation: measured, ...rest } = record;
    yield { type: "stage", runId, stage: { ...rest, status: "running", done: 0, seconds: 0 }, etaSeconds: null };
    const parts = all.length > 0 ? 20 : 1;
    for (let p = 1; p <= parts; p++) {
      const done = Math.round((rest.done * p) / parts);
      const before = Math.round((rest.done * (p - 1)) / parts);
      const during = (x: { step: number }) => x.step <= done && (x.step > before || (p === 1 && x.step === 0));
      yield {
        type: "points",
        runId,
        stage: rest.name,
        losses: all.filter(during),
        validation: measured.filter(during),
      };
      yield {
        type: "stage",
        runId,
        stage: { ...rest, status: p === parts ? "done" : "running", done, seconds: (rest.seconds * p) / parts },
        etaSeconds: 100,
      };
    }
    if (all.length > 0)
      yield { type: "saved", runId, stage: rest.name, step: rest.done, at: "2026-11-20T10:01:00.000Z" };
  }
  yield { type: "result", runId, result };
  yield { type: "status", runId, status: "done" };
}
