import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropoutBits, dropoutThreshold } from "./dropoutBits";

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.nat(2 ** 32 - 1);

/** The WGSL text read literally: wrapping 32-bit arithmetic, here in BigInt. */
function literal(seed: number, step: number, site: number, index: number): number {
  const u32 = (x: bigint) => BigInt.asUintN(32, x);
  const mix = (x: bigint) => {
    let h = u32((x ^ (x >> 16n)) * 0x85ebca6bn);
    h = u32((h ^ (h >> 13n)) * 0xc2b2ae35n);
    return h ^ (h >> 16n);
  };
  const [a, b, c, d] = [seed, step, site, index].map((x) => u32(BigInt(x))) as [bigint, bigint, bigint, bigint];
  const key = mix(u32(mix(a ^ 0x2545f491n) + mix(b ^ 0x6c078965n) + c * 0x9e3779b1n));
  return Number(mix(u32(d * 0x85ebca77n + key)));
}

describe("dropoutBits", () => {
  it("is the WGSL function, for every 32-bit number", () => {
    fc.assert(
      fc.property(int32, int32, uint32, uint32, (seed, step, site, index) => {
        expect(dropoutBits(seed, step, site, index)).toBe(literal(seed, step, site, index));
      }),
    );
  });

  it("drops the share asked for, and independently from step to step, site to site and place to place", () => {
    const n = 40_000;
    const dropped = (step: number, site: number, i: number) => dropoutBits(11, step, site, i) < dropoutThreshold(0.3);
    const share = (f: (i: number) => boolean) => Array.from({ length: n }, (_, i) => f(i)).filter(Boolean).length / n;
    // Five standard errors of a share at n draws.
    const within = (p: number) => 5 * Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(share((i) => dropped(1, 0, i)) - 0.3)).toBeLessThan(within(0.3));
    for (const other of [
      (i: number) => dropped(2, 0, i),
      (i: number) => dropped(1, 1, i),
      (i: number) => dropped(1, 0, i + 1),
      (i: number) => dropped(1, 0, i + 64),
    ])
      expect(Math.abs(share((i) => dropped(1, 0, i) && other(i)) - 0.09)).toBeLessThan(within(0.09));
  });

  it("has thresholds that fit into 32 bits", () => {
    expect(dropoutThreshold(0)).toBe(0);
    expect(dropoutThreshold(0.5)).toBe(2 ** 31);
    expect(dropoutThreshold(1)).toBe(2 ** 32 - 1);
  });
});
