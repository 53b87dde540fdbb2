/**
 * Documents and queries, one JSON object a line. BEIR's keys are `_id`, `title` and `text`; Anserini's (`id`, `contents`) are
 * read too. Other keys are passed over, but for a query's `metadata.negative_ids`.
 */
import { type TextFile, textLines } from "./files";
import { type Problems, quoted } from "./problems";
import type { Doc, Query } from "./types";

type JsonObject = Record<string, unknown>;

const ID_KEYS = ["_id", "id", "docid"];
const TEXT_KEYS = ["text", "contents"];

/** What a JSON value is, in words. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

/** Half of a character that takes two: UTF-8 has no bytes for it. It can only come from an escape, such as \ud800. */
const wellFormed = (text: string, line: string) =>
  line.includes("\\u") ? text.replace(/\p{Surrogate}/gu, "\uFFFD") : text;

/** A JSON id as text, or what is wrong with it. Numbers are taken while JSON can hold them exactly. */
function idOf(value: unknown): { id: string } | { wrong: string } {
  if (typeof value === "string") return value === "" ? { wrong: "the id is empty." } : { id: value };
  if (typeof value !== "number") return { wrong: `an id must be text or a number; here it is ${kindOf(value)}.` };
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return { wrong: "this number is too large to be read exactly; write the id in quotation marks." };
  return { id: String(value) };
}

interface Reader {
  file: string;
  line: number;
  raw: string;
  value: JsonObject;
  problems: Problems;
}

const has = (value: JsonObject, key: string) => Object.hasOwn(value, key);

function readId({ file, line, raw, value, problems }: Reader): string | null {
  const key = ID_KEYS.find((name) => has(value, name));
  if (key === undefined) {
    problems.add(file, line, "_id", "it is missing.");
    return null;
  }
  const result = idOf(value[key]);
  if ("id" in result) return wellFormed(result.id, raw);
  problems.add(file, line, key, result.wrong);
  return null;
}

function readText({ file, line, raw, value, problems }: Reader): string | null {
  const key = TEXT_KEYS.find((name) => has(value, name));
  const text = key === undefined ? undefined : value[key];
  if (typeof text === "string") return wellFormed(text, raw);
  problems.add(
    file,
    line,
    key ?? "text",
    key === undefined ? "it is missing." : `it must be text; here it is ${kindOf(text)}.`,
  );
  return null;
}

function readTitle({ file, line, raw, value, problems }: Reader): string | null {
  const title = has(value, "title") ? value.title : "";
  if (typeof title === "string") return wellFormed(title, raw);
  if (title === null) return "";
  problems.add(file, line, "title", `it must be text; here it is ${kindOf(title)}.`);
  return null;
}

function readNegatives({ file, line, raw, value, problems }: Reader): string[] {
  const metadata = has(value, "metadata") ? value.metadata : null;
  // Whatever else metadata is, it is not ours.
  if (typeof metadata !== "object" || metadata === null || !Object.hasOwn(metadata, "negative_ids")) return [];
  const list = (metadata as JsonObject).negative_ids;
  if (list === null) return [];
  const field = "metadata.negative_ids";
  if (!Array.isArray(list)) {
    problems.add(file, line, field, `it must be a list of document ids; here it is ${kindOf(list)}.`);
    return [];
  }
  const negatives = new Set<string>();
  list.forEach((entry: unknown, i) => {
    const result = idOf(entry);
    if ("id" in result) negatives.add(wellFormed(result.id, raw));
    else problems.add(file, line, `${field}[${i}]`, result.wrong);
  });
  return [...negatives];
}

function* objects(file: TextFile, problems: Problems): Generator<Reader> {
  for (const { number, text } of textLines(file)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      problems.add(file.path, number, null, "this is not JSON; each line must be one JSON object.");
      continue;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      problems.add(file.path, number, null, `each line must be one JSON object; here it is ${kindOf(value)}.`);
    else yield { file: file.path, line: number, raw: text, value: value as JsonObject, problems };
  }
}

/** Remembers where an id was first seen, in 8 bytes an id. */
class Ids {
  readonly place = new Map<string, number>();
  private readonly files: number[] = [];
  private readonly lines: number[] = [];

  constructor(private readonly names: string[]) {}

  /** Takes a new id; false, and a problem noted, where it was there before. */
  take(id: string, file: number, { line, problems, value }: Reader): boolean {
    const before = this.place.get(id);
    if (before === undefined) {
      this.place.set(id, this.files.length);
      this.files.push(file);
      this.lines.push(line);
      return true;
    }
    const key = ID_KEYS.find((name) => has(value, name))!;
    problems.add(this.names[file]!, line, key, `${quoted(id)} was used before, in ${this.where(before)}.`);
    return false;
  }

  /** "corpus.jsonl, line 3" */
  where(place: number): string {
    return `${this.names[this.files[place]!]}, line ${this.lines[place]}`;
  }
}

/** Records in the order of the files, and the place of each id in them. */
export interface Records<T> {
  list: T[];
  place: Map<string, number>;
  /** File and line of the record at a place, in words. */
  where(place: number): string;
}

function readAll<T>(
  files: readonly TextFile[],
  problems: Problems,
  make: (id: string, text: string, reader: Reader) => T | null,
  onRead?: (file: TextFile) => void,
): Records<T> {
  const ids = new Ids(files.map(({ path }) => path));
  const list: T[] = [];
  files.forEach((file, f) => {
    for (const reader of objects(file, problems)) {
      const id = readId(reader);
      const text = readText(reader);
      const record = make(id ?? "", text ?? "", reader);
      if (id === null || text === null || record === null) continue;
      if (ids.take(id, f, reader)) list.push(record);
    }
    onRead?.(file);
  });
  return { list, place: ids.place, where: (place) => ids.where(place) };
}

/**
 * Reads a corpus of one or several segments. A missing or null title is an empty one.
 *
 * @param problems takes every fault, with file, line and field: no JSON object, no id, no text, an id used before
 * @param onRead called after each file
 */
export function readCorpus(
  files: readonly TextFile[],
  problems: Problems,
  onRead?: (file: TextFile) => void,
): Records<Doc> {
  const make = (id: string, text: string, reader: Reader) => {
    const title = readTitle(reader);
    return title === null ? null : { id, title, text };
  };
  return readAll(files, problems, make, onRead);
}

/** Reads queries; faults as in `readCorpus`. `negatives` holds `metadata.negative_ids`, and is left out where there are none. */
export function readQueries(
  files: readonly TextFile[],
  problems: Problems,
  onRead?: (file: TextFile) => void,
): Records<Query> {
  const make = (id: string, text: string, reader: Reader): Query => {
    const negatives = readNegatives(reader);
    return negatives.length > 0 ? { id, text, negatives } : { id, text };
  };
  return readAll(files, problems, make, onRead);
}
