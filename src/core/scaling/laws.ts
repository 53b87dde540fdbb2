/**
 * Forms of scaling laws. N: parameters without embeddings of one tower; D: training pairs (or tokens); L: loss.
 *
 *   N           L = (A/N)^alpha + delta
 *   D           L = (B/D)^beta + delta
 *   ND          L = [(A/N)^(alpha/beta) + B/D]^beta + delta      (Kaplan et al. 2020, arXiv 2001.08361, eq. 1.5)
 *   chinchilla  L = E + A/N^alpha + B/D^beta                     (Hoffmann et al. 2022, arXiv 2203.15556, approach 3)
 *
 * A law is fitted as ln L over centred logarithms, u = ln N - mean and v = ln D - mean, with coefficients as exponentials:
 * everything stays positive, and an amplitude hardly moves with its exponent.
 */

export const LAW_NAMES = ["N", "D", "ND", "chinchilla"] as const;
export type LawName = (typeof LAW_NAMES)[number];

/** A measured loss; `n` or `d` is there where the law needs it. */
export interface ScalingPoint {
  n?: number;
  d?: number;
  loss: number;
}

/** What a law is fitted to: centred logarithms and where their centre lies. */
export interface LogPoints {
  count: number;
  u: Float64Array;
  v: Float64Array;
  /** ln L. */
  y: Float64Array;
  centreU: number;
  centreV: number;
}

export interface Law {
  name: LawName;
  uses: readonly ("n" | "d")[];
  /** Public names in the order they are told. */
  parameters: readonly string[];
  /** How many internal coefficients there are. */
  size: number;
  /** ln L at (u, v); writes the derivative by each coefficient. */
  predict(theta: Float64Array, u: number, v: number, gradient: Float64Array): number;
  publish(theta: Float64Array, points: Pick<LogPoints, "centreU" | "centreV">): Record<string, number>;
  /**
   * Where to begin: given a shape (exponents and the like), the law is linear in what `terms` returns, with non-negative
   * factors, for the target `target`, whose error weighs `weight` where ln L has error 1.
   */
  shapes(): Float64Array[];
  linear(shape: Float64Array, u: number, v: number, loss: number, least: number): LinearRow;
  begin(shape: Float64Array, factors: readonly number[], least: number): Float64Array;
  /**
   * Other starts where the constant that is left over at infinity has been fitted as next to zero: there its logarithm has
   * no slope, and no step would bring it back.
   * @param least ln of the smallest loss
   */
  awayFromZero(theta: Float64Array, least: number): Float64Array[];
}

export interface LinearRow {
  terms: number[];
  target: number;
  weight: number;
}

/** Stands for a factor of zero, whose logarithm a start cannot have. */
const NOTHING = 1e-9;
const ln = (x: number) => Math.log(Math.max(x, NOTHING));

/** n values from a to b in equal ratios. */
const ratios = (a: number, b: number, n: number) =>
  Array.from({ length: n }, (_, i) => a * (b / a) ** (i / Math.max(1, n - 1)));

/** `awayFromZero` for a law whose last coefficient is the logarithm of that constant. */
const lastAwayFromZero = (theta: Float64Array, least: number): Float64Array[] =>
  theta.at(-1)! > least + Math.log(0.01) ? [] : [theta.with(-1, least + Math.log(0.1))];

/** One variable: coefficients (c, exponent, ln delta), ln L = ln(e^(c - exponent x) + delta). */
function single(name: "N" | "D", scale: "A" | "B", exponent: "alpha" | "beta"): Law {
  const pick = name === "N" ? (u: number) => u : (_u: number, v: number) => v;
  return {
    name,
    uses: [name === "N" ? "n" : "d"],
    parameters: [scale, exponent, "delta"],
    size: 3,
    predict(theta, u, v, gradient) {
      const x = pick(u, v);
      const term = theta[0]! - theta[1]! * x;
      // ln(e^term + delta) without overflow; the shares are the summands over their sum.
      const top = Math.max(term, theta[2]!);
      const [power, delta] = [Math.exp(term - top), Math.exp(theta[2]! - top)];
      const sum = power + delta;
      gradient[0] = power / sum;
      gradient[1] = -gradient[0] * x;
      gradient[2] = delta / sum;
      return top + Math.log(sum);
    },
    publish: (theta, points) => ({
      [scale]: Math.exp(theta[0]! / theta[1]! + (name === "N" ? points.centreU : points.centreV)),
      [exponent]: theta[1]!,
      delta: Math.exp(theta[2]!),
    }),
    shapes: () => ratios(0.01, 4, 28).map((a) => Float64Array.of(a)),
    linear: (shape, u, v, loss) => ({ terms: [Math.exp(-shape[0]! * pick(u, v)), 1], target: loss, weight: 1 / loss }),
    begin: (shape, factors, least) => Float64Array.of(ln(factors[0]!), shape[0]!, ln(factors[1]! || least * 1e-3)),
    awayFromZero: lastAwayFromZero,
  };
}

/** Coefficients (a, alpha, b, beta, e): ln L = ln(e^(a - alpha u) + e^(b - beta v) + e^e). */
const chinchilla: Law = {
  name: "chinchilla",
  uses: ["n", "d"],
  parameters: ["A", "B", "E", "alpha", "beta"],
  size: 5,
  predict(theta, u, v, gradient) {
    const a = theta[0]! - theta[1]! * u;
    const b = theta[2]! - theta[3]! * v;
    const top = Math.max(a, b, theta[4]!);
    const [ea, eb, e] = [Math.exp(a - top), Math.exp(b - top), Math.exp(theta[4]! - top)];
    const sum = ea + eb + e;
    gradient[0] = ea / sum;
    gradient[1] = -gradient[0] * u;
    gradient[2] = eb / sum;
    gradient[3] = -gradient[2] * v;
    gradient[4] = e / sum;
    return top + Math.log(sum);
  },
  publish: (theta, { centreU, centreV }) => ({
    A: Math.exp(theta[0]! + theta[1]! * centreU),
    B: Math.exp(theta[2]! + theta[3]! * centreV),
    E: Math.exp(theta[4]!),
    alpha: theta[1]!,
    beta: theta[3]!,
  }),
  shapes: () => ratios(0.03, 2, 9).flatMap((a) => ratios(0.03, 2, 9).map((b) => Float64Array.of(a, b))),
  linear: (shape, u, v, loss) => ({
    terms: [Math.exp(-shape[0]! * u), Math.exp(-shape[1]! * v), 1],
    target: loss,
    weight: 1 / loss,
  }),
  begin: (shape, factors, least) =>
    Float64Array.of(
      ln(factors[0]! || least * 1e-3),
      shape[0]!,
      ln(factors[1]! || least * 1e-3),
      shape[1]!,
      ln(factors[2]! || least * 1e-3),
    ),
  awayFromZero: lastAwayFromZero,
};

/**
 * Coefficients (p, r, q, beta, ln delta) with r = alpha/beta: ln L = ln(exp(beta ln(e^(p - r u) + e^(q - v))) + delta).
 */
const joint: Law = {
  name: "ND",
  uses: ["n", "d"],
  parameters: ["A", "B", "alpha", "beta", "delta"],
  size: 5,
  predict(theta, u, v, gradient) {
    const p = theta[0]! - theta[1]! * u;
    const q = theta[2]! - v;
    const high = Math.max(p, q);
    const [ep, eq] = [Math.exp(p - high), Math.exp(q - high)];
    const inner = high + Math.log(ep + eq);
    const term = theta[3]! * inner;
    const top = Math.max(term, theta[4]!);
    const [power, delta] = [Math.exp(term - top), Math.exp(theta[4]! - top)];
    const sum = power + delta;
    const share = power / sum;
    const each = (share * theta[3]!) / (ep + eq);
    gradient[0] = each * ep;
    gradient[1] = -gradient[0] * u;
    gradient[2] = each * eq;
    gradient[3] = share * inner;
    gradient[4] = delta / sum;
    return top + Math.log(sum);
  },
  publish: (theta, { centreU, centreV }) => ({
    A: Math.exp(theta[0]! / theta[1]! + centreU),
    B: Math.exp(theta[2]! + centreV),
    alpha: theta[1]! * theta[3]!,
    beta: theta[3]!,
    delta: Math.exp(theta[4]!),
  }),
  shapes: () =>
    ratios(0.1, 3, 8).flatMap((r) =>
      ratios(0.05, 3, 9).flatMap((beta) => [1e-3, 0.3, 0.6, 0.8, 0.92].map((share) => Float64Array.of(r, beta, share))),
    ),
  linear(shape, u, v, loss, least) {
    const above = loss - shape[2]! * least;
    const target = above ** (1 / shape[1]!);
    return {
      terms: [Math.exp(-shape[0]! * u), Math.exp(-v)],
      target,
      // d ln L = beta (L - delta) / L d ln target
      weight: (shape[1]! * above) / loss / target,
    };
  },
  begin: (shape, factors, least) =>
    Float64Array.of(ln(factors[0]!), shape[0]!, ln(factors[1]!), shape[1]!, Math.log(shape[2]! * least)),
  awayFromZero: lastAwayFromZero,
};

export const LAWS: Record<LawName, Law> = {
  N: single("N", "A", "alpha"),
  D: single("D", "B", "beta"),
  ND: joint,
  chinchilla,
};
