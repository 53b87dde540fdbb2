/**
 * A sweep as one HTML page that needs nothing else: figures as SVG, tables, settings, seeds, versions. Every text is
 * escaped; there is no script; it follows the reader's light or dark theme and prints in light.
 */
import type { AblationReport } from "../core/analysis/ablation";
import type { Gaps } from "../core/analysis/gaps";
import { BASIS_WORDS } from "../core/analysis/hierarchical";
import type { ScalingReport } from "../core/analysis/scaling";
import type { Trial } from "../core/analysis/trial";
import type { Table } from "../core/formats/export";
import base from "../styles/charts.css?raw";
import tokens from "../styles/tokens.css?raw";
import { forestData, importanceData, parallelData, systemGapData } from "./ablationData";
import { axisData, firstAxes, heatData, othersAlong, sliceWords } from "./ablationSlices";
import { axesWords, bestWords, configurationWords, figureWords, turnWords } from "./ablationWords";
import { axisPlot } from "./axisPlot";
import { forestHeight, forestPlot } from "./forest";
import { heatMap } from "./heatMap";
import { importanceBars, importanceHeight } from "./importanceBars";
import { parallelChart, topBrush } from "./parallel";
import { paretoChart } from "./paretoChart";
import {
  constantWords,
  heldOutWords,
  labelWords,
  lawPlotData,
  predictedWords,
  qualityData,
  sizeNames,
} from "./scalingData";
import { scalingPlot } from "./scalingPlot";
import { settingWords, valueWords } from "./settingWords";
import { escapeXml, type SvgNode, svgText } from "./svg";
import { leftOut } from "./sweepWords";
import { LOOKS } from "./systems";
import { compact, duration, flops, loss, percent, plain, share, signed, signedPercent } from "./words";

export interface ReportInput {
  title: string;
  /** File that the trials come from. */
  source: string;
  trials: readonly Trial[];
  /** Trials that failed, and are not among these. */
  failed?: number;
  /** One for each measure that is reported. */
  ablations: readonly AblationReport[];
  /** One for each form that is reported; none where no entropies were recorded. */
  laws: readonly ScalingReport[];
  /** Of the program that writes the report. */
  version: string;
}

const WIDTH = 760;
const MOST_ROWS = 400;

const esc = (words: string) => escapeXml(words);
const p = (words: string) => `<p>${esc(words)}</p>`;
const figure = (node: SvgNode, caption: string) =>
  `<figure>${svgText(node)}<figcaption>${esc(caption)}</figcaption></figure>`;

function table({ columns, rows }: Table): string {
  // Words stand left, figures right, and the heads above them.
  const wordy = (c: number) => rows.length > 0 && rows.every((row) => typeof row[c] === "string");
  const head = columns.map((c, i) => `<th scope="col"${wordy(i) ? ' class="l"' : ""}>${esc(c)}</th>`).join("");
  const body = rows
    .slice(0, MOST_ROWS)
    .map((row) => {
      const cells = row.map((cell) => {
        const words = cell === null ? "–" : typeof cell === "number" ? plain(cell) : cell;
        return `<td${typeof cell === "number" || cell === null ? "" : ' class="l"'}>${esc(words)}</td>`;
      });
      return `<tr>${cells.join("")}</tr>`;
    })
    .join("\n");
  const more = rows.length > MOST_ROWS ? p(`The first ${MOST_ROWS} of ${rows.length} rows.`) : "";
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>${more}`;
}

/** A value that occurs once as itself; several as a list. */
const distinct = (values: readonly (string | undefined)[]): string =>
  [...new Set(values.filter((v) => v !== undefined))].join(", ") || "not recorded";

function facts({ trials, failed = 0, source, version, ablations }: ReportInput): string {
  const seeds = [...new Set(trials.map((t) => t.seed))].sort((a, b) => a - b);
  const hashes = [...new Set(trials.map((t) => t.testSetHash))];
  const seconds = trials.reduce((sum, t) => sum + (t.seconds ?? 0), 0);
  const computed = trials.some((t) => t.seconds !== undefined);
  const rows: [string, string][] = [
    ["Trials", [`${trials.length}, from ${source}.`, ...leftOut(trials, failed)].join(" ")],
    ["Seeds", seeds.join(", ")],
    [
      "Adapter",
      `${distinct(trials.map((t) => t.adapter))}${trials.some((t) => t.software) ? "; a CPU in a GPU's place: no time here is a latency" : ""}`,
    ],
    ["Code of the trials", distinct(trials.map((t) => t.codeVersion))],
    ["Code of this report", version],
    ["Test sets", hashes.map((h) => h.slice(0, 16)).join(", ")],
    ...(computed ? [["Time of the trials", duration(seconds)] as [string, string]] : []),
    ...(ablations[0] ? [["Settings that differ", axesWords(ablations[0].axes) || "none"] as [string, string]] : []),
  ];
  return `<dl>${rows.map(([k, v]) => `<div><dt>${esc(k)}</dt><dd>${esc(v)}</dd></div>`).join("")}</dl>`;
}

/** Places of the configurations, best first; those without a value last. */
function ranked({ configurations, less }: AblationReport): number[] {
  const worst = less ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const value = (i: number) => configurations[i]!.estimate.value ?? worst;
  return configurations.map((_, i) => i).sort((a, b) => (less ? value(a) - value(b) : value(b) - value(a)) || a - b);
}

function ablation(report: AblationReport, trials: readonly Trial[]): string {
  const { axes, metric, importance } = report;
  const first = firstAxes(report);
  const words = figureWords(metric);
  const basis = report.configurations[report.best?.group ?? 0]?.estimate.basis ?? "none";
  const parts = [
    `<h2>${esc(`${LOOKS[report.system].label}, ${metric}`)}</h2>`,
    p(bestWords(report)),
    p(`${BASIS_WORDS[basis]}; ${report.samples} resamples.`),
  ];
  for (const { path, words: why } of report.idle)
    parts.push(`<p class="warn">${esc(`${settingWords(path)} cannot tell anything here: ${why}`)}</p>`);
  if (first?.down != null) {
    const fixed = sliceWords(report, [first.across, first.down]);
    const data = heatData(report, first.across, first.down);
    parts.push(
      figure(
        heatMap(data, { width: WIDTH, height: Math.max(240, Math.min(460, 60 + 58 * data.ys.length)) }),
        `Outlined: best; dotted: tied with it. ± half of the 95 % interval; dots are seeds.${fixed ? ` ${fixed}` : ""}`,
      ),
    );
  }
  // Those that matter most, where there are many.
  const important = [...importance.axes, ...axes].map(({ path }) => path);
  for (const path of [...new Set(important)].slice(0, 4)) {
    const fixed = sliceWords(report, [path]);
    const data = axisData(report, path, othersAlong(report, trials, path));
    // One value of it, where lists of cells cross elsewhere, is no line.
    if (axes.length > 1 && data.points.length < 2) continue;
    parts.push(
      figure(
        axisPlot(data, { width: WIDTH, height: 260 }),
        `${metric} by ${settingWords(path)}: ${data.scattered ? "means over seeds" : "mean, 95 % interval, seeds"}.${fixed ? ` ${fixed}` : ""}`,
      ),
    );
  }
  if (axes.length > 1) {
    const data = parallelData(report);
    parts.push(
      figure(
        parallelChart(data, topBrush(data, 0.2), { width: WIDTH, height: 340 }),
        "All settings; the best fifth is strong, the best is black.",
      ),
    );
  }
  if (importance.axes.length > 0)
    parts.push(
      figure(
        importanceBars(importanceData(report), importance.method, {
          width: WIDTH,
          height: importanceHeight(importance.axes.length),
        }),
        `Importance: ${importance.method}. The tick is what 95 of 100 shuffles stay below. No setting alone explains ${percent(importance.rest, 0)}.`,
      ),
    );
  const rivals = forestData(report);
  if (rivals.length > 0)
    parts.push(
      figure(
        forestPlot(rivals.slice(0, 24), `${metric}, minus the best`, {
          width: WIDTH,
          height: forestHeight(Math.min(24, rivals.length)),
        }),
        `Paired differences to the best on equal seeds and test sets, ${rivals.length > 24 ? `the nearest 24 of ${rivals.length}` : "all"}. Rows: ${axesWords(axes)}. Tied: p of .05 and more after Holm's correction.`,
      ),
    );
  const against = systemGapData(report);
  if (report.against && against.length > 0) {
    const other = LOOKS[report.against.other].label;
    parts.push(
      figure(
        forestPlot(against.slice(0, 24), `${metric}, minus ${other}`, {
          width: WIDTH,
          height: forestHeight(Math.min(24, against.length)),
        }),
        `${LOOKS[report.system].label} against ${other}, paired query by query. ${turnWords(report)} Rows: ${axesWords(axes)}.`,
      ),
    );
  }
  const byGroup = new Map(report.best?.rivals.map((r) => [r.group, r]));
  parts.push(
    table({
      columns: [...axes.map((a) => settingWords(a.path)), "seeds", metric, "95 % interval", "minus the best", ""],
      rows: ranked(report).map((i) => {
        const c = report.configurations[i]!;
        const { value, low, high } = c.estimate;
        const rival = byGroup.get(i);
        return [
          ...axes.map((a) => (c.assignments[a.path] === undefined ? "–" : valueWords(a.path, c.assignments[a.path]))),
          // Those that the mean is of.
          c.estimate.seeds.map(({ seed }) => seed).join(", ") || "none",
          value === null ? (c.estimate.reason ?? "–") : words(value),
          low === null || high === null ? "–" : `${words(low)} to ${words(high)}`,
          rival ? signed(rival.difference) : "–",
          report.best?.group === i ? "best" : (rival?.verdict ?? ""),
        ];
      }),
    }),
  );
  if (report.gaps) {
    const { lost, equal, won } = report.gaps;
    parts.push(
      p(
        `By query, against the teacher, ${configurationWords(report.configurations[report.best!.group]!.assignments, axes)} is behind on ${lost}, even on ${equal} and ahead on ${won}.`,
      ),
    );
    parts.push(losses(report, report.gaps));
  }
  return `<section>${parts.join("\n")}</section>`;
}

const MOST_LOSSES = 10;
const MOST_RANKED = 5;

/** The queries on which the student loses most, with what both rank first; "" where there are none. */
function losses({ system, metric }: AblationReport, { worst }: Gaps): string {
  if (worst.length === 0) return "";
  const words = figureWords(metric);
  const first = (ids: readonly string[], relevant: Record<string, number>) =>
    ids
      .slice(0, MOST_RANKED)
      .map((id) => (id in relevant ? `✓ ${id}` : id))
      .join(", ");
  const ranked = worst.some(({ ranking }) => ranking);
  const rows = worst
    .slice(0, MOST_LOSSES)
    .map(({ id, query, seed, teacher, student, ranking }) => [
      ranking?.text || id || `query ${query + 1}`,
      String(seed),
      words(teacher),
      words(student),
      ...(ranked
        ? [
            ranking ? first(ranking.teacher, ranking.relevant) : "–",
            ranking ? first(ranking.student, ranking.relevant) : "–",
          ]
        : []),
    ]);
  const name = LOOKS[system].label;
  const lists = ranked ? ["teacher's first", `${name}'s first`] : [];
  const note = ranked ? p(`Documents by id, the first ${MOST_RANKED} of each. ✓: relevant.`) : "";
  return `<h3>Where ${esc(name)} loses most</h3>${table({ columns: ["query", "seed", "teacher", name, ...lists], rows })}${note}`;
}

const FORMS = {
  N: "L(N) = (A/N)^α + δ",
  D: "L(D) = (B/D)^β + δ",
  ND: "L(N, D) = [(A/N)^(α/β) + B/D]^β + δ",
  chinchilla: "L(N, D) = E + A/N^α + B/D^β",
};

function law(report: ScalingReport): string {
  const { law: found, set, split } = report;
  const { fit } = found;
  const names = sizeNames(set.points);
  const labels = labelWords(report) ? ` ${labelWords(report)}` : "";
  const parts = [
    `<h2>${esc(FORMS[fit.form])}</h2>`,
    p(
      `${LOOKS[set.system].label}, ${set.measure}${set.pool ? `, negatives ${set.pool}` : ""}; N of ${set.size}. ${set.left.join(" ")}`,
    ),
  ];
  if (fit.parameters && fit.intervals) {
    parts.push(
      figure(
        scalingPlot(lawPlotData(report, { x: true, y: true }), { width: WIDTH, height: 420 }),
        `Shaded: 95 % of ${found.samples} fits (${found.method}). Hatched: beyond the fitted sizes. Hollow: held out. ${heldOutWords(report)}${labels}`,
      ),
      table({
        columns: ["constant", "value", "95 % interval"],
        rows: Object.entries(fit.parameters).map(([name, value]) => [
          name,
          constantWords(value),
          `${constantWords(fit.intervals![name]!.low)} to ${constantWords(fit.intervals![name]!.high)}`,
        ]),
      }),
      p(`${fit.points} fitted points, R² of ln L ${share(fit.r2, 4)}.`),
    );
    for (const buy of found.purchases)
      parts.push(p(`${buy.what}: ${predictedWords(buy.predicted)}, from ${loss(buy.now)} now. ${buy.warning}`));
    if (split)
      parts.push(
        p(
          `A budget of ${flops(split.compute)} is best split into ${compact(split.n.value)} parameters [${compact(split.n.low)}, ${compact(split.n.high)}] and ${compact(split.d.value)} pairs [${compact(split.d.low)}, ${compact(split.d.high)}], for ${predictedWords(split.loss)}. ${split.warning ?? ""}`,
        ),
      );
  }
  if (!fit.parameters && set.points.length > 1)
    parts.push(
      figure(
        scalingPlot(lawPlotData(report, { x: true, y: true }), { width: WIDTH, height: 320 }),
        `The points: no law was fitted.${labels}`,
      ),
    );
  for (const flag of fit.flags) parts.push(`<p class="warn">${esc(flag)}</p>`);
  parts.push(
    table({
      columns: [names.settings || "size", "N", "D", set.measure, "law", "off by", ""],
      rows: set.points.map((point, i) => {
        const q = found.points.find((shown) => shown.index === i);
        return [
          names.of(point.assignments),
          point.n,
          point.d,
          point.loss,
          q?.predicted ?? null,
          signedPercent(q ? point.loss / q.predicted - 1 : null),
          q?.heldOut ? "held out" : "",
        ];
      }),
    }),
  );
  return `<section>${parts.join("\n")}</section>`;
}

/** The first trial's experiment; "" where no record has one. */
function settings(trials: readonly Trial[]): string {
  const config = trials.find((t) => t.config)?.config;
  if (!config) return "";
  return `<section><h2>All settings of the first trial</h2><pre>${esc(JSON.stringify(config, null, 2))}</pre></section>`;
}

const STYLE = `
*{box-sizing:border-box}
body{margin:0 auto;max-width:${WIDTH + 48}px;padding:24px;background:var(--surface);color:var(--ink);font:14px/1.5 var(--font-sans)}
h1{font-size:24px;line-height:1.25;margin:0 0 8px}
h2{font-size:18px;margin:32px 0 8px}
h3{font-size:14px;margin:24px 0 8px}
p{margin:8px 0;overflow-wrap:anywhere}
.warn{padding:8px 12px;border:1px solid var(--warn-line);border-radius:4px;background:var(--warn-soft)}
dl{margin:16px 0;font-size:13px}dl div{display:grid;grid-template-columns:minmax(90px,180px) minmax(0,1fr);gap:0 12px;padding:2px 0}
dt{color:var(--ink-3)}dd{margin:0;overflow-wrap:anywhere}
figure{margin:16px 0;break-inside:avoid}svg{display:block;max-width:100%;height:auto}
figcaption{margin-top:4px;padding:0;font-weight:400;color:var(--ink-3);font-size:12px}
.scroll{overflow-x:auto;margin:12px 0}
table{width:100%;border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums}
th,td{padding:4px 8px;border-bottom:1px solid var(--line);text-align:right}th{color:var(--ink-3);font-weight:500}
td.l,th.l,th:first-child,td:first-child{text-align:left}
pre{columns:2;overflow-x:auto;padding:12px;background:var(--surface-2);font-size:11px;white-space:pre-wrap}
.c-teacher{--c:var(--teacher)}.c-student{--c:var(--student)}.c-scalingdoc{--c:var(--scalingdoc)}.c-twinbert{--c:var(--twinbert)}.c-bm25{--c:var(--bm25)}
@media print{body{max-width:none;padding:0}thead{display:table-header-group}tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}svg{width:100%}}
`;

/** Dark only on a screen: paper is light. */
const onScreen = (css: string) =>
  css.replaceAll("(prefers-color-scheme: dark)", "screen and (prefers-color-scheme: dark)");

export function reportHtml(input: ReportInput): string {
  const { trials } = input;
  const measured = input.ablations[0]?.metric ?? "recall@10";
  const quality = qualityData(trials, measured, "queryFlops");
  const pareto =
    quality.points.length > 1
      ? `<section><h2>Quality against query cost</h2>${figure(
          paretoChart(quality, { width: WIDTH, height: 320 }),
          `Thick line: the Pareto front, which nothing beats at its cost. Lines: from the lowest to the highest seed.${quality.front.length > 0 ? ` Labels: ${sizeNames(trials).settings || "systems"}.` : ""}`,
        )}</section>`
      : "";
  const css = `${onScreen(tokens)}\n${base}\n${STYLE}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${esc(input.title)}</title>
<style>
${css}</style>
</head>
<body>
<h1>${esc(input.title)}</h1>
${facts(input)}
${[...input.ablations.map((one) => ablation(one, trials)), ...input.laws.map(law)].join("\n")}
${pareto}
${settings(trials)}
</body>
</html>
`;
}
