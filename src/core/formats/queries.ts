/** queries.jsonl: one test query a line with every system's values. */
import { concatBytes } from "../bytes";
import { LabError } from "../errors";
import type { QueryRecord } from "./result";
import { firstProblem, queryRecordSchema } from "./resultSchema";

/** Writes the records, one JSON object a line. */
export function writeQueries(records: readonly QueryRecord[]): Uint8Array {
  const encoder = new TextEncoder();
  return concatBytes(records.map((record) => encoder.encode(`${JSON.stringify(record)}\n`)));
}

const REMEDY = "Each line of this file is one JSON object, as the run's export wrote it. Export the run again.";

/**
 * The lines as JSON values, not yet checked for their shape.
 *
 * @throws LabError bad-input with file and line where a line is not JSON
 */
export function parseJsonLines(bytes: Uint8Array, file: string): { line: number; value: unknown }[] {
  const values: { line: number; value: unknown }[] = [];
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .forEach((text, i) => {
      if (text.trim() === "") return;
      try {
        values.push({ line: i + 1, value: JSON.parse(text) });
      } catch (cause) {
        throw new LabError("bad-input", `${file}, line ${i + 1}: this is not JSON.`, REMEDY, { cause });
      }
    });
  return values;
}

/**
 * Checks one record.
 *
 * @throws LabError bad-input with file, line and field
 */
export function checkQuery(value: unknown, file: string, line: number): QueryRecord {
  const parsed = queryRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LabError("bad-input", `${file}, line ${line}: ${firstProblem(parsed.error)}.`, REMEDY, {
    cause: parsed.error,
  });
}

/**
 * Reads records of the present version.
 *
 * @param file its name, for messages
 * @throws LabError bad-input with file, line and field
 */
export function readQueries(bytes: Uint8Array, file: string): QueryRecord[] {
  return parseJsonLines(bytes, file).map(({ line, value }) => checkQuery(value, file, line));
}
