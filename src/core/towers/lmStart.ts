/** The start of a decoder as a language model. */
import { random } from "../random";
import { parameterSpecs, sizeOf } from "./parameters";
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
