/** Every command says what it takes when asked, and calls bad usage by its exit code. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

const NAMES = ["run", "tune", "sweep", "import", "encode", "eval", "export", "pretrain", "bench", "fit", "report"];

describe("usage", () => {
  it.each(NAMES)("%s --help and -h print it on standard output and end with 0", (command) => {
    for (const flag of ["--help", "-h"]) {
      const { status, stdout, stderr } = lab(command, flag);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: npm run lab -- ${command} `));
    }
  });

  it.each(NAMES)("%s with an unknown option ends with 2 and names it, without a trace", (command) => {
    const { status, stdout, stderr } = lab(command, "--nonsense");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("--nonsense");
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
