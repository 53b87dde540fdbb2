/** Eigenvalues and eigenvectors of small symmetric matrices, by Jacobi's rotations (Golub & Van Loan, 8.5). */

export interface Spectrum {
  /** Largest first. */
  values: number[];
  /** By value: a vector of length 1. */
  vectors: Float64Array[];
}

/** @param matrix symmetric [n, n], left as it is */
export function spectrum(matrix: Float64Array, n: number): Spectrum {
  const a = matrix.slice();
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const whole = a.reduce((sum, x) => sum + x * x, 0);
  const turn = (m: Float64Array, i: number, j: number, c: number, s: number) => {
    const [x, y] = [m[i]!, m[j]!];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! ** 2;
    if (off <= 1e-22 * whole) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!;
        if (apq === 0) continue;
        const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
        for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q, c, s);
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((x, y) => a[y * n + y]! - a[x * n + x]!);
  return {
    values: order.map((i) => a[i * n + i]!),
    vectors: order.map((i) => Float64Array.from({ length: n }, (_, k) => v[k * n + i]!)),
  };
}

/** (matrix + floor)^power [n, n], given the matrix's spectrum; no value counts as negative. */
export function matrixPower({ values, vectors }: Spectrum, n: number, power: number, floor: number): Float64Array {
  const result = new Float64Array(n * n);
  values.forEach((value, k) => {
    const factor = (Math.max(0, value) + floor) ** power;
    const x = vectors[k]!;
    for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) result[a * n + b]! += factor * x[a]! * x[b]!;
  });
  return result;
}
