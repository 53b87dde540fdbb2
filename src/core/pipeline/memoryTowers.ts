/** The towers' forward passes (core/towers/forward.ts) as what their own kernels ask the memory for. */
import { activationOf, headSizeOf, projects } from "../towers/config";
import type { LoraSettings } from "../towers/lora";
import type { Activation, TowerConfig } from "../towers/types";
import type { Tape, Value } from "./memoryTape";

interface Size {
  batch: number;
  tokens: number;
  dropout: boolean;
  /** The adapters that are trained in place of the tower. */
  lora?: LoraSettings | null | undefined;
  /** Of a decoder: the states of all positions are wanted, not a vector of each text. */
  states?: boolean;
}

/** Pre-norm layers (decoder, bench), post-norm layers (encoder): what an op of the forward pass is to the memory. */
function towerOps(tape: Tape, config: TowerConfig, { batch, tokens, dropout, lora }: Size) {
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
  /** What an adapter adds to y, a product with x: through A, times a number, through B. */
  const adapt = (x: Value, y: Value, normed = false): Value => {
    if (!lora) return y;
    const stats2 = normed ? { kept: [stats], back: [n * width] } : {};
    const down = tape.op({ result: n * lora.rank, ...stats2, inputs: [made(x)], saves: [x] });
    const scaled = tape.op({ result: n * lora.rank, inputs: [made(down)], saves: [down] });
    return tape.op({ result: y.size, inputs: [made(scaled), passed(y)], saves: [scaled] });
  };
  /** A feed-forward layer whose matrices have adapters is not one op. */
  const openFeedForward = (x: Value, normed: boolean): Value => {
    const extra = normed ? { kept: [stats], back: [n * width] } : {};
    const u = adapt(x, tape.op({ result: n * inner, ...extra, inputs: [made(x)], saves: [x] }), normed);
    const halves = kind === "decoder" ? [0, 1].map(() => tape.op({ result: n * hidden, inputs: [made(u)] })) : [u];
    const h = tape.op({ result: n * hidden, inputs: halves.map(made), saves: halves });
    return adapt(h, tape.op({ result: n * width, inputs: [made(h), passed(x)], saves: [h] }));
  };
  return {
    n,
    adapt,
    drop,
    addTo,
    embed: () => tape.op({ result: n * width, inputs: [] }),
    norm: (x: Value) => tape.op({ result: n * width, kept: [stats], inputs: [made(x)], saves: [x] }),
    normPool: (x: Value) => tape.op({ result: batch * width, kept: [stats], inputs: [made(x)], saves: [x] }),
    pool: (x: Value) => tape.op({ result: batch * width, inputs: [made(x)], saves: [x] }),
    /** Queries and keys apart, normed by head, and put together again with the values. */
    headNorms: (x: Value) => {
      const [q, kv] = [n * heads * head, n * kvHeads * head];
      const queries = tape.op({ result: q, kept: [kv, kv], inputs: [made(x)] });
      const normed = [
        tape.op({ result: q, kept: [2 * n * heads], inputs: [made(queries)], saves: [queries] }),
        // Of the keys, which were made with the queries.
        tape.op({ result: kv, kept: [2 * n * kvHeads], inputs: [] }),
      ];
      // tfjs keeps what it puts together, for the shapes.
      return tape.op({ result: n * qkv, inputs: normed.map(made), saves: normed, back: [kv] });
    },
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
      lora?.targets === "all"
        ? openFeedForward(x, normed)
        : tape.op({
            result: n * width,
            scratch: normed && !tape.recording ? [n * hidden, stats] : [n * hidden],
            kept: tape.recording ? (normed ? [n * inner, stats] : [n * inner]) : [],
            inputs: [made(x)],
            saves: [x],
            back: normed ? [n * inner, n * hidden, n * width] : [n * inner, n * hidden],
          }),
    /** Without a kernel of its own: two products, and between them what tfjs makes of an activation. */
    otherFeedForward: (x: Value, activation: Activation) => {
      const u = tape.op({ result: n * hidden, inputs: [made(x)], saves: [x] });
      const steps = activation === "relu" ? 0 : 8;
      const h = tape.op({
        result: n * hidden,
        kept: Array.from({ length: steps }, () => n * hidden),
        inputs: [made(u)],
        saves: [u],
        back: Array.from({ length: steps > 0 ? 2 : 1 }, () => n * hidden),
      });
      return tape.op({ result: n * width, inputs: [made(h)], saves: [h] });
    },
    /** Dense modules and projection. */
    finish: (pooled: Value) => {
      const sizes = [
        ...(config.dense ?? []).map((layer) => layer.out),
        ...(projects(config) ? [config.embeddingSize] : []),
      ];
      return sizes.reduce((x, size) => tape.op({ result: batch * size, inputs: [made(x)], saves: [x] }), pooled);
    },
  };
}

/** What encoding a batch of texts makes. @returns the raw vectors [batch, embeddingSize], or states [batch * tokens, width] */
export function towerMemory(tape: Tape, config: TowerConfig, size: Size): Value {
  const ops = towerOps(tape, config, size);
  const activation = activationOf(config);
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
    if (config.kind === "lookup") return ops.finish(ops.pool(x));
    for (let i = 0; i < config.layers; i++) {
      const last = i === config.layers - 1;
      x = layer(x, (from) => {
        if (config.kind !== "encoder") {
          const qkv = ops.adapt(from, ops.normQkv(from), true);
          const mixed = ops.attention(config.qkNorm ? ops.headNorms(qkv) : qkv);
          const middle = ops.addTo(from, (inOne) => ops.adapt(mixed, ops.output(mixed, inOne ? from : null)));
          return ops.addTo(middle, () => ops.feedForward(middle, true));
        }
        const mixed = ops.attention(ops.adapt(from, ops.qkv(from)));
        const attended = ops.norm(ops.addTo(from, (inOne) => ops.adapt(mixed, ops.output(mixed, inOne ? from : null))));
        const y = ops.addTo(attended, () =>
          activation === "gelu" || size.lora?.targets === "all"
            ? ops.feedForward(attended, false)
            : ops.otherFeedForward(attended, activation),
        );
        return last ? ops.normPool(y) : ops.norm(y);
      });
    }
    if (size.states) return ops.norm(x);
    const pooled = config.kind === "encoder" ? x : ops.normPool(x);
    return ops.finish(pooled);
  });
}
