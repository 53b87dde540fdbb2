/** What the training of a language model takes, before it starts: from its settings alone. */
import { bytesInWords } from "../bytes";
import type { PretrainSettings } from "../config/pretrain";
import { LabError } from "../errors";
import { countParameters, forwardFlops } from "../towers";
import { type BufferLimits, together } from "./memory";
import { parameterBytes, sum } from "./parameterMemory";
import { languageConfig, MEASURED_ROWS, WATCHED_ROWS, watchEvery } from "./pretrain";
import { languageMemory } from "./stepMemory";

export interface PretrainPlan {
  parameters: number;
  withoutEmbeddings: number;
  /** Tokens that are predicted in all steps. */
  tokens: number;
  /** Operations of training and of measuring on held-out rows: 2 a multiply-add, the way back twice the way there. */
  flops: number;
  /** Bytes of GPU memory. */
  memory: number;
  /** Its largest single buffer. */
  largest: number;
}

/** An upper bound: a short text may fill neither the vocabulary nor the held-out rows. */
export function planPretrain(settings: PretrainSettings): PretrainPlan {
  const { vocabulary, length, batch, steps } = settings;
  const config = languageConfig(settings, vocabulary);
  const { total, withoutEmbeddings } = countParameters(config);
  const row = forwardFlops(config, length) + 2 * length * config.width * vocabulary;
  const watched = (1 + Math.ceil(steps / watchEvery(steps))) * WATCHED_ROWS + MEASURED_ROWS;
  const memory = languageMemory({ config, batch, tokens: length }, true);
  return {
    parameters: total,
    withoutEmbeddings,
    tokens: steps * batch * length,
    flops: row * (3 * steps * batch + watched),
    memory: parameterBytes(config) + sum(Object.values(together(memory, true))),
    largest: Math.max(...memory.map(({ largest }) => largest)),
  };
}

/** Why it does not fit; null where it does. @param memoryLimit in MB */
export function pretrainProblem(plan: PretrainPlan, memoryLimit: number, limits?: BufferLimits): LabError | null {
  const smaller = "Choose a smaller model or vocabulary, fewer rows a step, or shorter rows";
  const most = limits ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : Number.POSITIVE_INFINITY;
  if (plan.largest > most)
    return new LabError(
      "bad-setting",
      `A single buffer of this training needs ${bytesInWords(plan.largest)}, and this GPU gives ${bytesInWords(most)} in one piece.`,
      `${smaller}.`,
    );
  if (plan.memory <= memoryLimit * 1e6) return null;
  return new LabError(
    "bad-setting",
    `This training needs about ${bytesInWords(plan.memory)} of GPU memory, more than the memory limit of ${bytesInWords(memoryLimit * 1e6)}.`,
    `${smaller}; or, if your GPU has the memory, raise Memory limit (training.memoryLimit) to ${Math.ceil(plan.memory / 1e8) * 100} MB.`,
  );
}
