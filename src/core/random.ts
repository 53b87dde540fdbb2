/**
 * Seeded randomness. Everything random in a run comes from here, so that an equal seed gives an equal run.
 * The generator is counter-based: a value depends on (seed, stream, index) alone, never on what was drawn before, so
 * that a document or a dropout bit can be made again without replaying its predecessors.
 */

/** 32-bit finaliser of MurmurHash3 (Appleby, public domain constants). A bijection on 32-bit integers. */
export function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One 32-bit hash of several integers. */
export function hash32(...parts: number[]): number {
  let h = 0x9e3779b9;
  for (const part of parts) h = mix32(Math.imul(h, 31) + (part | 0) + 0x7f4a7c15);
  return h;
}

/** 32-bit FNV-1a of a string's UTF-16 units: names a random stream. */
export function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** A seeded stream of random numbers. `state` is the counter and can be saved and restored. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T;
  /** True with probability p. */
  chance(p: number): boolean;
  /** Shuffles in place (Fisher-Yates) and returns the list. */
  shuffle<T>(list: T[]): T[];
  state: number;
}

/** Makes a stream from a seed and any number of integers or names that tell it from others of that seed. */
export function random(seed: number, ...stream: (number | string)[]): Random {
  const key = hash32(seed, ...stream.map((s) => (typeof s === "string" ? hashString(s) : s)));
  const key2 = mix32(key ^ 0x5bd1e995);
  const self: Random = {
    state: 0,
    next() {
      const n = self.state++;
      return mix32(mix32(n + key) ^ key2) / 4294967296;
    },
    int: (n) => Math.floor(self.next() * n),
    normal() {
      const u = 1 - self.next();
      return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * self.next());
    },
    pick: (list) => list[self.int(list.length)]!,
    chance: (p) => self.next() < p,
    shuffle(list) {
      for (let i = list.length - 1; i > 0; i--) {
        const j = self.int(i + 1);
        const t = list[i]!;
        list[i] = list[j]!;
        list[j] = t;
      }
      return list;
    },
  };
  return self;
}
