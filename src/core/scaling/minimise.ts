/**
 * Minimises the sum of Huber losses of the residuals of ln L: quadratic within `HUBER` and linear beyond, so that a point
 * that is off does not decide the fit. The sum, not the mean: a mean made an optimizer's tolerance end a famous fit too
 * early (Besiroglu et al. 2024, arXiv 2404.10102).
 *
 * Levenberg-Marquardt steps on the loss's majorising weights (1 within, HUBER/|r| beyond), which never raise it, take it
 * near; where they slow down, BFGS, which knows the curvature between the kinks, takes it to the end.
 */
import type { Law, LogPoints } from "./laws";

export const HUBER = 1e-3;

export const huber = (r: number): number => {
  const a = Math.abs(r);
  return a <= HUBER ? 0.5 * r * r : HUBER * (a - 0.5 * HUBER);
};

export interface Fitted {
  theta: Float64Array;
  /** Sum of Huber losses. */
  objective: number;
}

export const better = (a: Fitted, b: Fitted): Fitted => (b.objective < a.objective ? b : a);

/** ln L - prediction at each point. */
export function residuals(law: Law, points: LogPoints, theta: Float64Array): Float64Array {
  const gradient = new Float64Array(law.size);
  return Float64Array.from(points.y, (y, i) => y - law.predict(theta, points.u[i]!, points.v[i]!, gradient));
}

export function objective(law: Law, points: LogPoints, theta: Float64Array): number {
  const gradient = new Float64Array(law.size);
  let sum = 0;
  for (let i = 0; i < points.count; i++)
    sum += huber(points.y[i]! - law.predict(theta, points.u[i]!, points.v[i]!, gradient));
  // A step too far overflows; it counts as worse than anything.
  return Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY;
}

/**
 * Solves the symmetric positive system a x = b in place by Cholesky.
 * @param a float64 [n, n], overwritten
 * @returns whether `a` was positive definite; then b holds x
 */
export function solvePositive(a: Float64Array, b: Float64Array): boolean {
  const n = b.length;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i > j) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0 && Number.isFinite(sum)) a[i * n + j] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * n + k]! * b[k]!;
    b[i] = sum / a[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= a[k * n + i]! * b[k]!;
    b[i] = sum / a[i * n + i]!;
  }
  return b.every(Number.isFinite);
}

/** The weighted normal equations at some coefficients, and the objective there: one walk over the points for both. */
interface Equations {
  normal: Float64Array;
  right: Float64Array;
  objective: number;
}

const equations = (size: number): Equations => ({
  normal: new Float64Array(size * size),
  right: new Float64Array(size),
  objective: Number.POSITIVE_INFINITY,
});

function assemble(law: Law, points: LogPoints, theta: Float64Array, gradient: Float64Array, into: Equations): void {
  const p = law.size;
  const { normal, right } = into;
  normal.fill(0);
  right.fill(0);
  let sum = 0;
  for (let i = 0; i < points.count; i++) {
    const r = points.y[i]! - law.predict(theta, points.u[i]!, points.v[i]!, gradient);
    sum += huber(r);
    const weight = Math.abs(r) <= HUBER ? 1 : HUBER / Math.abs(r);
    for (let j = 0; j < p; j++) {
      const g = weight * gradient[j]!;
      right[j] = right[j]! + g * r;
      for (let k = 0; k <= j; k++) normal[j * p + k] = normal[j * p + k]! + g * gradient[k]!;
    }
  }
  into.objective = Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY;
}

/** Levenberg-Marquardt with Huber weights, at most `most` steps. */
function descend(law: Law, points: LogPoints, start: Fitted, most: number, gainLeast = 1e-10): Fitted {
  const p = law.size;
  const gradient = new Float64Array(p);
  let [here, there] = [equations(p), equations(p)];
  assemble(law, points, start.theta, gradient, here);
  let best = start;
  let damping = 1e-3;
  for (let step = 0; step < most; step++) {
    let next: Fitted | null = null;
    while (!next && damping < 1e12) {
      const a = here.normal.slice();
      const x = here.right.slice();
      // A coefficient that nothing depends on (delta at zero) has no curvature: the floor keeps it where it is.
      for (let j = 0; j < p; j++) a[j * p + j] = a[j * p + j]! * (1 + damping) + 1e-18;
      if (solvePositive(a, x)) {
        const theta = best.theta.map((value, j) => value + x[j]!);
        assemble(law, points, theta, gradient, there);
        if (there.objective < best.objective) next = { theta, objective: there.objective };
      }
      damping *= next ? 0.2 : 5;
    }
    if (!next) break;
    [here, there] = [there, here];
    const gain = (best.objective - next.objective) / best.objective;
    best = next;
    damping = Math.max(damping, 1e-12);
    if (gain < gainLeast) break;
  }
  return best;
}

/** BFGS with backtracking, at most `most` steps. */
function bfgs(law: Law, points: LogPoints, start: Fitted, most: number): Fitted {
  const p = law.size;
  const slope = (theta: Float64Array) => {
    const sum = new Float64Array(p);
    const gradient = new Float64Array(p);
    for (let i = 0; i < points.count; i++) {
      const r = points.y[i]! - law.predict(theta, points.u[i]!, points.v[i]!, gradient);
      const push = Math.max(-HUBER, Math.min(HUBER, r));
      for (let j = 0; j < p; j++) sum[j] = sum[j]! - push * gradient[j]!;
    }
    return sum;
  };
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  let best = start;
  let g = slope(best.theta);
  const identity = () => Float64Array.from({ length: p * p }, (_, i) => (i % (p + 1) === 0 ? 1 : 0));
  let inverse = identity();
  let fresh = true;
  for (let step = 0; step < most; step++) {
    const direction = Float64Array.from({ length: p }, (_, i) => -dot(inverse.subarray(i * p, (i + 1) * p), g));
    const fall = dot(direction, g);
    let length = 1;
    let next: Fitted | null = null;
    for (let halving = 0; fall < 0 && halving < 50 && !next; halving++, length *= 0.5) {
      const theta = best.theta.map((value, i) => value + length * direction[i]!);
      const value = objective(law, points, theta);
      if (value <= best.objective + 1e-4 * length * fall && value < best.objective) next = { theta, objective: value };
    }
    if (!next) {
      if (fresh) break;
      inverse = identity();
      fresh = true;
      continue;
    }
    const s = next.theta.map((value, i) => value - best.theta[i]!);
    const after = slope(next.theta);
    const y = after.map((value, i) => value - g[i]!);
    const sy = dot(s, y);
    if (sy > 1e-300) {
      if (fresh) inverse = identity().map((value) => (value * sy) / dot(y, y));
      const hy = Float64Array.from({ length: p }, (_, i) => dot(inverse.subarray(i * p, (i + 1) * p), y));
      const scale = (1 + dot(y, hy) / sy) / sy;
      inverse = inverse.map((value, at) => {
        const [i, j] = [Math.floor(at / p), at % p];
        return value + scale * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / sy;
      });
      fresh = false;
    }
    best = next;
    g = after;
  }
  return best;
}

/** From one start to a minimum. `thorough` goes on to the last digits; resamples do not need them. */
export function minimise(law: Law, points: LogPoints, theta: Float64Array, thorough: boolean): Fitted {
  const start = { theta, objective: objective(law, points, theta) };
  if (!thorough) return descend(law, points, start, 40, 1e-6);
  let best = descend(law, points, start, 200);
  for (let round = 0; round < 8; round++) {
    const next = descend(law, points, bfgs(law, points, best, 200), 50);
    const gain = best.objective - next.objective;
    best = next;
    if (gain <= 1e-13 * best.objective) break;
  }
  return best;
}
