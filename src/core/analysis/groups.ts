/** Trials put together that differ by nothing but their seed, and the axes along which the groups differ. */
import { type SettingValue, settingEntry } from "../config/paths";
import { LabError } from "../errors";
import type { Trial } from "./trial";

export interface Axis {
  /** "stage2.mseWeight" */
  path: string;
  /** Every value that occurs: numbers ascending, words in the order of the schema's choices. */
  values: SettingValue[];
  numeric: boolean;
}

export interface Group {
  /** Its assignments as one text: equal ones are one group. */
  key: string;
  assignments: Record<string, SettingValue>;
  /** By seed, ascending; of two trials with the same seed the later. */
  trials: Trial[];
}

export function keyOf(assignments: Record<string, SettingValue>): string {
  return JSON.stringify(Object.entries(assignments).sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

/** The groups in the order in which they are first met. */
export function groupTrials(trials: readonly Trial[]): Group[] {
  const groups = new Map<string, { assignments: Trial["assignments"]; bySeed: Map<number, Trial> }>();
  for (const trial of trials) {
    const key = keyOf(trial.assignments);
    const group = groups.get(key) ?? { assignments: trial.assignments, bySeed: new Map() };
    group.bySeed.set(trial.seed, trial);
    groups.set(key, group);
  }
  return [...groups].map(([key, { assignments, bySeed }]) => ({
    key,
    assignments,
    trials: [...bySeed.values()].sort((a, b) => a.seed - b.seed),
  }));
}

/**
 * Trials that `groupTrials` leaves out for a later one: `again` where both are the same trial, `other` where their records
 * say that they are not, as two sweeps put together may have.
 */
export function repeats(trials: readonly Trial[]): { again: number; other: number } {
  const last = new Map<string, Trial>();
  const found = { again: 0, other: 0 };
  for (const trial of trials) {
    const id = `${trial.seed} ${keyOf(trial.assignments)}`;
    const before = last.get(id);
    if (before) found[before.key === trial.key ? "again" : "other"]++;
    last.set(id, trial);
  }
  return found;
}

function choicesOf(path: string): string[] {
  try {
    return Object.keys(settingEntry(path).info.choices ?? {});
  } catch (error) {
    // A setting of another version: its values are shown as they are.
    if (error instanceof LabError) return [];
    throw error;
  }
}

/** The settings in which the groups differ. One that some groups do not name has no axis value there. */
export function axesOf(groups: readonly { assignments: Trial["assignments"] }[]): Axis[] {
  const paths = new Set(groups.flatMap((group) => Object.keys(group.assignments)));
  return [...paths].flatMap((path) => {
    const values = new Set(groups.map((group) => group.assignments[path]));
    const named = [...values].filter((value) => value !== undefined);
    if (values.size < 2) return [];
    const numeric = named.every((value) => typeof value === "number");
    const order = choicesOf(path);
    const rank = (value: SettingValue) => {
      const at = order.indexOf(String(value));
      return at < 0 ? order.length : at;
    };
    const sorted = numeric
      ? named.toSorted((a, b) => Number(a) - Number(b))
      : named.toSorted((a, b) => rank(a) - rank(b) || (String(a) < String(b) ? -1 : 1));
    return [{ path, values: sorted, numeric }];
  });
}

/** Whether the groups are every combination of the axes' values, each once. */
export function isFullGrid(groups: readonly Group[], axes: readonly Axis[]): boolean {
  const cells = axes.reduce((product, axis) => product * axis.values.length, 1);
  return groups.length === cells && groups.every((group) => axes.every(({ path }) => path in group.assignments));
}
