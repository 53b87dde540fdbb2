/** Waiting for a GPU that is a CPU leaves it its cores, and still ends with what was waited for. */
import { expect, it } from "vitest";
import { readTensors } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();

/** A dispatch of a second or so of one core. */
function work(device: GPUDevice): GPUBuffer {
  const out = device.createBuffer({ size: 4096 * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const code = `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  var s = f32(id.x);
  for (var i = 0u; i < 60000u; i++) { s = s * 0.5 + 1.0; }
  y[id.x] = s;
}`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: out } }],
    }),
  );
  for (let i = 0; i < 8; i++) pass.dispatchWorkgroups(64);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return out;
}

it("the event loop sleeps while it waits, and goes on with other things", async (context) => {
  if (!gpu().adapter.software) return context.skip("a real GPU keeps its own time");
  const rests: number[] = [];
  const { wait } = Atomics;
  Atomics.wait = ((...args: Parameters<typeof wait>) => {
    rests.push(args[3]!);
    return wait(...args);
  }) as typeof wait;
  try {
    const out = work(gpu().device);
    let others = 0;
    const beside = setInterval(() => others++, 1);
    await gpu().finish();
    clearInterval(beside);
    expect(rests.length).toBeGreaterThan(3);
    expect(rests.every((ms) => ms > 0 && ms <= 1)).toBe(true);
    expect(others).toBeGreaterThan(0);
    out.destroy();
    // Nothing is open any more: whoever goes on computing is not slowed down.
    await new Promise((done) => setImmediate(() => setImmediate(done)));
    const before = rests.length;
    for (let i = 0; i < 5; i++) await new Promise((done) => setImmediate(done));
    expect(rests.length).toBe(before);
  } finally {
    Atomics.wait = wait;
  }
});

it("what is read back, and what goes wrong, is as without rests", async () => {
  const tf = await import("@tensorflow/tfjs-core");
  const x = tf.tensor1d([1, 2, 3]);
  const y = tf.mul(x, 2);
  expect([...(await readTensors(gpu(), [y]))[0]!]).toEqual([2, 4, 6]);
  tf.dispose([x, y]);
  const gone = gpu().device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  gone.destroy();
  await expect(gone.mapAsync(GPUMapMode.READ)).rejects.toThrow();
});
