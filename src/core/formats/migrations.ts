/**
 * Older run archives are brought up to the present version one version at a time, before their shape is checked. To raise
 * FORMAT_VERSION: change result.ts and resultSchema.ts, add the step from the version before to MIGRATIONS, and keep a
 * small archive of that version in the test.
 *
 * Version 0 is the one before the first release. It named measures as trec_eval prints them (recall_10, ndcg_cut_10,
 * recip_rank, map_cut_100, P_10; irrelevant_20), in systems, comparisons and queries.jsonl, and had no `comparisons` in a
 * run with one system.
 */
import { LabError } from "../errors";
import { FORMAT_VERSION } from "./result";

/** The parsed files of an archive, of any version. */
export interface RawArchive {
  result: unknown;
  queries: unknown[];
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** The value under a key changed by `f`, where there is one. */
const change = (object: Json, key: string, f: (value: unknown) => unknown): Json =>
  key in object ? { ...object, [key]: f(object[key]) } : object;
const each = (f: (value: Json) => Json) => (list: unknown) =>
  Array.isArray(list) ? list.map((value) => (isObject(value) ? f(value) : value)) : list;

const V0_NAMES: [RegExp, string][] = [
  [/^recall_(\d+)$/, "recall@$1"],
  [/^ndcg_cut_(\d+)$/, "ndcg@$1"],
  [/^recip_rank_(\d+)$/, "mrr@$1"],
  [/^recip_rank$/, "mrr"],
  [/^map_cut_(\d+)$/, "map@$1"],
  [/^P_(\d+)$/, "p@$1"],
  [/^irrelevant_(\d+)$/, "irrelevant@$1"],
];

function v0Name(name: string): string {
  for (const [pattern, now] of V0_NAMES) if (pattern.test(name)) return name.replace(pattern, now);
  return name;
}

const v0Keys = (metrics: unknown) =>
  isObject(metrics)
    ? Object.fromEntries(Object.entries(metrics).map(([name, value]) => [v0Name(name), value]))
    : metrics;

function fromVersion0({ result, queries }: RawArchive): RawArchive {
  const system = (value: Json) => change(value, "metrics", v0Keys);
  let next = isObject(result) ? result : {};
  next = change(next, "systems", each(system));
  next = change(
    { comparisons: [], ...next },
    "comparisons",
    each((c) => change(c, "metric", (m) => v0Name(String(m)))),
  );
  const query = (value: Json) =>
    change(value, "systems", (systems) =>
      isObject(systems)
        ? Object.fromEntries(Object.entries(systems).map(([name, s]) => [name, isObject(s) ? system(s) : s]))
        : systems,
    );
  return { result: { ...next, formatVersion: 1 }, queries: queries.map((q) => (isObject(q) ? query(q) : q)) };
}

/** MIGRATIONS[v] brings version v to version v + 1. */
export const MIGRATIONS: Readonly<Record<number, (archive: RawArchive) => RawArchive>> = { 0: fromVersion0 };

/**
 * Brings an archive to the present version.
 *
 * @param file name of the result file, for messages
 * @throws LabError bad-input where there is no version, or one this program does not know
 */
export function migrate(archive: RawArchive, file: string): RawArchive {
  const version = isObject(archive.result) ? archive.result.formatVersion : undefined;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 0)
    throw new LabError(
      "bad-input",
      `${file} has no formatVersion, so it is not the record of a run.`,
      "Choose a file that this program exported, or the folder that `lab run --out` wrote.",
    );
  if (version > FORMAT_VERSION)
    throw new LabError(
      "bad-input",
      `This run was written by a newer version of the program (format ${version}; this one reads up to ${FORMAT_VERSION}).`,
      "Open it with the newer version, or update this one.",
    );
  let now = archive;
  for (let v = version; v < FORMAT_VERSION; v++) {
    const step = MIGRATIONS[v];
    if (!step) throw new Error(`There is no migration from format ${v}.`);
    now = step(now);
  }
  return now;
}
