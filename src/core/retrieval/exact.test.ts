import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstValues, normaliseRows, scoreAll, tieOrder, topK } from "./exact";

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

describe("firstValues", () => {
  it("cuts every row, and leaves rows that are no longer as they are", () => {
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect([...firstValues(rows, 3, 2)]).toEqual([1, 2, 4, 5]);
    expect(firstValues(rows, 3, 3)).toBe(rows);
    expect(firstValues(rows, 3, 9)).toBe(rows);
    expect(firstValues(new Float32Array(0), 3, 2)).toHaveLength(0);
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

describe("tieOrder", () => {
  it("is the order in which equal scores rank", () => {
    // U+FFFD comes before U+1F600, though its first UTF-16 unit is the larger.
    const ids = ["b", "a10", "a9", "\u{1F600}", "\uFFFD", "a1"];
    expect([...tieOrder(ids)]).toEqual([...topK(new Float32Array(ids.length), ids, ids.length)]);
    expect([...tieOrder(ids)].map((i) => ids[i])).toEqual(["\u{1F600}", "\uFFFD", "b", "a9", "a10", "a1"]);
  });
});
