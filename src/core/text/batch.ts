/** Token sequences as the flat arrays a tower reads. */
import type { HostInputs, Pooling } from "../towers/types";

/**
 * Pads a batch, and sorts its tokens by id for the embedding's gradient.
 *
 * Padding has mask 0 and pool weight 0, and its positions are not in `order`: id v owns order[offsets[v] .. offsets[v + 1])
 * over the real positions, ascending, and what is left at the end of `order` is 0 and belongs to no id.
 *
 * @param sequences ids of each text; longer ones are cut at `tokens`, and one without any is the padding token alone, for a
 * tower cannot pool nothing
 * @param tokens padded length
 * @param pooling mean: 1/length at every token; last, cls: 1 at the last or first token
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
  const alone = Int32Array.of(padId);
  sequences.forEach((given, row) => {
    const sequence = given.length > 0 ? given : alone;
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
    if (pooling === "last") poolWeights[at + length - 1] = 1;
    if (pooling === "cls") poolWeights[at] = 1;
  });
  for (let id = 0; id < vocabulary; id++) offsets[id + 1]! += offsets[id]!;
  const order = new Int32Array(n);
  const next = offsets.slice(0, vocabulary);
  for (let position = 0; position < n; position++) if (mask[position] === 1) order[next[ids[position]!]!++] = position;
  return { ids, order, offsets, mask, poolWeights };
}
