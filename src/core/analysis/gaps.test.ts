import { expect, it } from "vitest";
import { studentGaps } from "./gaps";
import { entropy, gridTrials, system } from "./synthetic.test-helper";

const [first] = gridTrials({ "stage2.mseWeight": [1] }, () => 0.6, [7]);
const trial = {
  ...first!,
  key: "k",
  queryIds: ["a", "b", "c", "d"],
  systems: {
    teacher: system({ column: [1, 1, 0.5, null] }),
    scalingnote: system({ column: [1, 0, 1, 1] }),
  },
};

it("finds the queries on which the student loses", () => {
  expect(studentGaps([trial], "scalingnote", "recall@10")).toEqual({
    worst: [{ key: "k", seed: 7, query: 1, id: "b", student: 0, teacher: 1, gap: 1, ranking: null }],
    lost: 1,
    equal: 1,
    won: 1,
    tenth: 1,
  });
  expect(studentGaps([first!], "twinbert", "recall@10")).toBeNull();
});

it("sets both rankings beside each other, where the record has both", () => {
  const kept = { place: 1, id: "q-b", text: "long train", relevant: { d3: 2 } };
  const both = { ...kept, top: { teacher: ["d3", "d1"], scalingnote: ["d1", "d2"] } };
  expect(studentGaps([{ ...trial, rankings: [both] }], "scalingnote", "recall@10")!.worst[0]).toMatchObject({
    id: "q-b",
    ranking: { text: "long train", relevant: { d3: 2 }, teacher: ["d3", "d1"], student: ["d1", "d2"] },
  });
  const one = { ...kept, top: { teacher: ["d3", "d1"], twinbert: ["d1", "d2"] } };
  expect(studentGaps([{ ...trial, rankings: [one] }], "scalingnote", "recall@10")!.worst[0]!.ranking).toBeNull();
});

it("knows of which measures less is better", () => {
  const at = (scaled: (number | null)[]) =>
    system({ contrastiveEntropy: { ...entropy(1), byQuery: { raw: scaled, scaled, pairs: scaled.map(() => 1) } } });
  const systems = { teacher: at([1, 2, 3]), scalingnote: at([1, 4, 2]) };
  const found = studentGaps([{ ...trial, systems }], "scalingnote", "contrastive entropy, scaled")!;
  expect(found).toMatchObject({ lost: 1, equal: 1, won: 1, worst: [{ query: 1, gap: 2 }] });
});
