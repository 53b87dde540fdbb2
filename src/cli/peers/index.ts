/** `lab bench peers`: the same step by this program and by others, in one run. */
import { benchStep } from "../../core/pipeline/bench";
import type { BenchSize } from "../../core/pipeline/benchChoices";
import { type BenchProblem, benchProblem } from "../../core/pipeline/benchProblem";
import { logRow } from "../../core/training/trainingStep";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import type { OpenPeer, Peer } from "./peer";

/** Each is loaded only here: none is part of what the lab needs. */
const PEERS = {
  "jax-js webgpu": async () => (await import("./jax")).openJax("webgpu"),
  "jax-js wasm": async () => (await import("./jax")).openJax("wasm"),
  PyTorch: async () => (await import("./torch")).openTorch,
} satisfies Record<string, () => Promise<OpenPeer>>;
export type PeerName = keyof typeof PEERS;
const ALL = Object.keys(PEERS) as PeerName[];

/** Losses of one step, by whomever, agree to this; float32 sums differ in their order. */
const AGREE = 2e-3;
const WARM_UP = 2;

export interface PeerFigures {
  name: string;
  where: string;
  /** Null where it is not there, and `reason` says why. */
  stepMs: { median: number; min: number; max: number } | null;
  /** Its time over this program's. */
  ratio: number | null;
  /** From the first step's start to its end. */
  firstMs: number | null;
  loss: number | null;
  reason?: string;
}

/** This program's own step as one of them. */
async function own(gpu: Gpu, ops: TowerOps, size: BenchSize): Promise<Peer> {
  // The others' Adam does not clip.
  const training = benchStep(gpu, ops, "bench", size, true, 0);
  return {
    name: "ScalingNote Lab",
    where: gpu.adapter.description,
    async step(number) {
      const start = performance.now();
      training.run(number);
      await gpu.finish();
      const ms = performance.now() - start;
      const rows = await training.log.read();
      gpu.check();
      return { loss: logRow(training, rows, number)[0]!, ms };
    },
    dispose: () => training.dispose(),
  };
}

/**
 * Measures this program and whatever peer is there, a step of each in turn, so that a machine that is busy is so for all.
 * @param steps timed steps of each after a warm-up of two
 * @throws Error where the loss of a step is not everybody's: then they do not compute the same
 */
export async function measurePeers(
  gpu: Gpu,
  ops: TowerOps,
  size: BenchSize,
  steps: number,
  names: readonly PeerName[] = ALL,
): Promise<PeerFigures[]> {
  const problem: BenchProblem = benchProblem(size);
  const figures: PeerFigures[] = [];
  const open: { peer: Peer; figure: PeerFigures; times: number[] }[] = [];
  const add = async (name: string, make: () => Promise<Peer>) => {
    const figure: PeerFigures = { name, where: "", stepMs: null, ratio: null, firstMs: null, loss: null };
    figures.push(figure);
    try {
      const peer = await make();
      Object.assign(figure, { name: peer.name, where: peer.where });
      open.push({ peer, figure, times: [] });
    } catch (error) {
      figure.reason = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    await add("ScalingNote Lab", () => own(gpu, ops, size));
    for (const name of names) await add(name, async () => (await PEERS[name]())(problem));
    for (let step = 1; step <= WARM_UP + steps; step++)
      for (const { peer, figure, times } of open) {
        const { loss, ms } = await peer.step(step);
        figure.loss = loss;
        if (step === 1) figure.firstMs = ms;
        if (step > WARM_UP) times.push(ms);
        const mine = figures[0]!.loss!;
        if (!(Math.abs(loss - mine) <= AGREE * Math.abs(mine)))
          throw new Error(`${figure.name} computes another step: its loss of step ${step} is ${loss}, ours ${mine}`);
      }
  } finally {
    for (const { peer } of open) await peer.dispose();
  }
  for (const { figure, times } of open) {
    const ascending = times.toSorted((a, b) => a - b);
    figure.stepMs = {
      median: ascending[Math.floor(ascending.length / 2)]!,
      min: ascending[0]!,
      max: ascending.at(-1)!,
    };
    figure.ratio = figure.stepMs.median / figures[0]!.stepMs!.median;
  }
  return figures;
}
