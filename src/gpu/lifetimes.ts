/**
 * Which intermediates of a recorded step share a buffer. All lifetimes are known, so the largest are placed first, each in
 * the smallest buffer that is free while it lives: buffers come out little larger than what lives at once.
 *
 * Whole buffers are shared, not parts of one: WebGPU lets no dispatch read one part of a buffer and write another.
 */

/** One buffer that was asked for during a recording; times are numbers of requests and releases. */
export interface Request {
  size: number;
  usage: number;
  from: number;
  /** Infinity: never released. */
  to: number;
}

export interface BufferPlan {
  /** For each request the number of its buffer. */
  bufferOf: number[];
  buffers: { size: number; usage: number }[];
}

/** Shares out buffers among requests of one usage whose lifetimes do not overlap. */
export function planBuffers(requests: readonly Request[]): BufferPlan {
  // Users in the order of their lifetimes, none of which overlap.
  const buffers: { size: number; usage: number; users: Request[] }[] = [];
  const bufferOf = requests.map(() => -1);
  const largestFirst = requests.map((_, i) => i).sort((a, b) => requests[b]!.size - requests[a]!.size || a - b);
  for (const i of largestFirst) {
    const request = requests[i]!;
    let best = -1;
    buffers.forEach((buffer, k) => {
      if (best >= 0 && buffer.size >= buffers[best]!.size) return;
      if (buffer.usage === request.usage && placeAmong(buffer.users, request) !== null) best = k;
    });
    if (best < 0) best = buffers.push({ size: request.size, usage: request.usage, users: [] }) - 1;
    const { users } = buffers[best]!;
    users.splice(placeAmong(users, request)!, 0, request);
    bufferOf[i] = best;
  }
  return { bufferOf, buffers: buffers.map(({ size, usage }) => ({ size, usage })) };
}

/** Where a request's lifetime fits between those of a buffer's users; null where it overlaps one. */
function placeAmong(users: readonly Request[], { from, to }: Request): number | null {
  let low = 0;
  let high = users.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (users[middle]!.to <= from) low = middle + 1;
    else high = middle;
  }
  const next = users[low];
  return next === undefined || to <= next.from ? low : null;
}
