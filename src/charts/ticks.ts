/** Axis ranges and ticks: 1-2-5 on linear axes, 1-3-10 (or 1-10) on log axes. Safe on ranges without width. */
import { extent } from "./series";

export interface Axis {
  domain: [number, number];
  ticks: number[];
  log: boolean;
}

/** A linear axis over the values with about `count` ticks; it starts at 0 where asked. Without values: 0 to 1. */
export function linearAxis(values: Iterable<number>, { count = 4, zero = false, exact = false } = {}): Axis {
  const range = extent(values) ?? [0, 1];
  let [low, high] = zero ? [Math.min(0, range[0]), Math.max(0, range[1])] : range;
  // Also where the difference is lost in rounding: no step of it could be told apart.
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high), Number.MIN_VALUE * 2 ** 60)) {
    const pad = Math.abs(low) < 1e-300 ? 1 : Math.abs(low) / 2;
    [low, high] = zero && low === 0 ? [0, 1] : [low - pad, high + pad];
  }
  const step = niceStep((high - low) / count);
  const first = exact ? Math.ceil(low / step - 1e-9) : Math.floor(low / step + 1e-9);
  const last = exact ? Math.floor(high / step + 1e-9) : Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => round((first + i) * step));
  return { domain: exact ? [low, high] : [ticks[0] ?? low, ticks.at(-1) ?? high], ticks, log: false };
}

/** A log axis over the values above 0. Without any: .1 to 1. */
export function logAxis(values: Iterable<number>): Axis {
  const range = extent([...values].filter((v) => v > 0)) ?? [0.1, 1];
  let [low, high] = range;
  if (high / low < 1.5) [low, high] = [low / 2, high * 2];
  const decades = Math.log10(high / low);
  const every = Math.max(1, Math.ceil(decades / 6));
  const inside = (steps: readonly number[]) => {
    const ticks: number[] = [];
    for (let e = Math.floor(Math.log10(low)) - 1; e <= Math.ceil(Math.log10(high)); e++) {
      if (e % every !== 0) continue;
      for (const m of steps) ticks.push(round(m * 10 ** e));
    }
    return ticks.filter((t) => t >= low * 0.999 && t <= high * 1.001);
  };
  let ticks = inside(decades > 4 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5]);
  // One or two ticks leave the eye without a scale: within a decade there is room for more.
  if (ticks.length < 3 && decades < 1.2) ticks = inside([1, 1.5, 2, 3, 4, 5, 6, 8]);
  return { domain: [low * 0.95, high * 1.05], ticks, log: true };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  return (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10) * power;
}

/** Floats such as .30000000000000004 read badly on an axis. */
function round(v: number): number {
  return Number(v.toPrecision(12));
}
