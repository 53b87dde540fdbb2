/** Exported towers, run by onnxruntime-web's WebAssembly, against this program's own forward pass. */
import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, it } from "vitest";
import { useCpu } from "../../gpu/testFloat64";
import { writeOnnx } from "../formats/onnx";
import type { HostParameters, TowerConfig } from "../towers/types";
import { type OnnxOptions, towerOnnx } from "./onnxGraph";
import { largestDifference, ownVectors, randomTexts, randomTower, TEST_TOWERS } from "./testTowers";

useCpu();
beforeAll(() => {
  // Threads would need a server's headers in a browser; here they would only compete.
  ort.env.wasm.numThreads = 1;
});

/** Ids and mask of texts, filled up at the right with a token that must not matter. */
function feeds(texts: readonly Int32Array[], padId: number) {
  const tokens = Math.max(...texts.map((text) => text.length));
  const ids = new BigInt64Array(texts.length * tokens).fill(BigInt(padId));
  const mask = new BigInt64Array(texts.length * tokens);
  texts.forEach((text, row) => {
    text.forEach((id, i) => {
      ids[row * tokens + i] = BigInt(id);
      mask[row * tokens + i] = 1n;
    });
  });
  const shape = [texts.length, tokens];
  return { input_ids: new ort.Tensor("int64", ids, shape), attention_mask: new ort.Tensor("int64", mask, shape) };
}

async function opened(config: TowerConfig, tensors: HostParameters, options?: OnnxOptions) {
  const session = await ort.InferenceSession.create(await writeOnnx(towerOnnx(config, tensors, options)), {
    executionProviders: ["wasm"],
  });
  return {
    session,
    async vectors(texts: readonly Int32Array[], padId = 0) {
      const { sentence_embedding: output } = await session.run(feeds(texts, padId));
      expect(output!.dims).toEqual([texts.length, config.embeddingSize]);
      return output!.data as Float32Array;
    },
  };
}

describe("a tower as ONNX, run by onnxruntime-web", () => {
  for (const [name, config] of Object.entries(TEST_TOWERS))
    it(`${name}: gives our vectors to 1e-4, whatever the padding and the batch`, async () => {
      const tensors = randomTower(config);
      const texts = randomTexts(config, config.maxTokens);
      const { session, vectors } = await opened(config, tensors);
      expect(session.inputNames).toEqual(["input_ids", "attention_mask"]);
      expect(session.outputNames).toEqual(["sentence_embedding"]);
      const ours = ownVectors(config, tensors, texts);
      expect(largestDifference(await vectors(texts), ours)).toBeLessThan(1e-4);
      expect(largestDifference(await vectors(texts, 7), ours)).toBeLessThan(1e-4);
      const third = ours.subarray(2 * config.embeddingSize, 3 * config.embeddingSize);
      expect(largestDifference(await vectors([texts[2]!]), third)).toBeLessThan(1e-4);
      await session.release();
    });

  it("with half floats is half as large and near", async () => {
    const config = { ...TEST_TOWERS.encoder!, width: 64, hidden: 128, vocabulary: 2000 };
    const tensors = randomTower(config);
    const texts = randomTexts(config, 8);
    const whole = await writeOnnx(towerOnnx(config, tensors));
    const half = await writeOnnx(towerOnnx(config, tensors, { half: true }));
    expect(half.length).toBeLessThan(0.55 * whole.length);
    const { vectors } = await opened(config, tensors, { half: true });
    const difference = largestDifference(await vectors(texts), ownVectors(config, tensors, texts));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(2e-2);
  });

  it("keeps its metadata, and names a tensor that is missing", async () => {
    const config = TEST_TOWERS.lookup!;
    const tensors = randomTower(config);
    const bytes = await writeOnnx(towerOnnx(config, tensors, { metadata: { seed: "7" } }));
    expect(new TextDecoder("latin1").decode(bytes)).toMatch(/seed.{1,3}7/s);
    tensors.delete("projection.weight");
    expect(() => towerOnnx(config, tensors)).toThrow(/projection\.weight/);
  });
});
