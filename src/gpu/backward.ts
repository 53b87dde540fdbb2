/**
 * tfjs' tape walked backward by our own hand, for what tf.grads cannot do: an op is told which of its inputs' gradients
 * are wanted (so that one kernel makes several), it may add to a gradient that is there already (no dispatch for the
 * sum), it may write a parameter's gradient straight to where the optimizer reads it, and every tensor is let go as soon
 * as nothing needs it any more. Ops that know nothing of this work as they do under tf.grads.
 *
 * Uses the private tape of tfjs 4.22.0; backward.test.ts holds it against tf.grads.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { type GradientSink, withPass } from "./kernels/op";

interface TapeNode {
  id: number;
  kernelName: string;
  inputs: Record<string, Tensor>;
  outputs: Tensor[];
  saved?: Tensor[];
  gradient?: (dys: (Tensor | null)[]) => Record<string, () => Tensor | null>;
}

interface Engine {
  state: { activeTape: TapeNode[] | null; gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

/** `tf.tidy` for results that tfjs' types do not foresee, though its code does: null among tensors. */
const scoped = <T>(fn: () => T): T => tf.tidy(fn as () => tf.TensorContainer) as T;

/** The nodes on a way from `xs` to `y`, each with those of its inputs that depend on `xs`. */
function nodesBetween(tape: readonly TapeNode[], xs: readonly Tensor[], y: Tensor): TapeNode[] {
  const fromX = new Set(xs.map((x) => x.id));
  const forward = tape.map((node) => {
    const inputs = Object.fromEntries(Object.entries(node.inputs).filter(([, input]) => fromX.has(input.id)));
    if (Object.keys(inputs).length > 0) for (const output of node.outputs) fromX.add(output.id);
    return { ...node, inputs };
  });
  const toY = new Set([y.id]);
  return forward
    .toReversed()
    .filter((node) => {
      if (Object.keys(node.inputs).length === 0 || !node.outputs.some((output) => toY.has(output.id))) return false;
      for (const input of Object.values(node.inputs)) toY.add(input.id);
      return true;
    })
    .toReversed();
}

/**
 * Value of a loss and its gradients; or of any tensor, given what a loss that comes of it makes its gradient. A loss of
 * several numbers is that of several models which have nothing in common that is trained: each number's gradients are
 * those of the number alone.
 * @param sinks by id of an x: where its gradient may be written instead
 * @param dy gradient of the value; 1 unless given
 * @returns for each x its gradient; null where there is none, or all of it went to the x's sink
 */
export function valueAndGradients<Value extends Tensor = Tensor>(
  loss: () => Value,
  xs: readonly Tensor[],
  sinks: ReadonlyMap<number, GradientSink> = new Map(),
  dy?: Tensor,
): { value: Value; gradients: (Tensor | null)[] } {
  const engine = tf.engine() as unknown as Engine;
  if (engine.state.gradientDepth !== 0) throw new Error("valueAndGradients: inside of another gradient");
  engine.startTape();
  let value: Value;
  let tape: TapeNode[];
  try {
    value = tf.tidy(loss);
  } finally {
    engine.endTape();
    tape = engine.state.activeTape!;
    engine.state.activeTape = null;
  }
  const used = nodesBetween(tape, xs, value);
  const usedIds = new Set(used.map((node) => node.id));
  for (const node of tape) if (!usedIds.has(node.id)) tf.dispose(node.saved ?? []);

  const gradients = scoped(() => {
    /** By tensor id; each is a handle of its own, so that it can be let go whoever else holds the same values. */
    const found = new Map<number, Tensor>([[value.id, dy ? tf.clone(dy) : tf.ones(value.shape)]]);
    const leaves = new Set(xs.map((x) => x.id));
    for (const node of used.toReversed()) {
      if (!node.gradient) throw new Error(`no gradient for ${node.kernelName}`);
      const dys = node.outputs.map((output) => found.get(output.id) ?? null);
      const taken = new Set<string>();
      // What an op adds to in place of us is given back as the new gradient; the old one goes when the node is done.
      const parts = scoped(() => {
        const functions = withPass(
          {
            one: !dy && node.outputs[0]!.id === value.id,
            wants: (input) => input in node.inputs,
            take(input) {
              const x = node.inputs[input];
              const old = x && found.get(x.id);
              if (!old || taken.has(input)) return null;
              taken.add(input);
              return old;
            },
            sink: (input) => {
              const x = node.inputs[input];
              return (x && sinks.get(x.id)) ?? null;
            },
          },
          () => node.gradient!(dys),
        );
        return Object.entries(node.inputs).map(([name, x]) => {
          const make = functions[name];
          if (!make) throw new Error(`no gradient of ${node.kernelName} for its input ${name}`);
          const dx = scoped(() => {
            const made = make();
            // A handle of its own, also where the function passes its own dy on.
            return made && tf.clone(made);
          });
          if (dx && !tf.util.arraysEqual(dx.shape, x.shape))
            throw new Error(`gradient of ${node.kernelName} for ${name}: shape ${dx.shape}, not ${x.shape}`);
          return { name, x, dx };
        });
      });
      // Those that took in what was there replace it, so they come first; the others are added.
      for (const { name, x, dx } of parts.toSorted((a, b) => Number(taken.has(b.name)) - Number(taken.has(a.name)))) {
        if (!dx) continue;
        const old = found.get(x.id);
        found.set(x.id, old && !taken.has(name) ? tf.add(old, dx) : dx);
        if (old && !taken.has(name)) dx.dispose();
        old?.dispose();
      }
      for (const output of node.outputs) {
        if (leaves.has(output.id)) continue;
        found.get(output.id)?.dispose();
        found.delete(output.id);
      }
      tf.dispose(node.saved ?? []);
    }
    return xs.map((x) => found.get(x.id) ?? null);
  });
  return { value, gradients };
}
