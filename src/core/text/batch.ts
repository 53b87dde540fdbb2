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
 * @param into what an earlier call for as many texts, tokens and words gave, to be written over: a training step's arrays are
 * some 50 kB, and making them anew costs more than filling them
 * @throws RangeError for an id outside the vocabulary
 */
export function hostInputs(
  sequences: readonly Int32Array[],
  tokens: number,
  vocabulary: number,
  pooling: Pooling,
  padId: number,
  into?: HostInputs,
): HostInputs {
  const n = sequences.length * tokens;
  const { ids, mask, poolWeights, offsets, order } = into ?? emptyInputs(n, vocabulary);
  ids.fill(padId);
  mask.fill(0);
  poolWeights.fill(0);
  offsets.fill(0);
  order.fill(0);
  const alone = Int32Array.of(padId);
  for (let row = 0; row < sequences.length; row++) {
    const given = sequences[row]!;
    const sequence = given.length > 0 ? given : alone;
    const length = Math.min(sequence.length, tokens);
    const at = row * tokens;
    for (let i = 0; i < length; i++) {
      const id = sequence[i]!;
      if (id < 0 || id >= vocabulary) throw new RangeError(`token ${id} is outside the vocabulary of ${vocabulary}`);
      ids[at + i] = id;
      mask[at + i] = 1;
      // One place further than counted into, so that sorting below leaves each where it begins.
      if (id + 2 <= vocabulary) offsets[id + 2]!++;
      if (pooling === "mean") poolWeights[at + i] = 1 / length;
    }
    if (pooling === "last") poolWeights[at + length - 1] = 1;
    if (pooling === "cls") poolWeights[at] = 1;
  }
  for (let id = 2; id <= vocabulary; id++) offsets[id]! += offsets[id - 1]!;
  for (let position = 0; position < n; position++)
    if (mask[position] === 1) order[offsets[ids[position]! + 1]!++] = position;
  return { ids, order, offsets, mask, poolWeights };
}

const emptyInputs = (n: number, vocabulary: number): HostInputs => ({
  ids: new Int32Array(n),
  order: new Int32Array(n),
  offsets: new Int32Array(vocabulary + 1),
  mask: new Float32Array(n),
  poolWeights: new Float32Array(n),
});
