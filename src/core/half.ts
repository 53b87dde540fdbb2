/** IEEE 754 half floats: 1 sign, 5 exponent and 10 fraction bits. */

/** The largest half float. */
export const HALF_MAX = 65504;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Bits of the half float next to x, ties to even; beyond the largest, infinity. */
export function halfBits(x: number): number {
  float[0] = x;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  // Below 2^-14 a half is a multiple of 2^-24: adding 0.5 puts those multiples at the float's last bits, rounded.
  if (magnitude < 0x38800000) {
    word[0] = magnitude;
    float[0] = float[0]! + 0.5;
    return sign | (word[0]! - 0x3f000000);
  }
  // The exponent's offset is 127 in one and 15 in the other; 13 fraction bits go, rounded to even.
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

/** The value of a half float's bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
