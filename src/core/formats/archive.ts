/**
 * The archive of a run: a folder, or a .zip of one, with
 *
 *   result.json                       what was run and what came out (RunResult)
 *   queries.jsonl                     every test query with every system's values
 *   run.<system>.trec                 its rankings; may be left out
 *   checkpoints/<system>/<tower>/...  towers as Hugging Face folders; may be left out
 *
 * at its top or in one folder. Page and command line read and write the same.
 */
import { unzipSync, zipSync } from "fflate";
import { LabError } from "../errors";
import type { Rankings } from "../evaluation/types";
import { migrate } from "./migrations";
import { checkQuery, parseJsonLines } from "./queries";
import { type QueryRecord, type RunResult, SYSTEMS, type SystemName } from "./result";
import { firstProblem, runResultSchema } from "./resultSchema";
import { readRun } from "./trec";

export const RESULT_FILE = "result.json";
export const QUERIES_FILE = "queries.jsonl";
/** Where a system's rankings stand in the archive. */
export const runFile = (system: SystemName) => `run.${system}.trec`;

export interface Archive {
  result: RunResult;
  queries: QueryRecord[];
  rankings: Partial<Record<SystemName, Rankings>>;
  /** All files by their path below the archive's top. */
  files: Map<string, Uint8Array>;
}

/** Unpacked, an archive may hold this much: more than any real one, less than a browser can give. */
const LARGEST = 2 ** 31;

const EXPORTED = "Choose a .zip that this program exported, or the folder that `lab run --out` wrote.";

/** Packs files into a .zip; the same files give the same bytes. */
export function writeArchive(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  // Weights hardly shrink: only text is worth the time.
  const packed = entries.map(
    ([path, bytes]) => [path, [bytes, { level: /\.safetensors$/.test(path) ? 0 : 6 }]] as const,
  );
  // A fixed date: the .zip format cannot say "none".
  return zipSync(Object.fromEntries(packed) as Parameters<typeof zipSync>[0], { mtime: "1980-01-01T00:00:00" });
}

function unpack(bytes: Uint8Array, name: string): [string, Uint8Array][] {
  let size = 0;
  const filter = (file: { originalSize: number }) => {
    size += file.originalSize;
    return size <= LARGEST;
  };
  let files: Record<string, Uint8Array>;
  try {
    // Not the asynchronous one: it starts workers from blobs, which a page's security policy may forbid.
    files = unzipSync(bytes, { filter });
  } catch (cause) {
    throw new LabError("bad-input", `${name} is not a whole .zip file.`, `Download or export it again. ${EXPORTED}`, {
      cause,
    });
  }
  if (size > LARGEST)
    throw new LabError("bad-input", `${name} holds more than 2 GiB.`, "Export the run without its checkpoints.");
  return Object.entries(files).filter(([path]) => !path.endsWith("/"));
}

const isZip = (bytes: Uint8Array) => bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);

/** The files by path below the folder that holds result.json, the nearest to the top where there are several. */
function fromTop(entries: readonly (readonly [string, Uint8Array])[], source: string): Map<string, Uint8Array> {
  const clean = entries.map(([path, bytes]) => [path.replaceAll("\\", "/").replace(/^(\.?\/)+/, ""), bytes] as const);
  const depth = (path: string) => path.split("/").length;
  const results = clean
    .map(([path]) => path)
    .filter((path) => path.split("/").at(-1) === RESULT_FILE && !path.startsWith("__MACOSX/"))
    .sort((a, b) => depth(a) - depth(b));
  const first = results[0];
  if (first === undefined) throw new LabError("bad-input", `There is no ${RESULT_FILE} in ${source}.`, EXPORTED);
  if (results[1] !== undefined && depth(results[1]) === depth(first))
    throw new LabError("bad-input", `${source} holds several runs.`, "Open them one at a time.");
  const top = first.slice(0, first.length - RESULT_FILE.length);
  const files = new Map<string, Uint8Array>();
  // What a path leads out of the folder is none of ours.
  for (const [path, bytes] of clean)
    if (path.startsWith(top) && !path.split("/").includes("..")) files.set(path.slice(top.length), bytes);
  return files;
}

/** A result as the bytes of result.json. */
export function writeResult(result: RunResult): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(result, null, 1)}\n`);
}

function parseResult(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new LabError(
      "bad-input",
      `${RESULT_FILE} is not JSON.`,
      "The file is cut off or damaged: export the run again.",
      {
        cause,
      },
    );
  }
}

/**
 * Reads an archive, of this version or an older one.
 *
 * @param entries one .zip, or the loose files with their paths (a dropped folder, a folder on disk)
 * @throws LabError bad-input: not a whole .zip; result.json or queries.jsonl missing or of the wrong shape, with the
 * field; a version newer than this program; a damaged run file, with the line
 */
export async function readArchive(entries: readonly { path: string; bytes: Uint8Array }[]): Promise<Archive> {
  const only = entries.length === 1 ? entries[0] : undefined;
  const zipped = only && (isZip(only.bytes) || /\.zip$/i.test(only.path)) ? only : undefined;
  const files = zipped
    ? fromTop(unpack(zipped.bytes, zipped.path), zipped.path)
    : fromTop(
        entries.map(({ path, bytes }) => [path, bytes] as const),
        "these files",
      );
  const queriesBytes = files.get(QUERIES_FILE);
  if (!queriesBytes)
    throw new LabError("bad-input", `There is no ${QUERIES_FILE} beside ${RESULT_FILE}.`, `${EXPORTED} It holds both.`);
  const lines = parseJsonLines(queriesBytes, QUERIES_FILE);
  const raw = migrate(
    { result: parseResult(files.get(RESULT_FILE)!), queries: lines.map(({ value }) => value) },
    RESULT_FILE,
  );
  const parsed = runResultSchema.safeParse(raw.result);
  if (!parsed.success)
    throw new LabError("bad-input", `${RESULT_FILE}: ${firstProblem(parsed.error)}.`, "Export the run again.", {
      cause: parsed.error,
    });
  const queries = raw.queries.map((value, i) => checkQuery(value, QUERIES_FILE, lines[i]?.line ?? i + 1));
  const rankings: Archive["rankings"] = {};
  for (const system of SYSTEMS) {
    const bytes = files.get(runFile(system));
    if (bytes) rankings[system] = readRun(bytes, runFile(system));
  }
  return { result: parsed.data, queries, rankings, files };
}
