/** What is remembered on the disk, and that nothing about the disk can stop a run. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineOptions } from "../core/pipeline/engine";
import { fusedOps } from "../gpu/fusedOps";
import { useGpu } from "../gpu/testGpu";
import { cacheFolder, cacheStore, settleHere } from "./cache";

const gpu = useGpu();
let top = "";
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "lab-cache-"));
});
afterEach(() => rmSync(top, { recursive: true }));

const SPEEDS = { registers: 100, shared: 140 };
const measured = { matmul: "shared", chosen: "measured", gflops: SPEEDS };
type Measure = NonNullable<EngineOptions["measure"]>;
const measuring = () => vi.fn(async () => SPEEDS);
const settling = (measure: ReturnType<typeof measuring>) => ({
  // As a graphics card would answer.
  gpu: { ...gpu(), adapter: { ...gpu().adapter, software: false } },
  ops: fusedOps,
  experiment: { training: { matmul: "auto" as const, reductions: "shared" as const } },
  measure: measure as unknown as Measure,
});

describe("the matrix products of the command line", () => {
  it("are measured once, not once a run", async () => {
    const measure = measuring();
    for (let run = 0; run < 3; run++)
      expect(await settleHere(settling(measure), cacheStore(join(top, "new")))).toMatchObject(measured);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it("are measured again where the file is no JSON, and kept for the process where nothing can be written", async () => {
    const measure = measuring();
    await settleHere(settling(measure), cacheStore(top));
    const [name] = readdirSync(join(top, "device"));
    writeFileSync(join(top, "device", name!), '{"codeVersion":');
    expect(await settleHere(settling(measure), cacheStore(top))).toMatchObject(measured);
    expect(measure).toHaveBeenCalledTimes(2);

    // A file where the folder should be: neither read nor written by anyone, root included.
    const blocked = cacheStore(join(top, "device", name!));
    for (let run = 0; run < 2; run++) expect(await settleHere(settling(measure), blocked)).toMatchObject(measured);
    expect(measure).toHaveBeenCalledTimes(3);
  });
});

it("the folder is the user's cache", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: top })).toBe(join(top, "scalingnote-lab"));
  for (const given of [undefined, "", "relative"])
    expect(cacheFolder({ XDG_CACHE_HOME: given })).toBe(join(homedir(), ".cache", "scalingnote-lab"));
});
