/** Records of files, whatever form they come in: one JSON object a line, or the rows of a parquet file. */
import { type DataFile, lineBatches } from "./files";
import { isParquet, parquetBatches } from "./parquet";
import type { Problems } from "./problems";
import type { Reading } from "./watch";

export type JsonObject = Record<string, unknown>;

/** One record and where it stands. */
export interface RawRecord {
  /** A line's number, or the place in words ("row 3"). */
  at: number | string;
  value: JsonObject;
  /** Whether its text may hold halves of characters, from escapes such as \ud800. */
  escaped: boolean;
}

/** What a JSON value is, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

/** Half of a character that takes two: UTF-8 has no bytes for it. It can only come from an escape, such as \ud800. */
export const wellFormed = (text: string, escaped: boolean) =>
  escaped ? text.replace(/\p{Surrogate}/gu, "\uFFFD") : text;

async function* jsonBatches(file: DataFile, problems: Problems, reading: Reading): AsyncGenerator<RawRecord[]> {
  for await (const lines of lineBatches(file, { onRead: reading.begin(file) })) {
    const records: RawRecord[] = [];
    for (const { number, text } of lines) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        problems.add(file.path, number, null, "this is not JSON; each line must be one JSON object.");
        continue;
      }
      if (typeof value !== "object" || value === null || Array.isArray(value))
        problems.add(file.path, number, null, `each line must be one JSON object; here it is ${kindOf(value)}.`);
      else records.push({ at: number, value: value as JsonObject, escaped: text.includes("\\u") });
    }
    yield records;
    await reading.breathe();
  }
}

/**
 * The records of a file, some at a time.
 *
 * @param problems takes every line that is no JSON object
 * @throws LabError bad-input: no UTF-8, no whole parquet file; stopped
 */
export function recordBatches(file: DataFile, problems: Problems, reading: Reading): AsyncGenerator<RawRecord[]> {
  return isParquet(file.path) ? parquetBatches(file, reading) : jsonBatches(file, problems, reading);
}
