/**
 * Counter-based dropout bits: whether a value is kept depends on (seed, step, site, index) alone. The same integer
 * arithmetic in TypeScript and in WGSL, so that a mask can be made again anywhere.
 */
import { mix32 } from "../core/random";

/** 32 random bits for one value. */
export function dropoutBits(seed: number, step: number, site: number, index: number): number {
  const key = mix32(mix32((seed ^ 0x2545f491) >>> 0) + mix32((step ^ 0x6c078965) >>> 0) + Math.imul(site, 0x9e3779b1));
  return mix32((Math.imul(index, 0x85ebca77) + key) >>> 0);
}

/** Values whose bits are below this are dropped. */
export const dropoutThreshold = (rate: number): number => Math.min(0xffffffff, Math.round(rate * 4294967296)) >>> 0;

/** The same as WGSL: `dropoutBits(seed: u32, step: u32, site: u32, index: u32) -> u32`. */
export const dropoutBitsWgsl = `
fn mix32(x: u32) -> u32 {
  var h = (x ^ (x >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}
fn dropoutBits(seed: u32, step: u32, site: u32, index: u32) -> u32 {
  let key = mix32(mix32(seed ^ 0x2545f491u) + mix32(step ^ 0x6c078965u) + site * 0x9e3779b1u);
  return mix32(index * 0x85ebca77u + key);
}`;
