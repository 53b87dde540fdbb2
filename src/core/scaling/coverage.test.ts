/** How often the 95 % intervals hold the truth: 200 simulated fits, sizes over two decades, 3 % log-normal noise. */
import { describe, expect, it } from "vitest";
import { random } from "../random";
import { bestFit, logPoints } from "./bestFit";
import { intervals, resampled } from "./intervals";
import { LAWS } from "./laws";

const FITS = 200;
const TRUTH: Record<string, number> = { A: 3.22e4, alpha: 0.53, delta: 0.04 };

function coverage(points: number): Record<string, number> {
  const law = LAWS.N;
  const held: Record<string, number> = {};
  for (let fit = 0; fit < FITS; fit++) {
    const noise = random(fit, "coverage", points);
    const logs = logPoints(
      law,
      Array.from({ length: points }, (_, i) => {
        const n = 10 ** (4 + (2 * i) / (points - 1));
        const loss = (TRUTH["A"]! / n) ** TRUTH["alpha"]! + TRUTH["delta"]!;
        return { n, loss: loss * Math.exp(0.03 * noise.normal()) };
      }),
    );
    const found = intervals(law, logs, resampled(law, logs, bestFit(law, logs), { samples: 100, seed: fit }));
    for (const name of law.parameters) {
      const { low, high } = found[name]!;
      held[name] = (held[name] ?? 0) + Number(low <= TRUTH[name]! && TRUTH[name]! <= high) / FITS;
    }
  }
  return held;
}

describe("95 % intervals", () => {
  it.each([30, 8])("of a law through %d points hold its constants in 90 to 99 % of the fits", (points) => {
    for (const [name, share] of Object.entries(coverage(points))) {
      expect(share, name).toBeGreaterThanOrEqual(0.9);
      expect(share, name).toBeLessThanOrEqual(0.99);
    }
  });
});
