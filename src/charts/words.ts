/** Numbers as the page writes them. A thin space stands before per cent signs; shares have no leading zero. */

export { bytesInWords as bytes } from "../core/bytes";

const THIN = "\u2009";
const MINUS = "\u2212";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 4000 -> "4,000". */
export function count(n: number): string {
  return grouped.format(n);
}

/** "1 trial", "1,200 trials". */
export const counted = (n: number, one: string): string => `${count(n)} ${n === 1 ? one : `${one}s`}`;

/** 184000 -> "184k". */
export function compact(n: number): string {
  if (n < 999.5) return String(Math.round(n));
  return n < 999_500 ? `${Number((n / 1e3).toPrecision(3))}k` : `${Number((n / 1e6).toPrecision(3))}M`;
}

/** A share or score without leading zero: .748, 1, -.04; "–" for none. */
export function share(v: number | null | undefined, digits = 3): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  const text = Math.abs(v)
    .toFixed(digits)
    .replace(/^0(?=\.)/, "");
  return v < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

/** A difference with its sign: +.043. */
export function signed(v: number | null | undefined, digits = 3): string {
  const text = share(v, digits);
  return v !== null && v !== undefined && v > 0 ? `+${text}` : text;
}

/** How far something is off, with its sign: "+1.5 %"; "0.0 %" where nothing is left of it. */
export function signedPercent(v: number | null | undefined, digits = 1): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  const size = percent(Math.abs(v), digits);
  return Number.parseFloat(size) === 0 ? size : `${v > 0 ? "+" : MINUS}${size}`;
}

/** .861 -> "86.1 %". */
export function percent(v: number | null | undefined, digits = 1): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  return `${(v * 100).toFixed(digits)}${THIN}%`;
}

/** A tick of an axis: 1,200, .05, 3. */
export function tick(v: number): string {
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size >= 1e6) return `${Number((v / 1e6).toPrecision(3))}M`;
  if (size >= 1000) return count(v);
  if (size < 1e-4) return String(Number(v.toPrecision(3)).toExponential()).replaceAll("-", MINUS);
  return String(Number(v.toPrecision(3)))
    .replace(/^(-?)0\./, "$1.")
    .replace("-", MINUS);
}

/** A setting's or fact's number, as short as it can be without losing what it says. */
export function plain(v: number): string {
  if (!Number.isFinite(v)) return String(v);
  if (Math.abs(v) >= 1000) return count(v);
  return String(Number.isInteger(v) ? v : Number(v.toPrecision(4)));
}

/** A loss: three figures. */
export function loss(v: number | null | undefined): string {
  if (v === null || v === undefined) return "–";
  if (!Number.isFinite(v)) return "not finite";
  const size = Math.abs(v);
  if (size === 0) return "0";
  if (size < 0.001) return v.toExponential(1).replace("-", MINUS);
  return size < 1 ? share(v) : v.toPrecision(3);
}

/** 159 -> "2 min 39 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

/** 159 -> "2:39". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** 1.2e12 -> "1.2 TFLOP". */
export function flops(n: number): string {
  const units: [number, string][] = [
    [1e15, "PFLOP"],
    [1e12, "TFLOP"],
    [1e9, "GFLOP"],
    [1e6, "MFLOP"],
    [1e3, "kFLOP"],
  ];
  for (const [size, unit] of units) if (n >= size) return `${Number((n / size).toPrecision(3))} ${unit}`;
  return `${Math.round(n)} FLOP`;
}

/** Milliseconds: 6.8, .34. */
export function ms(v: number | null | undefined): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  return v >= 100 ? v.toFixed(0) : v >= 1 ? v.toFixed(1) : share(v, 2);
}
