import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { arenaOf, createArena } from "./arena";
import { captureStep } from "./capture";
import type { InputSpecs, StepFunction } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
const USAGE = 0x80 | 0x4 | 0x8;
const specs = (...sizes: number[]) => sizes.map((size) => ({ size, usage: USAGE }));

describe("an arena", () => {
  it("is as large as the largest buffers of those that are there, to the byte", () => {
    const arena = createArena(gpu());
    const before = gpu().bytes();
    const a = arena.join(specs(16, 400, 100));
    expect(arena.bytes()).toBe(516);
    const b = arena.join(specs(300, 200));
    expect(arena.bytes()).toBe(400 + 200 + 16);
    expect(gpu().bytes() - before).toBe(616);
    expect(a.buffers().map(({ size }) => size)).toEqual([16, 400, 200]);
    expect(b.buffers().map(({ size }) => size)).toEqual([400, 200]);
    expect(b.buffers()[0]).toBe(a.buffers()[1]);
    a.leave();
    a.leave();
    expect(arena.bytes()).toBe(500);
    b.leave();
    expect(arena.bytes()).toBe(0);
    expect(gpu().bytes()).toBe(before);
  });

  it("says when its buffers are others, and only then", () => {
    const arena = createArena(gpu());
    const a = arena.join(specs(400, 100));
    const first = a.generation();
    const smaller = arena.join(specs(40, 100, 100));
    expect(a.buffers()).toHaveLength(2);
    const second = a.generation();
    expect(second).not.toBe(first); // a third buffer came
    const fitting = arena.join(specs(400));
    fitting.leave();
    expect(a.generation()).toBe(second);
    const larger = arena.join(specs(500));
    expect(a.generation()).not.toBe(second);
    for (const room of [a, smaller, larger]) room.leave();
    expect(arena.bytes()).toBe(0);
  });

  it("gives every usage buffers of its own", () => {
    const arena = createArena(gpu());
    const room = arena.join([...specs(64), { size: 64, usage: USAGE | 0x100 }]);
    expect(room.buffers().map(({ usage }) => usage)).toEqual([USAGE, USAGE | 0x100]);
    room.leave();
  });
});

describe("captures that share an arena", () => {
  // A chain that has three tensors alive at once.
  const chain =
    (factor: number): StepFunction =>
    ({ x }) => {
      const a = tf.mul(x!, factor);
      const b = tf.square(a);
      return { y: tf.add(tf.mul(a, b), tf.sub(b, x!)) };
    };
  const expected = (factor: number, x: number) => (factor * x) ** 3 + (factor * x) ** 2 - x;
  const of = (size: number): InputSpecs => ({ x: { shape: [size], dtype: "float32" } });
  const filled = (size: number, value: number) => ({ x: new Float32Array(size).fill(value) });

  it("keep their outputs while others run, and go on when others come and go", async () => {
    const pool = () => gpu().backend.bufferManager.numBytesAllocated;
    const start = gpu().bytes() - pool();
    const small = captureStep(gpu(), chain(2), of(64));
    small.run(filled(64, 1));
    const alone = arenaOf(gpu()).bytes();
    const large = captureStep(gpu(), chain(3), of(256));
    const together = arenaOf(gpu()).bytes();
    expect(together).toBe(4 * alone);
    large.run(filled(256, 2));
    // The arena's buffers were made anew and written since.
    expect([...(await small.read("y"))]).toEqual(new Array(64).fill(expected(2, 1)));
    small.run(filled(64, 3));
    expect([...(await large.read("y"))]).toEqual(new Array(256).fill(expected(3, 2)));
    expect((await small.read("y"))[63]).toBe(expected(2, 3));
    large.dispose();
    expect(arenaOf(gpu()).bytes()).toBe(alone);
    small.run(filled(64, 4));
    expect((await small.read("y"))[0]).toBe(expected(2, 4));
    expect(small.outputs["y"]!.size).toBe(64);
    // An output is a tensor like others.
    expect((await tf.neg(small.outputs["y"]!).data())[5]).toBe(-expected(2, 4));
    small.dispose();
    gpu().check();
    const again = captureStep(gpu(), chain(2), of(64));
    again.dispose();
    expect(arenaOf(gpu()).bytes()).toBe(0);
    // tfjs' own pool keeps what the eager op above took.
    expect(gpu().bytes() - pool()).toBe(start);
  });

  it("take no memory while they are recorded", () => {
    const seen: number[] = [];
    const before = gpu().bytes();
    const step = captureStep(
      gpu(),
      ({ x }) => {
        const y = tf.square(tf.neg(tf.abs(x!)));
        seen.push(gpu().bytes() - before);
        return { y: tf.relu(y) };
      },
      of(2 ** 20),
    );
    // The input alone, and the ops' uniforms.
    for (const bytes of seen) expect(bytes).toBeLessThan(4 * 2 ** 20 + 4096);
    step.dispose();
    expect(gpu().bytes()).toBe(before);
  });
});
