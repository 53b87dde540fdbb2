/** A sweep's trials as a queue: named, in the order in which they run, and how long they will take. */

import type { Experiment } from "../../config/schema";
import type { Dataset } from "../../data/types";
import { LabError } from "../../errors";
import type { SystemName } from "../../formats/result";
import { planRun, planShape, type RunPlan } from "../plan";
import type { Sweep } from "./spec";
import { type Artifact, dataKey, learnedKey, type StageKeys, stackKey, stageKeys } from "./stageKeys";
import { sweepTrials, type Trial, trialKey } from "./trials";

/** Skipped: an equal trial is stored. */
export type JobStatus = "waiting" | "running" | "done" | "failed" | "skipped";

export interface Job {
  trial: Trial;
  key: string;
  keys: StageKeys;
  /** `dataKey` of its collection. */
  data: string;
  /** `stackKey`: those with equal ones may be trained side by side. */
  stack: string | null;
  status: JobStatus;
  /** Why it failed. */
  words?: string;
}

/** One of several machines or processes that share a sweep: number `index` of `of`, from 1. */
export interface Shard {
  index: number;
  of: number;
}

/**
 * The trials of a sweep in the order in which they run: those of one teacher one after the other, so that it is trained,
 * read and let go once. A shard has an even part of them, in one piece for the same reason.
 */
export async function planJobs(
  sweep: Sweep,
  { codeVersion, collection }: { codeVersion: string; collection: (experiment: Experiment) => Promise<Dataset> },
  shard: Shard = { index: 1, of: 1 },
): Promise<Job[]> {
  const jobs: Job[] = [];
  const dataKeys = new Map<string, string>();
  for (const trial of sweepTrials(sweep)) {
    const { experiment } = trial;
    const source = JSON.stringify([experiment.data, experiment.seed]);
    const data = dataKeys.get(source) ?? (await dataKey(experiment, () => collection(experiment)));
    dataKeys.set(source, data);
    const at = { data: await learnedKey(experiment, data), codeVersion };
    jobs.push({
      trial,
      key: await trialKey(experiment, { data, codeVersion, systems: sweep.systems }),
      keys: await stageKeys(experiment, at),
      data,
      stack: await stackKey(experiment, at),
      status: "waiting",
    });
  }
  const order = [...new Set(jobs.map(({ keys }) => keys.teacher))];
  jobs.sort((a, b) => order.indexOf(a.keys.teacher) - order.indexOf(b.keys.teacher));
  const { index, of } = shard;
  if (!(Number.isInteger(index) && Number.isInteger(of) && index >= 1 && index <= of))
    throw new LabError("bad-setting", `There is no shard ${index} of ${of}.`, "Write for example 2/4.");
  return jobs.slice(Math.floor(((index - 1) * jobs.length) / of), Math.floor((index * jobs.length) / of));
}

const NEEDED: Record<SystemName, readonly Artifact[]> = {
  teacher: ["teacher", "index"],
  scalingnote: ["teacher", "index", "queries", "scalingnote"],
  scalingdoc: ["scalingdoc"],
  twinbert: ["twinbert"],
  bm25: [],
};

/** What the systems are measured with. */
export const artifactsOf = (systems: readonly SystemName[]): Artifact[] => [
  ...new Set(systems.flatMap((name) => NEEDED[name])),
];

/** A name in the set of artifacts that are whole. */
export const nameOf = (artifact: string, key: string) => `${artifact}/${key}`;

/** A trial's work. Trials of one kind do the same stages, so that their times compare. */
export interface Work {
  kind: string;
  flops: number;
}

/** Operations by stage; of towers whose shape is not known before they are read, all alike. */
function plannedFlops(experiment: Experiment, dataset: Dataset | undefined): RunPlan["flops"] {
  try {
    return planRun(experiment, planShape(experiment, dataset)).flops;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { stage1: 1, index: 1, stage2: 1, scalingdoc: 1, twinbert: 1, evaluation: 1 };
  }
}

/**
 * What a trial still has to compute.
 * @param whole names of artifacts that are there; those that this trial will make are added
 */
export function workOf(
  { trial, keys, stack }: Pick<Job, "trial" | "keys" | "stack">,
  systems: readonly SystemName[],
  whole: Set<string>,
  stacked: boolean,
  dataset?: Dataset,
): Work {
  const flops = plannedFlops(trial.experiment, dataset);
  const cost: Record<Artifact, number> = {
    teacher: flops.stage1,
    index: flops.index,
    queries: 0, // counted in stage 2
    scalingnote: flops.stage2,
    scalingdoc: flops.scalingdoc,
    twinbert: flops.twinbert,
  };
  const missing = artifactsOf(systems).filter((artifact) => !whole.has(nameOf(artifact, keys[artifact])));
  for (const artifact of missing) whole.add(nameOf(artifact, keys[artifact]));
  const beside = stacked && stack !== null && missing.includes("scalingnote") ? " side by side" : "";
  return {
    kind: missing.join(" ") + beside,
    flops: flops.evaluation + missing.reduce((sum, artifact) => sum + cost[artifact], 0),
  };
}

/**
 * Seconds that these trials will take: of each what trials of its kind took, in proportion to their operations; where none
 * of its kind is done, what all together took. Null before any is done.
 */
export function secondsFor(waiting: readonly Work[], done: readonly (Work & { seconds: number })[]): number | null {
  if (done.length === 0) return waiting.length === 0 ? 0 : null;
  const rate = (some: typeof done) =>
    some.reduce((sum, { seconds }) => sum + seconds, 0) / some.reduce((sum, { flops }) => sum + flops, 0);
  return waiting.reduce((sum, { kind, flops }) => {
    const alike = done.filter((one) => one.kind === kind);
    return sum + flops * rate(alike.length > 0 ? alike : done);
  }, 0);
}
