/** Token sequences as the flat arrays a tower reads. */
import type { HostInputs, Pooling } from "../towers/types";

/**
 * Pads a batch, and sorts its tokens by id for the embedding's gradient.
 * @param sequences ids of each text; longer ones are cut at `tokens`
 * @param tokens padded length
 * @param padId fills up; it is masked, pooled with weight 0, and its positions are left out of `order`
 * @throws RangeError for an id outside the vocabulary
 */
export function hostInputs(
  sequences: readonly Int32Array[],
  tokens: number,
  vocabulary: number,
  pooling: Pooling,
  padId: number,
): HostInputs {
  const n = sequences.length * tokens;
  const ids = new Int32Array(n).fill(padId);
  const mask = new Float32Array(n);
  const poolWeights = new Float32Array(n);
  const offsets = new Int32Array(vocabulary + 1);
  sequences.forEach((sequence, row) => {
    const length = Math.min(sequence.length, tokens);
    const at = row * tokens;
    for (let i = 0; i < length; i++) {
      const id = sequence[i]!;
      if (id < 0 || id >= vocabulary) throw new RangeError(`token ${id} is outside the vocabulary of ${vocabulary}`);
      ids[at + i] = id;
      mask[at + i] = 1;
      offsets[id + 1]!++;
      if (pooling === "mean") poolWeights[at + i] = 1 / length;
    }
    if (length > 0 && pooling === "last") poolWeights[at + length - 1] = 1;
    if (length > 0 && pooling === "cls") poolWeights[at] = 1;
  });
  for (let id = 0; id < vocabulary; id++) offsets[id + 1]! += offsets[id]!;
  const order = new Int32Array(n);
  const next = offsets.slice(0, vocabulary);
  for (let position = 0; position < n; position++) if (mask[position] === 1) order[next[ids[position]!]!++] = position;
  return { ids, order, offsets, mask, poolWeights };
}
