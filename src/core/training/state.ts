/**
 * Everything a training needs to go on as if nothing had happened. Pair order, dropout and schedule are functions of
 * (seed, step), so the step is the data cursor and the random state in one.
 */

import { LabError } from "../errors";
import type { LossPoint, ValidationPoint } from "../formats/result";
import { readSafetensors, writeSafetensors } from "../formats/safetensors";
import type { HostParameters } from "../towers/types";

export interface TrainingState {
  /** Last step done; the schedule's position, the data cursor and the counter of all randomness. */
  step: number;
  steps: number;
  seed: number;
  /** Training time so far. */
  seconds: number;
  losses: LossPoint[];
  validation: ValidationPoint[];
  /** Best validation so far and how many validations ago; its weights where early stopping is on. */
  best: { step: number; value: number } | null;
  sinceBest: number;
  parameters: HostParameters;
  bestParameters: HostParameters | null;
  /** What else the training goes on with: a queue of negatives, what was mined. */
  carried?: HostParameters;
  /** It is over, though not all steps were done. */
  ended?: boolean;
  /** Moments, flat, in the order of the parameters. */
  m: Float32Array;
  v: Float32Array;
}

const VERSION = "1";

/** One safetensors file: tensors under "parameter/", "best/", "carried/" and "moment/", the rest as metadata. */
export function writeState(state: TrainingState): Uint8Array {
  const tensors: HostParameters = new Map();
  for (const [name, tensor] of state.parameters) tensors.set(`parameter/${name}`, tensor);
  for (const [name, tensor] of state.bestParameters ?? []) tensors.set(`best/${name}`, tensor);
  for (const [name, tensor] of state.carried ?? []) tensors.set(`carried/${name}`, tensor);
  tensors.set("moment/m", { shape: [state.m.length], values: state.m });
  tensors.set("moment/v", { shape: [state.v.length], values: state.v });
  const { parameters: _p, bestParameters: _b, carried: _c, m: _m, v: _v, ...rest } = state;
  return writeSafetensors(tensors, { trainingState: VERSION, state: JSON.stringify(rest) });
}

/** Throws LabError "bad-input" where the bytes are not a training state of this version. */
export function readState(bytes: Uint8Array): TrainingState {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata["trainingState"] !== VERSION || !metadata["state"])
    throw new LabError(
      "bad-input",
      "This is not a training checkpoint that this version can read.",
      "Start the run again.",
    );
  const section = (prefix: string): HostParameters =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [
          name.slice(prefix.length),
          { shape: tensor.shape, values: tensor.values as Float32Array },
        ]),
    );
  const best = section("best/");
  const carried = section("carried/");
  const moments = section("moment/");
  return {
    ...(JSON.parse(metadata["state"]) as Omit<TrainingState, "parameters" | "bestParameters" | "carried" | "m" | "v">),
    parameters: section("parameter/"),
    bestParameters: best.size > 0 ? best : null,
    ...(carried.size > 0 ? { carried } : {}),
    m: moments.get("m")!.values,
    v: moments.get("v")!.values,
  };
}
