/** What happens when: the learning rate (linear warm-up, then a cosine down to 0), the mining of negatives. */

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

export interface MiningTimes {
  /** Steps before negatives are mined for the first time. */
  after: number;
  /** Steps between two times; 0: once only. */
  every: number;
}

/** Whether negatives are mined before the step after `step`. */
export const minesAfter = (step: number, { after, every }: MiningTimes): boolean =>
  step === after || (every > 0 && step > after && (step - after) % every === 0);

/** How often a training of so many steps mines. */
export const timesMined = (steps: number, { after, every }: MiningTimes): number =>
  after >= steps ? 0 : 1 + (every > 0 ? Math.floor((steps - 1 - after) / every) : 0);
