/** `lab fit` as a script sees it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lab-fit-"));
  const rows = (loss: (n: number) => number) =>
    ["size,loss", ...Array.from({ length: 10 }, (_, i) => 10 ** (3 + i / 4)).map((n) => `${n},${loss(n)}`)].join("\n");
  writeFileSync(
    file("law.csv"),
    rows((n) => (500 / n) ** 0.4 + 0.25),
  );
  writeFileSync(
    file("rising.csv"),
    rows((n) => n ** 0.1),
  );
  writeFileSync(file("bad.csv"), "size,loss\n10,3\n20,-1\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", "fit", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("lab fit", () => {
  it("prints one JSON object", () => {
    const { status, stdout, stderr } = lab("--points", file("law.csv"), "--form", "N", "--columns", "N=size", "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const result = JSON.parse(stdout) as { parameters: Record<string, number> };
    expect(Object.keys(result)).toEqual(
      expect.arrayContaining(["objective", "parameters", "intervals", "heldOut", "flags"]),
    );
    expect(result.parameters["alpha"]).toBeCloseTo(0.4, 6);
    expect(result.parameters["delta"]).toBeCloseTo(0.25, 6);
  });

  it("prints a table, and leaves points out", () => {
    const { status, stdout } = lab(
      "--points",
      file("law.csv"),
      "--form=N",
      "--columns=N=size",
      "--drop-highest-loss=2",
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/alpha +0\.40000/);
    expect(stdout).toContain("8 points;");
    expect(stdout).toContain("Fitted without the largest size (1 point)");
  });

  it("says in words why there is no law, and fails", () => {
    const { status, stdout } = lab("--points", file("rising.csv"), "--form=N", "--columns=N=size", "--json");
    expect(status).toBe(1);
    const { parameters, flags } = JSON.parse(stdout) as { parameters: null; flags: string[] };
    expect(parameters).toBeNull();
    expect(flags.join()).toContain("rises with N");
  });

  it.each([
    [["--form", "N"], "--points FILE is missing"],
    [["--points", "x"], "--form is missing"],
    [["--points", "x", "--form", "E"], 'not "E"'],
    [["--points", "x", "--form", "N", "--columns", "size"], '"size"'],
    [["--points", "x", "--form", "N", "--samples", "0"], "--samples wants a whole number"],
    [["--points", "nowhere.csv", "--form", "N"], "nowhere.csv does not exist"],
  ])("exits with 2: %j", (args, words) => {
    const { status, stdout, stderr } = lab(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("names line and column of a bad value", () => {
    const { status, stderr } = lab("--points", file("bad.csv"), "--form", "N", "--columns", "N=size");
    expect(status).toBe(2);
    expect(stderr).toContain('line 3, column "loss": "-1"');
  });
});
