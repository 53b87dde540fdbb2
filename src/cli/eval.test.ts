/** The command as a script sees it: what it prints where, and its exit code. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METRIC_KEYS } from "../core/evaluation/types";

let folder = "";
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lab-eval-"));
  const qrels = "q1 0 a 2\nq1 0 b 0\nq2 0 a 1\nq3 0 b 1\n";
  writeFileSync(file("qrels"), qrels);
  writeFileSync(file("qrels.gz"), gzipSync(new TextEncoder().encode(qrels)));
  writeFileSync(file("run"), "q1 Q0 b 1 0.5 x\nq1 Q0 a 2 0.25 x\nq2 Q0 b 1 7 x\nq2 Q0 a 2 7 x\n");
  writeFileSync(file("part"), "q1 Q0 b 1 0.5 x\n");
  writeFileSync(file("broken"), "q1 Q0 b 1 0.5\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
const evaluate = (...args: string[]) => lab("eval", "--qrels", file("qrels"), "--run", file("run"), ...args);
function json(...args: string[]) {
  const { status, stdout, stderr } = evaluate("--json", ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown> & { reasons: Record<string, string> };
}

describe("lab eval --json", () => {
  it("prints every key in full precision, and why there is none", () => {
    const output = json();
    for (const key of [...METRIC_KEYS, "contrastiveEntropy", "retention"]) {
      expect(output).toHaveProperty([key]);
      if (output[key] === null) expect(output.reasons[key]).toBeTruthy();
      else expect(output[key]).toBeTypeOf("number");
    }
    // q1: a second. q2: a and b tie, b comes first. q3 is not in the run.
    expect(output).toMatchObject({ "recall@1": 0, "recall@5": 2 / 3, mrr: 1 / 3, numQueries: 3, missing: 1 });
    // Only q1 has judged documents on both sides.
    expect(output.auc).toBe(0);
    expect(output).not.toHaveProperty("perQuery");
  });

  it("takes style, level, --only-retrieved and -q", () => {
    expect(json("--only-retrieved")).toMatchObject({ numQueries: 2, mrr: 1 / 2, auc: 0 });
    expect(json("--style", "sentence-transformers")).toMatchObject({ mrr: 1 / 2 });
    expect(json("--style", "sentence-transformers", "--level", "2")).toMatchObject({
      numQueries: 1,
      withoutRelevant: 2,
    });
    expect(json("-q", "--only-retrieved").perQuery).toMatchObject({ q1: { mrr: 1 / 2, auc: 0 }, q2: { auc: null } });
    expect(Object.keys(json("-q", "--only-retrieved").perQuery as object)).toEqual(["q1", "q2"]);
  });

  it("leaves out the query's own document where asked to", () => {
    writeFileSync(file("self"), "q1 Q0 q1 1 9 x\nq1 Q0 a 2 8 x\n");
    const mrr = (...args: string[]) => {
      const { stdout } = lab(
        "eval",
        "--qrels",
        file("qrels"),
        "--run",
        file("self"),
        "--only-retrieved",
        "--json",
        ...args,
      );
      return (JSON.parse(stdout) as { mrr: number }).mrr;
    };
    expect([mrr(), mrr("--drop-self")]).toEqual([1 / 2, 1]);
  });

  it("has no AUC where a judged document's score is not in the run", () => {
    const { stdout } = lab("eval", "--qrels", file("qrels.gz"), "--run", file("part"), "--json", "--only-retrieved");
    const output = JSON.parse(stdout) as { auc: null; reasons: Record<string, string> };
    expect(output.auc).toBeNull();
    expect(output.reasons.auc).toContain("score of every judged document");
  });
});

describe("lab eval", () => {
  it("prints a table for people", () => {
    const { status, stdout } = evaluate("-q");
    expect(status).toBe(0);
    expect(stdout).toMatch(/recall@5 +0\.6667 +0\.0000 to 1\.0000/);
    expect(stdout).toContain("3 queries averaged; 1 judged queries are not in the run");
    expect(stdout).toMatch(/^q1\t0\.0000\t/m);
  });

  it.each([
    ["no arguments", [], /--qrels FILE is missing/],
    ["no run", ["--qrels", "x"], /--run FILE is missing/],
    ["an unknown option", ["--what"], /--what/],
    ["an unknown style", ["--qrels", "x", "--run", "x", "--style", "y"], /--style/],
    [
      "a level that is no number",
      ["--qrels", "x", "--run", "x", "--level", "0"],
      /--level wants a whole number from 1/,
    ],
    ["more samples than memory holds", ["--qrels", "x", "--run", "x", "--samples", "999999999"], /--samples wants/],
    ["a file that is not there", ["--qrels", "nothing-here", "--run", "x"], /nothing-here does not exist/],
  ])("exits with 2 and a message for %s", (_, args, message) => {
    const { status, stdout, stderr } = lab("eval", ...args);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });

  it("names the line of a broken file", () => {
    const { status, stdout, stderr } = lab("eval", "--qrels", file("qrels"), "--run", file("broken"), "--json");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("line 1: 5 columns where a run has 6");
  });
});

describe("lab", () => {
  it("explains itself, and refuses what it does not know", () => {
    expect(lab("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("eval") as unknown });
    expect(lab("eval", "-h")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("--only-retrieved") as unknown,
    });
    expect(lab()).toMatchObject({ status: 2, stdout: "" });
    for (const name of ["nope", "toString"]) expect(lab(name).stderr).toContain(`no command "${name}"`);
  });
});
