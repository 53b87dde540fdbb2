import { describe, expect, it } from "vitest";
import { losses, stage, validation } from "../state/fakeClient.test-helper";
import { curvesCsv, lossCurves, recallCurves } from "./curves";

const log = { x: false, y: true };
const stages = {
  stage1: stage("stage1", { total: 300, done: 300, losses: losses(300, 4, 0.2, 1), validation: validation(300, 0.9) }),
  stage2: stage("stage2", { status: "waiting" }),
};

describe("lossCurves", () => {
  it("draws trained systems only, smoothed over raw, over the planned steps", () => {
    const chart = lossCurves(stages, ["teacher", "scalingnote"], log);
    expect(chart.lines.map((l) => l.system)).toEqual(["teacher"]);
    expect(chart.x.domain).toEqual([0, 300]);
    expect(chart.y.log).toBe(true);
    expect(chart.sentence).toMatch(/^Loss by step, smoothed: Teacher \.2\d\d\.$/);
  });
  it("draws 100,000 points with 300", () => {
    const many = Array.from({ length: 100_000 }, (_, i) => ({ ...losses(2, 1, 1, 1)[0]!, step: i, loss: 1 + (i % 7) }));
    const chart = lossCurves({ stage1: stage("stage1", { total: 100_000, losses: many }) }, ["teacher"], log);
    expect(chart.lines[0]!.points.length).toBeLessThanOrEqual(300);
    expect(chart.lines[0]!.ghost.length).toBeLessThanOrEqual(300);
  });
  it("takes zeros and lost numbers on log axes", () => {
    const bad = [0, Number.NaN, 2].map((loss, step) => ({ ...losses(2, 1, 1, 1)[0]!, step, loss }));
    const chart = lossCurves({ stage1: stage("stage1", { total: 2, losses: bad }) }, ["teacher"], { x: true, y: true });
    expect(chart.lines[0]!.points).toEqual([{ x: 2, y: 2 }]);
    expect(lossCurves({}, ["teacher"], log).sentence).toBe("Loss by step: nothing yet.");
  });
});

describe("recallCurves", () => {
  it("shows the measured k, and BM25 as a level of the test queries", () => {
    const chart = recallCurves(stages, 10, { x: false, y: false }, 0.118);
    expect(chart.lines.map((l) => [l.system, l.style])).toEqual([
      ["teacher", "dots"],
      ["bm25", "words"],
    ]);
    expect(chart.lines[1]!.label).toBe(".118, test");
    expect(chart.y.domain).toEqual([0, 1]);
  });
  it("has nothing to show for a k that was not measured", () => {
    expect(recallCurves(stages, 5, { x: false, y: false }, null).lines).toEqual([]);
  });
});

it("writes the curves as CSV", () => {
  const csv = curvesCsv({
    stage1: stage("stage1", {
      losses: losses(2, 1, 1, 1).slice(0, 1),
      validation: [{ step: 0, metrics: { "recall@10": 0.5 } }],
    }),
  });
  expect(csv.split("\n")[0]).toBe("system,step,measure,value");
  expect(csv).toContain("teacher,0,recall@10,0.5\n");
});
