/** The step of arch `bench` as plain numbers, for another program to compute. */
import { initTower } from "../towers";
import type { HostParameters } from "../towers/types";
import { type TokenTable, towerValues } from "../training/inputs";
import {
  BATCH,
  benchConfig,
  DOCUMENT_TOKENS,
  LEARNING_RATE,
  madeUp,
  QUERY_TOKENS,
  SEED,
  TEMPERATURE,
  texts,
  VOCABULARY,
} from "./bench";
import { BENCH_SIZES, type BenchSize } from "./benchChoices";

export interface BenchProblem {
  width: number;
  layers: number;
  heads: number;
  batch: number;
  vocabulary: number;
  temperature: number;
  learningRate: number;
  query: BenchSide;
  document: BenchSide;
}

export interface BenchSide {
  tokens: number;
  parameters: HostParameters;
  /** Tokens of a step's texts; mask float32 [batch, tokens]. */
  inputs(step: number): { ids: Int32Array; mask: Float32Array };
}

export function benchProblem(size: BenchSize): BenchProblem {
  const tables = madeUp();
  const side = (name: "query" | "document", tokens: number, table: TokenTable): BenchSide => {
    const config = benchConfig("bench", size, tokens);
    return {
      tokens,
      parameters: initTower(config, SEED, name, true),
      inputs(step) {
        const { values } = towerValues("text", config, table, texts(step), tokens);
        return { ids: values["text.ids"] as Int32Array, mask: values["text.mask"] as Float32Array };
      },
    };
  };
  return {
    ...BENCH_SIZES[size],
    batch: BATCH,
    vocabulary: VOCABULARY,
    temperature: TEMPERATURE,
    learningRate: LEARNING_RATE,
    query: side("query", QUERY_TOKENS, tables.queries),
    document: side("document", DOCUMENT_TOKENS, tables.documents),
  };
}
