import { describe, expect, it } from "vitest";
import type { Dataset, Split } from "../data/types";
import { pairOrder, queryOrder, trainingPairs } from "./pairs";

const empty: Split = { queries: [], qrels: new Map() };
const dataset: Dataset = {
  name: "toy",
  docs: ["a", "b", "c", "d", "e", "f"].map((id) => ({ id, title: "", text: id })),
  train: {
    queries: [
      { id: "q0", text: "0" },
      { id: "q1", text: "1", negatives: ["d", "a"] },
      { id: "q2", text: "2" },
    ],
    qrels: new Map([
      [
        "q0",
        new Map([
          ["a", 2],
          ["b", 1],
          ["c", 0],
        ]),
      ],
      [
        "q1",
        new Map([
          ["b", 2],
          ["a", 1],
        ]),
      ],
      [
        "q2",
        new Map([
          ["c", 2],
          ["e", 2],
        ]),
      ],
    ]),
  },
  validation: empty,
  test: empty,
  relevanceLevel: 2,
  notices: [],
};

describe("trainingPairs", () => {
  const pairs = trainingPairs(dataset, 1, 7);
  it("pairs every query with its documents at the relevance level", () => {
    expect([...pairs.query]).toEqual([0, 1, 2, 2]);
    expect([...pairs.document]).toEqual([0, 1, 2, 4]);
  });
  it("takes rows of score 0 and named negatives as hard negatives, never what is graded", () => {
    expect([...pairs.hard[0]!]).toEqual([2]);
    expect([...pairs.hard[1]!]).toEqual([3]);
  });
});

describe("queries without labels", () => {
  const many: Dataset = {
    ...dataset,
    train: {
      queries: Array.from({ length: 200 }, (_, i) => ({ id: `q${i}`, text: String(i), negatives: ["f"] })),
      qrels: new Map(Array.from({ length: 200 }, (_, i) => [`q${i}`, new Map([["a", 2]])])),
    },
  };
  const labelled = (share: number, seed: number) => [...trainingPairs(many, share, seed).query];
  it("give no pair, no graded document and no hard negative", () => {
    const pairs = trainingPairs(many, 0.25, 7);
    expect(pairs.query.length).toBe(50);
    for (let q = 0; q < 200; q++) {
      const known = pairs.query.includes(q);
      expect(pairs.graded[q]!.size).toBe(known ? 1 : 0);
      expect(pairs.hard[q]!.length).toBe(known ? 1 : 0);
    }
  });
  it("are drawn by seed, spread over all, and never all there are", () => {
    expect(labelled(0.25, 7)).toEqual(labelled(0.25, 7));
    expect(labelled(0.25, 7)).not.toEqual(labelled(0.25, 8));
    expect(Math.max(...labelled(0.25, 7))).toBeGreaterThan(150);
    expect(labelled(0.001, 7).length).toBe(1);
    expect(labelled(1, 7).length).toBe(200);
  });
});

describe("pairOrder", () => {
  const pairs = trainingPairs(dataset, 1, 7);
  it("takes every pair once a pass and depends on seed and step alone", () => {
    const order = pairOrder(pairs, 2, 0, 7);
    const pass = [...order(1).documents, ...order(2).documents];
    expect(pass.slice().sort()).toEqual([0, 1, 2, 4]);
    const other = pairOrder(pairs, 2, 0, 7);
    other(9);
    expect(other(2)).toEqual(order(2));
    expect(pairOrder(pairs, 4, 0, 8)(3)).not.toEqual(pairOrder(pairs, 4, 0, 7)(3));
  });
  it("masks what is graded above 0 for a query, but for its own positive", () => {
    const order = pairOrder(pairs, 4, 1, 1);
    for (let step = 1; step <= 6; step++) {
      const { queries, documents, mask } = order(step);
      expect(documents).toHaveLength(8);
      queries.forEach((q, row) => {
        documents.forEach((d, column) => {
          const graded = (dataset.train.qrels.get(`q${q}`)!.get(dataset.docs[d]!.id) ?? 0) > 0;
          expect(mask[row * 8 + column]).toBe(column === row || !graded ? 1 : 0);
        });
      });
    }
  });
});

describe("queryOrder", () => {
  it("sees every query once a pass", () => {
    const order = queryOrder(10, 5, 3);
    expect([...order(1), ...order(2)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(order(1)).toEqual(queryOrder(10, 5, 3)(1));
  });
});
