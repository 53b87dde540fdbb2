/**
 * How much of the differences between configurations each axis accounts for on its own.
 *
 * On a full grid: the main effects of the functional ANOVA (Hooker 2007; Hutter et al. 2014): the variance of the metric's
 * mean at each of the axis' values, over the variance of all configurations. What is left are interactions and noise.
 * Elsewhere (random or listed trials): the same one-way share, less what as many values would explain by chance
 * (epsilon squared, Kelley 1935); a numeric axis with many different values is cut into four classes of equal count.
 *
 * `chance` is the share that 95 of 100 random assignments of the results to the configurations stay below.
 */
import { quantile } from "../quantile";
import { random } from "../random";
import { type Axis, type Group, isFullGrid } from "./groups";

export interface Importance {
  path: string;
  /** 0 to 1. */
  share: number;
  chance: number;
}

export interface ImportanceReport {
  method: "main effects of the functional ANOVA" | "variance explained by each axis alone, corrected for chance";
  axes: Importance[];
  /** What no axis explains on its own: interactions, and noise. */
  rest: number;
  /** Variance that seeds cause, as a share of that between configurations; null with one seed. */
  seeds: number | null;
  /** Why there is nothing to show. */
  reason?: string;
}

const CLASSES = 4;
const SHUFFLES = 200;

const mean = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

const squares = (values: Float64Array) => {
  const m = mean(values);
  return values.reduce((sum, v) => sum + (v - m) ** 2, 0);
};

/** For each group, the class of its value on the axis. */
export function classesOf(groups: readonly Group[], axis: Axis): number[] {
  const at = (group: Group) => axis.values.indexOf(group.assignments[axis.path] ?? "");
  if (!axis.numeric || axis.values.length <= Math.max(CLASSES, groups.length / 3)) return groups.map(at);
  const order = groups.map((_, i) => i).sort((a, b) => at(groups[a]!) - at(groups[b]!));
  const out = new Array<number>(groups.length);
  for (const [rank, i] of order.entries()) {
    const before = order[rank - 1];
    const same = before !== undefined && at(groups[before]!) === at(groups[i]!);
    out[i] = same ? out[before]! : Math.floor((rank * CLASSES) / groups.length);
  }
  return out;
}

function between(values: Float64Array, classes: readonly number[]): { sum: number; count: number } {
  const byClass = new Map<number, number[]>();
  for (const [i, c] of classes.entries()) byClass.set(c, [...(byClass.get(c) ?? []), values[i]!]);
  const all = mean(values);
  let sum = 0;
  for (const list of byClass.values()) sum += list.length * (mean(list) - all) ** 2;
  return { sum, count: byClass.size };
}

/**
 * @param values one mean for each group, finite
 * @param spread variance of a mean that the seeds cause, pooled over groups; null where it is not known
 */
export function importanceOf(
  groups: readonly Group[],
  axes: readonly Axis[],
  values: Float64Array,
  spread: number | null,
  seed: number,
): ImportanceReport {
  const full = isFullGrid(groups, axes);
  const method = full
    ? "main effects of the functional ANOVA"
    : "variance explained by each axis alone, corrected for chance";
  const total = squares(values);
  const n = values.length;
  const none = (reason: string): ImportanceReport => ({ method, axes: [], rest: 0, seeds: null, reason });
  if (axes.length === 0) return none("All trials have the same settings: there is no axis.");
  if (n < 3)
    return none(
      n === 0
        ? "No configuration has a value of this measure."
        : `Only ${n} ${n === 1 ? "configuration" : "configurations"}: too few to tell axes apart.`,
    );
  const scale = Math.max(...values.map(Math.abs));
  if (!(total > 1e-18 * scale * scale * n)) return none("All configurations have the same result.");
  const share = (results: Float64Array, classes: readonly number[]) => {
    const { sum, count } = between(results, classes);
    if (full) return sum / total;
    if (n <= count) return 0;
    const within = (total - sum) / (n - count);
    return Math.max(0, (sum - (count - 1) * within) / total);
  };
  const source = random(seed, "importance", n);
  const shuffles = Array.from({ length: SHUFFLES }, () => Float64Array.from(source.shuffle([...values])));
  const found = axes.map((axis): Importance => {
    const classes = classesOf(groups, axis);
    const byChance = Float64Array.from(shuffles, (shuffled) => share(shuffled, classes)).sort();
    return { path: axis.path, share: share(values, classes), chance: quantile(byChance, 0.95) };
  });
  const explained = found.reduce((sum, axis) => sum + axis.share, 0);
  return {
    method,
    axes: found.sort((a, b) => b.share - a.share),
    rest: Math.max(0, 1 - explained),
    seeds: spread === null ? null : Math.min(1, (spread * (n - 1)) / total),
  };
}

/**
 * Pooled variance of a group's mean over its seeds, as far as it sets groups apart: what a seed does to all groups that
 * have it, such as harder test queries, moves them together and is taken out. A group whose seeds no other has keeps it.
 * @returns null where no group has two seeds
 */
export function seedSpread(seeds: readonly (readonly { seed: number; value: number }[])[]): number | null {
  const cohorts = new Map<string, Float64Array[]>();
  for (const list of seeds) {
    if (list.length < 2) continue;
    const key = list.map(({ seed }) => seed).join(" ");
    cohorts.set(key, [...(cohorts.get(key) ?? []), Float64Array.from(list, ({ value }) => value)]);
  }
  let sum = 0;
  let count = 0;
  for (const lists of cohorts.values()) {
    const size = lists[0]!.length;
    const common = Float64Array.from({ length: size }, (_, s) => mean(lists.map((list) => list[s]!)));
    // Residuals of groups and seeds; of one group alone the seeds' own.
    const rest = lists.map((list) => squares(lists.length > 1 ? list.map((v, s) => v - common[s]!) : list));
    const free = Math.max(1, lists.length - 1) * (size - 1);
    sum += (lists.length * rest.reduce((all, one) => all + one, 0)) / free / size;
    count += lists.length;
  }
  return count > 0 ? sum / count : null;
}
