/** The rankings of a trial whose record has none, from the towers and vectors that are kept of it. */
import { readExperiment } from "../../config/read";
import { LabError } from "../../errors";
import { SYSTEMS } from "../../formats/result";
import { createControl } from "../control";
import { artifactsOf, nameOf, planJobs } from "./queue";
import type { DoneTrial, Ranking, TrialRecord } from "./record";
import { runSweep, type SweepOptions } from "./runSweep";
import { readSweep } from "./spec";
import { wholeArtifacts } from "./stageStore";

type RankOptions = Pick<
  SweepOptions,
  "gpu" | "ops" | "adapter" | "store" | "collection" | "checkpoints" | "prepare" | "now"
>;

/**
 * Measures a trial again with what is stored, without training anything.
 * @throws LabError "bad-input" where its experiment, its teacher or one of its towers is not known any more
 */
export async function rankTrial(record: DoneTrial, options: RankOptions): Promise<Ranking[]> {
  const systems = SYSTEMS.filter((name) => record.systems[name]);
  if (!record.experiment || !systems.includes("teacher") || systems.length < 2)
    throw new LabError(
      "bad-input",
      "This trial's record does not say enough to rank again.",
      "Run its sweep again, with the teacher measured beside the others.",
    );
  const sweep = readSweep({
    base: readExperiment(record.experiment).experiment,
    mode: "list",
    list: [{}],
    seeds: [record.seed],
    systems,
  });
  // Its towers are kept under the version of the code that trained them.
  const { codeVersion } = record;
  const [job] = await planJobs(sweep, { codeVersion, collection: options.collection });
  const whole = await wholeArtifacts(options.store);
  // The teacher's query vectors are for training alone.
  const gone = artifactsOf(systems).filter((name) => name !== "queries" && !whole.has(nameOf(name, job!.keys[name])));
  if (gone.length > 0)
    throw new LabError(
      "bad-input",
      "The towers of this trial are not kept any more.",
      "Run its sweep again in a new one: its trials keep the rankings with their records.",
    );
  let found: TrialRecord | null = null;
  await runSweep({
    ...options,
    codeVersion,
    sweep,
    control: createControl(),
    listener: { trial() {}, progress() {} },
    log: {
      read: async () => [],
      append: async (made) => {
        found = made;
      },
    },
  });
  const made = found as TrialRecord | null;
  if (made?.status === "failed") throw new LabError("bad-input", made.error.message, made.error.remedy);
  return made?.rankings ?? [];
}
