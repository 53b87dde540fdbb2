import { describe, expect, it } from "vitest";
import { ablationReport } from "../core/analysis/ablation";
import { scalingReport } from "../core/analysis/scaling";
import { gridTrials, scalingTrials } from "../core/analysis/synthetic.test-helper";
import { ENTROPY_MEASURES, type Trial } from "../core/analysis/trial";
import type { LawName } from "../core/scaling/laws";
import { type ReportInput, reportHtml } from "./report";

const OPTIONS = { samples: 30, seed: 7 };
const grid = gridTrials({ "stage2.mseWeight": [1, 10], "stage2.mseOn": ["raw", "normalised"] }, () => 0.6, [7, 8]);
const sizes = scalingTrials();
const lawOf = (trials: Trial[], form: LawName) =>
  scalingReport(trials, {
    system: "teacher",
    measure: ENTROPY_MEASURES.scaled,
    form,
    holdOut: 1,
    budget: null,
    ...OPTIONS,
  });
const input = (part: Partial<ReportInput> = {}): ReportInput => ({
  title: "Weights",
  source: "trials.jsonl",
  trials: grid,
  ablations: [ablationReport(grid, "scalingnote", "recall@10", OPTIONS)],
  laws: [],
  version: "1.2.3",
  ...part,
});

/** What may not be in a page that opens offline and shows what others wrote. */
function sound(html: string) {
  expect(html).not.toMatch(/<script|<iframe|<link|javascript:|\son\w+=|url\(|@import/i);
  expect(html.replace(/xmlns="[^"]*"/g, "")).not.toMatch(/(src|href)=/);
  expect(html.replace(/<style>[\s\S]*?<\/style>/, "")).not.toMatch(/NaN|undefined|Infinity/);
  // Every element that is opened is closed.
  for (const tag of ["section", "figure", "svg", "table", "tr", "td", "th", "p", "dl", "div", "g", "text", "pre"]) {
    const opened = html.match(new RegExp(`<${tag}[ >]`, "g"))?.length ?? 0;
    const alone = html.match(new RegExp(`<${tag}(\\s[^>]*)?/>`, "g"))?.length ?? 0;
    expect(html.match(new RegExp(`</${tag}>`, "g"))?.length ?? 0, tag).toBe(opened - alone);
  }
}

describe("the report of a sweep", () => {
  it("holds figures, tables, seeds and versions in one page", () => {
    const html = reportHtml(input());
    sound(html);
    for (const words of ["1.2.3", "Example GPU", "7, 8", "hash-7", "Best: MSE weight", "Heat map of recall@10", "Holm"])
      expect(html).toContain(words);
    expect(html.match(/<svg/g)!.length).toBeGreaterThanOrEqual(6);
    expect(html).toContain("All settings of the first trial");
    expect(html).toMatch(/--seq-3: #/);
    expect(html).toContain("screen and (prefers-color-scheme: dark)");
  });
  it("sets both rankings of the queries that lose most beside each other, as text", () => {
    const top = { teacher: ["d<1>", "d2"], scalingnote: ["d2", "d3"] };
    const trials = grid.map((trial) => ({
      ...trial,
      rankings: Array.from({ length: 120 }, (_, place) => ({
        place,
        id: `q${place}`,
        text: `<b>query ${place}</b>`,
        relevant: { "d<1>": 2 },
        top,
      })),
    }));
    const html = reportHtml(input({ ablations: [ablationReport(trials, "scalingnote", "recall@10", OPTIONS)] }));
    sound(html);
    expect(html).toContain("Where ScalingNote loses most");
    expect(html).toContain('<td class="l">✓ d&lt;1&gt;, d2</td><td class="l">d2, d3</td>');
    expect(html).toContain("&lt;b&gt;query ");
    expect(html).not.toContain("<b>query");
  });
  it("has laws with their doubts", () => {
    const html = reportHtml(
      input({ trials: sizes, ablations: [], laws: [lawOf(sizes, "N"), lawOf(sizes.slice(0, 6), "N")] }),
    );
    sound(html);
    for (const words of [
      "L(N) = (A/N)^α + δ",
      "Held-out error",
      "10 times the parameters",
      "an extrapolation",
      "Only 1 point",
    ])
      expect(html).toContain(words);
  });
  it("shows text as text, whatever it is", () => {
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
    const trials = grid.map((t) => ({
      ...t,
      assignments: { ...t.assignments, "student.pooling": `${evil}${t.assignments["stage2.mseWeight"]}` },
      adapter: evil,
      codeVersion: evil,
      testSetHash: evil,
      config: { [evil]: evil },
    }));
    const html = reportHtml(
      input({
        title: evil,
        source: evil,
        version: evil,
        trials,
        ablations: [ablationReport(trials, "scalingnote", "recall@10", OPTIONS)],
      }),
    );
    expect(html).not.toMatch(/<script|<img/);
    expect(html).toContain("&lt;script&gt;alert(1)");
  });
  it("is written of a single trial, and of trials without a value", () => {
    const one = grid.slice(0, 1);
    sound(reportHtml(input({ trials: one, ablations: [ablationReport(one, "scalingnote", "recall@10", OPTIONS)] })));
    sound(reportHtml(input({ ablations: [ablationReport(grid, "twinbert", "recall@10", OPTIONS)] })));
    sound(reportHtml(input({ trials: [], ablations: [], laws: [] })));
  });
});
