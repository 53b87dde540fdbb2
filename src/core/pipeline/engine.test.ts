/** How matrices are multiplied: set, remembered, measured anew with another build, and changed only by a clear lead. */
import { describe, expect, it, vi } from "vitest";
import { bestProduct } from "../../gpu/bestProduct";
import { countGpu } from "../../gpu/count";
import { fusedOps } from "../../gpu/fusedOps";
import { matmulVariant, setMatmulVariant } from "../../gpu/kernels/matmulVariant";
import { fasterMatmul, measureMatmul } from "../../gpu/matmulChoice";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { memoryStore } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import { settleEngine } from "./engine";

const gpu = useGpu();
const tiny = presetExperiment("tiny");
const experiment = (matmul: "auto" | "registers" | "shared") => ({ ...tiny, training: { ...tiny.training, matmul } });
/** As a graphics card would answer. */
const card = () => ({ ...gpu(), adapter: { ...gpu().adapter, software: false } });
const options = () => ({
  ops: fusedOps,
  codeVersion: "1",
  store: memoryStore(),
  gpu: card(),
  experiment: experiment("auto"),
});

describe("settleEngine", () => {
  it("does as the setting says, without measuring", async () => {
    const measure = vi.fn<typeof measureMatmul>();
    for (const matmul of ["shared", "registers"] as const) {
      const settled = await settleEngine({ ...options(), measure, experiment: experiment(matmul) });
      expect(settled).toEqual({ matmul, chosen: "setting" });
      expect(matmulVariant(gpu().backend)).toBe(matmul);
    }
    expect(measure).not.toHaveBeenCalled();
  });

  it("measures once for a build, and keeps what it has against a small lead", async () => {
    const given = options();
    const speeds = [
      { registers: 100, shared: 140 },
      { registers: 170, shared: 140 },
      { registers: 190, shared: 140 },
    ];
    const measure = vi.fn<typeof measureMatmul>(async () => speeds.shift()!);
    const settle = (codeVersion: string) => settleEngine({ ...given, measure, codeVersion });
    const first = { matmul: "shared", chosen: "measured", gflops: { registers: 100, shared: 140 } };
    expect(await settle("1")).toEqual(first);
    expect(matmulVariant(gpu().backend)).toBe("shared");
    expect(await settle("1")).toEqual(first);
    expect(measure).toHaveBeenCalledTimes(1);
    expect(await settle("2")).toMatchObject({ matmul: "shared", gflops: { registers: 170 } });
    expect(await settle("3")).toMatchObject({ matmul: "registers", gflops: { registers: 190 } });
    // Another adapter knows nothing of it.
    const other = { ...card(), adapter: { ...card().adapter, description: "another" } };
    speeds.push({ registers: 1, shared: 2 });
    expect(await settleEngine({ ...given, measure, gpu: other, codeVersion: "3" })).toMatchObject({ matmul: "shared" });
    expect(measure).toHaveBeenCalledTimes(4);
  });

  it("takes register tiles where a CPU plays the GPU, and says nothing of tfjs' own operations", async () => {
    const measure = vi.fn<typeof measureMatmul>();
    const software = { ...gpu(), adapter: { ...gpu().adapter, software: true } };
    expect(await settleEngine({ ...options(), measure, gpu: software })).toEqual({
      matmul: "registers",
      chosen: "software adapter",
    });
    expect(await settleEngine({ ...options(), measure, ops: plainOps })).toBeNull();
    expect(measure).not.toHaveBeenCalled();
  });
});

it("both ways are measured, and the one in use stays", async () => {
  const before = matmulVariant(gpu().backend);
  const speeds = await measureMatmul(gpu(), 40, 8);
  expect(speeds.registers).toBeGreaterThan(0);
  expect(speeds.shared).toBeGreaterThan(0);
  expect(matmulVariant(gpu().backend)).toBe(before);
});

it("the best product is the better of both ways, and on a CPU that of the registers in use", async () => {
  setMatmulVariant(gpu().backend, "registers");
  // Kernels are labelled with the way that they go.
  for (const [given, variants] of [
    [{ ...gpu(), adapter: { ...gpu().adapter, software: true } }, 1],
    [card(), 2],
  ] as const) {
    const counting = countGpu();
    try {
      expect(await bestProduct(given, 40, 12)).toBeGreaterThan(0);
    } finally {
      counting.stop();
    }
    const shared = [...counting.counts.byLabel.keys()].map((label) => label.includes("shared"));
    expect(new Set(shared).size, shared.join()).toBe(variants);
  }
  expect(matmulVariant(gpu().backend)).toBe("registers");
});

it("a lead of less than 1.3 changes nothing", () => {
  expect(fasterMatmul("registers", { registers: 100, shared: 129 })).toBe("registers");
  expect(fasterMatmul("registers", { registers: 100, shared: 130 })).toBe("shared");
  expect(fasterMatmul("shared", { registers: 129, shared: 100 })).toBe("shared");
});
