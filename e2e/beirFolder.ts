/** A small collection in BEIR form for the tests that load files: ../shared/data/banking77, cut down. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "@playwright/test";
import { zipSync } from "fflate";

const SOURCE = join(import.meta.dirname, "../../shared/data/banking77");

export const INTENTS = 8;
export const TRAIN_QUERIES = 160;
export const TEST_QUERIES = 40;

/** Where the data is not there the test is skipped; in CI it fails. */
export function needBanking77(): void {
  if (existsSync(join(SOURCE, "corpus.jsonl"))) return;
  if (process.env.CI) throw new Error(`${SOURCE} is not there: these tests need it.`);
  test.skip(true, "../shared/data/banking77 is not there");
}

export type Files = Record<string, string | Uint8Array>;

/** The first intents and the first queries of each, 200 in all: path -> text. */
export function smallBanking77(): Files {
  const lines = (path: string) => readFileSync(join(SOURCE, path), "utf8").split("\n").filter(Boolean);
  const corpus = lines("corpus.jsonl").slice(0, INTENTS);
  const intents = new Set(corpus.map((line) => (JSON.parse(line) as { _id: string })._id));
  const kept = new Set<string>();
  const judgements = (path: string, count: number) => {
    const each = new Map<string, number>();
    const rows = lines(path).slice(1);
    const few = rows.filter((row) => {
      const [query = "", intent = ""] = row.split("\t");
      const seen = each.get(intent) ?? 0;
      if (!intents.has(intent) || seen >= count / INTENTS) return false;
      each.set(intent, seen + 1);
      kept.add(query);
      return true;
    });
    return ["query-id\tcorpus-id\tscore", ...few, ""].join("\n");
  };
  const train = judgements("qrels/train.tsv", TRAIN_QUERIES);
  const test = judgements("qrels/test.tsv", TEST_QUERIES);
  const queries = lines("queries.jsonl").filter((line) => kept.has((JSON.parse(line) as { _id: string })._id));
  return {
    "corpus.jsonl": `${corpus.join("\n")}\n`,
    "queries.jsonl": `${queries.join("\n")}\n`,
    "qrels/train.tsv": train,
    "qrels/test.tsv": test,
  };
}

/** A temporary place, removed by the system. */
export const temporary = (): string => mkdtempSync(join(tmpdir(), "scalingnote-e2e-"));

/** Writes the files as a folder `name`; its path. */
export function asFolder(name: string, files: Files): string {
  const folder = join(temporary(), name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Writes the files as `name`.zip; its path. */
export function asZip(name: string, files: Files): string {
  const path = join(temporary(), `${name}.zip`);
  writeFileSync(path, zipBytes(name, files));
  return path;
}

/** The files in a .zip, inside a folder as people pack them. */
export function zipBytes(name: string, files: Files): Uint8Array {
  const bytes = (content: string | Uint8Array) =>
    typeof content === "string" ? new TextEncoder().encode(content) : content;
  return zipSync(
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`${name}/${path}`, bytes(content)])),
  );
}

/** Paths of all files under a folder. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
