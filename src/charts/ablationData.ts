/** From the analysis of an ablation to what the charts over all settings draw. */
import type { AblationReport } from "../core/analysis/ablation";
import { axisTitle, axisValue, valuesWords } from "./ablationWords";
import type { ForestRow } from "./forest";
import type { ImportanceBar } from "./importanceBars";
import type { ParallelData } from "./parallel";
import { LOOKS } from "./systems";

/** Every setting an axis, the figure last. */
export function parallelData(report: AblationReport): ParallelData {
  return {
    axes: [
      ...report.axes.map((axis) => ({
        title: axisTitle(axis.path),
        ...(axis.numeric ? {} : { words: axis.values.map((v) => axisValue(axis.path, v)) }),
      })),
      { title: report.metric, measured: true },
    ],
    lines: report.configurations.map((configuration, i) => ({
      values: [
        ...report.axes.map((axis) => {
          const value = configuration.assignments[axis.path];
          if (value === undefined) return null;
          return axis.numeric ? Number(value) : axis.values.indexOf(value);
        }),
        configuration.estimate.value,
      ],
      best: report.best?.group === i,
    })),
    less: report.less,
  };
}

export function importanceData(report: AblationReport): ImportanceBar[] {
  return report.importance.axes.map(({ path, share: part, chance }) => ({
    label: axisTitle(path),
    share: part,
    chance,
  }));
}

/** The rivals of the best configuration, nearest first. */
export function forestData(report: AblationReport): (ForestRow & { p: number | null })[] {
  const { className } = LOOKS[report.system];
  return (report.best?.rivals ?? [])
    .toSorted((a, b) => Math.abs(a.difference) - Math.abs(b.difference))
    .map((rival) => ({
      label: valuesWords(report.configurations[rival.group]!.assignments, report.axes),
      value: rival.difference,
      low: rival.low,
      high: rival.high,
      verdict: rival.verdict,
      p: rival.p,
      className,
    }));
}

/** One system against another, a row a configuration, in the order of the sweep. */
export function systemGapData(report: AblationReport): ForestRow[] {
  const { className } = LOOKS[report.system];
  return (report.against?.differences ?? []).map(({ group, difference, low, high, verdict }) => ({
    label: valuesWords(report.configurations[group]!.assignments, report.axes) || "all alike",
    value: difference,
    low,
    high,
    verdict,
    className,
  }));
}
