/** Independent programs train the benchmark's towers to the same losses, step by step: gradients, Adam and all. */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { measurePeers } from ".";

const gpu = useGpu();

describe("bench peers", () => {
  it("takes the same steps as jax-js, and says so where a peer is not there", async () => {
    const figures = await measurePeers(gpu(), fusedOps, "s", 3, ["jax-js wasm", "PyTorch"]);
    const [own, jax, torch] = figures;
    expect(figures.map(({ name }) => name.split(" ")[0])).toEqual(["ScalingNote", "jax-js", "PyTorch"]);
    // measurePeers throws where losses part; this is that they are there and that the towers learned.
    expect(own!.loss).toBeLessThan(Math.log(32) - 0.5);
    expect(jax!.loss).toBeCloseTo(own!.loss!, 2);
    expect(jax!.ratio).toBeGreaterThan(0);
    if (torch!.reason === undefined) expect(torch!.loss).toBeCloseTo(own!.loss!, 2);
    else expect(torch).toMatchObject({ stepMs: null, ratio: null });
    // PyTorch alone takes seconds to load.
  }, 240_000);
});
