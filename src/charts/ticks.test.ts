import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearAxis, logAxis } from "./ticks";

describe("linearAxis", () => {
  it("ticks at 1, 2 and 5", () => {
    expect(linearAxis([0, 1], { zero: true, count: 5 }).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearAxis([0, 300], { zero: true, exact: true })).toMatchObject({
      domain: [0, 300],
      ticks: [0, 100, 200, 300],
    });
  });
  it("has a width whatever the values", () => {
    for (const values of [[], [0], [5, 5], [-3], [Number.NaN]]) {
      const { domain, ticks } = linearAxis(values);
      expect(domain[1]).toBeGreaterThan(domain[0]);
      expect(ticks.length).toBeGreaterThan(0);
    }
  });
  it("covers the values with 2 to 12 ticks", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { domain, ticks } = linearAxis(values);
        const rounding = 1e-8 * (domain[1] - domain[0]);
        expect(domain[0]).toBeLessThanOrEqual(Math.min(...values) + rounding);
        expect(domain[1]).toBeGreaterThanOrEqual(Math.max(...values) - rounding);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(13);
      }),
    );
  });
});

describe("logAxis", () => {
  it("ticks at 1, 3 and 10", () => {
    expect(logAxis([0.05, 4]).ticks).toEqual([0.1, 0.3, 1, 3]);
    // Less than a decade: one or two ticks would be no scale.
    expect(logAxis([116_000, 387_000]).ticks).toEqual([150_000, 200_000, 300_000]);
    expect(logAxis([0.5, 1.1]).ticks).toEqual([0.5, 0.6, 0.8, 1]);
  });
  it("leaves 0 and below out, and has a width whatever is left", () => {
    for (const values of [[], [0], [-1, 0, 2], [7, 7]]) {
      const { domain } = logAxis(values);
      expect(domain[0]).toBeGreaterThan(0);
      expect(domain[1]).toBeGreaterThan(domain[0]);
    }
  });
  it("has a tick inside for any range", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        (low, ratio) => {
          const axis = logAxis([low, low * ratio]);
          expect(axis.ticks.length).toBeGreaterThan(0);
          for (const t of axis.ticks) expect(t).toBeGreaterThanOrEqual(axis.domain[0]);
        },
      ),
    );
  });
});
