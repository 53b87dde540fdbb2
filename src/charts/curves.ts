/** From a run's stages to the lines of the two live charts. */
import type { LossPoint, StageName, SystemName, TrainedSystem, ValidationPoint } from "../core/formats/result";
import { bucket, extent, type Point, positive, smooth, smoothingSpan } from "./series";
import { LOOKS } from "./systems";
import { type Axis, linearAxis, logAxis } from "./ticks";
import { loss as lossWords, share } from "./words";

/** The stage that trains each system. */
export const STAGE_OF: Record<TrainedSystem, StageName> = {
  teacher: "stage1",
  scalingnote: "stage2",
  scalingdoc: "scalingdoc",
  twinbert: "twinbert",
};

/** What a chart needs of a stage. */
export interface Training {
  status: "waiting" | "running" | "done" | "interrupted";
  total: number;
  losses: readonly LossPoint[];
  validation: readonly ValidationPoint[];
}

export interface CurveLine {
  system: SystemName;
  /** The line, 300 points at most. */
  points: Point[];
  /** The raw values behind it, faint; none where there is nothing to smooth. */
  ghost: Point[];
  /** Words at the line's end. */
  label: string;
  /** reference: a level, dashed; words: BM25's, dotted. */
  style: "line" | "dots" | "reference" | "words";
}

export interface CurveChart {
  lines: CurveLine[];
  x: Axis;
  y: Axis;
  /** The finding in a sentence. */
  sentence: string;
}

export interface LogAxes {
  x: boolean;
  y: boolean;
}

/** Loss against step of the given systems, smoothed over raw. */
export function lossCurves(
  stages: Partial<Record<StageName, Training>>,
  systems: readonly TrainedSystem[],
  log: LogAxes,
): CurveChart {
  const lines: CurveLine[] = [];
  let steps = 0;
  for (const system of systems) {
    const stage = stages[STAGE_OF[system]];
    if (!stage) continue;
    if (stage.status !== "waiting") steps = Math.max(steps, stage.total);
    let raw: Point[] = stage.losses.map((p) => ({ x: p.step, y: p.loss }));
    if (log.y) raw = positive(raw, "y");
    if (log.x) raw = positive(raw, "x");
    if (raw.length === 0) continue;
    const line = bucket(smooth(raw, smoothingSpan(Math.max(stage.total, raw.at(-1)!.x))));
    lines.push({
      system,
      points: line,
      ghost: bucket(raw),
      label: lossWords(line.at(-1)?.y),
      style: "line",
    });
  }
  const ys = lines.flatMap((l) => [...l.points, ...l.ghost].map((p) => p.y));
  const xs = lines.flatMap((l) => l.points.map((p) => p.x));
  return {
    lines,
    x: stepAxis(xs, steps, log.x),
    y: log.y ? logAxis(ys) : linearAxis(ys, { zero: true }),
    sentence: lines.length
      ? `Loss by step, smoothed: ${lines.map((l) => `${LOOKS[l.system].label} ${l.label}`).join(", ")}.`
      : "Loss by step: nothing yet.",
  };
}

/**
 * Recall@k on the validation queries against step, for the trained systems; BM25, which has no steps, as a level (of the
 * test queries, its only evaluation).
 */
export function recallCurves(
  stages: Partial<Record<StageName, Training>>,
  k: number,
  log: LogAxes,
  bm25: number | null,
): CurveChart {
  const key = `recall@${k}`;
  const lines: CurveLine[] = [];
  let steps = 0;
  for (const system of Object.keys(STAGE_OF) as TrainedSystem[]) {
    const stage = stages[STAGE_OF[system]];
    if (!stage) continue;
    if (stage.status !== "waiting") steps = Math.max(steps, stage.total);
    let points: Point[] = stage.validation.map((p) => ({ x: p.step, y: p.metrics[key] ?? Number.NaN }));
    if (log.x) points = positive(points, "x");
    points = bucket(points);
    if (points.length === 0) continue;
    lines.push({
      system,
      points,
      ghost: [],
      label: share(points.at(-1)!.y),
      style: points.length <= 40 ? "dots" : "line",
    });
  }
  const x = stepAxis(
    lines.flatMap((l) => l.points.map((p) => p.x)),
    steps,
    log.x,
  );
  if (bm25 !== null && Number.isFinite(bm25))
    lines.push({
      system: "bm25",
      points: [
        { x: x.domain[0], y: bm25 },
        { x: x.domain[1], y: bm25 },
      ],
      ghost: [],
      label: `${share(bm25)}, test`,
      style: "words",
    });
  const top = extent(lines.flatMap((l) => l.points.map((p) => p.y)))?.[1] ?? 1;
  return {
    lines,
    x,
    // The whole range of a share, unless all of it happens near the floor.
    y: linearAxis([top > 0.25 ? 1 : top], { zero: true, count: 5 }),
    sentence: lines.length
      ? `Recall at ${k} by step: ${lines.map((l) => `${LOOKS[l.system].label} ${l.label}`).join(", ")}.`
      : `Recall at ${k} by step: nothing yet.`,
  };
}

/** The curves behind the charts as CSV: one row a point, unsmoothed. */
export function curvesCsv(stages: Partial<Record<StageName, Training>>): string {
  const rows = ["system,step,measure,value"];
  for (const system of Object.keys(STAGE_OF) as TrainedSystem[]) {
    const stage = stages[STAGE_OF[system]];
    for (const p of stage?.losses ?? []) rows.push(`${system},${p.step},loss,${p.loss}`);
    for (const p of stage?.validation ?? [])
      for (const [key, value] of Object.entries(p.metrics)) rows.push(`${system},${p.step},${key},${value}`);
  }
  return `${rows.join("\n")}\n`;
}

function stepAxis(xs: readonly number[], planned: number, log: boolean): Axis {
  const last = Math.max(planned, extent(xs)?.[1] ?? 0) || 100;
  if (log) {
    const first = Math.max(1, extent(xs)?.[0] ?? 1);
    return logAxis([first, Math.max(last, first * 2)]);
  }
  return linearAxis([0, last], { zero: true, exact: true });
}
