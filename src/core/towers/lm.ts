/** A decoder as a language model: which token comes next. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Matrix, TowerOps } from "../../gpu/ops";
import { towerStates } from "./forward";
import type { DeviceParameters, TowerConfig, TowerInputs } from "./types";

/** The head that is not tied to the token embeddings, where a checkpoint has one. */
export const LM_HEAD = "lm_head.weight";

/**
 * Scores of every token of the vocabulary as the next one, at every position.
 * @returns [batch * tokens, vocabulary], before the softmax
 * @throws LabError as `towerForward`
 */
export function lmLogits(
  ops: TowerOps,
  config: TowerConfig,
  parameters: DeviceParameters,
  inputs: TowerInputs,
): Tensor2D {
  const head = parameters[LM_HEAD] ?? parameters["model.embed_tokens.weight"];
  return ops.linear(towerStates(ops, config, parameters, inputs), head as Matrix);
}
