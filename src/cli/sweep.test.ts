/** A sweep from the command line: refused in words, killed and taken up again. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LabError } from "../core/errors";
import { READY } from "../core/experiments";
import { type TrialRecord, trialRecordSchema } from "../core/pipeline/sweep/record";
import { sweepCommand } from "./sweep";

let top = "";
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "lab-sweep-"));
});
afterAll(() => rmSync(top, { recursive: true }));
const path = (name: string) => join(top, name);

const SMALL = [
  "stage1.steps=2",
  "stage2.steps=2",
  "training.batch=4",
  "student.kind=lookup",
  "evaluation.bootstrap=100",
];
const ARGS = ["--preset", "tiny", ...SMALL.flatMap((s) => ["--set", s]), "--axis", "stage2.mseWeight=0,1,2"];

/** What a shell makes of SIGTERM. */
const KILLED = 128 + 15;

/** Runs the command, until it ends or `until` says that it is to be killed. */
function lab(args: string[], until: () => boolean = () => false): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["scripts/lab.mjs", "sweep", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text) => (stdout += String(text)));
    child.stderr.on("data", (text) => (stderr += String(text)));
    const watch = setInterval(() => {
      // Passed on to the command itself, which has no say in it: it ends at once, in the middle of whatever it does.
      if (!until()) return;
      clearInterval(watch);
      child.kill("SIGTERM");
    }, 5);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(watch);
      if (code === 0 || code === KILLED) resolve({ code, stdout });
      else reject(new Error(stderr));
    });
  });
}

const lines = (out: string) =>
  existsSync(path(`${out}/trials.jsonl`)) ? readFileSync(path(`${out}/trials.jsonl`), "utf8").split("\n") : [];

describe("lab sweep", () => {
  it("that is killed goes on, mends a torn line, and does nothing twice", { timeout: 300_000 }, async () => {
    const args = [...ARGS, "--stack", "1", "--systems", "scalingnote,bm25", "--out", path("out")];
    expect((await lab(args, () => lines("out").length > 1)).code).toBe(KILLED);
    const before = lines("out").slice(0, -1); // whole lines
    expect([1, 2]).toContain(before.length);
    appendFileSync(path("out/trials.jsonl"), '{"version":1,"key":"torn');
    const { code, stdout } = await lab(args);
    expect(code).toBe(0);
    const after = lines("out");
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after).toHaveLength(4); // three and what follows the last end of line
    const records = after.slice(0, 3).map((line) => trialRecordSchema.parse(JSON.parse(line)) as TrialRecord);
    expect(records.map(({ assignments }) => assignments["stage2.mseWeight"])).toEqual([0, 1, 2]);
    expect(records.every(({ status }) => status === "done")).toBe(true);
    expect(stdout).toContain("[3/3] stage2.mseWeight=2 seed=7: done");
    expect(stdout).toMatch(
      /^stage2\.mseWeight=\d \(1 seed\): scalingnote 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] {2}bm25 .* best$/m,
    );
  });
});

describe("a ready-made experiment", () => {
  const said = async (args: string[]) => {
    const lines: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    try {
      expect(await sweepCommand(args)).toBe(0);
    } finally {
      log.mockRestore();
    }
    return lines.join("\n");
  };

  it("is listed with what it takes, and planned with as many seeds as are asked for", async () => {
    const list = await said(["--ready", "list"]);
    for (const { key, title, question } of READY) {
      expect(list).toContain(`${key}  ${title}`);
      expect(list).toContain(question);
    }
    expect(list).toMatch(/ {3}small {2}\d+ trials and [\d.]+e\+\d+ FLOPs a seed, 3 seeds/);
    const seedsOf = async (...more: string[]) => {
      const plan = JSON.parse(await said(["--ready", "c", "--plan", "--out", path("plan"), ...more])) as {
        trials: { seed: number }[];
      };
      return [...new Set(plan.trials.map(({ seed }) => seed))];
    };
    expect(await seedsOf()).toEqual([7, 8, 9]);
    expect(await seedsOf("--seeds", "2", "--seed", "20", "--full")).toEqual([20, 21]);
  });
});

describe("refused before anything is computed", () => {
  const out = () => ["--out", path("never")];
  const axis = ["--axis", "stage2.mseWeight=0,1"];
  it.each<[string, () => string[], RegExp]>([
    ["no --out", () => axis, /^--out DIR is missing/],
    ["an unknown setting", () => ["--axis", "stage2.x=1", ...out()], /^There is no setting "stage2\.x"/],
    ["an axis without values", () => ["--axis", "stage2.steps", ...out()], /not of the form key=a,b,c/],
    ["a value out of range", () => ["--axis", "stage2.steps=0", ...out()], /^stage2\.steps=0 is not possible/],
    ["a range that is none", () => ["--random", "3", "--axis", "stage2.steps=9..5", ...out()], /goes from 9 to 5/],
    ["too many draws", () => ["--random", "99999", "--axis", "stage2.steps", ...out()], /^--random wants/],
    ["an axis twice", () => [...axis, ...axis, ...out()], /^stage2\.mseWeight is on two axes/],
    ["an unknown system", () => [...axis, "--systems", "teacher,x", ...out()], /^There is no system "x"/],
    ["no seeds", () => [...axis, "--seeds", "0", ...out()], /^--seeds wants/],
    ["a shard that is none", () => [...axis, "--shard", "3/2", ...out()], /^--shard wants a part such as 2\/4/],
    ["a size that is none", () => [...axis, "--limit", "much", ...out()], /^--limit wants a size/],
    ["settings at odds", () => ["--axis", "teacher.heads=7", ...out()], /does not fit together/],
    ["a file that is not there", () => ["--config", path("gone"), ...out()], /cannot be read \(ENOENT\)/],
    ["a file that is no JSON", () => ["--config", path("bad.json"), ...out()], /is not JSON/],
    ["a file that is no sweep", () => ["--config", path("list.json"), ...out()], /holds no JSON object/],
    ["a sweep with a wrong field", () => ["--config", path("field.json"), ...out()], /^This is not a sweep: .*wat/],
    ["--config and --set", () => ["--config", path("ok.json"), "--set", "seed=1", ...out()], /exclude each other/],
    ["an unknown ready-made experiment", () => ["--ready", "z", ...out()], /^There is no ready-made experiment "z"/],
    [
      "a ready-made experiment of another kind",
      () => ["--ready", "c", ...axis, ...out()],
      /^--ready and --axis exclude/,
    ],
    ["other settings of one", () => ["--ready", "c", "--set", "seed=1", ...out()], /^--ready and --set exclude/],
    ["--full of nothing", () => [...axis, "--full", ...out()], /^--full is the full form/],
    ["--data beside notes", () => ["--config", path("ok.json"), "--data", top, ...out()], /do not fit together/],
  ])("%s", async (_, args, message) => {
    writeFileSync(path("bad.json"), "{");
    writeFileSync(path("list.json"), "[]");
    writeFileSync(path("field.json"), '{"wat": 1}');
    writeFileSync(path("ok.json"), '{"axes": []}');
    const error: unknown = await sweepCommand(args()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).message).toMatch(message);
    expect(["bad-input", "bad-setting"]).toContain((error as LabError).kind);
    expect((error as LabError).remedy).toMatch(/\S/);
    expect(existsSync(path("never"))).toBe(false);
  });
});
