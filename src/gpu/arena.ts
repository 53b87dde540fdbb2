/**
 * Buffers that captured steps share for their intermediate tensors. Submitted work runs in the order of its submits, so two
 * captures never run at once, and what one leaves in these buffers nobody reads: outputs, constants, inputs and state lie
 * elsewhere. The i-th largest buffer is as large as the largest i-th of all captures that are alive: the biggest capture
 * decides, and another one costs nothing more.
 *
 * Captures come and go, and buffers with them: whoever has room here asks `generation` before each use and binds anew
 * where it has changed.
 */
import type { Gpu } from "./device";

/** A buffer that a capture needs. */
export interface BufferSpec {
  size: number;
  usage: number;
}

/** One capture's share. */
export interface Room {
  /** Another number: the buffers are other ones than before. */
  generation(): number;
  /** A buffer for each spec, in their order, each at least as large as asked for and all different. */
  buffers(): GPUBuffer[];
  /** The capture is gone: what only it needed is freed. */
  leave(): void;
}

export interface Arena {
  join(specs: readonly BufferSpec[]): Room;
  /** Bytes of all buffers now. */
  bytes(): number;
}

const arenas = new WeakMap<Gpu, Arena>();

/** The arena of a GPU: all its captures share it, unless they are given another. */
export function arenaOf(gpu: Gpu): Arena {
  let arena = arenas.get(gpu);
  if (!arena) {
    arena = createArena(gpu);
    arenas.set(gpu, arena);
  }
  return arena;
}

/** An arena without buffers. Its bytes are in the GPU's account. */
export function createArena(gpu: Pick<Gpu, "device" | "account">): Arena {
  /** By usage; the largest first. */
  const held = new Map<number, GPUBuffer[]>();
  const rooms = new Set<ReadonlyMap<number, readonly number[]>>();
  let generation = 0;

  const destroy = (buffer: GPUBuffer | undefined) => {
    if (!buffer) return;
    gpu.account(-buffer.size);
    buffer.destroy();
  };
  /** Makes the buffers what those who are here need. Work that was submitted may go on: a destroyed buffer outlives it. */
  const resize = (usage: number) => {
    const asked = [...rooms].map((room) => room.get(usage) ?? []);
    const now = held.get(usage) ?? [];
    const count = Math.max(0, ...asked.map((sizes) => sizes.length));
    const wanted = Array.from({ length: count }, (_, i) => Math.max(...asked.map((sizes) => sizes[i] ?? 0)));
    if (now.length === wanted.length && now.every((buffer, i) => buffer.size === wanted[i])) return;
    generation++;
    // Freed before others are made, so that the change takes no more memory than its outcome.
    now.forEach((buffer, i) => {
      if (buffer.size !== wanted[i]) destroy(buffer);
    });
    held.set(
      usage,
      wanted.map((size, i) => {
        if (now[i]?.size === size) return now[i];
        const buffer = gpu.device.createBuffer({ size, usage, label: `arena ${i}` });
        gpu.account(buffer.size);
        return buffer;
      }),
    );
  };

  return {
    bytes: () => [...held.values()].flat().reduce((sum, buffer) => sum + buffer.size, 0),
    join(specs) {
      /** By usage the specs' numbers, the largest first. */
      const order = new Map<number, number[]>();
      for (const [i, { usage }] of specs.entries()) order.set(usage, [...(order.get(usage) ?? []), i]);
      for (const numbers of order.values()) numbers.sort((a, b) => specs[b]!.size - specs[a]!.size || a - b);
      const room = new Map([...order].map(([usage, numbers]) => [usage, numbers.map((i) => specs[i]!.size)]));
      rooms.add(room);
      for (const usage of order.keys()) resize(usage);
      return {
        generation: () => generation,
        buffers() {
          const all: GPUBuffer[] = [];
          for (const [usage, numbers] of order)
            for (const [place, i] of numbers.entries()) all[i] = held.get(usage)![place]!;
          return all;
        },
        leave() {
          if (!rooms.delete(room)) return;
          for (const usage of order.keys()) resize(usage);
        },
      };
    },
  };
}
