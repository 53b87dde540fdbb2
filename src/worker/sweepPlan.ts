/** What can be said of a sweep before it starts. */
import { idleAxes } from "../core/analysis/idleAxes";
import type { AdapterRecord } from "../core/formats/result";
import { artifactsOf, type Job } from "../core/pipeline/sweep/queue";
import type { Sweep } from "../core/pipeline/sweep/spec";
import type { SweepSummary } from "./protocol";

/** Seconds at the speed of the newest sweep on this adapter; null where there is none. */
export function secondsAt(
  flops: number,
  rows: readonly Pick<SweepSummary, "speed">[],
  adapter: AdapterRecord | null,
): number | null {
  const speed = rows.find(
    (row) => row.speed && row.speed.flops > 0 && row.speed.adapter === adapter?.description,
  )?.speed;
  return speed ? (flops * speed.seconds) / speed.flops : null;
}

/** Axes that can change none of the measured systems, with the reason as it holds for the student where that is measured. */
export function idleEverywhere(
  { axes, systems, base }: Pick<Sweep, "axes" | "systems" | "base">,
  jobs: readonly Pick<Job, "trial" | "keys">[],
): { path: string; words: string }[] {
  const paths = axes.map(({ path }) => path);
  const trials = jobs.map(({ trial }) => ({ assignments: trial.assignments, config: base as Record<string, unknown> }));
  const found = systems.map((system) => idleAxes(paths, trials, system));
  const told = found[systems.indexOf("scalingnote")] ?? found[0] ?? [];
  const known = told.filter(({ path }) => found.every((idle) => idle.some((one) => one.path === path)));
  const others = paths.filter((path) => !known.some((one) => one.path === path) && makesNothing(path, systems, jobs));
  const words = "nothing that the measured systems are made of depends on it.";
  return [...known, ...others.map((path) => ({ path, words }))];
}

/** Whether trials that differ in this setting alone are measured with the same towers and vectors. */
function makesNothing(path: string, systems: Sweep["systems"], jobs: readonly Pick<Job, "trial" | "keys">[]): boolean {
  if (systems.includes("bm25") || /^(data|evaluation)\./.test(path)) return false;
  const names = new Map<string, string>();
  let pairs = 0;
  for (const { trial, keys } of jobs) {
    const rest = JSON.stringify([trial.seed, { ...trial.assignments, [path]: null }]);
    const name = artifactsOf(systems)
      .map((artifact) => keys[artifact])
      .join(" ");
    const before = names.get(rest);
    if (before !== undefined && before !== name) return false;
    if (before !== undefined) pairs++;
    names.set(rest, name);
  }
  return pairs > 0;
}
