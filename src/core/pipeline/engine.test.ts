/** Which kernels compute: set, remembered, measured anew with another build, and changed only by a clear lead. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { countGpu } from "../../gpu/count";
import { fusedOps } from "../../gpu/fusedOps";
import { setVariants, variantsOf } from "../../gpu/kernels/variants";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { bestProduct, faster, measureVariants } from "../../gpu/variantChoice";
import { memoryStore } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import { LabError } from "../errors";
import { type EngineOptions, settleEngine } from "./engine";

const gpu = useGpu();
const FIRST = { matmul: "registers", reductions: "shared" } as const;
afterEach(() => setVariants(gpu().backend, FIRST));

const { training, ...tiny } = presetExperiment("tiny");
type Set = Partial<Pick<typeof training, "matmul" | "reductions">>;
const experiment = (set: Set = {}) => ({ ...tiny, training: { ...training, ...set } });
/** As a graphics card would answer. */
const card = () => ({ ...gpu(), adapter: { ...gpu().adapter, software: false } });
const options = (set?: Set) => ({
  ops: fusedOps,
  codeVersion: "1",
  store: memoryStore(),
  gpu: card(),
  experiment: experiment(set),
});
type Measure = NonNullable<EngineOptions["measure"]>;
/** Answers with these speeds, one after the other. */
const answering = (...speeds: object[]) => {
  const asked = vi.fn(async (_gpu: unknown, _choice: string) => speeds.shift()!);
  return { asked, measure: asked as unknown as Measure };
};

describe("settleEngine", () => {
  it("does as the settings say, without measuring", async () => {
    const { asked, measure } = answering();
    for (const [matmul, reductions] of [
      ["shared", "subgroups"],
      ["registers", "shared"],
    ] as const) {
      const settled = await settleEngine({ ...options({ matmul, reductions }), measure });
      expect(settled).toEqual({ matmul, chosen: "setting", reductions: { by: reductions, chosen: "setting" } });
      expect(variantsOf(gpu().backend)).toEqual({ matmul, reductions });
    }
    expect(asked).not.toHaveBeenCalled();
  });

  it("measures once for a build, and keeps what it has against a small lead", async () => {
    const given = options({ reductions: "shared" });
    const { asked, measure } = answering(
      { registers: 100, shared: 140 },
      { registers: 170, shared: 140 },
      { registers: 190, shared: 140 },
      { registers: 1, shared: 2 },
    );
    const settle = (codeVersion: string) => settleEngine({ ...given, measure, codeVersion });
    const first = { matmul: "shared", chosen: "measured", gflops: { registers: 100, shared: 140 } };
    expect(await settle("1")).toMatchObject(first);
    expect(variantsOf(gpu().backend).matmul).toBe("shared");
    expect(await settle("1")).toMatchObject(first);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(await settle("2")).toMatchObject({ matmul: "shared", gflops: { registers: 170 } });
    expect(await settle("3")).toMatchObject({ matmul: "registers", gflops: { registers: 190 } });
    // Another adapter knows nothing of it.
    const other = { ...card(), adapter: { ...card().adapter, description: "another" } };
    expect(await settleEngine({ ...given, measure, gpu: other, codeVersion: "3" })).toMatchObject({ matmul: "shared" });
    expect(asked).toHaveBeenCalledTimes(4);
  });

  it("settles reductions in the same way, beside the products", async () => {
    const given = options();
    const { asked, measure } = answering({ registers: 2, shared: 1 }, { shared: 20, subgroups: 26 });
    const reductions = { by: "subgroups", chosen: "measured", gigabytes: { shared: 20, subgroups: 26 } };
    for (let run = 0; run < 2; run++)
      expect(await settleEngine({ ...given, measure })).toMatchObject({ matmul: "registers", reductions });
    expect(asked.mock.calls.map(([, choice]) => choice)).toEqual(["matmul", "reductions"]);
    expect(variantsOf(gpu().backend)).toEqual({ matmul: "registers", reductions: "subgroups" });
  });

  it("takes what there is, unmeasured, where a device has no subgroups, and refuses them in words", async () => {
    const { backend, device } = gpu();
    const without = {
      ...card(),
      backend,
      device: Object.create(device, { features: { value: new Set() } }) as GPUDevice,
    };
    const { asked, measure } = answering();
    const settled = await settleEngine({ ...options({ matmul: "shared" }), measure, gpu: without });
    expect(settled).toMatchObject({ reductions: { by: "shared", chosen: "nothing else offered" } });
    const wanted = settleEngine({ ...options({ matmul: "shared", reductions: "subgroups" }), measure, gpu: without });
    await expect(wanted).rejects.toThrow(LabError);
    await expect(wanted).rejects.toThrow(/training.reductions asks for subgroups/);
    expect(asked.mock.calls.filter(([, choice]) => choice === "reductions")).toEqual([]);
  });

  it("takes the first of each where a CPU plays the GPU, and says nothing of tfjs' own operations", async () => {
    const { asked, measure } = answering();
    const software = { ...gpu(), adapter: { ...gpu().adapter, software: true } };
    expect(await settleEngine({ ...options(), measure, gpu: software })).toEqual({
      matmul: "registers",
      chosen: "software adapter",
      reductions: { by: "shared", chosen: "software adapter" },
    });
    expect(await settleEngine({ ...options(), measure, ops: plainOps })).toBeNull();
    expect(asked).not.toHaveBeenCalled();
  });
});

it("all ways are measured, and those in use stay", async () => {
  const before = variantsOf(gpu().backend);
  for (const choice of ["matmul", "reductions"] as const)
    for (const [way, speed] of Object.entries(await measureVariants(gpu(), choice, 40, 8)))
      expect(speed, way).toBeGreaterThan(0);
  expect(variantsOf(gpu().backend)).toEqual(before);
});

it("the best product is the better of both ways, and on a CPU that of the registers in use", async () => {
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
  expect(variantsOf(gpu().backend)).toEqual(FIRST);
});

it("a lead of less than 1.3 changes nothing", () => {
  expect(faster<"matmul">("registers", { registers: 100, shared: 129 })).toBe("registers");
  expect(faster<"matmul">("registers", { registers: 100, shared: 130 })).toBe("shared");
  expect(faster<"matmul">("shared", { registers: 129, shared: 100 })).toBe("shared");
  expect(faster<"reductions">("shared", { shared: 10, subgroups: 13 })).toBe("subgroups");
});
