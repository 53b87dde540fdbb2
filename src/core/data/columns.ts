/** Which columns of a table are questions, answers and scores: guessed by their names, for a person to change. */
import { LabError } from "../errors";
import { quoted } from "./problems";
import type { JsonObject } from "./records";

/** The columns that make a pair, a triple or a scored pair. */
export interface Columns {
  query: string;
  /** The text that answers the query, or a list of such texts. */
  positive: string;
  /** Texts, or lists of texts, that do not answer it. */
  negatives: string[];
  score: string | null;
  /** The score from which the positive column's text answers the query; below, it is a known wrong answer. */
  relevantFrom: number;
  /** Whether the first row of a .csv or .tsv holds the columns' names. */
  header: boolean;
}

const QUERY =
  /^(query|queries|question|questiontext|anchor|search|searchquery|sentence1|text1|premise|input|prompt|q|querytext)$/;
const POSITIVE =
  /^(positives?|pos|answers?|passages?|positivepassages?|documents?|docs?|sentence2|text2|context|response|output|relevant|hypothesis|text|contents?|body|passagetext|a)$/;
const NEGATIVE = /^((hard)?neg(ative)?s?|wrong|incorrect|distractor)(passages?|docs?|documents?|answers?)?\d*$/;
const SCORE = /^(scores?|labels?|similarity(score)?|relevance|rel|grade|rating)$/;

const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const matches = (name: string) => [QUERY, POSITIVE, NEGATIVE, SCORE].some((pattern) => pattern.test(bare(name)));

/** Whether a table's first row holds names: one of them is known, or all are two words at most, of letters. */
export function looksLikeHeader(fields: readonly string[]): boolean {
  if (fields.some(matches)) return true;
  return fields.every((field) => /^\s*\p{L}[\p{L}\p{N}_-]*(\s+\p{L}[\p{L}\p{N}_-]*)?\s*$/u.test(field));
}

const isText = (value: unknown) =>
  typeof value === "string" || (Array.isArray(value) && value.length > 0 && typeof value[0] === "string");
const isNumber = (value: unknown) =>
  typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)));

/**
 * Guesses the columns by name; where no name tells, the first two columns of text are query and positive, and a third one
 * of text is a negative.
 *
 * @param rows a few records
 */
export function guessColumns(names: readonly string[], rows: readonly JsonObject[], header: boolean): Columns {
  const every = (name: string, test: (value: unknown) => boolean) =>
    rows.length > 0 && rows.every((row) => row[name] === undefined || row[name] === null || test(row[name]));
  const free = new Set(names);
  const take = (test: (name: string) => boolean): string | undefined => {
    const found = names.find((name) => free.has(name) && test(name));
    if (found !== undefined) free.delete(found);
    return found;
  };
  const named = (pattern: RegExp) => take((name) => pattern.test(bare(name)));
  const query = named(QUERY);
  const positive = named(POSITIVE);
  const negatives = names.filter((name) => NEGATIVE.test(bare(name)) && free.delete(name));
  const score = take((name) => SCORE.test(bare(name)) && every(name, isNumber)) ?? null;
  // Of columns that no name speaks for: text that is not all numbers.
  const text = (name: string) => every(name, isText) && !every(name, isNumber);
  const known = query !== undefined || positive !== undefined;
  const guess = { query: query ?? take(text) ?? "", positive: positive ?? take(text) ?? "" };
  if (!known && negatives.length === 0) {
    const third = take(text);
    if (third !== undefined) negatives.push(third);
  }
  return { ...guess, negatives, score, relevantFrom: guessLevel(rows, score), header };
}

/** 1 for whole scores of 0 and 1, .5 for shares of one, else half of the greatest one seen. */
function guessLevel(rows: readonly JsonObject[], score: string | null): number {
  const values = score === null ? [] : rows.map((row) => Number(row[score])).filter(Number.isFinite);
  const most = Math.max(0, ...values);
  if (most <= 1) return values.some((value) => !Number.isInteger(value)) ? 0.5 : 1;
  return Math.max(1, Math.ceil(most / 2));
}

export type Role = "query" | "positive" | "negative" | "score" | "unused";

/** What a column is used for. */
export function roleOf(columns: Columns, name: string): Role {
  if (columns.query === name) return "query";
  if (columns.positive === name) return "positive";
  if (columns.negatives.includes(name)) return "negative";
  return columns.score === name ? "score" : "unused";
}

/** The choice with a column used for something else; query, positive and score pass from the column that had them. */
export function withRole(columns: Columns, name: string, role: Role): Columns {
  const without: Columns = {
    ...columns,
    query: columns.query === name ? "" : columns.query,
    positive: columns.positive === name ? "" : columns.positive,
    negatives: columns.negatives.filter((other) => other !== name),
    score: columns.score === name ? null : columns.score,
  };
  if (role === "unused") return without;
  return role === "negative" ? { ...without, negatives: [...without.negatives, name] } : { ...without, [role]: name };
}

/** @throws LabError bad-input where the choice names a column that is not there, one twice, or no query or no positive */
export function checkColumns(columns: Columns, names: readonly string[]): void {
  const remedy = `The columns are ${names.map(quoted).join(", ")}.`;
  const fail = (what: string) => new LabError("bad-input", what, remedy);
  if (columns.query === "") throw fail("No column is chosen for the query.");
  if (columns.positive === "") throw fail("No column is chosen for the positive, the text that answers the query.");
  const used = [
    columns.query,
    columns.positive,
    ...columns.negatives,
    ...(columns.score === null ? [] : [columns.score]),
  ];
  for (const [i, name] of used.entries()) {
    if (!names.includes(name)) throw fail(`There is no column ${quoted(name)}.`);
    if (used.indexOf(name) !== i) throw fail(`The column ${quoted(name)} is chosen twice.`);
  }
}

/**
 * Reads `query=question,positive=answer,negative=wrong,score=label,relevant-from=0.5,header=no`: the command line's form.
 * What is left out keeps the guess.
 *
 * @throws LabError bad-setting
 */
export function parseColumns(text: string, guess: Columns): Columns {
  const columns: Columns = { ...guess };
  let negatives: string[] | null = null;
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(0, at)).trim();
    const value = part.slice(at + 1).trim();
    const fail = (what: string) =>
      new LabError(
        "bad-setting",
        `--columns: ${what}.`,
        "Write for example query=question,positive=answer,negative=wrong,score=label,relevant-from=0.5,header=no.",
      );
    if (at < 1 || value === "") throw fail(`${quoted(part)} is not of the form key=value`);
    if (key === "query" || key === "positive" || key === "score") columns[key] = value;
    else if (key === "negative") negatives = [...(negatives ?? []), value];
    else if (key === "relevant-from") {
      columns.relevantFrom = Number(value);
      if (!Number.isFinite(columns.relevantFrom)) throw fail(`${quoted(value)} is not a number`);
    } else if (key === "header") {
      if (value !== "yes" && value !== "no") throw fail("header is yes or no");
      columns.header = value === "yes";
    } else throw fail(`there is no ${quoted(key)}`);
  }
  if (negatives) columns.negatives = negatives;
  // A column that was given another part leaves its guessed one.
  const chosen = new Set([columns.query, columns.positive]);
  columns.negatives = columns.negatives.filter((name) => !chosen.has(name));
  if (columns.score !== null && chosen.has(columns.score)) columns.score = null;
  return columns;
}
