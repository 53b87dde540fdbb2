/** A sweep's records in a folder: one JSON line a trial, written through to the disk, also after a fall in mid-line. */
import { mkdir, open, readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../core/errors";
import type { Shard } from "../core/pipeline/sweep/queue";
import type { TrialRecord } from "../core/pipeline/sweep/record";
import { readTrial, type TrialLog } from "../core/pipeline/sweep/trialLog";

/** Each shard writes a file of its own, so that several may write at once; all of them are read. */
const fileName = ({ index, of }: Shard) => (of === 1 ? "trials.jsonl" : `trials.${index}-of-${of}.jsonl`);
const TRIALS = /^trials(\.\d+-of-\d+)?\.jsonl$/;

const NEWLINE = 10;

/** Cuts off what a fall left of a last line. A whole one without its end gets that with the next line. */
async function mend(path: string): Promise<{ endless: boolean }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (!bytes || bytes.length === 0 || bytes.at(-1) === NEWLINE) return { endless: false };
  const from = bytes.lastIndexOf(NEWLINE) + 1;
  if (parseLine(bytes.subarray(from).toString("utf8"))) return { endless: true };
  await truncate(path, from);
  return { endless: false };
}

function parseLine(line: string): TrialRecord | null {
  try {
    return readTrial(JSON.parse(line));
  } catch {
    return null; // torn, or no line of ours: that trial is run again
  }
}

/**
 * The log in a folder.
 * @throws LabError "bad-input" where the disk refuses
 */
export function trialFile(dir: string, shard: Shard = { index: 1, of: 1 }): TrialLog {
  const path = join(dir, fileName(shard));
  let mended: Promise<{ endless: boolean }> | null = null;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new LabError("bad-input", `${dir} cannot hold the trials: ${why}.`, "Check its rights and free space.", {
        cause,
      });
    }
  };
  return {
    read: () =>
      guard(async () => {
        await mkdir(dir, { recursive: true });
        const names = (await readdir(dir)).filter((name) => TRIALS.test(name)).sort();
        const lines = await Promise.all(
          names.map(async (name) => (await readFile(join(dir, name), "utf8")).split("\n")),
        );
        return lines.flat().flatMap((line) => parseLine(line) ?? []);
      }),
    append: (record) =>
      guard(async () => {
        await mkdir(dir, { recursive: true });
        mended ??= mend(path);
        const { endless } = await mended;
        mended = Promise.resolve({ endless: false });
        const file = await open(path, "a");
        try {
          await file.writeFile(`${endless ? "\n" : ""}${JSON.stringify(record)}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
      }),
  };
}
