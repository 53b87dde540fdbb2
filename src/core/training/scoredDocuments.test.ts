import { describe, expect, it } from "vitest";
import type { TrainingPairs } from "./pairs";
import { pairOrder, queryOrder } from "./pairs";
import { scoredDocuments } from "./scoredDocuments";

const pairs: TrainingPairs = {
  query: Int32Array.of(0, 0, 1),
  document: Int32Array.of(3, 4, 5),
  graded: [new Set([3, 4, 7]), new Set([5]), new Set()],
  hard: [],
  documents: 50,
};
/** Texts 0 to 2 are queries, 3 is a copy of query 0, 4 a document. */
const queryOf = (text: number) => [0, 1, 2, 0, -1][text]!;
const make = (which: "batch" | "sampled" | "both") =>
  scoredDocuments(pairs, new Float32Array(), { which, sampled: 40, seed: 1, queryOf });

describe("scored documents", () => {
  it("are each text's own, where it has one, then the sampled", () => {
    for (const which of ["batch", "sampled", "both"] as const) {
      const scored = make(which);
      const columns = which === "batch" ? 5 : 45;
      expect(scored.columns(5)).toBe(columns);
      for (let step = 1; step <= 20; step++) {
        const { documents, counts, labelled } = scored.of(step, [0, 1, 2, 3, 4]);
        expect(documents).toHaveLength(columns);
        expect([3, 4]).toContain(documents[0]);
        expect(documents[1]).toBe(5);
        expect([3, 4]).toContain(documents[3]);
        expect(Math.max(...documents)).toBeLessThan(50);
        // The mean over all texts is the mean over those with an answer.
        expect([...labelled].map((x) => Math.round(x * 1e4) / 1e4)).toEqual([1.6667, 1.6667, 0, 1.6667, 0]);
        for (let row = 0; row < 5; row++)
          for (let column = 0; column < columns; column++) {
            const graded = pairs.graded[queryOf(row)]?.has(documents[column]!) ?? false;
            const unseen = which === "sampled" && column < 5;
            expect(counts[row * columns + column]).toBe(column === row || !(graded || unseen) ? 1 : 0);
          }
        expect(make(which).of(step, [0, 1, 2, 3, 4])).toEqual({ documents, counts, labelled });
      }
    }
    expect(make("both").distribution(5)).toEqual({ from: 0, count: 45 });
    expect(make("sampled").distribution(5)).toEqual({ from: 5, count: 40 });
  });
  it("know nothing of a batch without answers", () => {
    expect([...make("batch").of(1, [2, 4]).labelled]).toEqual([0, 0]);
  });
});

describe("a queue of earlier positives", () => {
  const many: TrainingPairs = {
    query: Int32Array.from({ length: 12 }, (_, i) => i),
    document: Int32Array.from({ length: 12 }, (_, i) => i),
    graded: Array.from({ length: 12 }, (_, i) => new Set([i, (i + 1) % 12])),
    hard: Array.from({ length: 12 }, () => Int32Array.of()),
    documents: 12,
  };
  it("counts what is in it, but what is graded and what is empty yet", () => {
    const [batch, batches] = [4, 2];
    const plain = pairOrder(many, batch, 0, 3);
    const order = pairOrder(many, batch, 0, 3, { queue: { batches } });
    for (const step of [1, 2, 3, 4, 7, 5, 40, 41]) {
      const { queries, documents, mask } = order(step);
      expect(queries).toEqual(plain(step).queries);
      expect(documents).toEqual(plain(step).documents);
      const columns = batch * (1 + batches);
      expect(mask).toHaveLength(batch * columns);
      for (let row = 0; row < batch; row++) {
        expect([...mask.subarray(row * columns, row * columns + batch)]).toEqual([
          ...plain(step).mask.subarray(row * batch, (row + 1) * batch),
        ]);
        for (let k = 0; k < batches * batch; k++) {
          // The last step whose place this is.
          let from = step - 1;
          while ((from - 1) % batches !== Math.floor(k / batch) && from > 0) from--;
          const queued = from > 0 ? plain(from).documents[k % batch]! : null;
          const counts = queued !== null && !many.graded[queries[row]!]!.has(queued);
          expect(mask[row * columns + batch + k], `step ${step}, row ${row}, place ${k}`).toBe(counts ? 1 : 0);
        }
      }
    }
  });
});

it("an order of other texts of one seed is another", () => {
  expect([...queryOrder(30, 10, 1, "documents")(1)]).not.toEqual([...queryOrder(30, 10, 1)(1)]);
});
