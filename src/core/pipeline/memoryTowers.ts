/** The towers' forward passes (core/towers/forward.ts) as what their own kernels ask the memory for. */
import { headSizeOf } from "../towers/config";
import type { TowerConfig } from "../towers/types";
import type { Tape, Value } from "./memoryTape";

interface Size {
  batch: number;
  tokens: number;
  dropout: boolean;
}

/** Pre-norm layers (decoder, bench), post-norm layers (encoder): what an op of the forward pass is to the memory. */
function towerOps(tape: Tape, config: TowerConfig, { batch, tokens, dropout }: Size) {
  const { width, hidden, heads, kvHeads, kind } = config;
  const n = batch * tokens;
  const head = headSizeOf(config);
  const all = heads * head;
  const qkv = (heads + 2 * kvHeads) * head;
  const stats = 2 * n;
  const made = (value: Value) => ({ value, gradient: "made" as const });
  const passed = (value: Value) => ({ value, gradient: "passed" as const });
  const drop = (x: Value) => (dropout ? tape.op({ result: x.size, inputs: [made(x)] }) : x);
  /** `spec`'s result plus a residual: one op, or with dropout between three. tfjs' sum keeps both for their shapes. */
  const addTo = (residual: Value, make: (inOne: boolean) => Value) => {
    if (!dropout) return make(true);
    const dropped = drop(make(false));
    return tape.op({
      result: residual.size,
      inputs: [passed(residual), passed(dropped)],
      saves: [residual, dropped],
    });
  };
  const inner = kind === "decoder" ? 2 * hidden : hidden;
  return {
    n,
    drop,
    addTo,
    embed: () => tape.op({ result: n * width, inputs: [] }),
    norm: (x: Value) => tape.op({ result: n * width, kept: [stats], inputs: [made(x)], saves: [x] }),
    normPool: (x: Value) => tape.op({ result: batch * width, kept: [stats], inputs: [made(x)], saves: [x] }),
    pool: (x: Value) => tape.op({ result: batch * width, inputs: [made(x)], saves: [x] }),
    qkv: (x: Value) => tape.op({ result: n * qkv, inputs: [made(x)], saves: [x] }),
    normQkv: (x: Value) =>
      // Through the product first, then through the norm.
      tape.op({ result: n * qkv, kept: [stats], inputs: [made(x)], saves: [x], back: [n * width] }),
    attention: (x: Value) =>
      tape.op({
        result: n * all,
        // One number a query; with rotary positions also q and k, turned.
        kept: kind === "decoder" ? [n * heads, n * (heads + kvHeads) * head] : [n * heads],
        inputs: [made(x)],
        saves: [x],
        savesResult: true,
      }),
    output: (mixed: Value, residual: Value | null) =>
      tape.op({
        result: n * width,
        inputs: [made(mixed), ...(residual ? [passed(residual)] : [])],
        saves: [mixed],
      }),
    /** The hidden layer lives within the op; what its activation was made from is kept. */
    feedForward: (x: Value, normed: boolean) =>
      tape.op({
        result: n * width,
        scratch: normed && !tape.recording ? [n * hidden, stats] : [n * hidden],
        kept: tape.recording ? (normed ? [n * inner, stats] : [n * inner]) : [],
        inputs: [made(x)],
        saves: [x],
        back: normed ? [n * inner, n * hidden, n * width] : [n * inner, n * hidden],
      }),
    project: (pooled: Value) =>
      tape.op({ result: batch * config.embeddingSize, inputs: [made(pooled)], saves: [pooled] }),
  };
}

/** What encoding a batch of texts makes. @returns the raw vectors [batch, embeddingSize] */
export function towerMemory(tape: Tape, config: TowerConfig, size: Size): Value {
  const ops = towerOps(tape, config, size);
  /** A layer lets go of its input, once it has been run. */
  const layer = (x: Value, make: (x: Value) => Value) => {
    const y = tape.scope(() => make(x));
    tape.dispose(x);
    return y;
  };
  return tape.scope(() => {
    let x = tape.scope(() => {
      const words = ops.embed();
      return config.kind === "encoder" ? ops.drop(ops.norm(words)) : config.kind === "lookup" ? words : ops.drop(words);
    });
    if (config.kind === "lookup") return ops.project(ops.pool(x));
    for (let i = 0; i < config.layers; i++) {
      const last = i === config.layers - 1;
      x = layer(x, (from) => {
        if (config.kind !== "encoder") {
          const mixed = ops.attention(ops.normQkv(from));
          const middle = ops.addTo(from, (inOne) => ops.output(mixed, inOne ? from : null));
          return ops.addTo(middle, () => ops.feedForward(middle, true));
        }
        const mixed = ops.attention(ops.qkv(from));
        const attended = ops.norm(ops.addTo(from, (inOne) => ops.output(mixed, inOne ? from : null)));
        const y = ops.addTo(attended, () => ops.feedForward(attended, false));
        return last ? ops.normPool(y) : ops.norm(y);
      });
    }
    const pooled = config.kind === "encoder" ? x : ops.normPool(x);
    return config.kind === "bench" ? pooled : ops.project(pooled);
  });
}
