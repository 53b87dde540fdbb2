/**
 * Ready-made experiments: the questions that the workbench is for, each with a sweep that answers it. One file each; a new
 * one is a file and a line here.
 */
import { LabError } from "../errors";
import { depth } from "./depth";
import { layers } from "./layers";
import { lossWeights } from "./lossWeights";
import { noise } from "./noise";
import { noLanguageModel } from "./noLanguageModel";
import { prefixes } from "./prefixes";
import { refinement } from "./refinement";
import { scalingLaw } from "./scalingLaw";
import { studentSize } from "./studentSize";
import type { Look, ReadyExperiment, ReadyForm } from "./types";

export type { Look, ReadyExperiment, ReadyForm, ReadyKey } from "./types";

/** In the order of their letters. */
export const READY: readonly ReadyExperiment[] = [
  noLanguageModel,
  lossWeights,
  studentSize,
  scalingLaw,
  refinement,
  layers,
  prefixes,
  noise,
  depth,
];

/** @throws LabError "bad-setting" naming those that there are */
export function readyExperiment(key: string): ReadyExperiment {
  const found = READY.find((one) => one.key === key);
  if (found) return found;
  throw new LabError(
    "bad-setting",
    `There is no ready-made experiment "${key.slice(0, 60)}".`,
    `Choose one of ${READY.map((one) => one.key).join(", ")}.`,
  );
}

const formsOf = ({ small, full }: ReadyExperiment): ReadyForm[] => [small, full];

/** The ready-made experiment that a sweep of this name is; null: none. */
export const readyOfName = (name: string | null): ReadyExperiment | null =>
  READY.find((one) => formsOf(one).some(({ sweep }) => sweep.name === name)) ?? null;

/** What a view chooses first for trials of this name; null where they are no ready-made experiment's, or another view's. */
export function lookOf<V extends Look["view"]>(name: string | null, view: V): Extract<Look, { view: V }> | null {
  const look = readyOfName(name)?.look;
  return look?.view === view ? (look as Extract<Look, { view: V }>) : null;
}
