import { describe, expect, it } from "vitest";
import { LabError } from "../errors";
import type { Rankings } from "../evaluation/types";
import { QUERIES_FILE, RESULT_FILE, readArchive, runFile, writeArchive } from "./archive";
import { MIGRATIONS } from "./migrations";
import { readQueries, writeQueries } from "./queries";
import { FORMAT_VERSION } from "./result";
import { runResultSchema } from "./resultSchema";
import { testQueries, testRun } from "./testRun";
import { writeRun } from "./trec";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytes(JSON.stringify(value));
const rankings: Rankings = new Map([["q1", { ids: ["d1", "d2"], scores: Float32Array.of(0.3, -1e-9) }]]);

function files(): Map<string, Uint8Array> {
  return new Map([
    [RESULT_FILE, json(testRun())],
    [QUERIES_FILE, writeQueries(testQueries())],
    [runFile("teacher"), writeRun(rankings, "teacher")],
    ["checkpoints/teacher/query/config.json", bytes("{}")],
  ]);
}
const loose = (map: Map<string, Uint8Array>, top = "") =>
  [...map].map(([path, content]) => ({ path: top + path, bytes: content }));
/** The error that reading gives. */
async function refusal(entries: { path: string; bytes: Uint8Array }[]): Promise<LabError> {
  const error: unknown = await readArchive(entries).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LabError);
  expect(error).toMatchObject({ kind: "bad-input" });
  expect((error as LabError).remedy).toBeTruthy();
  return error as LabError;
}

describe("archives", () => {
  const folder = (top: string) => new Map([...files()].map(([path, content]) => [top + path, content]));
  it.each([
    ["a folder's files", () => loose(files())],
    ["a folder's files below its name", () => loose(files(), "my run/")],
    ["files with Windows paths", () => loose(files(), ".\\run\\")],
    ["a .zip", () => [{ path: "run.zip", bytes: writeArchive(files()) }]],
    ["a .zip of a folder", () => [{ path: "run.zip", bytes: writeArchive(folder("run/")) }]],
    ["a .zip with another name", () => [{ path: "download", bytes: writeArchive(files()) }]],
    [
      "a .zip as macOS makes it",
      () => [
        {
          path: "run.zip",
          bytes: writeArchive(new Map([...folder("run/"), ["__MACOSX/result.json", bytes("?")], ["run/", bytes("")]])),
        },
      ],
    ],
  ])("are read from %s", async (_, entries) => {
    const archive = await readArchive(entries());
    expect(archive.result).toEqual(testRun());
    expect(archive.queries).toEqual(testQueries());
    expect(archive.rankings).toEqual({ teacher: rankings });
    expect([...archive.files.keys()].sort()).toEqual([...files().keys()].sort());
  });

  it("are the same bytes for the same files", () => {
    expect(writeArchive(files())).toEqual(writeArchive(new Map([...files()].reverse())));
  });

  it("keep what the engine settled, and ask it of no run that did not say", async () => {
    const engine = {
      matmul: "shared",
      chosen: "measured",
      gflops: { registers: 420.5, shared: 811 },
      reductions: { by: "subgroups", chosen: "measured", gigabytes: { shared: 21, subgroups: 51.5 } },
    };
    const told = files().set(RESULT_FILE, json({ ...testRun(), engine }));
    expect((await readArchive(loose(told))).result.engine).toEqual(engine);
    expect((await readArchive(loose(files()))).result).not.toHaveProperty("engine");
  });
  it("leave out what leads out of the folder", async () => {
    const { files: kept } = await readArchive(
      loose(new Map([...files(), ["../evil", bytes("")], ["a/../../b", bytes("")]])),
    );
    expect([...kept.keys()].some((path) => path.includes(".."))).toBe(false);
  });

  it("name the missing file", async () => {
    for (const name of [RESULT_FILE, QUERIES_FILE]) {
      const rest = files();
      rest.delete(name);
      expect((await refusal(loose(rest))).message).toContain(`no ${name}`);
      expect((await refusal([{ path: "x.zip", bytes: writeArchive(rest) }])).message).toContain(`no ${name}`);
    }
    expect((await refusal([])).message).toContain("no result.json");
  });

  it("refuse a .zip that is cut off or none at all", async () => {
    const whole = writeArchive(files());
    for (const broken of [whole.slice(0, whole.length / 2), whole.slice(0, 10), bytes("not a zip"), new Uint8Array()])
      expect((await refusal([{ path: "x.zip", bytes: broken }])).message).toContain("not a whole .zip");
  });

  it("refuse two runs at once", async () => {
    expect((await refusal([...loose(files(), "a/"), ...loose(files(), "b/")])).message).toContain("several runs");
  });

  it("say which field is wrong", async () => {
    const wrong = { ...testRun(), seconds: "long" };
    expect((await refusal(loose(files().set(RESULT_FILE, json(wrong))))).message).toMatch(/^result\.json: seconds: /);
    expect((await refusal(loose(files().set(RESULT_FILE, bytes("{"))))).message).toBe("result.json is not JSON.");
    const [first] = testQueries();
    const lines = bytes(`${JSON.stringify(first)}\n\n${JSON.stringify({ ...first, text: 7 })}\n`);
    expect((await refusal(loose(files().set(QUERIES_FILE, lines)))).message).toMatch(/^queries\.jsonl, line 3: text: /);
    expect((await refusal(loose(files().set(QUERIES_FILE, bytes("{}\nx"))))).message).toMatch(
      /line 2: this is not JSON/,
    );
    expect((await refusal(loose(files().set(runFile("teacher"), bytes("q d 1"))))).message).toMatch(
      /^run\.teacher\.trec, line 1: /,
    );
  });
});

describe("versions", () => {
  it("have a migration each", () => {
    for (let v = 0; v < FORMAT_VERSION; v++) expect(MIGRATIONS[v], `from ${v}`).toBeTypeOf("function");
  });

  it("newer than the program are refused as such", async () => {
    const newer = { ...testRun(), formatVersion: FORMAT_VERSION + 1 };
    expect((await refusal(loose(files().set(RESULT_FILE, json(newer))))).message).toContain("newer version");
    for (const formatVersion of [undefined, "1", -1, 0.5])
      expect((await refusal(loose(files().set(RESULT_FILE, json({ ...testRun(), formatVersion }))))).message).toContain(
        "no formatVersion",
      );
    for (const value of [null, [], 7])
      expect((await refusal(loose(files().set(RESULT_FILE, json(value))))).message).toContain("no formatVersion");
  });

  it("0 named the measures as trec_eval does", async () => {
    const old: Record<string, string> = {
      "recall@1": "recall_1",
      "recall@5": "recall_5",
      "recall@10": "recall_10",
      "recall@20": "recall_20",
      "recall@50": "recall_50",
      "recall@100": "recall_100",
      "ndcg@10": "ndcg_cut_10",
      mrr: "recip_rank",
      "mrr@10": "recip_rank_10",
      "map@100": "map_cut_100",
      "p@10": "P_10",
      "irrelevant@20": "irrelevant_20",
    };
    const rename = (metrics: object) =>
      Object.fromEntries(Object.entries(metrics).map(([key, value]) => [old[key] ?? key, value]));
    const run = testRun();
    const v0 = {
      ...run,
      formatVersion: 0,
      systems: run.systems.map((system) => ({ ...system, metrics: rename(system.metrics) })),
      comparisons: run.comparisons.map((comparison) => ({ ...comparison, metric: old[comparison.metric] })),
    };
    const queries = testQueries().map((query) => ({
      ...query,
      systems: Object.fromEntries(
        Object.entries(query.systems).map(([name, system]) => [name, { ...system, metrics: rename(system.metrics) }]),
      ),
    }));
    expect(runResultSchema.safeParse({ ...v0, formatVersion: 1 }).success).toBe(false);
    const map = files()
      .set(RESULT_FILE, json(v0))
      .set(QUERIES_FILE, bytes(queries.map((query) => JSON.stringify(query)).join("\n")));
    const archive = await readArchive(loose(map));
    expect(archive.result).toEqual(run);
    expect(archive.queries).toEqual(testQueries());

    const { comparisons: _, ...alone } = v0;
    expect((await readArchive(loose(map.set(RESULT_FILE, json(alone))))).result.comparisons).toEqual([]);
  });
});

describe("queries.jsonl", () => {
  it("comes back as it was written, also from texts with line ends", () => {
    const records = testQueries();
    records.push({ ...records[0]!, id: "q 2", text: 'two\nlines\u2028 and "quotes"' });
    expect(readQueries(writeQueries(records), "q")).toEqual(records);
  });
});
