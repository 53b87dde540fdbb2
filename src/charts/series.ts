/** Data of a curve made ready for a picture: smoothing, bucketing, ranges. Pure; no picture here. */

export interface Point {
  x: number;
  y: number;
}

/** Most points that a line is drawn with. */
export const MAX_POINTS = 300;

/**
 * Exponential moving average, de-biased and aware of density: the weight of the past falls with the distance in x, so a
 * sparse curve and a dense one of the same run look alike. Points that are not finite are left out.
 * `span` is the distance in x over which the past keeps 1/e of its weight; 0 gives the points back.
 */
export function smooth(points: readonly Point[], span: number): Point[] {
  const out: Point[] = [];
  const fresh = span > 0 ? 1 - Math.exp(-1 / span) : 1;
  let sum = 0;
  let weight = 0;
  let lastX: number | null = null;
  for (const { x, y } of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const keep = lastX === null || span <= 0 ? 0 : Math.exp(-Math.max(0, x - lastX) / span);
    // Dividing by the weight so far is the de-biasing: the first points are not pulled towards 0.
    sum = keep * sum + fresh * y;
    weight = keep * weight + fresh;
    lastX = x;
    out.push({ x, y: sum / weight });
  }
  return out;
}

/** Span of the smoothing for a training planned for so many steps: a fiftieth of it, 1 at least. */
export function smoothingSpan(steps: number): number {
  return Math.max(1, steps / 50);
}

/**
 * At most `max` points (3 at least): the series is cut into buckets of equal count and each keeps its lowest, its highest
 * and its last point, in order of x, so that no spike is lost and the line ends where the data end.
 */
export function bucket(points: readonly Point[], max = MAX_POINTS): Point[] {
  const finite = points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
  if (finite.length <= max) return finite;
  const buckets = Math.max(1, Math.floor(max / 3));
  const out: Point[] = [];
  for (let b = 0; b < buckets; b++) {
    const from = Math.floor((b * finite.length) / buckets);
    const to = Math.floor(((b + 1) * finite.length) / buckets);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (finite[i]!.y < finite[low]!.y) low = i;
      if (finite[i]!.y > finite[high]!.y) high = i;
    }
    for (const i of [...new Set([low, high, to - 1])].sort((a, c) => a - c)) out.push(finite[i]!);
  }
  return out;
}

/** What a log axis can show: points above 0 only. */
export function positive(points: readonly Point[], axis: "x" | "y"): Point[] {
  return points.filter((p) => p[axis] > 0);
}

/** Lowest and highest of the finite values; null where there is none. */
export function extent(values: Iterable<number>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : null;
}
