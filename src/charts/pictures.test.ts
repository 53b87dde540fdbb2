import { describe, expect, it } from "vitest";
import type { SystemName } from "../core/formats/result";
import { type CostPoint, costChart } from "./cost";
import { placeLabels } from "./labels";
import { linkChart, moveSpoken, moves, moveWords } from "./links";
import { sparkline, whisker } from "./spark";
import { escapeXml, svgText } from "./svg";

const figure = (value: number | null) => ({
  value,
  low: value === null ? null : value - 0.1,
  high: value === null ? null : value + 0.1,
});
const cost = (system: SystemName, at: number | null, retention: number | null): CostPoint => ({
  system,
  cost: at,
  retention: figure(retention),
});
const size = { width: 400, height: 220, title: "FLOPs a query" };
/** Nothing in a picture may be NaN, Infinity or undefined: browsers drop such elements in silence. */
const sound = (svg: string) => expect(svg).not.toMatch(/NaN|Infinity|undefined/);

describe("sparkline", () => {
  const cases: [string, { x: number; y: number }[]][] = [
    ["none", []],
    ["one point", [{ x: 3, y: 0.5 }]],
    ["not numbers", [{ x: 0, y: Number.NaN }]],
    [
      "all equal",
      [
        { x: 0, y: 2 },
        { x: 1, y: 2 },
        { x: 2, y: 2 },
      ],
    ],
    [
      "log of zero",
      [
        { x: 0, y: 1 },
        { x: 1, y: 0 },
      ],
    ],
    [
      "one x",
      [
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ],
    ],
    ["many", Array.from({ length: 100_000 }, (_, i) => ({ x: i, y: Math.sin(i) }))],
  ];
  it.each(cases)("draws %s", (_, points) => {
    const svg = svgText(sparkline(points, { log: true, span: 2 }));
    sound(svg);
    expect(svg.length).toBeLessThan(8000);
    expect(svg).toMatch(/^<svg class="spark" width="62" height="28"/);
  });
  it("is the picture that was looked at", () => {
    const points = [
      { x: 0, y: 4 },
      { x: 1, y: 2 },
      { x: 2, y: 1 },
    ];
    expect(svgText(sparkline(points))).toBe(
      '<svg class="spark" width="62" height="28" viewBox="0 0 62 28" aria-hidden="true"><path d="M1,2L30,18L59,26"/></svg>',
    );
  });
});

describe("whisker", () => {
  it("draws the interval, and nothing for a figure without value", () => {
    const svg = svgText(whisker(figure(0.5), [0, 1]));
    sound(svg);
    expect(svg).toContain('d="M64.6 6H95.4M64.6 3v6M95.4 3v6"');
    expect(svgText(whisker(figure(null), [0, 1]))).not.toContain('whisk" d');
  });
  it("marks 0 where the range has both sides", () => {
    expect(svgText(whisker(figure(0.1), [-1, 1]))).toContain('class="zero"');
    expect(svgText(whisker(figure(0.1), [0, 1]))).not.toContain('class="zero"');
  });
});

describe("costChart", () => {
  it("leaves out what has no place on a log axis and says which", () => {
    const { svg, left } = costChart(
      [cost("teacher", 2e7, 1), cost("bm25", 0, 0.1), cost("twinbert", null, 0.5), cost("scalingdoc", 5, null)],
      size,
    );
    expect(left).toEqual(["bm25", "twinbert", "scalingdoc"]);
    sound(svgText(svg));
  });
  it.each([
    ["none", []],
    ["one", [cost("teacher", 3, 1)]],
    ["equal", [cost("scalingdoc", 3, 0.9), cost("twinbert", 3, 0.9)]],
    ["not numbers", [cost("teacher", Number.NaN, Number.NaN)]],
  ] as [string, CostPoint[]][])("draws %s", (_, points) => {
    sound(svgText(costChart(points, size).svg));
  });
  it("states the finding", () => {
    const { svg } = costChart([cost("scalingnote", 690_000, 0.907)], size);
    expect(svg.attrs["aria-label"]).toBe("Retention against FLOPs a query: ScalingNote keeps 90.7\u2009% at 690,000.");
  });
});

describe("links", () => {
  it("tells where documents went", () => {
    const all = moves(["a", "b", "c"], ["b", "a", "x"]);
    expect(all.map(moveWords)).toEqual(["↑1", "↓1", "new"]);
    expect(moveSpoken(all[0]!)).toBe("1 place higher than in the teacher's");
    expect(moveWords({ from: 4, to: 4 })).toBe("=");
  });
  it("draws empty and unequal lists", () => {
    for (const [a, b] of [
      [[], []],
      [["a"], []],
      [[], ["a"]],
      [["a", "b"], ["b"]],
    ] as [string[], string[]][])
      sound(svgText(linkChart(a, b, { width: 44, rowHeight: 72, color: "red" })));
  });
});

it("labels keep their distance and their order", () => {
  const places = placeLabels(
    [
      { key: "a", y: 100 },
      { key: "b", y: 101 },
      { key: "c", y: 99 },
      { key: "d", y: Number.NaN },
    ],
    14,
    0,
    110,
  );
  expect([...places]).toEqual([
    ["c", 82],
    ["a", 96],
    ["b", 110],
  ]);
});

it("texts of data stay texts", () => {
  expect(escapeXml('<b a="1">&')).toBe("&lt;b a=&quot;1&quot;&gt;&amp;");
});
