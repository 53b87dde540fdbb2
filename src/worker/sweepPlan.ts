/** What can be said of a sweep before it starts. */
import { idleAxes } from "../core/analysis/algebra";
import type { AdapterRecord } from "../core/formats/result";
import type { Job } from "../core/pipeline/sweep/queue";
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
  jobs: readonly Pick<Job, "trial">[],
): { path: string; words: string }[] {
  const paths = axes.map(({ path }) => path);
  const trials = jobs.map(({ trial }) => ({ assignments: trial.assignments, config: base as Record<string, unknown> }));
  const found = systems.map((system) => idleAxes(paths, trials, system));
  const told = found[systems.indexOf("scalingnote")] ?? found[0] ?? [];
  return told.filter(({ path }) => found.every((idle) => idle.some((one) => one.path === path)));
}
