/** The command as a script sees it. Only the smallest step is measured: what it counts is held elsewhere. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

function labIn(env: Record<string, string>, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}
const lab = (...args: string[]) => labIn({}, ...args);

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
    const kernelMs = figures["kernelMs"] as Record<string, number> | null;
    if (kernelMs) expect(Object.keys(kernelMs).sort()).toEqual(Object.keys(figures["kernels"] as object).sort());
  });

  it("measures search beside the reference in JavaScript, the cases under one object", { timeout: 120_000 }, () => {
    const sizes = ["--documents", "300,5000", "--size", "5", "--k", "10"];
    const { status, stdout } = lab("bench", "search", ...sizes, "--matmul", "shared", "--json");
    expect(status).toBe(0);
    const figures = JSON.parse(stdout) as Record<string, unknown> & { cases: Record<string, unknown>[] };
    // 300 documents are one list a query; 5,000 are two, and one dispatch more takes the best of both.
    expect(figures.cases.map((one) => [one["documents"], one["dispatches"], one["submits"]])).toEqual([
      [300, 3, 1],
      [5000, 4, 1],
    ]);
    expect(figures).toMatchObject({ documents: 5000, size: 5, queries: 32, k: 10, matmul: "shared" });
    expect(figures["agreement"]).toBeGreaterThan(0.99);
    for (const key of ["hostMs", "gpuBytes", "queriesPerSecond", "cpuMs", "timesCpu", "readBackMs", "matmulShare"])
      expect(figures[key], key).toBeGreaterThan(0);
    expect(figures).not.toHaveProperty("kernels");
  });

  it("prints every key of many students and of one alone", { timeout: 120_000 }, () => {
    const { status, stdout } = lab("bench", "students", "--students", "3", "--json");
    expect(status).toBe(0);
    const figures = JSON.parse(stdout) as Record<string, unknown>;
    const matmul = figures["software"] ? "registers" : expect.stringMatching(/^(registers|shared)$/);
    expect(figures).toMatchObject({ students: 3, size: "s", submits: 1, matmul });
    expect(figures["dispatches"]).toBe(figures["dispatchesAlone"]);
    for (const key of ["hostMs", "gpuBytes", "pipelines", "compileMs", "tokensPerSecond", "gflops", "perStudentRatio"])
      expect(figures[key], key).toBeGreaterThan(0);
    expect(figures["adapter"]).toBeTypeOf("string");
    for (const key of ["stepMs", "stepMsAlone"]) expect(figures[key]).toHaveProperty("median");
  });

  it.each([
    ["nothing to measure", [], /What to measure is missing/],
    ["an unknown benchmark", ["speed"], /no benchmark "speed"/],
    ["an unknown arch", ["step", "--arch", "rnn"], /--arch is bench, encoder, decoder or qkd, not "rnn"/],
    ["an unknown size", ["step", "--size", "xl"], /--size is s, m or l/],
    ["an unknown mode", ["step", "--mode", "lazy"], /--mode is plain, eager or captured/],
    [
      "no documents",
      ["search", "--documents", "100,0"],
      /--documents wants a whole number from 1 to 10000000, not "0"/,
    ],
    ["too large a k", ["search", "--k", "2000"], /--k wants a whole number from 1 to 1024/],
    ["a student's arch to encode with", ["encode", "--arch", "qkd"], /--arch is bench, encoder or decoder, not "qkd"/],
    ["plain against itself", ["step", "--mode", "plain", "--against", "plain"], /--against plain is for --arch bench/],
    ["an unknown rival", ["step", "--against", "numpy"], /--against is plain, not "numpy"/],
    ["no students", ["students", "--students", "0"], /--students wants a whole number from 1 to 256, not "0"/],
    ["an unknown product", ["step", "--matmul", "fast"], /--matmul is auto, registers or shared, not "fast"/],
    ["too few steps", ["step", "--steps", "4"], /--steps wants a whole number from 5/],
  ])("exits with 2 and a message for %s", (_, args, message) => {
    const { status, stdout, stderr } = lab("bench", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("ends where the browser does not start", { timeout: 60_000 }, () => {
    const { status, stderr } = labIn({ CHROMIUM_PATH: "/bin/false" }, "bench", "search", "--browser");
    expect(status).toBe(1);
    expect(stderr).not.toBe("");
  });

  it("says what to install where there is no browser to measure in", () => {
    const { status, stdout, stderr } = labIn({ CHROMIUM_PATH: "/nowhere" }, "bench", "search", "--browser");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/No Chromium was found/);
  });
});
