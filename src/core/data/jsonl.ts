/**
 * Documents and queries: one JSON object a line, or rows of parquet. BEIR's keys are `_id`, `title` and `text`; Anserini's (`id`, `contents`) are
 * read too. Other keys are passed over, but for a query's `metadata.negative_ids`.
 */
import type { DataFile } from "./files";
import { inWords, type Problems, quoted } from "./problems";
import { type JsonObject, kindOf, type RawRecord, recordBatches, wellFormed } from "./records";
import type { Doc, Query } from "./types";
import type { Reading } from "./watch";

const ID_KEYS = ["_id", "id", "docid"];
const TEXT_KEYS = ["text", "contents"];

/** A JSON id as text, or what is wrong with it. Numbers are taken while JSON can hold them exactly. */
function idOf(value: unknown): { id: string } | { wrong: string } {
  if (typeof value === "string") return value === "" ? { wrong: "the id is empty." } : { id: value };
  if (typeof value !== "number") return { wrong: `an id must be text or a number; here it is ${kindOf(value)}.` };
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return { wrong: "this number is too large to be read exactly; write the id in quotation marks." };
  return { id: String(value) };
}

interface Reader extends RawRecord {
  file: string;
  problems: Problems;
}

const has = (value: JsonObject, key: string) => Object.hasOwn(value, key);

function readId({ file, at, escaped, value, problems }: Reader): string | null {
  const key = ID_KEYS.find((name) => has(value, name));
  if (key === undefined) {
    problems.add(file, at, "_id", "it is missing.");
    return null;
  }
  const result = idOf(value[key]);
  if ("id" in result) return wellFormed(result.id, escaped);
  problems.add(file, at, key, result.wrong);
  return null;
}

function readText({ file, at, escaped, value, problems }: Reader): string | null {
  const key = TEXT_KEYS.find((name) => has(value, name));
  const text = key === undefined ? undefined : value[key];
  if (typeof text === "string") return wellFormed(text, escaped);
  problems.add(
    file,
    at,
    key ?? "text",
    key === undefined ? "it is missing." : `it must be text; here it is ${kindOf(text)}.`,
  );
  return null;
}

function readTitle({ file, at, escaped, value, problems }: Reader): string | null {
  const title = has(value, "title") ? value.title : "";
  if (typeof title === "string") return wellFormed(title, escaped);
  if (title === null) return "";
  problems.add(file, at, "title", `it must be text; here it is ${kindOf(title)}.`);
  return null;
}

function readNegatives({ file, at, escaped, value, problems }: Reader): string[] {
  const metadata = has(value, "metadata") ? value.metadata : null;
  // Whatever else metadata is, it is not ours.
  if (typeof metadata !== "object" || metadata === null || !Object.hasOwn(metadata, "negative_ids")) return [];
  const list = (metadata as JsonObject).negative_ids;
  if (list === null) return [];
  const field = "metadata.negative_ids";
  if (!Array.isArray(list)) {
    problems.add(file, at, field, `it must be a list of document ids; here it is ${kindOf(list)}.`);
    return [];
  }
  const negatives = new Set<string>();
  list.forEach((entry: unknown, i) => {
    const result = idOf(entry);
    if ("id" in result) negatives.add(wellFormed(result.id, escaped));
    else problems.add(file, at, `${field}[${i}]`, result.wrong);
  });
  return [...negatives];
}

/** Remembers where an id was first seen. */
class Ids {
  readonly place = new Map<string, number>();
  private readonly files: number[] = [];
  private readonly lines: (number | string)[] = [];

  constructor(private readonly names: string[]) {}

  /** Takes a new id; false, and a problem noted, where it was there before. */
  take(id: string, file: number, { at, problems, value }: Reader): boolean {
    const before = this.place.get(id);
    if (before === undefined) {
      this.place.set(id, this.files.length);
      this.files.push(file);
      this.lines.push(at);
      return true;
    }
    const key = ID_KEYS.find((name) => has(value, name))!;
    problems.add(this.names[file]!, at, key, `${quoted(id)} was used before, in ${this.where(before)}.`);
    return false;
  }

  /** "corpus.jsonl, line 3" */
  where(place: number): string {
    return `${this.names[this.files[place]!]}, ${inWords(this.lines[place]!)}`;
  }
}

/** Records in the order of the files, and the place of each id in them. */
export interface Records<T> {
  list: T[];
  place: Map<string, number>;
  /** File and line of the record at a place, in words. */
  where(place: number): string;
}

async function readAll<T>(
  files: readonly DataFile[],
  problems: Problems,
  reading: Reading,
  make: (id: string, text: string, reader: Reader) => T | null,
): Promise<Records<T>> {
  const ids = new Ids(files.map(({ path }) => path));
  const list: T[] = [];
  for (const [f, file] of files.entries())
    for await (const records of recordBatches(file, problems, reading))
      for (const record of records) {
        const reader = { ...record, file: file.path, problems };
        const id = readId(reader);
        const text = readText(reader);
        const made = make(id ?? "", text ?? "", reader);
        if (id === null || text === null || made === null) continue;
        if (ids.take(id, f, reader)) list.push(made);
      }
  return { list, place: ids.place, where: (place) => ids.where(place) };
}

/**
 * Reads a corpus of one or several segments. A missing or null title is an empty one.
 *
 * @param problems takes every fault, with file, line and field: no JSON object, no id, no text, an id used before
 */
export function readCorpus(files: readonly DataFile[], problems: Problems, reading: Reading): Promise<Records<Doc>> {
  const make = (id: string, text: string, reader: Reader) => {
    const title = readTitle(reader);
    return title === null ? null : { id, title, text };
  };
  return readAll(files, problems, reading, make);
}

/** Reads queries; faults as in `readCorpus`. `negatives` holds `metadata.negative_ids`, and is left out where there are none. */
export function readQueries(files: readonly DataFile[], problems: Problems, reading: Reading): Promise<Records<Query>> {
  const make = (id: string, text: string, reader: Reader): Query => {
    const negatives = readNegatives(reader);
    return negatives.length > 0 ? { id, text, negatives } : { id, text };
  };
  return readAll(files, problems, reading, make);
}
