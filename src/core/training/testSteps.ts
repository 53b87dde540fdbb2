/** For tests: towers and recipes so small that a whole training of 30 steps is a test. */
import type { TowerConfig } from "../towers/types";
import type { SharedRecipe } from "./trainingStep";

export const VOCABULARY = 40;
export const BATCH = 6;
export const STEPS = 30;
export const CLIP = 0.5;

/** @param layers of a tower that has any */
export const testConfig = (kind: TowerConfig["kind"], layers: number, embeddingSize = 12): TowerConfig => ({
  kind,
  vocabulary: VOCABULARY,
  width: 16,
  layers: kind === "lookup" ? 0 : layers,
  heads: 2,
  kvHeads: kind === "decoder" ? 1 : 2,
  hidden: 24,
  maxTokens: 8,
  pooling: kind === "encoder" ? "cls" : "mean",
  embeddingSize,
});

/** Everything that a step may have. */
export const testRecipe = (captured: boolean, dropout: number): SharedRecipe => ({
  steps: STEPS,
  batch: BATCH,
  warmup: 0.1,
  weightDecay: 0.05,
  beta1: 0.9,
  beta2: 0.98,
  clip: CLIP,
  captured,
  dropout,
});
