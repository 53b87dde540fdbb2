/**
 * One system against another of the same trials, configuration by configuration: paired query by query, for both were
 * measured on one test set. And where along a setting the sign turns: from which size on distillation pays.
 */
import { mean } from "../evaluation/metrics";
import { LEVEL, pairedTest } from "../evaluation/overSeeds";
import type { SystemName } from "../formats/result";
import { type Axis, type Group, keyOf } from "./groups";
import type { ResampleOptions } from "./hierarchical";

export interface SystemDifference {
  /** Index of the group. */
  group: number;
  /** The system minus the other one, mean over seeds. */
  difference: number;
  low: number | null;
  high: number | null;
  /** Each seed's own difference. */
  seeds: { seed: number; difference: number }[];
  /** "tied": the interval's test at 5 %, not corrected for several configurations. */
  verdict: "better" | "worse" | "tied";
}

export interface SystemGap {
  system: SystemName;
  other: SystemName;
  differences: SystemDifference[];
  /** Where the mean difference changes its sign along a setting of numbers, other settings alike. */
  turns: Turn[];
}

export interface Turn {
  path: string;
  /** Neighbouring values between which it turns, ascending. */
  from: number;
  to: number;
  /** Whether both ends are told apart from 0 by their own tests. */
  certain: boolean;
  /** From the larger value on the system is better, or worse. */
  above: "better" | "worse";
  /** Of the other settings. */
  rest: Group["assignments"];
}

/** Whom a system is set against: the baseline that differs from it in the least. */
const OTHERS: Record<SystemName, readonly SystemName[]> = {
  scalingnote: ["scalingdoc", "twinbert", "bm25"],
  teacher: ["scalingdoc", "twinbert", "bm25"],
  scalingdoc: ["twinbert", "bm25"],
  twinbert: ["bm25"],
  bm25: ["twinbert"],
};

/**
 * @returns null where no trial has both systems' values by query
 */
export function systemGap(
  groups: readonly Group[],
  axes: readonly Axis[],
  system: SystemName,
  metric: string,
  less: boolean,
  options: ResampleOptions,
): SystemGap | null {
  const other = OTHERS[system].find((name) =>
    groups.some(({ trials }) => trials.some(({ systems }) => systems[system] && systems[name]?.perQuery?.[metric])),
  );
  if (!other) return null;
  const differences = groups.flatMap(({ trials }, group): SystemDifference[] => {
    const runs = trials.flatMap(({ seed, systems }) => {
      const [a, b] = [systems[system]?.perQuery?.[metric], systems[other]?.perQuery?.[metric]];
      return a && b && a.length === b.length && a.length > 0 ? [{ seed, a, b }] : [];
    });
    const { difference, p } = pairedTest(runs, options);
    if (difference.value === null) return [];
    const wins = less ? difference.value < 0 : difference.value > 0;
    return [
      {
        group,
        difference: difference.value,
        low: difference.low,
        high: difference.high,
        seeds: runs.map(({ seed, a, b }) => ({
          seed,
          difference: mean(a.map((v, i) => (v === null || b[i] == null ? null : v - b[i]))) ?? Number.NaN,
        })),
        verdict: p === null || p >= LEVEL ? "tied" : wins ? "better" : "worse",
      },
    ];
  });
  if (differences.length === 0) return null;
  return { system, other, differences, turns: axes.flatMap((axis) => turnsAlong(axis, groups, differences, less)) };
}

/** The places along one setting of numbers where the mean difference changes its sign. */
function turnsAlong(
  { path, numeric }: Axis,
  groups: readonly Group[],
  differences: readonly SystemDifference[],
  less: boolean,
): Turn[] {
  if (!numeric) return [];
  const lines = new Map<string, { at: number; of: SystemDifference; rest: Group["assignments"] }[]>();
  for (const of of differences) {
    const { [path]: at, ...rest } = groups[of.group]!.assignments;
    if (typeof at !== "number") continue;
    const key = keyOf(rest);
    lines.set(key, [...(lines.get(key) ?? []), { at, of, rest }]);
  }
  return [...lines.values()].flatMap((line) => {
    // A difference of exactly 0 is no side: it turns between its neighbours.
    const sorted = line.filter(({ of }) => of.difference !== 0).sort((a, b) => a.at - b.at);
    return sorted.slice(1).flatMap(({ at, of, rest }, i): Turn[] => {
      const before = sorted[i]!;
      if (before.of.difference * of.difference >= 0) return [];
      const above = of.difference > 0 === !less ? "better" : "worse";
      const certain = before.of.verdict !== "tied" && of.verdict !== "tied";
      return [{ path, from: before.at, to: at, certain, above, rest }];
    });
  });
}
