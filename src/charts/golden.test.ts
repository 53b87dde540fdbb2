/** Every chart of sweeps over ordinary and degenerate series: none, one, not a number, all equal, zero, 100,000 points. */
import { describe, expect, it } from "vitest";
import { type AxisPlotData, type AxisPoint, axisPlot, type Reference, wantsLog } from "./axisPlot";
import { type ForestRow, forestHeight, forestPlot } from "./forest";
import { bandPath, cutList, dotsPath, evenly, hatch, tickWords, twoLines } from "./frame";
import { expectGolden } from "./golden.test-helper";
import { type HeatCell, type HeatData, heatMap } from "./heatMap";
import { type ImportanceBar, importanceBars, importanceHeight } from "./importanceBars";
import {
  type Brushes,
  brushed,
  type ParallelData,
  parallelChart,
  parallelLayout,
  placeAxis,
  topBrush,
} from "./parallel";
import { type ParetoPoint, paretoChart } from "./paretoChart";
import { type ScalingPlotData, type ScalingPlotPoint, scalingPlot } from "./scalingPlot";
import { svgText } from "./svg";

const MANY = 100_000;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("heat map", () => {
  const weights = ["0", ".25", ".5", "1"];
  const value = (x: number, y: number) => 0.6 + 0.05 * x + 0.02 * y - 0.012 * x * x;
  const cells: HeatCell[] = range(16).map((i) => {
    const [x, y] = [i % 4, Math.floor(i / 4)];
    const v = value(x, y);
    return { x, y, value: v, low: v - 0.02, high: v + 0.02, seeds: [v - 0.01, v, v + 0.012] };
  });
  const base: HeatData = {
    xs: weights,
    ys: weights,
    xTitle: "cosine weight",
    yTitle: "MSE weight",
    metric: "recall@10",
    cells,
  };
  const size = { width: 520, height: 348 };
  const cases: [string, HeatData][] = [
    [
      "usual",
      {
        ...base,
        cells: cells.map((c) =>
          c.x === 2 && c.y === 3 ? { ...c, mark: "best" } : c.x === 3 && c.y === 3 ? { ...c, mark: "tied" } : c,
        ),
      },
    ],
    [
      "states",
      {
        ...base,
        cells: cells.map((c, i) =>
          i === 0
            ? { x: 0, y: 0, value: null, state: "no loss" }
            : i > 12
              ? { x: c.x, y: c.y, value: null, state: "queued" }
              : c,
        ),
      },
    ],
    ["none", { ...base, xs: [], ys: [], cells: [] }],
    ["one", { ...base, xs: ["1"], ys: ["2"], cells: [cells[0]!] }],
    ["nan", { ...base, cells: cells.map((c) => ({ ...c, value: Number.NaN })) }],
    ["equal", { ...base, cells: cells.map((c) => ({ ...c, value: 0.5, low: 0.5, high: 0.5, seeds: [0.5, 0.5] })) }],
    ["zero", { ...base, less: true, cells: cells.map((c) => ({ ...c, value: 0 })) }],
    [
      "many",
      {
        ...base,
        xs: range(400).map(String),
        ys: range(250).map(String),
        cells: range(MANY).map((i) => ({ x: i % 400, y: Math.floor(i / 400), value: Math.sin(i % 400) + i / MANY })),
      },
    ],
  ];
  it.each(cases)("%s", (name, data) =>
    expectGolden(`heat-${name}`, heatMap(data, name === "many" ? { width: 300, height: 200 } : size)),
  );
  it("states the finding", () => {
    expect(heatMap(cases[0]![1], size).attrs["aria-label"]).toBe(
      "Heat map of recall@10 over MSE weight and cosine weight: best .712 at MSE weight 1, cosine weight .5.",
    );
  });
});

describe("one axis", () => {
  const points: AxisPoint[] = [16, 32, 64, 128].map((x, i) => {
    const value = 0.5 + 0.1 * i - 0.01 * i * i;
    return { x, label: String(x), value, low: value - 0.03, high: value + 0.03, seeds: [value - 0.02, value + 0.01] };
  });
  const base: AxisPlotData = {
    points,
    xTitle: "student width",
    metric: "recall@10",
    numeric: true,
    className: "c-student",
  };
  // One value is missing, and one is where nothing is shown.
  const along: Reference = {
    value: 0.9,
    label: "Teacher",
    className: "c-teacher",
    points: [16, 32, 64, 128, 500].map((x, i) => ({ x, value: i === 1 ? Number.NaN : 0.8 + 0.03 * i })),
  };
  const cases: [string, AxisPlotData][] = [
    [
      "usual",
      {
        ...base,
        points: points.map((p, i) => (i === 3 ? { ...p, mark: "best" } : p)),
        references: [{ value: 0.87, label: "Teacher", className: "c-teacher" }],
      },
    ],
    [
      "words",
      {
        ...base,
        numeric: false,
        xTitle: "starts from",
        points: points.slice(0, 2).map((p, i) => ({ ...p, x: i, label: ["random", "first + last"][i]! })),
      },
    ],
    ["log", { ...base, points: points.map((p, i) => ({ ...p, x: 10 ** i })), logY: true }],
    ["along", { ...base, references: [along] }],
    [
      "along-words",
      {
        ...base,
        numeric: false,
        points: points.map((p, i) => ({ ...p, x: i })),
        references: [{ ...along, points: along.points!.map((p, i) => ({ ...p, x: i })) }],
      },
    ],
    ["none", { ...base, points: [] }],
    ["one", { ...base, points: [points[0]!] }],
    ["nan", { ...base, points: points.map((p, i) => ({ ...p, value: Number.NaN, x: i % 2 ? p.x : Number.NaN })) }],
    ["equal", { ...base, points: points.map((p) => ({ ...p, value: 0.5, low: 0.5, high: 0.5, seeds: [] })) }],
    [
      "zero",
      { ...base, logY: true, points: points.map((p, i) => ({ ...p, x: i, value: i === 1 ? 0 : p.value, low: 0 })) },
    ],
    [
      "many",
      {
        ...base,
        points: range(MANY).map((x) => ({
          x,
          label: "",
          value: Math.sin(x / 1e4),
          low: Math.sin(x / 1e4) - 0.1,
          high: Math.sin(x / 1e4) + 0.1,
        })),
      },
    ],
  ];
  it.each(cases)("%s", (name, data) => expectGolden(`axis-${name}`, axisPlot(data, { width: 420, height: 260 })));
  it("is logarithmic over more than a decade, and never with a zero", () => {
    expect([wantsLog([1, 100]), wantsLog([1, 5]), wantsLog([0, 100]), wantsLog([])]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("parallel coordinates", () => {
  const base: ParallelData = {
    axes: [
      { title: "MSE weight" },
      { title: "Cosine weight" },
      { title: "Starts from", words: ["random", "first + last"] },
      { title: "Recall@10", measured: true },
    ],
    lines: range(24).map((i) => ({
      values: [[0.1, 1, 10, 100][i % 4]!, [0, 1, 2][i % 3]!, i % 2, 0.6 + 0.008 * ((i * 7) % 24)],
      best: (i * 7) % 24 === 23,
    })),
  };
  const size = { width: 640, height: 340 };
  const cases: [string, ParallelData, Brushes][] = [
    ["usual", base, topBrush(base, 0.2)],
    ["all", base, {}],
    ["none", { ...base, lines: [] }, {}],
    ["one", { axes: base.axes, lines: [base.lines[0]!] }, { 0: [0, 1] }],
    [
      "nan",
      {
        ...base,
        lines: base.lines.map((l) => ({ values: l.values.map((v, a) => (a === 1 ? Number.NaN : a === 3 ? null : v)) })),
      },
      topBrush(base, 0.2),
    ],
    ["equal", { ...base, lines: base.lines.map(() => ({ values: [1, 1, 0, 0.5] })) }, { 3: [0.4, 0.6] }],
    ["zero", { ...base, lines: base.lines.map((l) => ({ values: [0, 0, 0, l.values[3]!] })) }, {}],
    [
      "many",
      { ...base, lines: range(MANY).map((i) => ({ values: [1 + (i % 97), i % 7, i % 2, Math.sin(i)] })) },
      { 1: [0.9, 1] },
    ],
  ];
  it.each(cases)("%s", (name, data, brushes) => expectGolden(`parallel-${name}`, parallelChart(data, brushes, size)));
  it("keeps what lies within every brush", () => {
    expect(brushed(base, {}).every(Boolean)).toBe(true);
    const top = brushed(base, topBrush(base, 0.25));
    expect(top.filter(Boolean)).toHaveLength(6);
    const both = brushed(base, { ...topBrush(base, 0.25), 2: [0.9, 1] });
    expect(both.every((on, i) => !on || (top[i] && base.lines[i]!.values[2] === 1))).toBe(true);
    const worst = { ...base, less: true };
    expect(brushed(worst, topBrush(worst, 0.25)).filter(Boolean)).toHaveLength(6);
    expect(topBrush({ ...base, lines: [] }, 0.2)).toEqual({});
  });
  it("has equal distances between axes and log scales over more than a decade", () => {
    const { x } = parallelLayout(4, size);
    expect(x(2) - x(1)).toBeCloseTo(x(1) - x(0));
    const axis = placeAxis({ title: "" }, [1, 10, 100]);
    expect(axis.place(10)! - axis.place(1)!).toBeCloseTo(axis.place(100)! - axis.place(10)!);
    expect(axis.ticks.map((t) => t.words)).toEqual(["1", "10", "100"]);
    const weights = placeAxis({ title: "" }, [0, 1, 10, 100]);
    expect(weights.place(0)).toBe(0);
    expect(weights.place(1)).toBeGreaterThan(0.1);
    expect(weights.place(100)! - weights.place(10)!).toBeCloseTo(weights.place(10)! - weights.place(1)!);
  });
});

describe("importance", () => {
  const bars: ImportanceBar[] = [
    { label: "Apply MSE", share: 0.61, chance: 0.2 },
    { label: "Learning rate, stage 2, of the student", share: 0.22, chance: 0.2 },
    { label: "Dropout", share: 0.04, chance: 0.2 },
  ];
  const cases: [string, ImportanceBar[]][] = [
    ["usual", bars],
    ["none", []],
    ["one", [bars[0]!]],
    ["nan", bars.map((b) => ({ ...b, share: Number.NaN }))],
    ["equal", bars.map((b) => ({ ...b, share: 1 / 3, chance: Number.NaN }))],
    ["zero", bars.map((b) => ({ ...b, share: 0, chance: 0 }))],
    ["many", range(MANY).map((i) => ({ label: `setting ${i}`, share: 1 / (i + 1), chance: 0.1 }))],
  ];
  it.each(cases)("%s", (name, data) =>
    expectGolden(
      `importance-${name}`,
      importanceBars(data, "variance of main effects", { width: 400, height: importanceHeight(data.length) }),
    ),
  );
});

describe("scaling", () => {
  const loss = (n: number) => 0.25 + 120 / n ** 0.48;
  const points: ScalingPlotPoint[] = [1_592, 4_656, 9_256, 15_392, 32_272, 55_296, 105_280].map((x, i) => {
    const y = loss(x) * (1 + 0.01 * Math.sin(5 * i));
    return { x, y, predicted: loss(x), label: `${8 * (i + 1)} × 1`, seeds: [y * 0.99, y, y * 1.02], heldOut: i === 6 };
  });
  const curve = {
    points: range(24).map((i) => ({
      x: 1000 * 1.26 ** i,
      y: loss(1000 * 1.26 ** i),
      low: loss(1000 * 1.26 ** i) * 0.95,
      high: loss(1000 * 1.26 ** i) * 1.06,
    })),
  };
  const base: ScalingPlotData = {
    points,
    curves: [curve],
    xTitle: "parameters without embeddings, N",
    yTitle: "contrastive entropy, nats",
    logX: true,
    logY: true,
    className: "c-teacher",
    references: [{ y: Math.log(257), label: "chance, ln 257" }],
  };
  const cases: [string, ScalingPlotData][] = [
    ["usual", base],
    ["linear", { ...base, logX: false, logY: false }],
    [
      "two-curves",
      {
        ...base,
        curves: [
          { ...curve, label: "20k pairs" },
          {
            points: curve.points.map((p) => ({ ...p, y: p.y * 2, low: p.low * 2, high: p.high * 2 })),
            label: "5k pairs",
          },
        ],
      },
    ],
    ["none", { ...base, points: [], curves: [] }],
    ["one", { ...base, points: [points[0]!], curves: [] }],
    [
      "nan",
      {
        ...base,
        points: points.map((p) => ({ ...p, y: Number.NaN })),
        curves: [{ points: curve.points.map((p) => ({ ...p, low: Number.NaN, y: Number.NaN })) }],
      },
    ],
    ["equal", { ...base, points: points.map((p) => ({ x: p.x, y: 1, predicted: 1 })), curves: [] }],
    [
      "zero",
      {
        ...base,
        points: points.map((p, i) => (i < 2 ? { ...p, y: 0, predicted: 0 } : { ...p, x: i === 3 ? 0 : p.x })),
      },
    ],
    ["many", { ...base, points: range(MANY).map((i) => ({ x: i + 1, y: 1 + 1 / (i + 1), predicted: 1 })) }],
  ];
  it.each(cases)("%s", (name, data) => expectGolden(`scaling-${name}`, scalingPlot(data, { width: 720, height: 400 })));
  it("states how far off what was held out is", () => {
    expect(scalingPlot(base, { width: 720, height: 400 }).attrs["aria-label"]).toMatch(
      /7 points, .* held out, the curve is off by 1\.0\u2009% at most\.$/,
    );
  });
});

describe("the Pareto front", () => {
  const points: ParetoPoint[] = [
    { system: "bm25", cost: 5e4, quality: 0.12, label: "BM25" },
    { system: "twinbert", cost: 4e5, quality: 0.5, low: 0.47, high: 0.53 },
    { system: "scalingnote", cost: 4e5, quality: 0.76, low: 0.73, high: 0.79, label: "32 × 1" },
    { system: "teacher", cost: 5.6e6, quality: 0.87 },
    { system: "scalingdoc", cost: 6e5, quality: 0.67 },
  ];
  const cases: [string, ParetoPoint[], number[]][] = [
    ["usual", points, [0, 2, 3]],
    ["none", [], []],
    ["one", [points[3]!], [0]],
    ["nan", points.map((p) => ({ ...p, quality: Number.NaN })), [0]],
    ["equal", points.map((p) => ({ ...p, quality: 0.5, cost: 100, low: null, high: null })), [0]],
    ["zero", points.map((p, i) => ({ ...p, cost: i < 4 ? 0 : 5 })), [4]],
    ["many", range(MANY).map((i) => ({ system: "scalingnote", cost: i + 1, quality: Math.log(i + 1) })), range(MANY)],
  ];
  it.each(cases)("%s", (name, data, front) =>
    expectGolden(
      `pareto-${name}`,
      paretoChart({ points: data, front, xTitle: "FLOPs a query", yTitle: "recall@10" }, { width: 420, height: 260 }),
    ),
  );
});

describe("long words", () => {
  const long = [
    "<b>checkpoint</b>",
    "a checkpoint whose name goes on and on, with slashes / and words",
    "none",
    "=1+1",
  ];
  it("of a heat map, of an axis and of parallel coordinates are cut, and whole for a pointer held over them", () => {
    const cells = range(16).map((i) => ({ x: i % 4, y: Math.floor(i / 4), value: i / 16 }));
    expectGolden(
      "heat-long",
      heatMap(
        { xs: long, ys: long, xTitle: "document prompt", yTitle: "Teacher start", metric: "recall@10", cells },
        { width: 360, height: 260 },
      ),
    );
    const points = long.map((label, x) => ({ x, label, value: 0.5 + x / 20 }));
    expectGolden(
      "axis-long",
      axisPlot(
        { points, xTitle: "teacher start", metric: "recall@10", numeric: false, className: "c-student" },
        { width: 360, height: 220 },
      ),
    );
    const axes = [
      { title: "Teacher start from", words: long },
      { title: "Learning rate, stage 2" },
      { title: "Document prompt of the teacher", words: long.slice(0, 3) },
      { title: "Student width" },
      { title: "Score KL weight" },
      { title: "recall@10", measured: true },
    ];
    const lines = range(4).map((i) => ({ values: [i, 10 ** -i, i % 3, 8 * i, i, 0.5 + 0.1 * i] }));
    expectGolden("parallel-long", parallelChart({ axes, lines }, {}, { width: 360, height: 300 }));
  });
  it("of sizes are cut, and left out where they would leave the picture", () => {
    const points = range(4).map((i) => ({
      x: 10 ** (3 + i),
      y: 3 / (1 + i),
      label: `${8 * 2 ** i} × 1, <b>a model with a long name</b>`,
      heldOut: i === 3,
      predicted: 3.1 / (1 + i),
    }));
    const data = { curves: [], xTitle: "N", yTitle: "entropy", logX: true, logY: true, className: "c-teacher" };
    expectGolden("scaling-long", scalingPlot({ ...data, points }, { width: 350, height: 300 }));
  });
  it("are cut, but numbers are not", () => {
    const axes = [{ title: "Learning rate, stage 2" }, { title: "recall@10", measured: true }];
    const lines = [1e-5, 3.5e-5, 0.00025, 0.1].map((v, i) => ({ values: [v, i] }));
    const picture = svgText(parallelChart({ axes, lines }, {}, { width: 350, height: 300 }));
    expect(picture).toContain(">.00025</text>");
    expect(picture).toContain(">3.5e−5</text>");
  });
  it("show the axis that keys move a brush on", () => {
    const axes = [{ title: "a" }, { title: "b", measured: true }];
    const lines = [{ values: [0, 1] }, { values: [1, 2] }];
    expectGolden("parallel-chosen", parallelChart({ axes, lines }, {}, { width: 300, height: 200 }, 1));
  });
  it("of an axis that is not joined stand once each", () => {
    const points = range(6).map((i) => ({ x: i % 2, label: ["raw", "normalised"][i % 2]!, value: 0.4 + i / 20 }));
    expectGolden(
      "axis-scattered",
      axisPlot(
        { points, xTitle: "MSE on", metric: "recall@10", numeric: false, scattered: true, className: "c-student" },
        { width: 360, height: 220 },
      ),
    );
  });
  it("that say that nothing can be compared have room", () => {
    const row = { label: "2", value: -0.22, low: null, high: null, verdict: "not comparable" };
    expectGolden(
      "forest-apart",
      forestPlot([row], "recall@10, minus the best", { width: 360, height: forestHeight(1) }),
    );
  });
});

describe("forest", () => {
  const rows: ForestRow[] = [
    {
      label: "MSE weight 1, cosine 1",
      value: -0.004,
      low: -0.02,
      high: 0.012,
      verdict: "tied",
      className: "c-student",
    },
    {
      label: "MSE weight 0, cosine 1, before norm, random start",
      value: -0.05,
      low: -0.07,
      high: -0.03,
      verdict: "worse",
      className: "c-student",
    },
  ];
  const cases: [string, ForestRow[]][] = [
    ["usual", rows],
    ["none", []],
    ["one", [rows[0]!]],
    ["nan", rows.map((r) => ({ ...r, value: Number.NaN }))],
    ["equal", rows.map((r) => ({ ...r, value: 0, low: 0, high: 0 }))],
    ["zero", rows.map((r) => ({ ...r, value: 0, low: null, high: null }))],
    [
      "many",
      range(MANY).map((i) => ({
        label: `row ${i}`,
        value: Math.sin(i),
        low: Math.sin(i) - 0.1,
        high: Math.sin(i) + 0.1,
      })),
    ],
  ];
  it.each(cases)("%s", (name, data) =>
    expectGolden(
      `forest-${name}`,
      forestPlot(data, "recall@10, to the best", { width: 560, height: forestHeight(data.length) }),
    ),
  );
});

describe("the frame", () => {
  it("fills what lies beyond the data, and nothing where there is no room", () => {
    expect(hatch({ left: 0, right: 20, top: 0, bottom: 10 })).toBe("M9 0L0 9M18 0L8 10M20 7L17 10");
    expect(hatch({ left: 0, right: 0, top: 0, bottom: 10 })).toBe("");
  });
  it("draws bands and dots as one path each", () => {
    expect(
      bandPath([
        { x: 0, low: 2, high: 1 },
        { x: 1, low: 3, high: 2 },
      ]),
    ).toBe("M0 1L1 2L1 3L0 2Z");
    expect(bandPath([{ x: 0, low: 2, high: 1 }])).toBe("");
    expect(dotsPath([{ x: 1, y: 2 }], 1)).toBe("M0 2a1 1 0 1 0 2 0a1 1 0 1 0 -2 0");
  });
  it("cuts the long part of a list, and breaks words in two lines", () => {
    expect(cutList("teacher's first and last layers, 80", 24)).toBe("teacher's first and…, 80");
    expect(cutList("10, 4", 24)).toBe("10, 4");
    expect(cutList("", 5)).toBe("");
    expect(twoLines("teacher's first and last layers", 90)).toEqual(["teacher's", "first and la…"]);
    expect(twoLines("random", 90)).toBeNull();
    expect(twoLines("averylongwordwithoutspaces", 90)).toBeNull();
  });
  it("thins evenly and keeps both ends", () => {
    const some = evenly(range(1000), 7);
    expect([some.length, some[0], some.at(-1)]).toEqual([7, 0, 999]);
  });
  it("writes large ticks short", () =>
    expect([20_000, 3e6, 2e12, 500].map(tickWords)).toEqual(["20k", "3M", "2e12", "500"]));
});
