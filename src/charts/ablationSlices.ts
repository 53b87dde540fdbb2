/** Of an ablation with many settings what a picture of one or two of them shows, and what it holds fixed. */

import type { AblationReport, ConfigurationSummary } from "../core/analysis/ablation";
import { type Axis, groupTrials } from "../core/analysis/groups";
import { figureOf, systemsOf, type Trial } from "../core/analysis/trial";
import type { SettingValue } from "../core/config/paths";
import { SYSTEMS, type SystemName } from "../core/formats/result";
import { axisTitle, axisValue, configurationWords, figureWords } from "./ablationWords";
import type { AxisPlotData, Reference } from "./axisPlot";
import type { HeatCell, HeatData } from "./heatMap";
import { settingWords } from "./settingWords";
import { LOOKS } from "./systems";

function markOf(report: AblationReport, index: number): "best" | "tied" | undefined {
  if (report.best?.group === index) return "best";
  return report.best?.rivals.find((r) => r.group === index)?.verdict === "tied" ? "tied" : undefined;
}

/**
 * The configuration whose other settings a picture of some axes keeps: the best one. In a list of cells that may stand
 * alone, or with few: then one of those that agree with the most others, where these are at least twice as many.
 */
function sliceBase(report: AblationReport, shown: readonly string[]): ConfigurationSummary | undefined {
  const best = report.configurations[report.best?.group ?? 0];
  const fixed = report.axes.filter((axis) => !shown.includes(axis.path));
  const families = new Map<string, ConfigurationSummary[]>();
  const familyOf = ({ assignments }: ConfigurationSummary) =>
    JSON.stringify(fixed.map(({ path }) => assignments[path] ?? null));
  for (const one of report.configurations) {
    const key = familyOf(one);
    const family = families.get(key);
    if (family) family.push(one);
    else families.set(key, [one]);
  }
  const [largest] = [...families.values()].sort((a, b) => b.length - a.length);
  return !best || 2 * families.get(familyOf(best))!.length > largest!.length ? best : largest![0];
}

/** Configurations that agree with the base in every axis but those that are shown. */
function slice(
  report: AblationReport,
  shown: readonly string[],
): { configuration: ConfigurationSummary; index: number }[] {
  const base = sliceBase(report, shown);
  const fixed = report.axes.filter((axis) => !shown.includes(axis.path));
  return report.configurations.flatMap((configuration, index) =>
    fixed.every(({ path }) => configuration.assignments[path] === base?.assignments[path])
      ? [{ configuration, index }]
      : [],
  );
}

/**
 * What a picture of one axis shows: the slice, or, where trials drawn at random leave no second point in it, all
 * configurations as they are.
 */
function alongOf(report: AblationReport, path: string) {
  const own = slice(report, [path]);
  const values = new Set(own.map(({ configuration }) => configuration.assignments[path]));
  if (values.size > 1 || report.configurations.length < 3) return { list: own, scattered: false };
  return { list: report.configurations.map((configuration, index) => ({ configuration, index })), scattered: true };
}

/** "Other settings as in the best: ...": what a slice holds fixed; "" where all axes are shown. */
export function sliceWords(report: AblationReport, shown: readonly string[]): string {
  const [path] = shown;
  if (shown.length === 1 && path !== undefined && alongOf(report, path).scattered)
    return "All configurations: their other settings differ too.";
  const base = sliceBase(report, shown);
  const fixed = report.axes.filter((axis) => !shown.includes(axis.path));
  if (!base || fixed.length === 0) return "";
  const whose = base === report.configurations[report.best?.group ?? 0] ? " as in the best" : "";
  return `Other settings${whose}: ${configurationWords(base.assignments, fixed)}.`;
}

/**
 * Another system along an axis, for the slice that `axisData` shows: a level where it is the same everywhere, as a teacher
 * is along settings of the student, and else a line. Its values are means over seeds.
 */
export function alongAxis(
  report: AblationReport,
  trials: readonly Trial[],
  path: string,
  system: SystemName,
): readonly Reference[] {
  const axis = report.axes.find((a) => a.path === path);
  const values = new Map<number, number[]>();
  const byKey = new Map(groupTrials(trials).map((group) => [group.key, group.trials]));
  const { list, scattered } = axis ? alongOf(report, path) : { list: [], scattered: false };
  for (const { configuration } of list) {
    const value = configuration.assignments[path];
    if (value === undefined) continue;
    const x = axis!.numeric ? Number(value) : axis!.values.indexOf(value);
    for (const trial of byKey.get(configuration.key) ?? []) {
      const figure = figureOf(trial.systems[system], report.metric)?.value;
      if (figure != null) values.set(x, [...(values.get(x) ?? []), figure]);
    }
  }
  const points = [...values]
    .map(([x, some]) => ({ x, value: some.reduce((sum, v) => sum + v, 0) / some.length }))
    .sort((a, b) => a.x - b.x);
  const last = points.at(-1);
  if (!last) return [];
  const { label, className } = LOOKS[system];
  const level = points.every(({ value }) => Math.abs(value - last.value) < 1e-9);
  // Of trials whose other settings differ too a line would mean nothing.
  if (scattered && !level) return [];
  return [{ value: last.value, label, className, ...(level ? {} : { points }) }];
}

/** Every other system that the trials have along an axis, as `alongAxis`; a teacher is compared with none of what learns from it. */
export const othersAlong = (report: AblationReport, trials: readonly Trial[], path: string): readonly Reference[] =>
  report.system === "teacher"
    ? []
    : systemsOf(trials, SYSTEMS)
        .filter((system) => system !== report.system)
        .flatMap((system) => alongAxis(report, trials, path, system));

const seedsOf = ({ estimate }: ConfigurationSummary) => estimate.seeds.map(({ value }) => value);

/** A configuration of which nothing is measured yet, and how it stands: "queued", "61 %". */
export interface PendingCell {
  assignments: Record<string, SettingValue>;
  state: string;
}

const ordered = (values: readonly SettingValue[]): SettingValue[] => {
  const once = [...new Set(values)];
  return once.every((v) => typeof v === "number") ? once.sort((a, b) => Number(a) - Number(b)) : once;
};

/** The heat map with cells for what is still to come, where its other settings are as in the best configuration. */
function withPending(
  data: HeatData,
  report: AblationReport,
  [xPath, yPath]: [string, string],
  pending: readonly PendingCell[],
): HeatData {
  const base = sliceBase(report, [xPath, yPath])?.assignments ?? {};
  const fits = pending.filter(({ assignments }) =>
    Object.entries(assignments).every(([path, v]) => path === xPath || path === yPath || base[path] === v),
  );
  if (fits.length === 0) return data;
  const valuesOf = (path: string) => {
    const known = report.axes.find((axis) => axis.path === path)?.values ?? [];
    return { known, all: ordered([...known, ...fits.flatMap(({ assignments }) => assignments[path] ?? [])]) };
  };
  const [x, y] = [valuesOf(xPath), valuesOf(yPath)];
  const cells = data.cells.map((cell) => ({
    ...cell,
    x: x.all.indexOf(x.known[cell.x]!),
    y: y.all.indexOf(y.known[cell.y]!),
  }));
  for (const { assignments, state } of fits) {
    const at = { x: x.all.indexOf(assignments[xPath]!), y: y.all.indexOf(assignments[yPath]!) };
    if (at.x < 0 || at.y < 0 || cells.some((cell) => cell.x === at.x && cell.y === at.y)) continue;
    cells.push({ ...at, value: null, state });
  }
  const words = (path: string, values: readonly SettingValue[]) => values.map((v) => axisValue(path, v));
  return { ...data, xs: words(xPath, x.all), ys: words(yPath, y.all), cells };
}

/**
 * A heat map over two axes; other settings are as in the best configuration.
 * @param pending what a sweep under way has still to measure
 */
export function heatData(
  report: AblationReport,
  xPath: string,
  yPath: string,
  pending: readonly PendingCell[] = [],
): HeatData {
  const [xAxis, yAxis] = [xPath, yPath].map((path) => report.axes.find((axis) => axis.path === path));
  const at = (axis: Axis | undefined, configuration: ConfigurationSummary) =>
    axis ? axis.values.indexOf(configuration.assignments[axis.path] ?? "") : -1;
  const cells = slice(report, [xPath, yPath]).flatMap(({ configuration, index }): HeatCell[] => {
    const [x, y] = [at(xAxis, configuration), at(yAxis, configuration)];
    if (x < 0 || y < 0) return [];
    const { value, low, high } = configuration.estimate;
    return [
      {
        x,
        y,
        value,
        low,
        high,
        seeds: seedsOf(configuration),
        mark: markOf(report, index),
        ...(value === null ? { state: "no value" } : {}),
      },
    ];
  });
  const data: HeatData = {
    xs: xAxis?.values.map((v) => axisValue(xPath, v)) ?? [],
    ys: yAxis?.values.map((v) => axisValue(yPath, v)) ?? [],
    xTitle: settingWords(xPath),
    yTitle: axisTitle(yPath),
    metric: report.metric,
    cells,
    less: report.less,
    words: figureWords(report.metric),
  };
  return withPending(data, report, [xPath, yPath], pending);
}

/** As many axes as are tried in pairs: the most important ones. */
const MOST_TRIED = 6;

/**
 * The axes that are looked at first: the most important two whose heat map has rows and columns, else one alone. In a
 * list of cells, or trials drawn at random, most pairs leave a map empty.
 * @returns paths, the second null for one axis; null without axes
 */
export function firstAxes(
  report: AblationReport,
  pending: readonly PendingCell[] = [],
): { down: string; across: string } | { down: null; across: string } | null {
  const order = [...report.importance.axes, ...report.axes].map(({ path }) => path);
  const paths = [...new Set(order)].slice(0, MOST_TRIED);
  for (const [i, across] of paths.entries())
    for (const down of paths.slice(0, i)) {
      const { cells } = heatData(report, across, down, pending);
      const values = (side: "x" | "y") => new Set(cells.map((cell) => cell[side])).size;
      // More than a row, a column or a diagonal.
      if (cells.length > Math.max(values("x"), values("y"))) return { down, across };
    }
  const most = (path: string) => (alongOf(report, path).scattered ? 0 : slice(report, [path]).length);
  const [across] = paths.toSorted((a, b) => most(b) - most(a));
  return across === undefined ? null : { down: null, across };
}

/** One axis; other settings are as in the best configuration, or, in `scattered` points, as they are. */
export function axisData(
  report: AblationReport,
  path: string,
  references: AxisPlotData["references"] = [],
): AxisPlotData {
  const axis = report.axes.find((a) => a.path === path);
  const { list, scattered } = alongOf(report, path);
  return {
    points: list.flatMap(({ configuration, index }) => {
      const value = configuration.assignments[path];
      if (!axis || value === undefined) return [];
      const { value: mean, low, high } = configuration.estimate;
      return [
        {
          x: axis.numeric ? Number(value) : axis.values.indexOf(value),
          label: axisValue(path, value),
          value: mean,
          low,
          high,
          seeds: seedsOf(configuration),
          mark: markOf(report, index),
        },
      ];
    }),
    xTitle: settingWords(path),
    metric: report.metric,
    numeric: axis?.numeric ?? false,
    scattered,
    className: LOOKS[report.system].className,
    logY: /entropy|loss/.test(report.metric),
    references,
    words: figureWords(report.metric),
  };
}
