/** The error of a law on sizes larger than any that it was fitted to: what R2 on the fitted points cannot tell. */
import { bestFit, logPoints } from "./bestFit";
import type { Law, ScalingPoint } from "./laws";

export interface HeldOut {
  /** Points that were held out, and sizes. */
  points: number;
  sizes: number;
  /** They are those of this size and more: N, D, or N times D where the law has both. */
  from: number;
  /** Mean and largest |predicted / measured - 1|. */
  meanError: number;
  maxError: number;
}

const sizeOf = (law: Law, point: ScalingPoint): number => law.uses.reduce((product, key) => product * point[key]!, 1);

/** Fits without the largest sizes and predicts them; null where too few points are left for a fit. */
export function heldOutError(law: Law, points: readonly ScalingPoint[], sizes?: number): HeldOut | null {
  const all = [...new Set(points.map((point) => sizeOf(law, point)))].sort((a, b) => a - b);
  const held = sizes ?? Math.max(1, Math.floor(all.length / 10));
  const from = all[all.length - held];
  if (held < 1 || from === undefined) return null;
  const fitted = points.filter((point) => sizeOf(law, point) < from);
  if (fitted.length <= law.size || all.length - held < law.size) return null;
  const logs = logPoints(law, fitted);
  const { theta } = bestFit(law, logs);
  const gradient = new Float64Array(law.size);
  const errors = points
    .filter((point) => sizeOf(law, point) >= from)
    .map(({ n, d, loss }) => {
      const u = n === undefined ? 0 : Math.log(n) - logs.centreU;
      const v = d === undefined ? 0 : Math.log(d) - logs.centreV;
      return Math.abs(Math.exp(law.predict(theta, u, v, gradient)) / loss - 1);
    });
  return {
    points: errors.length,
    sizes: held,
    from,
    meanError: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    maxError: Math.max(...errors),
  };
}
