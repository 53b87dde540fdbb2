/**
 * 95 % intervals of a fit to bare points, by a residual bootstrap: residuals of ln L, made larger for the leverage that
 * each point had on the fit and centred, are dealt out anew over the fitted curve, and the law is fitted again from the
 * solution. Sizes stay where they are: with few of them, resampling points would lose the law.
 */
import { quantile } from "../quantile";
import { random } from "../random";
import type { Law, LogPoints } from "./laws";
import { better, type Fitted, minimise, residuals, solvePositive } from "./minimise";

export interface Resampling {
  samples: number;
  seed: number;
}

/** Share of each residual that the fit has taken away: diagonal of J (J^T J)^-1 J^T. */
export function leverages(law: Law, points: LogPoints, theta: Float64Array): Float64Array {
  const p = law.size;
  const rows = Array.from(points.u, (u, i) => {
    const gradient = new Float64Array(p);
    law.predict(theta, u, points.v[i]!, gradient);
    return gradient;
  });
  const normal = new Float64Array(p * p);
  for (const row of rows)
    for (let j = 0; j < p; j++) for (let k = 0; k < p; k++) normal[j * p + k] = normal[j * p + k]! + row[j]! * row[k]!;
  // A coefficient without influence (delta at zero) must not make the others' leverage unknown.
  for (let j = 0; j < p; j++) normal[j * p + j] = normal[j * p + j]! * (1 + 1e-9) + 1e-12;
  return Float64Array.from(rows, (row) => {
    const x = row.slice();
    if (!solvePositive(normal.slice(), x)) return p / points.count;
    return Math.min(
      0.95,
      Math.max(
        0,
        x.reduce((sum, value, j) => sum + value * row[j]!, 0),
      ),
    );
  });
}

/** Coefficients of the law fitted to each resample. */
export function resampled(law: Law, points: LogPoints, fitted: Fitted, options: Resampling): Float64Array[] {
  const lever = leverages(law, points, fitted.theta);
  const raw = residuals(law, points, fitted.theta);
  // The fit goes through as many points as it has coefficients, nearly: their residuals of next to nothing are its doing,
  // and dealt out they would make the noise look smaller than it is in the middle, where this loss looks.
  const larger = raw
    .map((r, i) => r / Math.sqrt(1 - lever[i]!))
    .sort((a, b) => Math.abs(a) - Math.abs(b))
    .slice(Math.min(law.size, points.count - 4));
  const mean = larger.reduce((sum, r) => sum + r, 0) / larger.length;
  const from = [fitted.theta, ...law.awayFromZero(fitted.theta, Math.min(...points.y))];
  const curve = points.y.map((y, i) => y - raw[i]!);
  return Array.from({ length: options.samples }, (_, sample) => {
    const source = random(options.seed, "residuals", points.count, sample);
    const y = curve.map((value) => value + larger[source.int(larger.length)]! - mean);
    const again = { ...points, y };
    return from.map((theta) => minimise(law, again, theta, false)).reduce(better).theta;
  });
}

/** The middle 95 % of each public constant. */
export function intervals(
  law: Law,
  points: LogPoints,
  thetas: readonly Float64Array[],
): Record<string, { low: number; high: number }> {
  const all = thetas.map((theta) => law.publish(theta, points));
  return Object.fromEntries(
    law.parameters.map((name) => {
      const ascending = Float64Array.from(all, (constants) => constants[name]!).sort();
      return [name, { low: quantile(ascending, 0.025), high: quantile(ascending, 0.975) }];
    }),
  );
}
