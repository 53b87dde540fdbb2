import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostInputs } from "./batch";

const VOCABULARY = 9;
const texts = fc.array(
  fc.array(fc.integer({ min: 0, max: VOCABULARY - 1 }), { maxLength: 7 }).map((ids) => Int32Array.from(ids)),
  { minLength: 3, maxLength: 3 },
);

describe("hostInputs", () => {
  it("sorts every real position by its id, ascending, and leaves padding out", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 6 }), (sequences, tokens) => {
        const { ids, mask, order, offsets } = hostInputs(sequences, tokens, VOCABULARY, "mean", 0);
        for (let id = 0; id < VOCABULARY; id++) {
          const own = [...ids.keys()].filter((position) => mask[position] === 1 && ids[position] === id);
          expect([...order.subarray(offsets[id], offsets[id + 1])]).toEqual(own);
        }
        expect(offsets[0]).toBe(0);
        expect(offsets[VOCABULARY]).toBe(mask.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it("gives the same where it writes over what an earlier batch left", () => {
    fc.assert(
      fc.property(texts, texts, fc.constantFrom("mean", "last", "cls"), (before, after, pooling) => {
        const into = hostInputs(before, 5, VOCABULARY, pooling, 3);
        const again = hostInputs(after, 5, VOCABULARY, pooling, 3, into);
        expect(again.order).toBe(into.order);
        expect(again).toEqual(hostInputs(after, 5, VOCABULARY, pooling, 3));
      }),
    );
  });

  it("refuses an id outside the vocabulary", () => {
    expect(() => hostInputs([Int32Array.of(9)], 2, VOCABULARY, "mean", 0)).toThrow("token 9 is outside");
  });
});
