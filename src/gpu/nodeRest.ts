/**
 * Leaves the processor to a GPU that is one. As long as a promise of the GPU's is open, Dawn in Node asks for its end each time
 * that the event loop goes round, and so keeps a core busy. Where a CPU plays the GPU that core is one of its own: with two
 * cores, of which other work wanted a share, the same dispatches took 32 s that way and 18 s with rests (Node 20, lavapipe), and
 * 3.7 s of the CPU went into the asking, with rests 0.2 s. So while one waits, the event loop sleeps half a millisecond at a time.
 */

const REST_MS = 0.5;
// What is over by then is told at once: half a millisecond late would be a fifth of a small tower's query.
const PATIENCE_MS = 2;

let open = 0;
let since = 0;
let resting = false;

/** From now on waiting for work of the GPU leaves the processor alone. Once is enough; for Node. */
export function restWhileWaiting(): void {
  if (resting) return;
  resting = true;
  const scope = globalThis as unknown as Record<"GPUQueue" | "GPUBuffer", { prototype: Record<string, Waiting> }>;
  replace(scope.GPUQueue.prototype, "onSubmittedWorkDone");
  replace(scope.GPUBuffer.prototype, "mapAsync");
}

type Waiting = (this: unknown, ...args: unknown[]) => Promise<unknown>;

function replace(holder: Record<string, Waiting>, name: string): void {
  const original = holder[name]!;
  holder[name] = async function (...args) {
    if (open++ === 0) {
      since = performance.now();
      setImmediate(rest);
    }
    try {
      return await original.apply(this, args);
    } finally {
      open--;
    }
  };
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Nobody ever wakes the cell: the wait is a sleep. */
function rest(): void {
  if (open === 0) return;
  if (performance.now() - since > PATIENCE_MS) Atomics.wait(cell, 0, 0, REST_MS);
  setImmediate(rest);
}
