import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HALF_MAX, halfBits, halfValue } from "./half";

describe("half floats", () => {
  it("come back from their values, all 65,536 of them", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfValue(bits);
      if (Number.isNaN(value)) expect(halfBits(value) & 0x7fff).toBeGreaterThan(0x7c00);
      else if (halfBits(value) !== bits) expect.fail(`${bits}: ${value} gives ${halfBits(value)}`);
    }
  });

  it("are the nearest ones, ties to even", () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (x) => {
        const bits = halfBits(x);
        const error = Math.abs(halfValue(bits) - x);
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7fff) > 0x7bff || (other & 0x8000) !== (bits & 0x8000)) continue;
          const otherError = Math.abs(halfValue(other) - x);
          expect(error).toBeLessThanOrEqual(otherError);
          if (error === otherError) expect(bits & 1).toBe(0);
        }
      }),
      { numRuns: 3000 },
    );
    expect(halfBits(1 + 2 ** -11)).toBe(0x3c00);
    expect(halfBits(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(halfBits(2 ** -25)).toBe(0);
    expect(halfBits(3 * 2 ** -25)).toBe(2);
    expect(halfBits(-0)).toBe(0x8000);
  });

  it("end at 65,504", () => {
    expect(halfValue(halfBits(HALF_MAX))).toBe(HALF_MAX);
    expect(halfBits(65519.99)).toBe(0x7bff);
    expect(halfBits(65520)).toBe(0x7c00);
    expect(halfBits(Number.NEGATIVE_INFINITY)).toBe(0xfc00);
  });
});
