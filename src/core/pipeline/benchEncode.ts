/** The benchmark of encoding: texts through one tower, captured, as the index and the search box encode them. */

import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { bestProduct } from "../../gpu/variantChoice";
import { initTower } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import { encodingStep, rawVectors } from "../training/encode";
import { benchConfig, DOCUMENT_TOKENS, madeUp, SEED } from "./bench";
import { BENCH_SIZES, type BenchSize, type EncodeArch } from "./benchChoices";
import { type Measured, profiled, startMeasuring } from "./benchMeasure";

export interface EncodeFigures extends Measured {
  arch: EncodeArch;
  size: BenchSize;
  /** Texts encoded together, of `tokens` tokens each. */
  batch: number;
  tokens: number;
  textsPerSecond: number;
  tokensPerSecond: number;
  /** Of the matrix products by parameters alone: 2 x 12 layers width^2 a token. */
  gflops: number;
  /** `gflops` over what this project's best matrix product reaches alone on the same adapter, in the same run. */
  matmulShare: number;
}

/**
 * Measures one batch of made-up texts.
 * @param repeats timed batches after the warm-up of two
 */
export async function measureEncode(
  gpu: Gpu,
  ops: TowerOps,
  { arch, size, batch }: { arch: EncodeArch; size: BenchSize; batch: number },
  repeats = 5,
): Promise<EncodeFigures> {
  const { width, layers } = BENCH_SIZES[size];
  const config = benchConfig(arch, size, DOCUMENT_TOKENS);
  const { flat, offsets } = madeUp().documents;
  const count = offsets.length - 1;
  const measuring = startMeasuring(gpu);
  const tower = uploadTower(gpu, config, initTower(config, SEED, "document", true));
  const { step, values, dispose } = encodingStep(
    gpu,
    ops,
    tower,
    { batch, length: DOCUMENT_TOKENS, captured: true },
    rawVectors,
  );
  try {
    const texts = (number: number) =>
      Array.from({ length: batch }, (_, i) => {
        const text = (number * batch + i) % count;
        return flat.subarray(offsets[text]!, offsets[text + 1]!);
      });
    const measured = await measuring.measure((number) => step.run(values(texts(number))), repeats);
    const textsPerSecond = (1000 * batch) / measured.stepMs.median;
    const tokensPerSecond = textsPerSecond * DOCUMENT_TOKENS;
    const gflops = (2 * 12 * layers * width ** 2 * tokensPerSecond) / 1e9;
    return {
      ...{ arch, size, batch, tokens: DOCUMENT_TOKENS },
      ...measured,
      ...(await profiled(gpu, step)),
      textsPerSecond,
      tokensPerSecond,
      gflops,
      matmulShare: gflops / (await bestProduct(gpu, batch * DOCUMENT_TOKENS, width)),
    };
  } finally {
    measuring.stop();
    dispose();
    disposeTower(tower);
  }
}
