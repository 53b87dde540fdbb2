/** The start of a decoder as a language model, and of a tower from one. */
import { random } from "../random";
import { embeddingInit, isEmbedding, parameterSpecs, sizeOf } from "./parameters";
import type { HostParameters, TowerConfig } from "./types";

/** Deviation of all matrices (GPT-2): with tied embeddings larger ones would begin as confident guesses. */
const DEVIATION = 0.02;

/**
 * The seeded start of next-token training of a decoder without projection: norms at 1, all matrices normal, those that write to the residual stream
 * smaller by the root of their number (GPT-2, Radford et al. 2019). There is no output matrix: the token embeddings are it.
 */
export function initLanguageModel(config: TowerConfig, seed: number): HostParameters {
  const residual = DEVIATION / Math.sqrt(2 * config.layers);
  return new Map(
    parameterSpecs(config).map(({ name, shape }) => {
      const values = new Float32Array(sizeOf(shape));
      const r = random(seed, "language model", name);
      if (/norm/.test(name)) values.fill(1);
      else {
        const deviation = /o_proj|down_proj/.test(name) ? residual : DEVIATION;
        for (let i = 0; i < values.length; i++) values[i] = deviation * r.normal();
      }
      return [name, { shape, values }];
    }),
  );
}

/**
 * A tower's start from what a language model knows of words: its token embeddings, brought to the deviation that a fresh
 * tower's have (1), in an else fresh tower, whose layers add nothing at first. Contrastive training then begins from a bag
 * of words that lie near each other where they mean the same, with the rates that suit a fresh tower.
 * @param start the tower's seeded start
 * @param model of the tower's width and vocabulary
 * @throws LabError "bad-setting" where its table has another shape
 */
export function tableInit(start: HostParameters, model: HostParameters): HostParameters {
  return new Map(
    [...embeddingInit(start, model)].map(([name, tensor]) => {
      if (!isEmbedding(name)) return [name, tensor];
      const { shape, values } = tensor;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      return [name, { shape, values: values.map((value) => value / Math.max(deviation, 1e-12)) }];
    }),
  );
}
