/** `lab export`: what it writes where, and what it refuses. Towers and vectors: core/pipeline/exports.test.ts, run.test.ts. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QUERIES_FILE, RESULT_FILE, runFile, writeArchive, writeResult } from "../core/formats/archive";
import { writeQueries } from "../core/formats/queries";
import { testQueries, testRun } from "../core/formats/testRun";
import { writeRun } from "../core/formats/trec";
import { exportCommand } from "./export";

/** Settings whose collection takes no time to make. */
function smallCollection() {
  const { config } = testRun();
  const notes = { ...config.data.notes, corpusSize: 200, trainQueries: 50, validationQueries: 20, testQueries: 20 };
  return { ...config, data: { ...config.data, notes } };
}

let top = "";
const path = (...parts: string[]) => join(top, ...parts);

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  top = mkdtempSync(join(tmpdir(), "lab-export-"));
  mkdirSync(path("run"));
  const rankings = new Map([["q1", { ids: ["d1"], scores: Float32Array.of(0.5) }]]);
  const files = new Map([
    [RESULT_FILE, writeResult({ ...testRun(), config: smallCollection() })],
    [QUERIES_FILE, writeQueries(testQueries())],
    [runFile("teacher"), writeRun(rankings, "teacher")],
  ]);
  for (const [name, bytes] of files) writeFileSync(path("run", name), bytes);
  writeFileSync(path("run.zip"), writeArchive(files));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(top, { recursive: true });
});

describe("lab export", () => {
  it.each(["run", "run.zip"])("writes a folder from %s, and over an earlier export", async (run) => {
    const args = [path(run), "--what", "rankings", "--out", path("out")];
    expect(await exportCommand(args)).toBe(0);
    expect(await exportCommand(args)).toBe(0);
    expect(readdirSync(path("out")).sort()).toEqual(["qrels.trec", runFile("teacher")]);
    expect(readFileSync(path("out", runFile("teacher")))).toEqual(readFileSync(path("run", runFile("teacher"))));
  });

  it.each([
    ["--format zip", "packed", ["--format", "zip"]],
    ["its name", "packed.zip", []],
  ])("packs where %s says so", async (_, name, more) => {
    await exportCommand([path("run"), "--what", "rankings", "--out", path(name), ...more]);
    expect(Object.keys(unzipSync(readFileSync(path(name)))).sort()).toEqual(["qrels.trec", runFile("teacher")]);
  });

  it("writes the generated collection in BEIR form", async () => {
    await exportCommand([path("run"), "--what", "data", "--out", path("data")]);
    expect(readdirSync(path("data"), { recursive: true }).sort()).toContain("corpus.jsonl");
  });

  it.each([
    ["no run", [], /run is missing/],
    ["no run before the flags", ["--what", "data", "--out", "x"], /run is missing/],
    ["no --what", ["run", "--out", "x"], /--what is missing/],
    ["another --what", ["run", "--what", "toString", "--out", "x"], /--what is "toString"; it is one of student, /],
    ["no --out", ["run", "--what", "data"], /--out PATH is missing/],
    ["a form it has not", ["run", "--what", "data", "--format", "onnx", "--out", "x"], /no format "onnx"/],
    ["a graph of another form", ["run", "--what", "student", "--out", "x.onnx"], /wants --format onnx/],
    ["halves of a ranking", ["run", "--what", "rankings", "--half", "--out", "x"], /--half is for towers/],
    [
      "a collection for a run that makes its own",
      ["run", "--what", "data", "--data", "run", "--out", "x"],
      /leave --data/,
    ],
    ["a run without checkpoints", ["run", "--what", "student", "--out", "x"], /no checkpoints\/scalingnote\/query/],
    ["a run that is not there", ["nowhere", "--what", "data", "--out", "x"], /no folder .*nowhere/],
  ])("refuses %s, and writes nothing", async (_, args, words) => {
    const [run, ...rest] = args;
    const placed = rest.map((arg, i) => (rest[i - 1] === "--out" ? path(arg) : arg));
    const all = run === undefined || run.startsWith("-") ? args : [path(run), ...placed];
    await expect(exportCommand(all)).rejects.toThrow(words);
    expect(existsSync(path("x"))).toBe(false);
  });

  it("does not write among files that are no part of the export", async () => {
    mkdirSync(path("full"));
    writeFileSync(path("full/mine.txt"), "mine");
    await expect(exportCommand([path("run"), "--what", "rankings", "--out", path("full")])).rejects.toThrow(
      /holds mine\.txt/,
    );
    expect(readdirSync(path("full"))).toEqual(["mine.txt"]);
  });
});
