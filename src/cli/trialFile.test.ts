import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrialRecord } from "../core/pipeline/sweep/record";
import { trialFile } from "./trialFile";

const record = (key: string, more: object = {}): TrialRecord => ({
  version: 1,
  key,
  sweep: "test",
  assignments: { "stage1.steps": 3 },
  seed: 1,
  changes: [],
  adapter: { description: "", vendor: "", architecture: "", software: true, host: "node" },
  codeVersion: "test",
  seconds: 1,
  status: "failed",
  error: { kind: "not-finite", message: "gone", remedy: "lower it" },
  ...more,
});

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lab-trials-"));
});
afterEach(() => rmSync(dir, { recursive: true }));
const file = () => join(dir, "trials.jsonl");
const keys = async () => (await trialFile(dir).read()).map(({ key }) => key);

describe("trials in a file", () => {
  it("are one line each, and come back", async () => {
    const log = trialFile(join(dir, "new"));
    expect(await log.read()).toEqual([]);
    for (const key of ["a", "b"]) await log.append(record(key));
    expect(await trialFile(join(dir, "new")).read()).toEqual([record("a"), record("b")]);
    expect(readFileSync(join(dir, "new/trials.jsonl"), "utf8").split("\n")).toHaveLength(3);
  });

  it("lose a line that was torn, wherever it was torn, and no other", async () => {
    const line = JSON.stringify(record("torn"));
    for (let at = 0; at <= line.length; at += at < line.length - 3 ? 37 : 1) {
      writeFileSync(file(), `${JSON.stringify(record("a"))}\n${line.slice(0, at)}`);
      const torn = at === line.length ? ["torn"] : []; // whole but for its end: it counts
      expect(await keys()).toEqual(["a", ...torn]);
      await trialFile(dir).append(record("b"));
      expect(await keys()).toEqual(["a", ...torn, "b"]);
    }
  });

  it("pass over lines that are none, or of another version", async () => {
    writeFileSync(file(), `nonsense\n\n{"key":1}\n${JSON.stringify(record("x", { version: 2 }))}\n`);
    appendFileSync(file(), `${JSON.stringify(record("a"))}\n`);
    expect(await keys()).toEqual(["a"]);
  });

  it("of shards go to files of their own, and all are read", async () => {
    await trialFile(dir, { index: 2, of: 3 }).append(record("b"));
    await trialFile(dir, { index: 1, of: 3 }).append(record("a"));
    await trialFile(dir).append(record("c"));
    writeFileSync(join(dir, "other.jsonl"), `${JSON.stringify(record("no"))}\n`);
    expect((await keys()).sort()).toEqual(["a", "b", "c"]);
    expect(readdirSync(dir)).toEqual(["other.jsonl", "trials.1-of-3.jsonl", "trials.2-of-3.jsonl", "trials.jsonl"]);
  });

  it("say where they cannot be kept", async () => {
    writeFileSync(join(dir, "file"), "");
    const refused = { kind: "bad-input", message: expect.stringMatching(/file cannot hold the trials/) };
    await expect(trialFile(join(dir, "file")).read()).rejects.toMatchObject(refused);
    await expect(trialFile(join(dir, "file")).append(record("a"))).rejects.toMatchObject(refused);
  });
});
