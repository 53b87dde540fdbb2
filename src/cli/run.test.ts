/** `lab run` as a script sees it: a whole small run on a collection of files, and what is refused before one begins. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../core/errors";
import { evaluate } from "../core/evaluation/metrics";
import { summarise } from "../core/evaluation/summary";
import { METRIC_KEYS } from "../core/evaluation/types";
import { readArchive, writeArchive } from "../core/formats/archive";
import { readNpy } from "../core/formats/npy";
import { type QueryRecord, type RunResult, SYSTEMS } from "../core/formats/result";
import { runResultSchema } from "../core/formats/resultSchema";
import { readRun, writeQrels } from "../core/formats/trec";
import { folderEntries } from "./folder";
import { runCommand } from "./run";
import { tuneCommand } from "./tune";

const DOCS = 1030;
const DEPTH = 1000;
let top = "";
const path = (...parts: string[]) => join(top, ...parts);
const utf8 = (text: string) => new TextEncoder().encode(text);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** 40 questions, each with a right document and a wrong one, in a corpus larger than the kept rankings. */
function collectionFiles(): Record<string, Uint8Array> {
  const colours = ["red", "green", "blue", "grey", "pink"];
  const things = ["chair", "lamp", "table", "shelf", "sofa", "rug", "bed", "desk"];
  const words = (i: number) => `${colours[i % 5]} ${things[i % 8]}`;
  return {
    "corpus.jsonl": utf8(
      lines(range(DOCS).map((i) => ({ _id: `d ${i}`, title: "", text: `${words(i)} number ${i}` }))),
    ),
    "queries.jsonl.gz": gzipSync(utf8(lines(range(40).map((i) => ({ _id: i, text: `a ${words(i)}` }))))),
    "qrels/test.tsv": utf8(
      `query-id\tcorpus-id\tscore\n${range(40)
        .map((i) => `${i}\td ${i}\t${1 + (i % 2)}\n${i}\td ${DOCS - 1 - i}\t0\n`)
        .join("")}0\tnowhere\t1\n`,
    ),
  };
}

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}
const SMALL = ["stage1.steps=3", "stage2.steps=3", "training.batch=8", "training.validateEvery=10"];
const run = (...args: string[]) => lab("run", "--preset", "tiny", ...SMALL.flatMap((s) => ["--set", s]), ...args);

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "lab-run-"));
  mkdirSync(path("shop/qrels"), { recursive: true });
  const files = collectionFiles();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path("shop", name), bytes);
  writeFileSync(path("shop.zip"), zipSync(files));
});
afterAll(() => rmSync(top, { recursive: true }));

describe("a run", () => {
  let result: RunResult;
  let queries: QueryRecord[];
  const text = (name: string) => readFileSync(path("out", name), "utf8");
  const files = (): string[] => readdirSync(path("out"), { recursive: true, encoding: "utf8" }).sort();

  it("writes its files, and says what it made of the collection", { timeout: 300_000 }, () => {
    const { status, stdout, stderr } = run(
      "--data",
      path("shop"),
      "--out",
      path("out"),
      "--checkpoints",
      "--seed",
      "3",
    );
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("note: 1 judgement passed over: the document is not in the corpus");
    expect(stdout).toContain("qrels/test.tsv, line 82");
    expect(stdout).toMatch(/^twinbert +recall@10 \d\.\d{3} \[/m);
    result = JSON.parse(text("result.json")) as RunResult;
    queries = text("queries.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as QueryRecord);
    expect(files().filter((name) => !name.startsWith("checkpoints"))).toEqual(
      ["queries.jsonl", "result.json", ...SYSTEMS.map((name) => `run.${name}.trec`)].sort(),
    );
    for (const tower of ["teacher/query", "teacher/document", "scalingnote/query", "twinbert/document"])
      expect(existsSync(path("out/checkpoints", tower, "model.safetensors")), tower).toBe(true);
  });

  it("records everything in result.json", () => {
    // Also proves that nothing was NaN or infinite, which JSON would have made null.
    expect(runResultSchema.parse(result)).toEqual(result);
    expect(result.systems.map(({ name }) => name)).toEqual([...SYSTEMS]);
    expect(result.config).toMatchObject({ seed: 3, data: { source: "files" } });
    expect(result.collection).toMatchObject({ name: "shop", documents: DOCS, relevanceLevel: 1 });
    expect(result.testSetHash).toMatch(/^[0-9a-f]{64}$/);
    for (const { name, metrics, retention, queryParams, queryFlops, ...cost } of result.systems) {
      expect(Object.keys(metrics)).toEqual([...METRIC_KEYS]);
      for (const [key, figure] of Object.entries({ ...metrics, retention })) {
        if (figure.value === null || figure.low === null || figure.high === null)
          expect(figure.reason, `${name} ${key}`).toBeTruthy();
        else {
          // A mean of equal values and of their resamples may differ in the last digit.
          expect(figure.value, `${name} ${key}`).toBeGreaterThan(figure.low - 1e-9);
          expect(figure.value, `${name} ${key}`).toBeLessThan(figure.high + 1e-9);
        }
      }
      const trained = name !== "bm25";
      expect([queryParams > 0, queryFlops > 0], name).toEqual([trained, trained]);
      expect(cost.searchMs, name).toBeGreaterThan(0);
      expect(cost.queriesPerSecond, name).toBeGreaterThan(0);
      expect(cost.endToEndMs.p95, name).toBeGreaterThanOrEqual(cost.endToEndMs.p50!);
    }
    for (const { name, status, losses, validation } of result.stages) {
      expect(status, name).toBe("done");
      const trained = ["stage1", "stage2", "scalingdoc", "twinbert"].includes(name);
      expect([losses.length > 0, validation.length > 0], name).toEqual([trained, trained]);
    }
  });

  it("keeps the first 1,000 and the score of every judged document", () => {
    expect(queries).toHaveLength(result.collection.testQueries);
    let below = 0;
    for (const system of SYSTEMS) {
      const rankings = readRun(text(`run.${system}.trec`), system);
      for (const { id, judged, systems } of queries) {
        const { ids, scores } = rankings.get(id)!;
        const kept = systems[system]!.judgedScores;
        expect(Object.keys(kept).sort()).toEqual(Object.keys(judged).sort());
        if (system === "bm25") expect(ids.length).toBeLessThanOrEqual(DEPTH);
        else expect(ids.length).toBe(DEPTH);
        expect(scores.every((score, i) => i === 0 || scores[i - 1]! >= score)).toBe(true);
        for (const [doc, score] of Object.entries(kept)) {
          const place = ids.indexOf(doc);
          if (place < 0) below++;
          else expect(Math.fround(score)).toBe(scores[place]);
        }
      }
    }
    expect(below).toBeGreaterThan(0);
  });

  it("has figures that its run files give again, to the last digit", () => {
    const qrels = new Map(queries.map(({ id, judged }) => [id, new Map(Object.entries(judged))]));
    writeFileSync(path("qrels"), writeQrels(qrels));
    const { seed, evaluation } = result.config;
    for (const system of SYSTEMS) {
      const { metrics } = result.systems.find(({ name }) => name === system)!;
      const rankings = readRun(text(`run.${system}.trec`), system);
      const again = evaluate(qrels, rankings, { style: "trec", relevanceLevel: 1 });
      const figures = summarise(again.perQuery, { samples: evaluation.bootstrap, seed });
      for (const key of METRIC_KEYS) {
        // Judged documents below the first 1,000 have a score in queries.jsonl alone.
        if (key === "auc" && again.unscored > 0) continue;
        expect(figures[key], `${system} ${key}`).toEqual(metrics[key]);
        const column = queries.map((query) => query.systems[system]!.metrics[key]);
        expect(again.perQuery[key], `${system} ${key}`).toEqual(column);
      }
    }
    const { status, stdout } = lab(
      ...["eval", "--qrels", path("qrels"), "--run", path("out/run.scalingdoc.trec"), "--json"],
      ...["--samples", String(evaluation.bootstrap), "--seed", String(seed)],
    );
    expect(status).toBe(0);
    const printed = JSON.parse(stdout) as Record<string, unknown> & { intervals: Record<string, [number, number]> };
    const { value, low, high } = result.systems[2]!.metrics.ndcg;
    expect([printed.ndcg, printed.intervals.ndcg]).toEqual([value, [low, high]]);
  });

  it("opens as an archive, from the folder and as a .zip", async () => {
    const entries = await folderEntries(path("out"));
    const loose = await Promise.all(entries.map(async (entry) => ({ path: entry.path, bytes: await entry.bytes() })));
    const folder = await readArchive(loose);
    expect(folder.result).toEqual(result);
    expect(folder.queries).toEqual(queries);
    expect(Object.keys(folder.rankings).sort()).toEqual([...SYSTEMS].sort());
    const zip = writeArchive(new Map(loose.map(({ path, bytes }) => [path, bytes])));
    expect((await readArchive([{ path: "out.zip", bytes: zip }])).result).toEqual(result);
  });

  it("gives its student and its vectors to other programs, with the scores of its run files", {
    timeout: 120_000,
  }, () => {
    const give = (...args: string[]) => lab("export", path("out"), ...args);
    const student = give("--what", "student", "--out", path("student"));
    expect({ ...student, stderr: "" }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^modules\.json$/m) });
    expect(give("--what", "student", "--format", "onnx", "--out", path("student.onnx")).status).toBe(0);
    expect(existsSync(path("student.onnx"))).toBe(true);
    expect(give("--what", "vectors", "--data", path("shop"), "--out", path("vectors")).status).toBe(0);
    const vectors = (name: string) => readNpy(readFileSync(path("vectors", `${name}.npy`)));
    const ids = (name: string) => JSON.parse(readFileSync(path("vectors", `${name}-ids.json`), "utf8")) as string[];
    const [documents, asked] = [vectors("documents"), vectors("queries.student")];
    const size = documents.shape[1]!;
    const place = new Map(ids("document").map((id, i) => [id, i]));
    const rankings = readRun(text("run.scalingnote.trec"), "run");
    for (const [q, id] of ids("query").entries()) {
      const { ids: found, scores } = rankings.get(id)!;
      for (const [i, doc] of found.slice(0, 20).entries()) {
        let sum = 0;
        for (let k = 0; k < size; k++)
          sum += asked.values[q * size + k]! * documents.values[place.get(doc)! * size + k]!;
        expect(Math.abs(sum - scores[i]!)).toBeLessThan(1e-4);
      }
    }
  });

  it("is the same again, and replaces the earlier one in its folder", { timeout: 300_000 }, () => {
    const trec = (name: string) => text(`run.${name}.trec`);
    const before = SYSTEMS.map(trec);
    writeFileSync(path("out/mine.txt"), "not a run's");
    const { status } = run("--data", path("shop.zip"), "--out", path("out"), "--seed", "3");
    expect(status).toBe(0);
    expect(SYSTEMS.map(trec)).toEqual(before);
    expect(files().some((name) => /checkpoints\/.*\./.test(name))).toBe(false);
    expect(text("mine.txt")).toBe("not a run's");
    const again = JSON.parse(text("result.json")) as RunResult;
    // All but times: losses, norms and measures are equal.
    const steady = ({ testSetHash, stages, systems, comparisons }: RunResult) => ({
      testSetHash,
      comparisons,
      losses: stages.map(({ losses }) => losses.map(({ loss, gradNorm, terms }) => ({ loss, gradNorm, terms }))),
      validation: stages.map(({ validation }) => validation),
      systems: systems.map(({ metrics, retention }) => ({ metrics, retention })),
    });
    expect(steady(again)).toEqual(steady(result));
  });
});

describe("refused before anything is computed", () => {
  async function refusal(command: (args: string[]) => Promise<number>, args: string[]): Promise<LabError> {
    const error: unknown = await command(args).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LabError);
    // The kinds that end with exit code 2.
    expect(["bad-input", "bad-setting"]).toContain((error as LabError).kind);
    expect((error as LabError).remedy).toMatch(/\S/);
    expect((error as LabError).message).not.toMatch(/\n\s+at /);
    return error as LabError;
  }
  const out = () => ["--out", path("never")];

  it.each<[string, () => string[], RegExp]>([
    ["no --out", () => [], /^--out DIR is missing/],
    ["an unknown preset", () => ["--preset", "huge", ...out()], /^There is no preset "huge"/],
    ["an inherited name for a preset", () => ["--preset", "toString", ...out()], /^There is no preset "toString"/],
    ["an unknown setting", () => ["--set", "stage1.stepz=1", ...out()], /^There is no setting "stage1.stepz"/],
    ["no key=value", () => ["--set", "stage1", ...out()], /not of the form key=value/],
    ["a value that is no number", () => ["--set", "stage1.steps=many", ...out()], /"many" is not a number/],
    [
      "a value out of range",
      () => ["--set", "stage1.steps=1e9", ...out()],
      /^stage1\.steps=1000000000 is not possible/,
    ],
    ["half a step", () => ["--set", "stage1.steps=1.5", ...out()], /^stage1\.steps=1.5 is not possible/],
    ["a wrong choice", () => ["--set", "student.kind=rnn", ...out()], /there is no choice "rnn"/],
    [
      "settings at odds",
      () => ["--set", "teacher.heads=7", ...out()],
      /^These settings do not fit together: teacher\.heads/,
    ],
    ["a seed that is no number", () => ["--seed", "abc", ...out()], /^seed: "abc" is not a number/],
    ["a flag without its value", () => ["--out"], /--out/],
    ["an unknown flag", () => ["--wat", ...out()], /^Unknown option '--wat'\.$/],
    ["a stray word", () => ["extra", ...out()], /'extra'/],
    [
      "more memory than allowed",
      () => ["--set", "training.memoryLimit=16", ...out()],
      /^Stage 1 needs about \d+ MB of GPU memory \(.*\), more than the memory limit of 16 MB\.$/,
    ],
    ["unknown operations", () => ["--ops", "magic", ...out()], /^There are no "magic" operations/],
    ["files as source without files", () => ["--set", "data.source=files", ...out()], /wants a collection/],
    [
      "files and notes at once",
      () => ["--data", path("shop"), "--set", "data.source=notes", ...out()],
      /^--data and data\.source=notes exclude/,
    ],
    ["a folder that is not there", () => ["--data", path("gone"), ...out()], /^There is no folder/],
    ["an empty folder", () => ["--data", path("empty"), ...out()], /holds no files/],
    ["a file that is no collection", () => ["--data", path("shop/qrels/test.tsv"), ...out()], /no corpus\.jsonl/],
    ["a broken .zip", () => ["--data", path("broken.zip"), ...out()], /^broken\.zip is not a whole \.zip file/],
    ["a broken .gz", () => ["--data", path("broken"), ...out()], /^corpus\.jsonl\.gz is not a whole \.gz file/],
    [
      "a faulty line",
      () => ["--data", path("faulty"), ...out()],
      /^corpus\.jsonl, line 2, field _id: it is missing\.$/,
    ],
    ["results into a file", () => ["--out", path("shop.zip")], /shop\.zip is a file/],
    ["results below a file", () => ["--out", path("shop.zip/a/b")], /shop\.zip is a file/],
    [
      "results over a collection",
      () => ["--out", path("other")],
      /holds queries\.jsonl, which is not of an earlier run/,
    ],
  ])("%s", async (_, args, message) => {
    mkdirSync(path("empty"), { recursive: true });
    for (const name of ["broken", "faulty", "other"]) mkdirSync(path(name), { recursive: true });
    writeFileSync(path("broken.zip"), readFileSync(path("shop.zip")).subarray(0, 500));
    writeFileSync(path("broken/corpus.jsonl.gz"), gzipSync(utf8("x".repeat(99))).subarray(0, 12));
    writeFileSync(path("faulty/corpus.jsonl"), '{"_id":"a","text":"b"}\n{"text":"c"}\n');
    writeFileSync(path("other/queries.jsonl"), "");
    expect((await refusal(runCommand, args())).message).toMatch(message);
    expect(existsSync(path("never"))).toBe(false);
  });

  it.each<[string, string[], RegExp]>([
    ["no system", ["--axis", "stage1.steps=1,2"], /^--system is missing/],
    ["an inherited name for a system", ["--system", "toString", "--axis", "stage1.steps=1"], /no system "toString"/],
    ["no axis", ["--system", "teacher"], /^--axis key=a,b,c is missing/],
    ["an axis without values", ["--system", "teacher", "--axis", "stage1.steps"], /not of the form key=a,b,c/],
    ["an axis of no setting", ["--system", "teacher", "--axis", "steps1=1"], /^There is no setting "steps1"/],
    [
      "an axis out of range",
      ["--system", "teacher", "--axis", "stage1.steps=1,-1"],
      /^stage1\.steps=-1 is not possible/,
    ],
  ])("tune with %s", async (_, args, message) => {
    expect((await refusal(tuneCommand, args)).message).toMatch(message);
  });
});
