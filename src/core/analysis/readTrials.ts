/** Trial records from a file of one JSON object a line, as a sweep writes it. */
import { z } from "zod";
import { textLines } from "../data/files";
import { Problems } from "../data/problems";
import { LabError } from "../errors";
import { SYSTEMS } from "../formats/result";
import type { Trial } from "./trial";

const number = z.number();
const figure = z.object({
  value: number.nullable(),
  low: number.nullable(),
  high: number.nullable(),
  reason: z.string().exactOptional(),
});
const perQuery = z.record(z.string(), z.array(number.nullable()));

const system = z.object({
  metrics: z.record(z.string(), figure),
  perQuery: perQuery.exactOptional(),
  queryParams: number,
  documentParams: number,
  trainingPairs: number,
  trainingFlops: number,
  queryFlops: number,
  contrastiveEntropy: z.object({ raw: figure, scaled: figure, pool: z.string().nullable() }).exactOptional(),
});

const trial = z.object({
  assignments: z.record(z.string(), z.union([number, z.string(), z.boolean()])),
  seed: number,
  testSetHash: z.string(),
  systems: z.partialRecord(z.enum(SYSTEMS), system),
  queryIds: z.array(z.string()).exactOptional(),
  config: z.record(z.string(), z.unknown()).exactOptional(),
  adapter: z.string().exactOptional(),
  software: z.boolean().exactOptional(),
  codeVersion: z.string().exactOptional(),
  seconds: number.exactOptional(),
});

/**
 * Reads trials; empty lines are passed over.
 * @throws LabError "bad-input" with file, line and field of every fault, or where there is no trial at all. A last line
 * that was cut off (a sweep that was killed while it wrote) is a fault like any other.
 */
export function readTrials(bytes: Uint8Array, name: string): Trial[] {
  const problems = new Problems();
  const trials: Trial[] = [];
  for (const { number: line, text } of textLines({ path: name, bytes })) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      problems.add(name, line, null, "this is not JSON; each line must be one trial.");
      continue;
    }
    const read = trial.safeParse(value);
    if (read.success) trials.push(read.data);
    else
      for (const issue of read.error.issues.slice(0, 3))
        problems.add(name, line, issue.path.length > 0 ? issue.path.join(".") : null, `${issue.message}.`);
  }
  problems.throwIfAny();
  if (trials.length === 0)
    throw new LabError(
      "bad-input",
      `${name} holds no trial.`,
      "Give the trials.jsonl that `npm run lab -- sweep` wrote.",
    );
  return trials;
}
