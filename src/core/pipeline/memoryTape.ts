/**
 * What a step asks the GPU's memory for, found out without a GPU: the forward pass makes tensors, each op keeps some of
 * them for the way back, and the backward pass lets them go again as it makes gradients. It follows src/gpu/backward.ts
 * request by request, so that `planBuffers` makes the same buffers of it as of a recording.
 */
import type { Request } from "../../gpu/lifetimes";

/** A tensor's memory; it is free when nobody holds it any more. */
export interface Cell {
  request: Request;
  holders: number;
}

/** A tensor of the forward pass, and what is known of its gradient. */
export interface Value {
  cell: Cell;
  /** Numbers in it. */
  size: number;
  gradient: Cell | null;
}

/** One op: sizes are counts of numbers. */
export interface OpSpec {
  /** Size of the result. */
  result: number;
  /** Other outputs, kept for the way back; without one they stay for as long as the scope. */
  kept?: number[];
  /** Made and let go within the op. */
  scratch?: number[];
  /** Inputs that have a gradient: made anew, or the result's own, passed on (a residual). */
  inputs: { value: Value; gradient: "made" | "passed" }[];
  /** Inputs kept for the way back. */
  saves?: Value[];
  /** Whether the result is kept for it too. */
  savesResult?: boolean;
  /** Made on the way back beside the inputs' gradients. */
  back?: number[];
}

export interface Tape {
  /** Whether there is a way back for what comes now; else nothing is kept for it. */
  recording: boolean;
  readonly requests: readonly Request[];
  /** Makes what an op makes. */
  op(spec: OpSpec): Value;
  /** Lets go what was made within, but for the result. */
  scope(make: () => Value): Value;
  /** A tensor of no op; it lives until it is released. */
  make(size: number): Cell;
  hold(cell: Cell): Cell;
  release(cell: Cell): void;
  /** Lets a result of the scope that is open go before its end. */
  dispose(value: Value): void;
  /** Walks back from values whose gradients have been set, through all ops since it did so last. */
  backward(): void;
}

interface Node {
  result: Value;
  spec: OpSpec;
  saved: Cell[];
}

export function createTape(recording: boolean): Tape {
  const requests: Request[] = [];
  let nodes: Node[] = [];
  let scoped: Value[] = [];
  let time = 0;
  const make = (size: number): Cell => {
    const request = { size: Math.max(4, 4 * size), usage: 0, from: time++, to: Number.POSITIVE_INFINITY };
    requests.push(request);
    return { request, holders: 1 };
  };
  const release = (cell: Cell) => {
    if (--cell.holders === 0) cell.request.to = time++;
  };
  const hold = (cell: Cell) => {
    cell.holders++;
    return cell;
  };
  const tape: Tape = {
    recording,
    requests,
    make,
    hold,
    release,
    dispose(value) {
      scoped = scoped.filter((other) => other !== value);
      release(value.cell);
    },
    op(spec) {
      const scratch = (spec.scratch ?? []).map(make);
      const result: Value = { cell: make(spec.result), size: spec.result, gradient: null };
      const kept = (spec.kept ?? []).map(make);
      for (const cell of scratch) release(cell);
      if (tape.recording) {
        const saved = [...(spec.saves ?? []), ...(spec.savesResult ? [result] : [])].map((value) => hold(value.cell));
        nodes.push({ result, spec, saved: [...saved, ...kept] });
      } else scoped.push(...kept.map((cell) => ({ cell, size: 0, gradient: null })));
      scoped.push(result);
      return result;
    },
    scope(body) {
      const outer = scoped;
      scoped = [];
      const result = body();
      for (const value of scoped) if (value !== result) release(value.cell);
      scoped = [...outer, result];
      return result;
    },
    backward() {
      for (const { result, spec, saved } of nodes.toReversed()) {
        const dy = result.gradient;
        if (!dy) throw new Error("a value without a gradient");
        const back = (spec.back ?? []).map(make);
        for (const { value, gradient } of spec.inputs) {
          const old = value.gradient;
          value.gradient = gradient === "made" ? make(value.size) : hold(dy);
          if (old) release(old);
        }
        for (const cell of back) release(cell);
        release(dy);
        result.gradient = null;
        for (const cell of saved) release(cell);
      }
      nodes = [];
    },
  };
  return tape;
}
