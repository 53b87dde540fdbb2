/**
 * Rows of .csv and .tsv files. Fields of .csv may be quoted as RFC 4180 says, and then hold line ends, which are read as LF;
 * the separator is the one of , ; and tab that the first line has most of. In .tsv a quotation mark is a character like any
 * other, as large collections write it.
 */
import type { CsvError, Options } from "csv-parse/browser/esm/sync";
import { type DataFile, type Line, lineBatches } from "./files";
import { counted, type Problems } from "./problems";
import type { RawRecord } from "./records";
import type { Reading } from "./watch";

/** Characters after which a quotation mark that was never closed is given up on. */
const LONGEST_ROW = 2 ** 20;

/** A row before its columns have names. */
export interface Row {
  /** Number of its first line. */
  number: number;
  fields: string[];
}

/** Whether a file's name says that it holds rows of fields. */
export const isDelimited = (path: string) => /\.(csv|tsv)(\.gz)?$/i.test(path);
const isTsv = (path: string) => /\.tsv(\.gz)?$/i.test(path);

/** The separator that a line has most of; of equally many the first of these. */
export function separatorOf(line: string): string {
  const count = (mark: string) => line.split(mark).length;
  return [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

const quotes = (text: string) => {
  let n = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) n++;
  return n;
};

type Parse = (text: string, options: Options) => unknown;

/** Why a quoted row could not be read, in words. */
function quoteFault(error: unknown): string {
  const { code, column } = error as Partial<CsvError> & { column?: number };
  const field = typeof column === "number" ? `field ${column + 1}` : "a field";
  if (code === "INVALID_OPENING_QUOTE")
    return `${field} has a quotation mark inside; put the whole field in quotation marks and double those inside.`;
  if (code === "CSV_INVALID_CLOSING_QUOTE")
    return `${field} goes on after its closing quotation mark; double quotation marks inside a field.`;
  return "a quotation mark opens here and is not closed.";
}

/**
 * The rows of a file, some at a time; blank lines are passed over.
 *
 * @param problems takes every row whose quotation marks do not fit, by line
 * @throws LabError bad-input where the file is UTF-16; stopped
 */
export async function* rowBatches(file: DataFile, problems: Problems, reading: Reading): AsyncGenerator<Row[]> {
  const tsv = isTsv(file.path);
  let separator = tsv ? "\t" : "";
  let open: Line[] = [];
  let openLength = 0;
  let parse: Parse | null = null;
  /** Quoted rows, each of one or more lines; what cannot be read is left out. */
  const quoted = async (each: readonly Line[][]): Promise<Row[]> => {
    if (each.length === 0) return [];
    parse ??= (await import("csv-parse/browser/esm/sync")).parse as Parse;
    try {
      const text = each.flatMap((lines) => lines.map((line) => line.text)).join("\n");
      const options = { delimiter: separator, record_delimiter: "\n", relax_column_count: true };
      const rows = parse(text, options) as string[][];
      if (rows.length === each.length || each.length === 1)
        return rows.slice(0, each.length).map((fields, i) => ({ number: each[i]![0]!.number, fields }));
    } catch (error) {
      if (each.length === 1) problems.add(file.path, each[0]![0]!.number, null, quoteFault(error));
    }
    // One by one where there is a fault, to say whose it is. 100,000 quoted rows took 9.9 s that way, 5.4 s together.
    const rows: Row[] = [];
    if (each.length > 1) for (const lines of each) rows.push(...(await quoted([lines])));
    return rows;
  };
  for await (const lines of lineBatches(file, problems, { blank: true, onRead: reading.begin(file) })) {
    const rows: Row[] = [];
    const marked: Line[][] = [];
    for (const line of lines) {
      if (open.length === 0 && !/\S/.test(line.text)) continue;
      separator ||= separatorOf(line.text);
      const marks = tsv ? 0 : quotes(line.text);
      if (open.length === 0 && marks === 0) {
        rows.push({ number: line.number, fields: line.text.split(separator) });
        continue;
      }
      open.push(line);
      openLength += line.text.length + 1;
      // An even number of marks so far: every field that was opened is closed.
      const odd = open.length === 1 ? marks % 2 === 1 : marks % 2 === 0;
      if (odd && openLength <= LONGEST_ROW) continue;
      if (odd) problems.add(file.path, open[0]!.number, null, "a quotation mark opens here and is not closed.");
      else marked.push(open);
      open = [];
      openLength = 0;
    }
    rows.push(...(await quoted(marked)));
    yield rows.sort((a, b) => a.number - b.number);
    await reading.breathe();
  }
  if (open.length > 0) problems.add(file.path, open[0]!.number, null, "a quotation mark opens here and is not closed.");
}

/** Names for columns: as the header has them, made different where two are alike, or by number. */
export function columnNames(first: readonly string[], header: boolean): string[] {
  const seen = new Set<string>();
  return first.map((field, i) => {
    const plain = header && field.trim() !== "" ? field.trim() : `column ${i + 1}`;
    let name = plain;
    for (let n = 2; seen.has(name); n++) name = `${plain} (${n})`;
    seen.add(name);
    return name;
  });
}

/**
 * The rows of a file as records of named fields.
 *
 * @param header whether the first row holds the names
 * @param problems takes rows of more or fewer fields than there are columns too
 */
export async function* delimitedBatches(
  file: DataFile,
  header: boolean,
  problems: Problems,
  reading: Reading,
): AsyncGenerator<RawRecord[]> {
  let names: string[] | null = null;
  for await (const rows of rowBatches(file, problems, reading)) {
    const records: RawRecord[] = [];
    for (const { number, fields } of rows) {
      if (names === null) {
        names = columnNames(fields, header);
        if (header) continue;
      }
      if (fields.length !== names.length) {
        const wrong = `${counted(fields.length, "field")}; there are ${counted(names.length, "column")}.`;
        problems.add(file.path, number, null, wrong);
        continue;
      }
      records.push({ at: number, value: Object.fromEntries(fields.map((f, i) => [names![i]!, f])), escaped: false });
    }
    yield records;
  }
}
