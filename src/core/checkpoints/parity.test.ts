/** This project's kernels against other programs, and their gradients against those of tfjs' operations. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { expectSamePass } from "../../gpu/kernels/checkOp";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { hostInputs } from "../text/batch";
import { towerForward } from "../towers/forward";
import { parameterStacks } from "../towers/parameters";
import { goldenCheckpoint, parityTests } from "./testParity";
import { deviceInputs } from "./testRun";

const gpu = useGpu();
parityTests(gpu, fusedOps);

describe("gradients of our backward pass", () => {
  // What the one has not, the other has: two types and a dense module; norms of heads and wide ones.
  it.each(["bert", "qwen3"])("%s", async (name) => {
    const { inspection, texts, parameters } = await goldenCheckpoint(name);
    const { config } = inspection;
    const host = hostInputs(texts, 7, config.vocabulary, config.pooling, 0);
    // As on the device: what is one product there is one tensor.
    const stacks = parameterStacks(config);
    const inputs = Object.fromEntries(
      [...parameters].filter(([part]) => !stacks.some((stack) => stack.parts.includes(part))),
    );
    for (const { name: whole, parts } of stacks) {
      const tensors = parts.map((part) => parameters.get(part)!);
      const [, ...rest] = tensors[0]!.shape;
      inputs[whole] = {
        shape: [tensors.reduce((sum, { shape }) => sum + shape[0]!, 0), ...rest],
        values: Float32Array.from(tensors.flatMap(({ values }) => [...values])),
      };
    }
    const forward = (ops: typeof fusedOps) => (given: Record<string, Tensor>) =>
      towerForward(ops, config, given, deviceInputs(host, texts.length));
    await expectSamePass(gpu(), forward(fusedOps), forward(plainOps), inputs, 1e-4);
  });
});
