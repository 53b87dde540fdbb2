/** Drafted pipelines: made together, shared between captures, made on the spot where nobody has waited. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it, vi } from "vitest";
import { captureStep } from "./capture";
import { countGpu } from "./count";
import { dispatch, internals, readBinding, writeBinding } from "./dispatch";
import { compileWaiting } from "./pipelines";
import type { StepFunction } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
let counting: ReturnType<typeof countGpu> | null = null;
afterEach(() => {
  counting?.stop();
  counting = null;
});

const SPECS = { x: { shape: [5], dtype: "float32" as const } };
const X = Float32Array.of(1, 2, 3, 4, 5);

/** y = x + `add` by a kernel of ours, then tfjs' own square. */
const addThenSquare =
  (add: number, statement = `b1[id.x] = b0[id.x] + f32(${add});`): StepFunction =>
  ({ x }) => {
    const kernel = {
      key: `test-draft ${add}`,
      workgroups: [5, 1, 1] as const,
      code: () => `${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}
@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { ${statement} }`,
    };
    const [sum] = dispatch(gpu().backend, kernel, [x!], [{ shape: [5] }]);
    return { y: tf.square(tf.engine().makeTensorFromTensorInfo(sum!)) };
  };

// Where the adapter is a CPU, Node compiles one after the other.
it.each([
  ["one after the other", true, 1],
  ["side by side", false, 4],
])("captures compile nothing; what several wait for is compiled once, %s, and told", async (_, software, first) => {
  const device = { ...gpu(), adapter: { ...gpu().adapter, software } };
  counting = countGpu();
  const steps = [
    captureStep(gpu(), addThenSquare(first), SPECS),
    captureStep(gpu(), addThenSquare(first), SPECS),
    captureStep(gpu(), addThenSquare(first + 1), SPECS),
  ];
  expect(counting.counts.pipelines).toBe(0);
  const told: string[] = [];
  await compileWaiting(device, (done, total) => told.push(`${done}/${total}`));
  // The square is known from the first time on.
  const made = software ? 3 : 2;
  expect(told).toEqual(Array.from({ length: made + 1 }, (_, i) => `${i}/${made}`));
  expect(counting.counts.pipelines).toBe(made);
  const results: number[][] = [];
  for (const step of steps) {
    step.run({ x: X });
    results.push([...(await step.read("y"))]);
    step.dispose();
  }
  const squares = (add: number) => [...X].map((x) => (x + add) ** 2);
  expect(results).toEqual([squares(first), squares(first), squares(first + 1)]);
  // A later capture and an eager run find them made.
  await compileWaiting(gpu(), () => expect.unreachable("nothing was left to compile"));
  const later = captureStep(gpu(), addThenSquare(first + 1), SPECS);
  later.run({ x: X });
  expect([...(await later.read("y"))]).toEqual(results[2]);
  later.dispose();
  expect(counting.counts.pipelines).toBe(made);
});

it("a step that is run at once makes what it lacks; no draft is left in tfjs' cache", async () => {
  counting = countGpu();
  const step = captureStep(gpu(), addThenSquare(10), SPECS);
  for (const pipeline of Object.values(internals(gpu().backend).pipelineCache))
    expect(pipeline).toBeInstanceOf(GPUComputePipeline);
  // The same kernel, eagerly, in between.
  const x = tf.tensor1d(X);
  const y = addThenSquare(10)({ x }).y!;
  expect([...(await y.data())]).toEqual([121, 144, 169, 196, 225]);
  step.run({ x: X });
  expect([...(await step.read("y"))]).toEqual([121, 144, 169, 196, 225]);
  tf.dispose([x, y]);
  step.dispose();
  await compileWaiting(gpu(), () => expect.unreachable("nothing was left to compile"));
});

it("a refused capture leaves nothing to compile", async () => {
  let calls = 0;
  expect(() => captureStep(gpu(), (inputs) => addThenSquare(20 + calls++)(inputs), SPECS)).toThrow(/change/);
  await compileWaiting(gpu(), () => expect.unreachable("the capture was refused"));
});

it("compiles for a capture that stands, and not for one that has been disposed of", async () => {
  const [one, two, gone] = [40, 40, 41].map((add) => captureStep(gpu(), addThenSquare(add), SPECS));
  gone!.dispose();
  one!.dispose();
  counting = countGpu();
  const told: string[] = [];
  await compileWaiting(gpu(), (done, total) => told.push(`${done}/${total}`));
  // The square is known from the tests above.
  expect(told).toEqual(["0/1", "1/1"]);
  expect(counting.counts.pipelines).toBe(1);
  two!.run({ x: X });
  expect([...(await two!.read("y"))]).toEqual([...X].map((x) => (x + 40) ** 2));
  two!.dispose();
});

it("a run that was refused while it was made ready is made ready again", async () => {
  const step = captureStep(gpu(), addThenSquare(50), SPECS);
  const { device } = gpu();
  const refusing = vi.spyOn(device, "createBindGroup").mockImplementationOnce(() => {
    throw new Error("refused");
  });
  try {
    expect(() => step.run({ x: X })).toThrow("refused");
  } finally {
    refusing.mockRestore();
  }
  step.run({ x: X });
  expect([...(await step.read("y"))]).toEqual([...X].map((x) => (x + 50) ** 2));
  step.dispose();
});

it("names the kernel that a driver does not take", async () => {
  const step = captureStep(gpu(), addThenSquare(30), SPECS);
  const refusing = {
    createShaderModule: () => ({}),
    createComputePipelineAsync: () => Promise.reject(new Error("too large")),
  } as unknown as GPUDevice;
  const { backend, check, adapter, heap } = gpu();
  const broken = { backend, check, heap, device: refusing, adapter: { ...adapter, software: false } };
  await expect(compileWaiting(broken)).rejects.toMatchObject({
    kind: "gpu-refused",
    message: expect.stringContaining('cannot compile "test-draft 30": too large'),
  });
  step.dispose();
});
