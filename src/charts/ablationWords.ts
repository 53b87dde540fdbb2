/** An ablation in words: settings, values, configurations, and what the comparison says. */

import type { AblationReport } from "../core/analysis/ablation";
import type { Axis } from "../core/analysis/groups";
import type { SettingValue } from "../core/config/paths";
import { settingWords, valueWords } from "./settingWords";
import { LOOKS } from "./systems";
import { loss, share, tick } from "./words";

/** "MSE weight": as an axis is titled. */
export function axisTitle(path: string): string {
  const words = settingWords(path);
  return words[0]!.toUpperCase() + words.slice(1);
}

/** A value as it stands on an axis: numbers short, words as the settings have them. */
export const axisValue = (path: string, value: SettingValue): string =>
  typeof value === "number" ? tick(value) : valueWords(path, value);

/** The same where commas stand between values: 2000, not 2,000. */
export const listedValue = (path: string, value: SettingValue): string =>
  typeof value === "number" ? axisValue(path, value).replaceAll(",", "") : axisValue(path, value);

/** "MSE weight 1, cosine weight 4": only what differs between the configurations. */
export function configurationWords(assignments: Record<string, SettingValue>, axes: readonly Axis[]): string {
  const parts = axes.flatMap(({ path }) => {
    const value = assignments[path];
    return value === undefined ? [] : [`${settingWords(path)} ${valueWords(path, value)}`];
  });
  return parts.length > 0 ? parts.join(", ") : "the only configuration";
}

/** "1, 4, before norm": the values alone, in the order of the axes. */
export const valuesWords = (assignments: Record<string, SettingValue>, axes: readonly Axis[]): string =>
  axes.map(({ path }) => (assignments[path] === undefined ? "–" : listedValue(path, assignments[path]))).join(", ");

/** The settings behind `valuesWords`, in words. */
export const axesWords = (axes: readonly Axis[]): string => axes.map(({ path }) => settingWords(path)).join(", ");

/** Shares as shares; entropies and losses with three figures. */
export const figureWords = (metric: string): ((v: number) => string) => (/entropy|loss/.test(metric) ? loss : share);

/** The verdict in a sentence: the best, and what cannot be told from it. */
export function bestWords(report: AblationReport): string {
  const { best } = report;
  if (!best) return "No configuration has a value of this measure.";
  const words = figureWords(report.metric);
  const { assignments, estimate } = report.configurations[best.group]!;
  const interval =
    estimate.low === null || estimate.high === null ? "" : ` [${words(estimate.low)}, ${words(estimate.high)}]`;
  const lead = `Best: ${configurationWords(assignments, report.axes)}, ${words(best.value)}${interval}.`;
  const count = (verdict: string) => best.rivals.filter((r) => r.verdict === verdict).length;
  const tied = count("tied");
  const better = count("better");
  const apart = count("not comparable");
  const without = report.configurations.filter((c) => c.estimate.value === null);
  const [first] = without;
  const many = (n: number) => `${n} ${n === 1 ? "other" : "others"}`;
  return [
    lead,
    best.rivals.length === 0
      ? "There is no other to compare it with."
      : tied > 0
        ? `Tied with ${many(tied)}: their paired differences could be chance.`
        : count("worse") > 0 && better === 0
          ? "It is better than every other that can be compared, beyond chance."
          : "",
    better > 0
      ? `${many(better)} ${better === 1 ? "is" : "are"} better on the seeds that both have: its mean is of more or other seeds.`
      : "",
    apart > 0 ? `${many(apart)} cannot be compared: other seeds or test sets, or no values by query.` : "",
    first ? `${many(without.length)} ${without.length === 1 ? "has" : "have"} no value: ${first.estimate.reason}` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** "Between student width 8 and 16 ...": where one system begins to be better than another. */
export function turnWords(report: AblationReport): string {
  const { against } = report;
  if (!against) return "";
  const [name, other] = [LOOKS[against.system].label, LOOKS[against.other].label];
  const turns = against.turns.map(({ path, from, to, certain, above, rest }) => {
    const fixed = configurationWords(
      rest,
      report.axes.filter((axis) => axis.path !== path),
    );
    const words = fixed === "the only configuration" ? "" : ` (${fixed})`;
    const doubt = certain ? "" : "; of at least one of them the sign could be chance";
    return `Between ${settingWords(path)} ${axisValue(path, from)} and ${axisValue(path, to)} it turns${words}: from the larger one on ${name} is ${above} than ${other}${doubt}.`;
  });
  if (turns.length > 0) return turns.join(" ");
  const verdicts = new Set(against.differences.map(({ verdict }) => verdict));
  const [only] = verdicts;
  if (verdicts.size === 1)
    return only === "tied"
      ? `${name} cannot be told from ${other} in any configuration.`
      : `${name} is ${only} than ${other} in every configuration.`;
  return `${name} does not turn from better to worse than ${other} along any setting of numbers.`;
}
