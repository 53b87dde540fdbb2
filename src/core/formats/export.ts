/** A run's result table as CSV and JSON. */
import { METRIC_KEYS } from "../evaluation/types";
import type { RunResult } from "./result";

export type Cell = string | number | null;

/** A table: one row a system. */
export interface Table {
  columns: string[];
  rows: Cell[][];
}

/** One row a system: every measure with its interval, retention, size and cost. Null: not measured. */
export function resultTable(result: RunResult): Table {
  const withInterval = (name: string) => [name, `${name} low`, `${name} high`];
  return {
    columns: [
      "system",
      ...METRIC_KEYS.flatMap(withInterval),
      ...withInterval("retention"),
      "query parameters",
      "query parameters with embeddings",
      "FLOPs a query",
      "encode ms",
      "search ms",
      "read-back ms",
      "end to end ms p50",
      "end to end ms p95",
      "queries a second",
    ],
    rows: result.systems.map((system) => [
      system.name,
      ...METRIC_KEYS.map((key) => system.metrics[key]).flatMap(({ value, low, high }) => [value, low, high]),
      system.retention.value,
      system.retention.low,
      system.retention.high,
      system.queryParams,
      system.queryParamsWithEmbeddings,
      system.queryFlops,
      system.encodeMs,
      system.searchMs,
      system.readBackMs,
      system.endToEndMs.p50,
      system.endToEndMs.p95,
      system.queriesPerSecond,
    ]),
  };
}

/**
 * A text that begins like a formula is run by spreadsheet programs when they open a CSV: an apostrophe before it makes
 * it a text again. Numbers need none, also below 0.
 */
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[\s]*[=+\-@|%]|^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n;\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV after RFC 4180, full precision, one header line; null is an empty cell. */
export function toCsv(table: Table): string {
  return [table.columns, ...table.rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/** A list of objects, one a row, as indented JSON. */
export function toJson(table: Table): string {
  const rows = table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i] ?? null])));
  return `${JSON.stringify(rows, null, 2)}\n`;
}
