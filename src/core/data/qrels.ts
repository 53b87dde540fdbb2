/**
 * Judgements as collections carry them: query, document, score below a header line (BEIR), the same without the header, or
 * TREC's four columns; set apart by tabs, blanks or both. What an id with blanks in it means is settled by the ids that
 * exist. Scores may be whole or not. The same as .jsonl or parquet, as hubs keep them, is read by the fields' names.
 *
 * Ids with tabs or line ends cannot stand in such a file: `writeJudgements` writes them as %09 and so on, and reading tries
 * that meaning first, then the id as it stands.
 */
import { type DataFile, lineBatches } from "./files";
import { counted, firstFew, inWords, type Problems, quoted } from "./problems";
import { type JsonObject, kindOf, recordBatches } from "./records";
import type { Qrels } from "./types";
import type { Reading } from "./watch";

// Each digit has one place in the pattern: where it could have two, a long row of them takes quadratic time.
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i;
/** A score that a gain can be made of: 1e999 is none. */
const isScore = (text: string) => NUMBER.test(text) && Number.isFinite(Number(text));
const HEADER_QUERY = /quer|qid|topic/i;

interface Row {
  query: string;
  doc: string;
  score: string;
}

function rowOf(columns: string[]): Row[] {
  if (columns.length !== 3 && columns.length !== 4) return [];
  return [{ query: columns[0]!, doc: columns.at(-2)!, score: columns.at(-1)!.trim() }];
}

/** Every way to read a line, the likeliest first. */
function readings(line: string): Row[] {
  const tabs = line.split("\t");
  const exact = rowOf(tabs);
  if (exact.length > 0 && !/[ \v\f]/.test(line)) return exact;
  return [...exact, ...rowOf(tabs.map((column) => column.trim())), ...rowOf(blanks(line))];
}

// Only ASCII white space parts the columns: an id may hold a no-break space. Matched, not trimmed and split: a pattern
// that ends in $ takes quadratic time on a long run of blanks.
const blanks = (line: string): string[] => line.match(/[^ \t\v\f]+/g) ?? [];

const ESCAPE = /[\t\n\v\f\r]|^ | $|%(?=20|09|0A|0B|0C|0D|25)/g;
const ESCAPED = /%(20|09|0A|0B|0C|0D|25)/g;
const encodeId = (id: string) =>
  id.replace(ESCAPE, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
const decodeId = (id: string) =>
  id.includes("%") ? id.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))) : id;

/** The id that exists, or null. */
function known(id: string, place: ReadonlyMap<string, number>): string | null {
  const decoded = decodeId(id);
  if (place.has(decoded)) return decoded;
  return place.has(id) ? id : null;
}

type Reason = "query" | "doc" | "negative" | "repeated";

/** Rows that were passed over, to be told in words, with the place of the first. */
export class Passed {
  private readonly rows = { query: 0, doc: 0, negative: 0, repeated: 0 };
  private readonly ids = { query: new Set<string>(), doc: new Set<string>() };
  private readonly first: Partial<Record<Reason, string>> = {};

  count(reason: Reason, file: string, at: number | string): void {
    this.rows[reason]++;
    this.first[reason] ??= `The first: ${file}, ${inWords(at)}.`;
  }

  unknown(reason: "query" | "doc", id: string, file: string, at: number | string): void {
    this.count(reason, file, at);
    if (this.ids[reason].size < 4) this.ids[reason].add(id);
  }

  notices(): string[] {
    const few = (reason: "query" | "doc") => {
      const names = [...this.ids[reason]];
      return `${firstFew(names, Math.min(names.length, 3))}${names.length > 3 ? ", ..." : ""}`;
    };
    const why: [Reason, () => string][] = [
      ["doc", () => `the document is not in the corpus (${few("doc")})`],
      ["query", () => `there is no query of that id (${few("query")})`],
      ["negative", () => "a score below 0 means not judged"],
      ["repeated", () => "given before with the same score"],
    ];
    return why.flatMap(([reason, words]) =>
      this.rows[reason] > 0
        ? [`${counted(this.rows[reason], "judgement")} passed over: ${words()}. ${this.first[reason]}`]
        : [],
    );
  }
}

/** Where ids may be found. */
export interface KnownIds {
  docs: ReadonlyMap<string, number>;
  queries: ReadonlyMap<string, number>;
}

/** What the judgements of one split are read into. */
interface Target {
  ids: KnownIds;
  qrels: Qrels;
  /** Takes every fault, with file, line and field. */
  problems: Problems;
  passed: Passed;
}

/**
 * Reads the judgements of one split into `qrels`. Rows of unknown queries or documents, of scores below 0 and repeated rows
 * are counted in `passed`; too few or too many columns, a score that is no number and a document judged twice with different
 * scores are problems.
 */
export async function readJudgements(file: DataFile, target: Target, reading: Reading): Promise<void> {
  if (/\.(jsonl|ndjson|parquet)(\.gz)?$/i.test(file.path)) {
    for await (const records of recordBatches(file, target.problems, reading))
      for (const { at, value } of records) addRecord(file.path, at, value, target);
    return;
  }
  let first = true;
  for await (const lines of lineBatches(file, { onRead: reading.begin(file) })) {
    for (const { number, text } of lines) {
      addLine(file.path, number, text, first, target);
      first = false;
    }
    await reading.breathe();
  }
}

function addLine(path: string, number: number, text: string, first: boolean, target: Target): void {
  const rows = readings(text);
  if (rows.some(({ score }) => isScore(score))) {
    addRow(path, number, rows, target);
    return;
  }
  if (text.startsWith("#") || (first && HEADER_QUERY.test(text))) return;
  const row = rows[0];
  if (row) target.problems.add(path, number, "score", `${quoted(row.score)} is not a number.`);
  else
    target.problems.add(
      path,
      number,
      null,
      `${counted(blanks(text).length, "column")}; query, document and score are needed.`,
    );
}

const QUERY_KEYS = ["query-id", "query_id", "queryid", "qid", "query"];
const DOC_KEYS = ["corpus-id", "corpus_id", "corpusid", "doc-id", "doc_id", "docid", "pid", "passage_id", "document"];
const SCORE_KEYS = ["score", "relevance", "label", "rel", "grade"];

function addRecord(path: string, at: number | string, value: JsonObject, target: Target): void {
  const idIn = (keys: string[]): string | null => {
    const key = keys.find((name) => Object.hasOwn(value, name));
    const id = key === undefined ? undefined : value[key];
    if (typeof id === "string" || typeof id === "number") return String(id);
    const wrong = key === undefined ? "it is missing." : `an id must be text or a number; here it is ${kindOf(id)}.`;
    target.problems.add(path, at, key ?? keys[0]!, wrong);
    return null;
  };
  const query = idIn(QUERY_KEYS);
  const doc = idIn(DOC_KEYS);
  const key = SCORE_KEYS.find((name) => Object.hasOwn(value, name));
  // Without a score, to be listed is to be relevant.
  const score = key === undefined ? "1" : String(value[key]);
  if (!isScore(score)) target.problems.add(path, at, key!, `${quoted(score)} is not a number.`);
  else if (query !== null && doc !== null) addRow(path, at, [{ query, doc, score }], target);
}

function addRow(file: string, line: number | string, rows: Row[], { ids, qrels, problems, passed }: Target): void {
  const numeric = rows.filter(({ score }) => isScore(score));
  const found = numeric
    .map((row) => ({ query: known(row.query, ids.queries), doc: known(row.doc, ids.docs), row }))
    .sort((a, b) => rank(b) - rank(a))[0]!;
  if (found.query === null || found.doc === null) {
    // Named as the narrowest reading has it: that is what stands between the separators.
    const row = numeric.at(-1)!;
    if (found.row.query === "" || found.row.doc === "")
      problems.add(file, line, found.row.query === "" ? "query-id" : "corpus-id", "the id is empty.");
    else if (found.query === null) passed.unknown("query", row.query, file, line);
    else passed.unknown("doc", row.doc, file, line);
    return;
  }
  const grade = Number(found.row.score);
  if (grade < 0) {
    passed.count("negative", file, line);
    return;
  }
  let grades = qrels.get(found.query);
  if (!grades) {
    grades = new Map();
    qrels.set(found.query, grades);
  }
  const before = grades.get(found.doc);
  if (before === undefined) grades.set(found.doc, grade);
  else if (before === grade) passed.count("repeated", file, line);
  else
    problems.add(
      file,
      line,
      "score",
      `document ${quoted(found.doc)} has score ${before} for query ${quoted(found.query)} already; here it is ${grade}.`,
    );
}

/** How much of a reading exists. */
const rank = ({ query, doc }: { query: string | null; doc: string | null }) =>
  (query === null ? 0 : 2) + (doc === null ? 0 : 1);

/** Writes judgements in BEIR's form, header line first. Scores below 0 (not judged) are left out. */
export function writeJudgements(qrels: Qrels): string {
  const lines = ["query-id\tcorpus-id\tscore"];
  for (const [query, grades] of qrels)
    for (const [doc, grade] of grades) if (grade >= 0) lines.push(`${encodeId(query)}\t${encodeId(doc)}\t${grade}`);
  return `${lines.join("\n")}\n`;
}
