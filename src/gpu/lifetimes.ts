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
  const buffers: { size: number; usage: number; users: Request[] }[] = [];
  const bufferOf = requests.map(() => -1);
  const largestFirst = requests.map((_, i) => i).sort((a, b) => requests[b]!.size - requests[a]!.size || a - b);
  for (const i of largestFirst) {
    const request = requests[i]!;
    const free = (user: Request) => user.to <= request.from || request.to <= user.from;
    let best = -1;
    buffers.forEach((buffer, k) => {
      if (buffer.usage !== request.usage || !buffer.users.every(free)) return;
      if (best < 0 || buffer.size < buffers[best]!.size) best = k;
    });
    if (best < 0) best = buffers.push({ size: request.size, usage: request.usage, users: [] }) - 1;
    buffers[best]!.users.push(request);
    bufferOf[i] = best;
  }
  return { bufferOf, buffers: buffers.map(({ size, usage }) => ({ size, usage })) };
}
