import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { random } from "../random";
import { fitLaw } from "./fit";
import { LAWS, type LawName, type ScalingPoint } from "./laws";
import { readPoints } from "./points";

const OPTIONS = { samples: 30, seed: 7 };
const TRUTH: Record<LawName, Record<string, number>> = {
  N: { A: 3.22e4, alpha: 0.53, delta: 0.04 },
  D: { B: 3.49e3, beta: 1.05, delta: 0.2 },
  ND: { A: 3.2e4, B: 3490, alpha: 0.56, beta: 1.31, delta: 0.03 },
  chinchilla: { A: 480, B: 2100, E: 1.8, alpha: 0.35, beta: 0.37 },
};
/** The forms as their papers write them, apart from laws.ts. */
const LOSS: Record<LawName, (t: Record<string, number>, n: number, d: number) => number> = {
  N: (t, n) => (t["A"]! / n) ** t["alpha"]! + t["delta"]!,
  D: (t, _n, d) => (t["B"]! / d) ** t["beta"]! + t["delta"]!,
  ND: (t, n, d) => ((t["A"]! / n) ** (t["alpha"]! / t["beta"]!) + t["B"]! / d) ** t["beta"]! + t["delta"]!,
  chinchilla: (t, n, d) => t["E"]! + t["A"]! / n ** t["alpha"]! + t["B"]! / d ** t["beta"]!,
};

/** A grid of 6 sizes and 5 amounts of data over two decades each. */
function grid(form: LawName, noise = 0, seed = 1): ScalingPoint[] {
  const r = random(seed, "points");
  return Array.from({ length: 30 }, (_, i) => {
    const n = 10 ** (4 + (2 * (i % 6)) / 5);
    const d = 10 ** (4 + (2 * Math.floor(i / 6)) / 4);
    return { n, d, loss: LOSS[form](TRUTH[form], n, d) * Math.exp(noise * r.normal()) };
  });
}

describe("fitLaw", () => {
  it.each(Object.keys(LAWS) as LawName[])("finds the constants of a law without noise: %s", (form) => {
    const fit = fitLaw(form, grid(form), OPTIONS);
    for (const [name, value] of Object.entries(TRUTH[form]))
      expect(Math.abs(fit.parameters![name]! / value - 1), name).toBeLessThan(1e-5);
    expect(fit.objective).toBeLessThan(1e-15);
    expect(fit.heldOut!.maxError).toBeLessThan(1e-5);
  });

  it("finds the published fit of Chinchilla's points, in time", () => {
    const file = "../shared/data/chinchilla/svg_extracted_data.csv";
    if (!existsSync(file)) {
      expect(process.env["CI"], `${file} is missing`).toBeUndefined();
      return;
    }
    const columns = { N: "Model Size", C: "Training FLOP", L: "loss" };
    const points = readPoints(readFileSync(file, "utf8"), file, LAWS.chinchilla, columns)
      .sort((a, b) => a.loss - b.loss)
      .slice(0, -5);
    expect(points).toHaveLength(240);
    const fit = fitLaw("chinchilla", points, OPTIONS);
    expect(Math.abs(fit.objective! - 1.018274e-3)).toBeLessThan(1e-8);
    for (const [name, value] of Object.entries({ E: 1.8172, alpha: 0.3473, beta: 0.3672 }))
      expect(Math.abs(fit.parameters![name]! / value - 1), name).toBeLessThan(0.005);
    // The paper's standard error of alpha is .02: an interval of another size would be of another method.
    const { low, high } = fit.intervals!["alpha"]!;
    expect((high - low) / 3.92).toBeGreaterThan(0.004);
    expect((high - low) / 3.92).toBeLessThan(0.03);
    expect(fit.heldOut!.meanError).toBeLessThan(0.03);
  });

  it("is the same for the same seed, and no interval leaves its constant out by much", () => {
    const points = grid("N", 0.03);
    const fit = fitLaw("N", points, OPTIONS);
    expect(fitLaw("N", points, OPTIONS)).toEqual(fit);
    expect(fitLaw("N", points, { ...OPTIONS, seed: 8 }).intervals).not.toEqual(fit.intervals);
  });

  it("is not moved by one wild point", () => {
    const points = grid("N", 0.01);
    const wild = points.with(3, { ...points[3]!, loss: points[3]!.loss * 5 });
    const [fit, disturbed] = [fitLaw("N", points, OPTIONS), fitLaw("N", wild, OPTIONS)];
    expect(Math.abs(disturbed.parameters!["alpha"]! / fit.parameters!["alpha"]! - 1)).toBeLessThan(0.05);
  });

  it("holds the largest sizes out, and shows a law that breaks there", () => {
    const points = grid("N").map((point) => (point.n === 1e6 ? { ...point, loss: point.loss * 2 } : point));
    const { heldOut } = fitLaw("N", points, OPTIONS);
    expect(heldOut).toMatchObject({ sizes: 1, points: 5, from: 1e6 });
    expect(heldOut!.meanError).toBeCloseTo(0.5, 3);
    expect(fitLaw("N", points, { ...OPTIONS, holdOut: 2 }).heldOut).toMatchObject({ sizes: 2, points: 10 });
    expect(fitLaw("N", points.slice(0, 4), OPTIONS).heldOut).toBeNull();
  });
});

describe("what cannot be fitted is told in words", () => {
  const at = (n: number, loss: number): ScalingPoint => ({ n, loss });
  const sizes = [1e3, 3e3, 1e4, 3e4, 1e5, 3e5];
  it.each([
    ["three points", [at(1e3, 4), at(1e4, 3), at(1e5, 2)], /Only 3 points/],
    ["two sizes", [at(1e3, 4), at(1e3, 3.9), at(1e4, 3), at(1e4, 3.1)], /Only 2 different values of N/],
    ["flat", sizes.map((n) => at(n, 2)), /flat/],
    ["flat but for noise", sizes.map((n, i) => at(n, 2 + (i % 2) * 0.01)), /flat in N/],
    ["rising", sizes.map((n) => at(n, 2 * n ** 0.2)), /rises with N/],
  ])("%s", (_, points, words) => {
    const fit = fitLaw("N", points, OPTIONS);
    expect(fit).toMatchObject({ objective: null, parameters: null, intervals: null, r2: null, heldOut: null });
    expect(fit.flags).toHaveLength(1);
    expect(fit.flags[0]).toMatch(words);
  });

  it("a law in N and D whose sizes move together", () => {
    const points = sizes.map((n) => ({ n, d: n * 20, loss: 1 + (1e4 / n) ** 0.3 }));
    expect(fitLaw("ND", [...points, ...points], OPTIONS).flags[0]).toMatch(/move together/);
  });

  it.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY])("%s is refused with its place", (bad) => {
    const points = grid("N");
    expect(() => fitLaw("N", points.with(2, { ...points[2]!, loss: bad }), OPTIONS)).toThrow(/Point 3: the loss is/);
    expect(() => fitLaw("N", points.with(2, { ...points[2]!, n: bad }), OPTIONS)).toThrow(/Point 3: N is/);
  });
});

describe("what is doubtful is flagged", () => {
  const flags = (form: LawName, points: ScalingPoint[]) => fitLaw(form, points, OPTIONS).flags.join("\n");
  const line = (n: number, constant: number, exponent: number) =>
    Array.from({ length: n }, (_, i) => {
      const size = 10 ** (4 + (2 * i) / (n - 1));
      return { n: size, loss: (1e5 / size) ** exponent + constant };
    });
  it("a constant at zero", () => expect(flags("N", line(20, 0, 0.5))).toMatch(/delta is clamped at 0/));
  it("an exponent at the edge", () => expect(flags("N", line(20, 0, 4))).toMatch(/alpha is at the edge/));
  it("few points and few sizes", () => {
    expect(flags("N", line(8, 0.1, 0.5))).toMatch(/Only 8 points/);
    expect(flags("N", [...line(4, 0.1, 0.5), ...line(4, 0.1, 0.5)])).toMatch(/Only 4 values of N/);
  });
  it("a law that explains little", () => {
    const r = random(3, "wild");
    expect(
      flags(
        "N",
        line(40, 0.5, 0.1).map((p) => ({ ...p, loss: p.loss * Math.exp(0.1 * r.normal()) })),
      ),
    ).toMatch(/explains \d+ %/);
  });
  it("nothing of a good one", () => expect(flags("N", grid("N", 0.01))).toBe(""));
});
