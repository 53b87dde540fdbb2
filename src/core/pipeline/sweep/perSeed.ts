/** What a sweep takes for one seed, before anything is stored. */
import { LabError } from "../../errors";
import { planJobs, workOf } from "./queue";
import { readSweep, type SweepInput } from "./spec";

export interface SeedCost {
  trials: number;
  /** Floating-point operations, stages that trials share counted once. */
  flops: number;
}

/**
 * Counted from shapes, as a run's are: every text taken to be of the longest length.
 * @param input a sweep over the bundled notes, whose sizes the settings say
 * @throws LabError "bad-setting" where it is no sweep, or is over files
 */
export async function costOfSeed(input: SweepInput): Promise<SeedCost> {
  const sweep = readSweep(input);
  const one = { ...sweep, seeds: sweep.seeds.slice(0, 1) };
  const jobs = await planJobs(one, {
    codeVersion: "",
    collection: () => {
      throw new LabError("bad-setting", "The size of this collection is known once it is read.", "Plan the sweep.");
    },
  });
  const made = new Set<string>();
  const flops = jobs.reduce((sum, job) => sum + workOf(job, one.systems, made, false).flops, 0);
  return { trials: jobs.length, flops };
}
