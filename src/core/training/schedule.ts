/** Learning-rate schedule: linear warm-up, then a cosine down to 0. */

/**
 * The factor on the peak rate at a step.
 * @param step from 1 to steps
 * @param warmup share of the steps in which the rate rises
 */
export function scheduleFactor(step: number, steps: number, warmup: number): number {
  const rise = Math.max(1, Math.round(warmup * steps));
  if (step <= rise) return step / rise;
  return 0.5 * (1 + Math.cos((Math.PI * (step - rise)) / Math.max(1, steps - rise + 1)));
}
