import { describe, expect, it } from "vitest";
import { METRIC_KEYS } from "../../evaluation/types";
import { random } from "../../random";
import { type DoneTrial, type SystemRecord, type TrialRecord, trialRecordSchema } from "./record";
import { judgedSystem, sweepTable } from "./table";

const none = { value: null, low: null, high: null, reason: "made up" };
const system = (recall: number[]): SystemRecord => ({
  metrics: Object.fromEntries(METRIC_KEYS.map((key) => [key, none])) as SystemRecord["metrics"],
  retention: null,
  perQuery: { "recall@10": recall },
  ...{ queryParams: 1, documentParams: 1, queryParamsWithEmbeddings: 1, queryFlops: 1, trainingFlops: 1 },
  ...{ steps: 1, pairsSeen: 1, loss: null, validation: null, entropy: null, cost: null },
});
const hard = Array.from({ length: 200 }, (_, i) => random(1, "query", i).next());
const trial = (weight: number, seed: number, shift: number): DoneTrial => {
  const noise = random(seed, "noise", weight);
  return {
    ...{ version: 1, key: `${weight} ${seed}`, sweep: "test", changes: [], codeVersion: "", seconds: 1, seed },
    status: "done",
    assignments: { "stage2.mseWeight": weight },
    adapter: { description: "", vendor: "", architecture: "", software: true, host: "node" },
    testSetHash: `test set of seed ${seed}`,
    collection: { name: "toy", documents: 1, testQueries: 200, trainingPairs: 1, trainingQueries: 1 },
    systems: {
      teacher: system(hard),
      scalingnote: system(hard.map((x) => x + shift + 0.05 * noise.normal())),
    },
  };
};
const failed: TrialRecord = {
  ...{ version: 1, key: "f", sweep: "test", changes: [], codeVersion: "", seconds: 1, seed: 1 },
  ...{ status: "failed", assignments: { "stage2.mseWeight": 9 }, adapter: trial(0, 1, 0).adapter },
  error: { kind: "not-finite", message: "gone", remedy: "lower it" },
};
const OPTIONS = { samples: 500, seed: 7 };

describe("a sweep's table", () => {
  it("has means over seeds, the best row, and what is tied with it", () => {
    const records = [1, 2, 3].flatMap((seed) => [trial(0, seed, -0.3), trial(1, seed, 0), trial(2, seed, 0)]);
    for (const record of [...records, failed]) expect(trialRecordSchema.parse(record)).toEqual(record);
    const { rows, best, judged, failed: lost } = sweepTable([...records, failed], "recall@10", OPTIONS);
    expect(judged).toBe("scalingnote");
    expect(rows.map(({ words, seeds }) => [words, seeds])).toEqual(
      [0, 1, 2].map((weight) => [`stage2.mseWeight=${weight}`, [1, 2, 3]]),
    );
    const mean = hard.reduce((a, b) => a + b, 0) / 200;
    expect(rows[0]!.systems.scalingnote!.value).toBeCloseTo(mean - 0.3, 1);
    expect(rows[0]!.systems.teacher!.value).toBeCloseTo(mean, 9);
    expect(["stage2.mseWeight=1", "stage2.mseWeight=2"]).toContain(best);
    const other = rows.find(({ words }) => words !== best && words !== "stage2.mseWeight=0")!;
    expect([rows[0]!.standing!.tied, other.standing!.tied]).toEqual([false, true]);
    expect(rows.find(({ words }) => words === best)!.standing).toBeNull();
    expect(lost).toEqual([failed]);
  });

  it("is empty of an empty sweep, and judges what there is", () => {
    expect(sweepTable([], "recall@10", OPTIONS)).toMatchObject({ rows: [], best: null, judged: null });
    expect(judgedSystem(["teacher", "scalingnote", "bm25"])).toBe("scalingnote");
    expect(judgedSystem(["twinbert", "bm25"])).toBe("twinbert");
    expect(judgedSystem(["bm25"])).toBe("bm25");
  });
});
