import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseRows, scoreAll, topK } from "./exact";

describe("topK", () => {
  it("equals a full sort by score, then by id descending", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 70 }),
        (list, k) => {
          const scores = Float32Array.from(list);
          const ids = list.map((_, i) => `d${(i * 37) % 101}`);
          const sorted = list
            .map((_, i) => i)
            .sort((a, b) => scores[b]! - scores[a]! || (ids[a]! < ids[b]! ? 1 : -1))
            .slice(0, k);
          expect([...topK(scores, ids, k)]).toEqual(sorted);
        },
      ),
    );
  });
});

describe("scoreAll", () => {
  it("is the cosine", () => {
    const vectors = normaliseRows(Float32Array.of(3, 4, 0, 0, -1, 0), 2);
    const query = normaliseRows(Float32Array.of(1, 0), 2);
    const scores = scoreAll({ ids: ["a", "b", "c"], vectors, size: 2 }, query);
    expect(scores[0]).toBeCloseTo(0.6);
    expect(scores[1]).toBe(0);
    expect(scores[2]).toBe(-1);
  });
});
