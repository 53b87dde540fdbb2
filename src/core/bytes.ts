/** 412e6 -> "412 MB". */
export function bytesInWords(n: number): string {
  if (n < 1e3) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(0)} kB`;
  if (n < 1e9) return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
  return `${(n / 1e9).toFixed(1)} GB`;
}

/** Parts joined to one array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joined(parts, new Uint8Array(lengthOf(parts)));
}

/** The same of 32-bit floats. */
export function concatFloats(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  return joined(parts, new Float32Array(lengthOf(parts)));
}

const lengthOf = (parts: readonly { length: number }[]) => parts.reduce((sum, part) => sum + part.length, 0);

function joined<P extends ArrayLike<number>, A extends { set(part: P, at: number): void }>(
  parts: readonly P[],
  all: A,
): A {
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
