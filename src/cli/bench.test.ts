/** The command as a script sees it. Only the smallest step is measured: what it counts is held elsewhere. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("lab bench", () => {
  it("prints every key as JSON, with one submit a captured step", { timeout: 120_000 }, () => {
    const { status, stdout } = lab("bench", "step", "--arch", "qkd", "--json", "--kernels");
    expect(status).toBe(0);
    const figures = JSON.parse(stdout) as Record<string, unknown>;
    expect(figures).toMatchObject({ arch: "qkd", size: "s", mode: "captured", submits: 1 });
    for (const key of [
      "dispatches",
      "hostMs",
      "gpuBytes",
      "pipelines",
      "compileMs",
      "tokensPerSecond",
      "gflops",
      "matmulShare",
    ])
      expect(figures[key], key).toBeGreaterThan(0);
    expect(figures["adapter"]).toBeTypeOf("string");
    const { median, min, max } = figures["stepMs"] as Record<string, number>;
    expect(min! <= median! && median! <= max!).toBe(true);
    const kernels = Object.values(figures["kernels"] as Record<string, number>);
    expect(kernels.reduce((a, b) => a + b, 0)).toBe(figures["dispatches"]);
  });

  it.each([
    ["nothing to measure", [], /What to measure is missing/],
    ["an unknown benchmark", ["speed"], /no benchmark "speed"/],
    ["an unknown arch", ["step", "--arch", "rnn"], /--arch is bench, encoder, decoder or qkd, not "rnn"/],
    ["an unknown size", ["step", "--size", "xl"], /--size is s, m or l/],
    ["an unknown mode", ["step", "--mode", "lazy"], /--mode is plain, eager or captured/],
    ["too few steps", ["step", "--steps", "4"], /--steps wants a whole number from 5/],
  ])("exits with 2 and a message for %s", (_, args, message) => {
    const { status, stdout, stderr } = lab("bench", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
