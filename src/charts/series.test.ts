import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucket, extent, MAX_POINTS, positive, smooth } from "./series";

const line = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => ({ x: i, y: f(i) }));
const anyPoints = fc.array(fc.record({ x: fc.integer({ min: 0, max: 1e6 }), y: fc.float() }), { maxLength: 2000 });

describe("smooth", () => {
  it("is de-biased: a constant stays what it is from the first point on", () => {
    for (const p of smooth(
      line(50, () => 3),
      10,
    ))
      expect(p.y).toBeCloseTo(3, 12);
  });
  it("weighs the past by distance, so that half the points of a line give the same curve", () => {
    const all = smooth(
      line(401, (i) => Math.exp(-i / 80)),
      40,
    );
    const half = smooth(
      line(401, (i) => Math.exp(-i / 80)).filter((p) => p.x % 2 === 0),
      40,
    );
    for (const p of half.slice(20)) expect(p.y).toBeCloseTo(all[p.x]!.y, 1);
  });
  it("gives points back without a span, and leaves out what is not a number", () => {
    expect(
      smooth(
        [
          { x: 0, y: 1 },
          { x: 1, y: Number.NaN },
          { x: 2, y: 5 },
        ],
        0,
      ),
    ).toEqual([
      { x: 0, y: 1 },
      { x: 2, y: 5 },
    ]);
  });
  it("stays within the values", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 }), (ys) => {
        const [low, high] = extent(ys)!;
        for (const p of smooth(
          line(ys.length, (i) => ys[i]!),
          7,
        )) {
          expect(p.y).toBeGreaterThanOrEqual(low - 1e-9);
          expect(p.y).toBeLessThanOrEqual(high + 1e-9);
        }
      }),
    );
  });
});

describe("bucket", () => {
  it("keeps at most 300 points, in order, with the extremes and the last", () => {
    fc.assert(
      fc.property(anyPoints, (raw) => {
        const points = raw.map((p, i) => ({ x: i, y: p.y }));
        const finite = points.filter((p) => Number.isFinite(p.y));
        const out = bucket(points);
        expect(out.length).toBeLessThanOrEqual(MAX_POINTS);
        expect(out.map((p) => p.x)).toEqual([...out.map((p) => p.x)].sort((a, b) => a - b));
        expect(out.at(-1)).toEqual(finite.at(-1));
        expect(extent(out.map((p) => p.y))).toEqual(extent(finite.map((p) => p.y)));
      }),
    );
  });
  it("takes 100,000 points and keeps a single spike", () => {
    const out = bucket(line(100_000, (i) => (i === 54_321 ? 99 : 1)));
    expect(out.length).toBeLessThanOrEqual(300);
    expect(out).toContainEqual({ x: 54_321, y: 99 });
  });
  it("keeps short series whole and empty ones empty", () => {
    expect(bucket([])).toEqual([]);
    expect(bucket([{ x: 1, y: 2 }])).toEqual([{ x: 1, y: 2 }]);
    expect(bucket([{ x: 1, y: Number.NaN }])).toEqual([]);
  });
});

it("extent and positive ignore what cannot be drawn", () => {
  expect(extent([Number.NaN, Number.POSITIVE_INFINITY])).toBeNull();
  expect(extent([2, Number.NaN, -1])).toEqual([-1, 2]);
  expect(
    positive(
      [
        { x: 0, y: 0 },
        { x: 1, y: 2 },
      ],
      "y",
    ),
  ).toEqual([{ x: 1, y: 2 }]);
});
