import { describe, expect, it } from "vitest";
import { scheduleFactor } from "./schedule";

describe("scheduleFactor", () => {
  it("rises to 1 over the warm-up and falls towards 0", () => {
    const factors = Array.from({ length: 100 }, (_, i) => scheduleFactor(i + 1, 100, 0.1));
    expect(factors[0]).toBeCloseTo(0.1);
    expect(factors[9]).toBe(1);
    for (let i = 10; i < 100; i++) expect(factors[i]!).toBeLessThan(factors[i - 1]!);
    expect(factors[99]!).toBeGreaterThan(0);
    expect(factors[99]!).toBeLessThan(0.01);
  });
  it("is finite for one step and without warm-up", () => {
    expect(scheduleFactor(1, 1, 0.1)).toBe(1);
    expect(scheduleFactor(1, 1, 0)).toBe(1);
    expect(Number.isFinite(scheduleFactor(5, 5, 0.9))).toBe(true);
  });
});
