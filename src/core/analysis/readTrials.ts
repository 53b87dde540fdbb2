/** Trial records from a file of one JSON object a line, as a sweep writes it. */
import { type DataFile, lineBatches } from "../data/files";
import { counted, Problems } from "../data/problems";
import { LabError } from "../errors";
import { type DoneTrial, type SystemRecord, trialRecordSchema } from "../pipeline/sweep/record";
import { gradientNorms } from "./algebra";
import type { Trial, TrialEntropy, TrialSystem } from "./trial";

const entropyOf = ({ raw, scaled, pool, byQuery }: NonNullable<SystemRecord["entropy"]>): TrialEntropy => ({
  raw,
  scaled,
  pool,
  ...(byQuery ? { byQuery } : {}),
});

/** What the analysis takes of a record. */
export function trialOf(record: DoneTrial): Trial {
  const systems = Object.entries(record.systems).map(([name, system]): [string, TrialSystem] => {
    const { entropy, retention, cost } = system;
    const norms = gradientNorms(system.validation);
    const latency = record.adapter.software ? null : (cost?.endToEndMs.p50 ?? null);
    return [
      name,
      {
        metrics: { ...system.metrics, ...(retention ? { retention } : {}) },
        perQuery: system.perQuery,
        queryParams: system.queryParams,
        documentParams: system.documentParams,
        trainingPairs: record.collection.trainingPairs,
        trainingFlops: system.trainingFlops,
        queryFlops: system.queryFlops,
        ...(latency === null ? {} : { latencyMs: latency }),
        ...(norms ? { gradientNorms: norms } : {}),
        ...(entropy ? { contrastiveEntropy: entropyOf(entropy) } : {}),
      },
    ];
  });
  const { key, sweep, rankings, assignments, seed, testSetHash, experiment, adapter, codeVersion, seconds } = record;
  return {
    key,
    sweep,
    assignments,
    seed,
    testSetHash,
    ...(rankings ? { rankings } : {}),
    systems: Object.fromEntries(systems),
    ...(experiment ? { config: experiment } : {}),
    adapter: adapter.description,
    software: adapter.software,
    codeVersion,
    seconds,
  };
}

export interface TrialFile {
  trials: Trial[];
  /** Trials that failed and were not done later. */
  failed: number;
}

/**
 * Reads trials; those that failed are counted, and what is passed over is a last line that a sweep is still writing or was cut off in.
 * @throws LabError "bad-input" with file, line and field of every fault, or where no trial was done
 */
export async function readTrials(file: DataFile): Promise<TrialFile> {
  const { path: name, size } = file;
  const problems = new Problems();
  const trials: Trial[] = [];
  const failures = new Set<string>();
  let first: string | null = null;
  const whole = (await file.slice(size - 1, size))[0] === NEWLINE;
  const lines = [];
  for await (const batch of lineBatches(file, problems)) lines.push(...batch);
  for (const [i, { number: line, text }] of lines.entries()) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      if (whole || i < lines.length - 1 || i === 0)
        problems.add(name, line, null, "this is not JSON; each line must be one trial.");
      continue;
    }
    if (!looksLikeTrial(value)) {
      problems.add(
        name,
        line,
        null,
        "this is no trial: it has no status and no assignments. Is it a file of another kind?",
      );
      continue;
    }
    const read = trialRecordSchema.safeParse(value);
    if (!read.success) {
      for (const issue of read.error.issues.slice(0, 3))
        problems.add(name, line, issue.path.length > 0 ? issue.path.join(".") : null, `${issue.message}.`);
    } else if (read.data.status === "failed") {
      failures.add(read.data.key);
      first ??= `The first: ${read.data.error.message}`;
    } else trials.push(trialOf(read.data));
  }
  problems.throwIfAny();
  for (const { key } of trials) if (key !== undefined) failures.delete(key);
  const failed = failures.size;
  if (trials.length === 0)
    throw new LabError(
      "bad-input",
      failed > 0
        ? `${name} holds ${counted(failed, "trial")}, and all of them failed. ${first ?? ""}`.trimEnd()
        : `${name} holds no trial.`,
      failed > 0
        ? "Mend what they say, and run the sweep again with --retry."
        : "Give the trials.jsonl that `npm run lab -- sweep` wrote.",
    );
  return { trials, failed };
}

/** Whether a line is worth naming the faults of: of a line of another file each field would be one. */
const looksLikeTrial = (value: unknown): boolean =>
  typeof value === "object" && value !== null && ("status" in value || "assignments" in value);

const NEWLINE = 10;
