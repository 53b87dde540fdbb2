import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeUpResult } from "./fakeClient.test-helper";
import { currentStage, fromRecords, lastLoss, stageStarts, stagesAt, totalSeconds, waitingStages } from "./stages";

const result = madeUpResult();
const length = totalSeconds(result.stages);

describe("stagesAt", () => {
  it("moves within a stage as its time goes by", () => {
    // Data 2 s, stage 1 92 s: at 48 s stage 1 is half done.
    const stages = stagesAt(result, 48);
    expect(stages.data.status).toBe("done");
    expect(stages.stage1).toMatchObject({ status: "running", done: 150, seconds: 46 });
    expect(stages.stage1.losses.at(-1)!.step).toBe(150);
    expect(stages.index.status).toBe("waiting");
    expect(stages.index.losses).toEqual([]);
  });
  it("only ever adds points, and ends with the record", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: length, noNaN: true }),
        fc.double({ min: 0, max: 30, noNaN: true }),
        (at, more) => {
          const before = stagesAt(result, at);
          const after = stagesAt(result, at + more);
          for (const { name } of result.stages) {
            expect(after[name].losses.length).toBeGreaterThanOrEqual(before[name].losses.length);
            expect(after[name].done).toBeGreaterThanOrEqual(before[name].done);
          }
          expect(Object.values(before).filter((s) => s.status === "running").length).toBeLessThanOrEqual(1);
        },
      ),
    );
    expect(stagesAt(result, length)).toEqual(fromRecords(result.stages));
  });
});

it("says where stages begin and which one is under way", () => {
  expect(stageStarts(result).map((s) => s.at)).toEqual([0, 2, 94, 97, 132, 192, 232]);
  expect(currentStage(waitingStages())).toBeNull();
  expect(lastLoss(waitingStages())).toBeNull();
  expect(currentStage(stagesAt(result, 48))?.name).toBe("stage1");
  expect(lastLoss(stagesAt(result, 96))).toEqual(result.stages[1]!.losses.at(-1));
});
