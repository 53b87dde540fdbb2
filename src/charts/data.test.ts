/** What the charts of sweeps are given, and what is said beside them. */
import { describe, expect, it } from "vitest";
import { ablationReport } from "../core/analysis/ablation";
import { scalingReport } from "../core/analysis/scaling";
import { gridTrials, scalingTrials } from "../core/analysis/synthetic.test-helper";
import { ENTROPY_MEASURES } from "../core/analysis/trial";
import { forestData, importanceData, parallelData } from "./ablationData";
import { alongAxis, axisData, firstAxes, heatData, othersAlong, sliceWords } from "./ablationSlices";
import { bestWords, configurationWords, valuesWords } from "./ablationWords";
import { constantWords, costsOf, heldOutWords, lawPlotData, qualityData, sizeNames } from "./scalingData";

const OPTIONS = { samples: 50, seed: 7 };
const AXES = { "stage2.mseWeight": [0, 10], "stage2.mseOn": ["raw", "normalised"], "student.width": [16, 32] };
const trials = gridTrials(
  AXES,
  (a) => 0.3 + (a["stage2.mseOn"] === "raw" ? 0.3 : 0) + 0.005 * Number(a["student.width"]),
  [7, 8],
);
const report = ablationReport(trials, "scalingnote", "recall@10", OPTIONS);
const best = report.configurations[report.best!.group]!;

describe("the data of an ablation's charts", () => {
  it("is a slice through the best configuration", () => {
    const heat = heatData(report, "student.width", "stage2.mseOn");
    expect([heat.xs, heat.ys]).toEqual([
      ["16", "32"],
      ["before norm", "after norm"],
    ]);
    expect(heat.cells).toHaveLength(4);
    expect(heat.cells.filter((c) => c.mark === "best")).toEqual([
      expect.objectContaining({
        x: 1,
        y: 0,
        value: best.estimate.value,
        seeds: [expect.any(Number), expect.any(Number)],
      }),
    ]);
    expect(sliceWords(report, ["student.width", "stage2.mseOn"])).toBe(
      `Other settings as in the best: MSE weight ${best.assignments["stage2.mseWeight"]}.`,
    );
    expect(sliceWords(report, Object.keys(AXES))).toBe("");
    expect(axisData(report, "student.width").points.map((p) => p.x)).toEqual([16, 32]);
  });
  it("shows the largest family where the best stands alone among its own", () => {
    const weight = "stage2.klWeight";
    const own = (width: number, on: string, kl: number) => ({
      "student.width": width,
      "stage2.mseOn": on,
      [weight]: kl,
    });
    const list = [own(16, "raw", 0), own(32, "raw", 0), own(32, "normalised", 0), own(64, "raw", 1)];
    const trials = list.flatMap((cell) =>
      gridTrials(Object.fromEntries(Object.entries(cell).map(([path, value]) => [path, [value]])), (a) =>
        a[weight] === 1 ? 0.8 : 0.5,
      ),
    );
    const found = ablationReport(trials, "scalingnote", "recall@10", { samples: 100, seed: 7 });
    expect(found.configurations[found.best!.group]!.assignments[weight]).toBe(1);
    expect(heatData(found, "student.width", "stage2.mseOn").cells).toHaveLength(3);
    expect(sliceWords(found, ["student.width", "stage2.mseOn"])).toBe("Other settings: score KL weight 0.");
    // With one axis on show every family here has one member but that of the raw ones.
    expect(axisData(found, "student.width").points.map((p) => p.x)).toEqual([16, 32]);
  });
  it("goes where most was tried, where the best stands alone: along the arms of a cross, with the teacher beside", () => {
    const at = (typos: number, wordDrop: number) => ({ "evaluation.typos": typos, "evaluation.wordDrop": wordDrop });
    const cross = [at(0, 0), at(0.2, 0), at(0.4, 0), at(0, 0.3)].map((assignments) => {
      const noise = assignments["evaluation.typos"] + assignments["evaluation.wordDrop"];
      const trial = trials[0]!;
      const system = (value: number) => {
        const metrics = { retention: { value, low: null, high: null } };
        return { ...trial.systems.scalingnote!, metrics, perQuery: {} };
      };
      // Here a dropped word is the best for retention.
      const kept = assignments["evaluation.wordDrop"] > 0 ? 0.99 : 0.9 - noise;
      const systems = { teacher: system(1 - noise), scalingnote: system(kept), bm25: system(0.5) };
      return { ...trial, assignments, systems };
    });
    const found = ablationReport(cross, "scalingnote", "retention", OPTIONS);
    expect(found.configurations[found.best!.group]!.assignments["evaluation.wordDrop"]).toBe(0.3);
    expect(axisData(found, "evaluation.typos").points.map((p) => p.x)).toEqual([0, 0.2, 0.4]);
    expect(sliceWords(found, ["evaluation.typos"])).toMatch(/^Other settings: .* 0\.$/);
    // Of two arms as long as each other the best one's is shown.
    expect(axisData(found, "evaluation.wordDrop").points.map((p) => p.x)).toEqual([0, 0.3]);
    const [teacher] = alongAxis(found, cross, "evaluation.typos", "teacher");
    expect(teacher!.points!.map(({ x, value }) => [x, Number(value.toFixed(6))])).toEqual([
      [0, 1],
      [0.2, 0.8],
      [0.4, 0.6],
    ]);
    expect(teacher!.value).toBeCloseTo(0.6);
    const level = { value: 0.5, label: "BM25", className: "c-bm25" };
    expect(alongAxis(found, cross, "evaluation.typos", "bm25")).toEqual([level]);
    expect(othersAlong(found, cross, "evaluation.typos").map(({ label }) => label)).toEqual(["Teacher", "BM25"]);
    expect(alongAxis(found, cross, "evaluation.typos", "twinbert")).toEqual([]);
  });
  it("of trials drawn at random is all of them, for no two share their other settings", () => {
    const drawn = [0.001, 0.02, 0.3, 4, 5].flatMap((kl, i) =>
      gridTrials(
        {
          "stage2.klWeight": [kl],
          "student.width": [16 + 8 * i],
          "stage2.mseOn": [i % 2 ? "raw" : "normalised"],
        },
        (a) => 0.4 + 0.05 * Number(a["stage2.klWeight"]),
      ),
    );
    const found = ablationReport(drawn, "scalingnote", "recall@10", { samples: 50, seed: 7 });
    const first = firstAxes(found)!;
    expect(first.down).toBeNull();
    const data = axisData(found, first.across, alongAxis(found, drawn, first.across, "teacher"));
    expect(data.scattered).toBe(true);
    expect(data.points).toHaveLength(5);
    expect(sliceWords(found, [first.across])).toBe("All configurations: their other settings differ too.");
    expect(data.references).toHaveLength(1);
    expect(data.references![0]!.points).toBeUndefined();
  });
  it("begins with two axes where they make a map, and with the longest line of a cross", () => {
    expect(firstAxes(report)!.down).not.toBeNull();
    expect(axisData(report, "student.width").scattered).toBe(false);
    const arm = (steps: number, share: number, widths: number[]) =>
      gridTrials({ "student.width": widths, "training.labelledShare": [share], "stage1.steps": [steps] }, () => 0.5);
    const cross = [...arm(100, 1, [8, 16, 32, 64]), ...arm(200, 0.5, [20]), ...arm(300, 0.2, [20])];
    const found = ablationReport(cross, "scalingnote", "recall@10", { samples: 50, seed: 7 });
    expect(firstAxes(found)).toEqual({ down: null, across: "student.width" });
  });
  it("has a cell for what a sweep has still to measure, with its other settings as in the best", () => {
    const cell = (width: number, more = {}) => ({
      assignments: { ...best.assignments, "student.width": width, ...more },
      state: "queued",
    });
    const other = { "stage2.mseWeight": -1 };
    const heat = heatData(report, "student.width", "stage2.mseOn", [cell(8), cell(16), cell(64, other)]);
    expect(heat.xs).toEqual(["8", "16", "32"]);
    expect(heat.cells).toHaveLength(5);
    expect(heat.cells.at(-1)).toEqual({ x: 0, y: 0, value: null, state: "queued" });
    expect(heat.cells.find((c) => c.mark === "best")).toMatchObject({ x: 2, y: 0 });
    expect(axisData(report, "stage2.mseOn").points.map((p) => [p.x, p.label])).toEqual([
      [0, "before norm"],
      [1, "after norm"],
    ]);
  });
  it("has every configuration in the parallel coordinates, and every rival in the forest", () => {
    const parallel = parallelData(report);
    expect(parallel.axes.map((a) => [a.title, a.words?.length])).toEqual([
      ["MSE weight", undefined],
      ["Apply MSE", 2],
      ["Student width", undefined],
      ["recall@10", undefined],
    ]);
    expect(parallel.lines).toHaveLength(8);
    expect(parallel.lines.filter((l) => l.best)).toHaveLength(1);
    const rows = forestData(report);
    expect(rows).toHaveLength(7);
    expect(Math.abs(rows[0]!.value!)).toBeLessThanOrEqual(Math.abs(rows[6]!.value!));
    expect(importanceData(report)[0]!.label).toBe("Apply MSE");
  });
  it("is told in words", () => {
    expect(configurationWords({ "stage2.mseWeight": 10, "stage2.mseOn": "raw" }, report.axes)).toBe(
      "MSE weight 10, apply MSE before norm",
    );
    expect(valuesWords({ "stage2.mseWeight": 10, "student.width": 32 }, report.axes)).toBe("10, –, 32");
    // A comma within a number would be one between values.
    expect(valuesWords({ "stage2.mseWeight": 1200 }, report.axes)).toBe("1200, –, –");
    expect(bestWords(report)).toMatch(
      /^Best: MSE weight \d+, apply MSE before norm, student width 32, \.\d+ \[.*Tied with \d other/,
    );
    expect(bestWords(ablationReport(trials, "twinbert", "recall@10", OPTIONS))).toMatch(/No configuration has a value/);
    expect(bestWords(ablationReport(trials.slice(0, 2), "scalingnote", "recall@10", OPTIONS))).toMatch(
      /no other to compare/,
    );
    const apart = trials.map((t, i) => ({ ...t, testSetHash: String(i) }));
    expect(bestWords(ablationReport(apart, "scalingnote", "recall@10", OPTIONS))).toMatch(
      /7 others cannot be compared/,
    );
  });
});

describe("the data of a scaling sweep's charts", () => {
  const sizes = scalingTrials();
  const law = scalingReport(sizes, {
    system: "teacher",
    measure: ENTROPY_MEASURES.scaled,
    form: "N",
    holdOut: 1,
    budget: null,
    ...OPTIONS,
  });
  it("marks what was held out and has the levels of chance and floor", () => {
    const plot = lawPlotData(law, { x: true, y: true });
    expect(plot.points.map((p) => p.heldOut)).toEqual([false, false, false, false, false, false, true]);
    expect(plot.points[0]).toMatchObject({ x: 1592, label: "8" });
    expect(plot.references![0]).toEqual({ y: Math.log(257), label: "chance, ln 257" });
    expect(heldOutWords(law)).toMatch(/^Held-out error \d+\.\d\u2009% at 1\.9 times the largest fitted size\.$/);
  });
  it("names sizes by what differs", () => {
    const at = (assignments: Record<string, number>) => ({ assignments });
    const shapes = [
      at({ "teacher.width": 64, "teacher.layers": 1 }),
      at({ "teacher.width": 128, "teacher.layers": 2 }),
    ];
    expect(sizeNames(shapes)).toMatchObject({ settings: "teacher width × layers" });
    expect(sizeNames(shapes).of(shapes[1]!.assignments)).toBe("128 × 2");
    const many = [
      at({ "teacher.width": 64, "data.notes.trainQueries": 20_000 }),
      at({ "teacher.width": 64, "data.notes.trainQueries": 5_000 }),
    ];
    expect([sizeNames(many).settings, sizeNames(many).of(many[0]!.assignments)]).toEqual(["training queries", "20k"]);
    expect(sizeNames([])).toMatchObject({ settings: "" });
  });
  it("has a front over all systems, and a system that nothing reaches only once", () => {
    const data = qualityData(trials, "recall@10", "queryFlops");
    expect(data.points.filter((p) => p.system === "teacher")).toHaveLength(1);
    expect(data.points.filter((p) => p.system === "scalingnote")).toHaveLength(8);
    expect(data.front.map((i) => data.points[i]!.system)).toEqual(["scalingnote", "teacher"]);
    expect(qualityData(sizes, "recall@10", "d").points[0]!.label).toBe("8");
    expect(costsOf(sizes)).toEqual(["queryFlops", "n", "compute", "d"]);
  });
  it("writes constants as people do", () => {
    expect([27_600, 0.481, 1.05, 0, 1e-5, 480.3, Number.NaN].map(constantWords)).toEqual([
      "2.76 × 10⁴",
      ".481",
      "1.05",
      "0",
      "1.00 × 10⁻⁵",
      "480",
      "–",
    ]);
  });
});
