/**
 * Tables of pairs, triples and scored pairs as a collection: every different answer is a document, every different question
 * a query. The forms of sentence-transformers: (query, positive), (query, positive, negative ...), (query, text, score).
 */
import { LabError } from "../errors";
import { type Columns, checkColumns } from "./columns";
import { delimitedBatches, isDelimited } from "./delimited";
import type { DataFile } from "./files";
import { nameOf, tableSplit } from "./layout";
import type { Part } from "./parquet";
import { counted, inWords, Problems, quoted } from "./problems";
import { fieldOf, kindOf, type RawRecord, recordBatches, wellFormed } from "./records";
import { makeSplits, type Pools } from "./splits";
import type { Dataset, Doc, Query } from "./types";
import { type Reading, startReading, type Watch } from "./watch";

/** The records of a table in any form. */
export function tableBatches(
  file: DataFile,
  header: boolean,
  problems: Problems,
  reading: Reading,
  part: Part = {},
): AsyncGenerator<RawRecord[]> {
  return isDelimited(file.path)
    ? delimitedBatches(file, header, problems, reading)
    : recordBatches(file, problems, reading, part);
}

/** Texts by their first appearance. */
class Texts {
  readonly list: string[] = [];
  private readonly place = new Map<string, number>();

  add(text: string): number {
    const before = this.place.get(text);
    if (before !== undefined) return before;
    this.place.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}

/** Rows that were passed over, with the place of the first. */
class Skipped {
  count = 0;
  first = "";

  add(path: string, at: number | string): void {
    if (this.count++ === 0) this.first = `${path}, ${inWords(at)}`;
  }
}

export interface PairOptions extends Watch {
  columns: Columns;
  seed: number;
  name?: string | undefined;
}

/**
 * Reads a table. Rows with an empty query or positive are passed over and counted. A text scored below
 * `columns.relevantFrom` is a known negative of its query, unless another row says that it answers it.
 *
 * @throws LabError bad-input: faults with file, line and field; a column that is not there; too few queries; stopped
 */
export async function readPairs(files: readonly DataFile[], options: PairOptions): Promise<Dataset> {
  const { columns, seed } = options;
  const problems = new Problems();
  const reading = startReading(files, options);
  const docs = new Texts();
  const queries = new Texts();
  const empty = new Skipped();
  const pools: Pools = {};
  const known = new Map<number, Set<number>>();
  const used = [
    columns.query,
    columns.positive,
    ...columns.negatives,
    ...(columns.score === null ? [] : [columns.score]),
  ];
  // Records of JSON may leave out a key; one that none has is a slip of the pen.
  const unseen = new Set(used);
  let first: string[] = [];
  let rows = 0;
  for (const file of files) {
    const split = tableSplit(file.path) ?? "all";
    const qrels = pools[split] ?? new Map<string, Map<string, number>>();
    pools[split] = qrels;
    let checked = false;
    for await (const records of tableBatches(file, columns.header, problems, reading, { columns: used }))
      for (const record of records) {
        if (!checked && isDelimited(file.path)) checkColumns(columns, Object.keys(record.value));
        checked = true;
        if (rows++ === 0) first = Object.keys(record.value);
        for (const name of unseen) if (fieldOf(record.value, name) !== undefined) unseen.delete(name);
        const row = readRow(file.path, record, columns, problems);
        if (!row) continue;
        const positives = row.positives.filter((text) => text.trim() !== "");
        if (row.query.trim() === "" || positives.length === 0) {
          empty.add(file.path, record.at);
          continue;
        }
        const query = queries.add(row.query);
        const right = row.score === null || row.score >= columns.relevantFrom;
        const grades = qrels.get(`q${query + 1}`) ?? new Map<string, number>();
        qrels.set(`q${query + 1}`, grades);
        const judged = positives.map((text) => docs.add(text));
        const negatives = row.negatives.filter((text) => text.trim() !== "").map((text) => docs.add(text));
        if (right) for (const doc of judged) grades.set(`d${doc + 1}`, 1);
        for (const doc of [...(right ? [] : judged), ...negatives]) {
          const set = known.get(query) ?? new Set();
          known.set(query, set.add(doc));
        }
      }
  }
  const [none] = unseen;
  if (rows > 0 && none !== undefined)
    throw new LabError(
      "bad-input",
      `There is no column ${quoted(none)}.`,
      `The columns of the first row are ${first.map(quoted).join(", ")}.`,
    );
  problems.throwIfAny();
  if (rows === 0)
    throw new LabError(
      "bad-input",
      `${files[0]?.path ?? "The table"} holds no rows.`,
      "Check that it is the right file.",
    );
  return assemble(files, options, { docs, queries, known, pools, rows, empty, seed });
}

interface Gathered {
  docs: Texts;
  queries: Texts;
  known: ReadonlyMap<number, ReadonlySet<number>>;
  pools: Pools;
  rows: number;
  empty: Skipped;
  seed: number;
}

function assemble(files: readonly DataFile[], options: PairOptions, found: Gathered): Dataset {
  const { columns } = options;
  const right = (id: string) => Object.values(found.pools).flatMap((qrels) => [...(qrels.get(id)?.keys() ?? [])]);
  let both = 0;
  const queries = found.queries.list.map((text, i): Query => {
    const id = `q${i + 1}`;
    const wrong = found.known.get(i);
    if (!wrong) return { id, text };
    const answers = new Set(right(id));
    const negatives = [...wrong].map((doc) => `d${doc + 1}`).filter((doc) => !answers.has(doc));
    both += wrong.size - negatives.length;
    return negatives.length > 0 ? { id, text, negatives } : { id, text };
  });
  const docs = found.docs.list.map((text, i): Doc => ({ id: `d${i + 1}`, title: "", text }));
  // A query may have wrong answers alone in one file: it has no judgement there then.
  for (const qrels of Object.values(found.pools))
    for (const [id, grades] of qrels) if (grades.size === 0) qrels.delete(id);
  const splits = makeSplits(queries, found.pools, 1, found.seed);
  const used = [
    `query from ${quoted(columns.query)}`,
    `positive from ${quoted(columns.positive)}`,
    ...columns.negatives.map((name) => `negative from ${quoted(name)}`),
    ...(columns.score === null ? [] : [`score from ${quoted(columns.score)}, an answer from ${columns.relevantFrom}`]),
  ];
  const notices = [
    `${counted(found.rows, "row")} from ${counted(files.length, "table")}: ${used.join(", ")}.`,
    ...(found.empty.count > 0
      ? [
          `${counted(found.empty.count, "row")} passed over: the query or the positive is empty. The first: ${found.empty.first}.`,
        ]
      : []),
    ...(both > 0 ? [`${counted(both, "negative")} passed over: another row says that it answers the same query.`] : []),
    ...splits.notices,
  ];
  return { name: options.name ?? nameOfTable(files), docs, ...splits, relevanceLevel: 1, notices };
}

/** The folder of the tables, or the table's own name. */
export function nameOfTable(files: readonly { path: string }[]): string {
  const path = files[0]?.path ?? "";
  const folder = nameOf(path.split("/").slice(0, -1).join("/"));
  return folder || path.replace(/(\.[a-z]+)(\.gz)?$/i, "") || "collection";
}

interface PairRow {
  query: string;
  positives: string[];
  negatives: string[];
  score: number | null;
}

function readRow(
  file: string,
  { at, value, escaped }: RawRecord,
  columns: Columns,
  problems: Problems,
): PairRow | null {
  let good = true;
  const fail = (field: string, wrong: string) => {
    problems.add(file, at, field, wrong);
    good = false;
  };
  const text = (field: string, given: unknown): string => {
    if (typeof given === "string") return wellFormed(given, escaped);
    if (typeof given === "number" || typeof given === "boolean") return String(given);
    if (given === null) return ""; // an empty cell
    fail(field, given === undefined ? "it is missing." : `it must be text; here it is ${kindOf(given)}.`);
    return "";
  };
  const list = (field: string, optional: boolean): string[] => {
    const given = fieldOf(value, field);
    if (Array.isArray(given)) return given.map((entry: unknown, i) => text(`${field}[${i}]`, entry));
    if (optional && (given === undefined || given === null)) return [];
    return [text(field, given)];
  };
  const given = fieldOf(value, columns.query);
  // A list of one question, as some tables have it.
  const query = text(columns.query, Array.isArray(given) && given.length === 1 ? given[0] : given);
  const positives = list(columns.positive, false);
  const negatives = columns.negatives.flatMap((name) => list(name, true));
  let score: number | null = null;
  if (columns.score !== null) {
    const raw = fieldOf(value, columns.score);
    const shown = typeof raw === "string" ? raw.trim() : raw;
    score =
      typeof shown === "boolean" ? Number(shown) : typeof shown === "number" || shown ? Number(shown) : Number.NaN;
    if (!Number.isFinite(score))
      fail(columns.score, shown === undefined ? "it is missing." : `${quoted(String(shown))} is not a number.`);
  }
  return good ? { query, positives, negatives, score } : null;
}
