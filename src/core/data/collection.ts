/**
 * A user's files as a collection, in whatever form they come: BEIR, a table of pairs, or texts. First they are looked at,
 * so that a person can choose a table's columns; then they are read.
 */
import { LabError } from "../errors";
import { type QueriesFrom, readBeir } from "./beir";
import { clozePairs } from "./cloze";
import { type Columns, guessColumns, looksLikeHeader, parseColumns } from "./columns";
import { columnNames, isDelimited, rowBatches } from "./delimited";
import type { DataFile } from "./files";
import { isAside, judges, layoutOf, nameOf, sortFiles, tableHome } from "./layout";
import { nameOfTable, readPairs, tableBatches } from "./pairs";
import { firstFew, Problems } from "./problems";
import type { JsonObject } from "./records";
import { readTexts } from "./texts";
import { titlePairs } from "./titles";
import type { Dataset } from "./types";
import { startReading, type Watch } from "./watch";

export type Form = "beir" | "pairs" | "texts";

/** A table's columns and first rows. */
export interface Table {
  names: string[];
  /** The first rows; a value that is not text is shown as JSON. */
  rows: string[][];
  guess: Columns;
}

export interface Found {
  form: Form;
  name: string;
  files: DataFile[];
  /** Of pairs only. */
  table: Table | null;
  notices: string[];
}

/** Records that are looked at to learn a table's columns. */
const SEEN = 50;
const SHOWN = 5;

interface Head {
  names: string[];
  records: JsonObject[];
  header: boolean;
}

/** A table's first records. */
async function headOf(file: DataFile, header?: boolean): Promise<Head> {
  const problems = new Problems();
  const reading = startReading([file]);
  let first: string[] = [];
  if (isDelimited(file.path))
    for await (const rows of rowBatches(file, problems, reading)) {
      first = rows[0]?.fields ?? [];
      if (rows.length > 0) break;
    }
  const withHeader = isDelimited(file.path) ? (header ?? looksLikeHeader(first)) : true;
  const records: JsonObject[] = [];
  for await (const batch of tableBatches(file, withHeader, problems, startReading([file]))) {
    for (const { value } of batch) if (records.length < SEEN) records.push(value);
    if (records.length === SEEN) break;
  }
  // A table without one sound row: its faults are what there is to say.
  if (records.length === 0) problems.throwIfAny();
  const names = isDelimited(file.path)
    ? columnNames(first, withHeader)
    : [...new Set(records.flatMap((record) => Object.keys(record)))];
  return { names, records, header: withHeader };
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** A table's columns anew, for a first row that a person says is, or is no, header. */
export async function lookAtTable(file: DataFile, header?: boolean): Promise<Table> {
  const head = await headOf(file, header);
  return {
    names: head.names,
    rows: head.records.slice(0, SHOWN).map((record) => head.names.map((name) => shown(record[name]))),
    guess: guessColumns(head.names, head.records, head.header),
  };
}

/** Whether records look like documents: an id and a text, and no question. */
const likeDocuments = ({ names, records, header }: Head) =>
  ["_id", "id", "docid"].some((key) => names.includes(key)) &&
  ["text", "contents"].some((key) => names.includes(key)) &&
  guessColumns(names, records, header).query === "";

/** Whether a loose train.tsv holds judgements: three or four columns that end in a number, or say that they do. */
async function likeJudgements(file: DataFile): Promise<boolean> {
  const { names, records } = await headOf(file, false);
  const last = records.map((record) => Number(record[names.at(-1)!]));
  return (names.length === 3 || names.length === 4) && last.slice(1).every(Number.isFinite);
}

/**
 * Finds out what the files are.
 *
 * @param name what the collection is called; else after its folder
 * @throws LabError bad-input: nothing to read, several collections, a table that cannot be read
 */
export async function lookAt(files: readonly DataFile[], name?: string): Promise<Found> {
  const sorted = sortFiles(files);
  const found = (form: Form, own: DataFile[], called: string, more: Partial<Found> = {}): Found => ({
    form,
    name: name || called || "collection",
    files: own,
    table: null,
    notices: [],
    ...more,
  });
  const beir = () => found("beir", [...files], layoutOf(files).name);
  if (sorted.corpus.length > 0) return beir();
  // Loose tables may be called train.tsv as judgements are.
  const loose: DataFile[] = [];
  for (const { file } of sorted.qrels)
    if (!judges(file.path) && /\.tsv(\.gz)?$/i.test(file.path) && !(await likeJudgements(file))) loose.push(file);
  const tables = [...sorted.others, ...sorted.tables, ...loose];
  const [first] = tables;
  if (!first) {
    if (sorted.texts.length === 0) return beir(); // says what is missing
    return found(
      "texts",
      sorted.texts,
      nameOf(sorted.texts[0]!.path.split("/")[0]!.replace(/\.(md|markdown|txt)$/i, "")),
      {
        notices: sorted.notices,
      },
    );
  }
  if (tables.length === 1 && !isDelimited(first.path) && likeDocuments(await headOf(first))) return beir();
  if (sorted.queries.length > 0) return beir();
  const homes = [...new Set(tables.map(({ path }) => tableHome(path)))];
  if (homes.length > 1)
    throw new LabError(
      "bad-input",
      `There are several tables: ${firstFew(
        homes.map((path) => path || "(top)"),
        homes.length,
      )}.`,
      "Load one of these folders; of a dataset on the hub, name the part.",
    );
  const notices = [...sorted.notices];
  const unused = sorted.texts.map(({ path }) => path).filter((path) => !isAside(path));
  if (unused.length > 0) notices.push(`Not used: ${firstFew(unused, unused.length)}.`);
  return found("pairs", tables, nameOfTable(tables), { table: await lookAtTable(first), notices });
}

export interface CollectionOptions extends Watch {
  /** Seed of every split that the data does not name. */
  seed: number;
  queriesFrom?: QueriesFrom | undefined;
  /** A table's columns; the guess where they are not given. */
  columns?: Columns | undefined;
}

/**
 * Reads what was found.
 *
 * @throws LabError bad-input with file, line and field; stopped
 */
export async function readCollection(found: Found, options: CollectionOptions): Promise<Dataset> {
  const { form, files, name } = found;
  const { seed, queriesFrom } = options;
  if (form === "beir") return readBeir(files, { ...options, name });
  if (form === "texts") {
    const { docs, notices } = await readTexts(files, startReading(files, options));
    const pairs = (queriesFrom === "titles" ? titlePairs : clozePairs)(docs, seed);
    return { name, relevanceLevel: 1, ...pairs, notices: [...found.notices, ...notices, ...pairs.notices] };
  }
  const columns = options.columns ?? found.table!.guess;
  const dataset = await readPairs(files, { ...options, columns, name });
  return { ...dataset, notices: [...found.notices, ...dataset.notices] };
}

/**
 * The columns that words of the command line choose, on top of what the names tell.
 *
 * @throws LabError bad-setting; bad-input where the files are no table
 */
export async function chooseColumns(found: Found, words: string): Promise<Columns> {
  const [first] = found.files;
  if (!found.table || !first)
    throw new LabError("bad-input", `${found.name} is no table: it has no columns to choose.`, "Leave --columns away.");
  const { header } = parseColumns(words, found.table.guess);
  const table = header === found.table.guess.header ? found.table : await lookAtTable(first, header);
  return parseColumns(words, table.guess);
}
