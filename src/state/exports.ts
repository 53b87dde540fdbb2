/** Tables of a run as files. Loaded when asked for. */
import type { RunResult } from "../core/formats/result";

export async function resultCsv(result: RunResult): Promise<string> {
  const { resultTable, toCsv } = await import("../core/formats/export");
  return toCsv(resultTable(result));
}

export async function resultJson(result: RunResult): Promise<string> {
  const { resultTable, toJson } = await import("../core/formats/export");
  return toJson(resultTable(result));
}
