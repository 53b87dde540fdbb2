/** Where a fit begins: over a grid of shapes a law is linear in its factors, which non-negative least squares finds. */
import type { Law, LogPoints } from "./laws";
import { type Fitted, objective, solvePositive } from "./minimise";

/**
 * Non-negative least squares for up to three unknowns: the best of all subsets that are allowed.
 * @param rows float64 rows of `terms` with their target, already weighted
 */
export function nonNegative(rows: readonly { terms: readonly number[]; target: number }[]): number[] | null {
  const size = rows[0]?.terms.length ?? 0;
  let best: { factors: number[]; error: number } | null = null;
  for (let subset = 1; subset < 1 << size; subset++) {
    const used = Array.from({ length: size }, (_, j) => j).filter((j) => subset & (1 << j));
    const m = used.length;
    const normal = new Float64Array(m * m);
    const right = new Float64Array(m);
    for (const { terms, target } of rows)
      used.forEach((j, a) => {
        right[a] = right[a]! + terms[j]! * target;
        used.forEach((k, b) => {
          normal[a * m + b] = normal[a * m + b]! + terms[j]! * terms[k]!;
        });
      });
    if (!solvePositive(normal, right) || right.some((factor) => factor < 0)) continue;
    const factors = Array.from({ length: size }, (_, j) => (used.includes(j) ? right[used.indexOf(j)]! : 0));
    const error = rows.reduce(
      (sum, { terms, target }) => sum + (terms.reduce((y, term, j) => y + term * factors[j]!, 0) - target) ** 2,
      0,
    );
    if (!best || error < best.error) best = { factors, error };
  }
  return best?.factors ?? null;
}

/** The most promising starts, best first. */
export function starts(law: Law, points: LogPoints, most: number): Float64Array[] {
  const losses = points.y.map(Math.exp);
  const least = Math.min(...losses);
  const found: Fitted[] = [];
  for (const shape of law.shapes()) {
    const rows = Array.from(losses, (loss, i) => {
      const { terms, target, weight } = law.linear(shape, points.u[i]!, points.v[i]!, loss, least);
      return { terms: terms.map((term) => term * weight), target: target * weight };
    });
    const factors = nonNegative(rows);
    if (!factors) continue;
    const theta = law.begin(shape, factors, least);
    found.push({ theta, objective: objective(law, points, theta) });
  }
  return found
    .sort((a, b) => a.objective - b.objective)
    .slice(0, most)
    .map(({ theta }) => theta);
}
