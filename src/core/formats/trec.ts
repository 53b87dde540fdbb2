/**
 * Run files and judgements as trec_eval reads them.
 *
 * A run has one line a document: query, "Q0", document, rank, score, name of the run, set apart by white space; more
 * columns may follow. The rank is ignored, as trec_eval does. Judgements ("qrels") have query, iteration, document, grade;
 * lines that begin with # are comments. Judgements in BEIR's form (a header line, then query, document, grade set apart by
 * tabs) are read too.
 *
 * Ids may hold anything: white space in an id, and a # at its start, are written as %20 and so on, and read back.
 * Scores are written so that reading gives the same 32-bit float: an evaluation of the file equals the one in memory.
 */

import { concatBytes } from "../bytes";
import type { Qrels } from "../data/types";
import { LabError } from "../errors";
import type { RankedList, Rankings } from "../evaluation/types";

const ESCAPE = /[ \t\n\v\f\r]|^#|%(?=20|09|0A|0B|0C|0D|23|25)/g;
const ESCAPED = /%(20|09|0A|0B|0C|0D|23|25)/g;

function encodeId(id: string): string {
  return id.replace(ESCAPE, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function decodeId(id: string): string {
  return id.includes("%") ? id.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))) : id;
}

// Each digit has one place in the pattern: where it could have two, a long row of them takes quadratic time.
const NUMBER = /^[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?)$/i;

function parseScore(text: string): number | null {
  if (!NUMBER.test(text)) return null;
  if (/inf/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

function fail(file: string, line: number, message: string, remedy: string): never {
  throw new LabError("bad-input", `${file}, line ${line}: ${message}`, remedy);
}

const RUN_FORM = "A run has one line a document: query, Q0, document, rank, score, name, set apart by spaces or tabs.";
const QRELS_FORM =
  "Judgements have one line each: query, 0, document, grade, set apart by spaces or tabs; or BEIR's three columns below their header line, query-id, corpus-id, score.";

/** A piece of the file for a message: it may be anything, of any length. */
const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

/** The lines of a text that are not blank, with their numbers from 1. */
function* lines(input: string | Uint8Array): Generator<[number, string]> {
  const text = typeof input === "string" ? input.replace(/^\uFEFF/, "") : new TextDecoder().decode(input);
  let number = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    number++;
    if (/\S/.test(line)) yield [number, line];
  }
}

// Only ASCII white space parts the columns: an id may hold a no-break space. Matched, not trimmed and split: a pattern
// that ends in $ takes quadratic time on a long run of blanks.
const columns = (line: string): string[] => line.match(/[^ \t\v\f\r]+/g) ?? [];

/**
 * Reads a run file. The order of the lines is kept; evaluation sorts by score.
 *
 * @param file its name, for messages
 * @throws LabError bad-input with file and line: too few columns, a score that is no number, a document twice
 */
export function readRun(input: string | Uint8Array, file: string): Rankings {
  const found = new Map<string, Map<string, number>>();
  for (const [number, line] of lines(input)) {
    const parts = columns(line);
    if (parts.length < 6) fail(file, number, `${parts.length} columns where a run has 6.`, RUN_FORM);
    const queryId = decodeId(parts[0]!);
    const docId = decodeId(parts[2]!);
    const score = parseScore(parts[4]!);
    if (score === null) fail(file, number, `the score "${shown(parts[4]!)}" is not a number.`, RUN_FORM);
    let list = found.get(queryId);
    if (!list) {
      list = new Map();
      found.set(queryId, list);
    }
    if (list.has(docId))
      fail(
        file,
        number,
        `document ${shown(docId)} is listed a second time for query ${shown(queryId)}.`,
        "Keep one of the lines.",
      );
    list.set(docId, score);
  }
  const rankings: Rankings = new Map();
  for (const [queryId, list] of found)
    rankings.set(queryId, { ids: [...list.keys()], scores: Float32Array.from(list.values()) });
  return rankings;
}

/**
 * Reads judgements: trec_eval's four columns, or BEIR's three below a header line.
 *
 * @throws LabError bad-input with file and line: a wrong number of columns, a grade that is no number, a document
 * judged twice for a query
 */
export function readQrels(input: string | Uint8Array, file: string): Qrels {
  const qrels: Qrels = new Map();
  let beir = false;
  let first = true;
  for (const [number, line] of lines(input)) {
    if (line.startsWith("#")) continue;
    if (first) {
      first = false;
      beir = /^query[-_]?id\tcorpus[-_]?id\tscore\s*$/i.test(line);
      if (beir) continue;
    }
    const parts = beir ? line.replace(/\r$/, "").split("\t") : columns(line);
    if (parts.length !== (beir ? 3 : 4))
      fail(file, number, `${parts.length} columns where judgements have ${beir ? 3 : 4}.`, QRELS_FORM);
    const queryId = beir ? parts[0]! : decodeId(parts[0]!);
    const docId = beir ? parts[1]! : decodeId(parts[2]!);
    const grade = parts.at(-1)!.trim();
    // Whole in trec_eval; collections in BEIR's form have others too.
    if (!Number.isFinite(parseScore(grade) ?? Number.NaN))
      fail(file, number, `the grade "${shown(grade)}" is not a number.`, QRELS_FORM);
    let grades = qrels.get(queryId);
    if (!grades) {
      grades = new Map();
      qrels.set(queryId, grades);
    }
    if (grades.has(docId))
      fail(
        file,
        number,
        `document ${shown(docId)} is judged a second time for query ${shown(queryId)}.`,
        "Keep one of the lines.",
      );
    grades.set(docId, Number(grade));
  }
  return qrels;
}

function writable(id: string): string {
  if (id === "") throw new LabError("bad-input", "An id is empty.", "Give every query and document an id.");
  return encodeId(id);
}

/** The shortest decimal of at most 9 digits, which is enough to name any 32-bit float. */
function decimal(score: number): string {
  if (!Number.isFinite(score)) {
    if (!Number.isNaN(score)) return score > 0 ? "inf" : "-inf";
    throw new LabError("not-finite", "A score is not a number.", "Look at the losses: the training may have diverged.");
  }
  // -0 and 0 are one score.
  return String(Number(score.toPrecision(9)) + 0);
}

const encoder = new TextEncoder();

/**
 * Writes a run file: queries in the order of the map, documents in the order of their list with ranks from 1.
 *
 * @param name the run's name in the last column; one word
 * @throws LabError for an empty id or a score that is not a number
 */
export function writeRun(rankings: ReadonlyMap<string, RankedList>, name: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [queryId, { ids, scores }] of rankings) {
    const query = writable(queryId);
    let text = "";
    for (let i = 0; i < ids.length; i++)
      text += `${query} Q0 ${writable(ids[i]!)} ${i + 1} ${decimal(scores[i]!)} ${name}\n`;
    parts.push(encoder.encode(text));
  }
  return concatBytes(parts);
}

/** Writes judgements in trec_eval's four columns. */
export function writeQrels(qrels: Qrels): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [queryId, grades] of qrels) {
    const query = writable(queryId);
    let text = "";
    for (const [docId, grade] of grades) text += `${query} 0 ${writable(docId)} ${grade}\n`;
    parts.push(encoder.encode(text));
  }
  return concatBytes(parts);
}
