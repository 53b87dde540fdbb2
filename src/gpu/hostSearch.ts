/** The search of search.ts where documents lie in the host's memory: the same order, the same words, as plain loops. */
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { GROUP, keyOf, paddedSize } from "./kernels/scores";
import type { Found, SearchIndex } from "./search";

/** @param k at most as many as there are documents are found */
export function searchOnHost(gpu: Gpu, index: SearchIndex, queries: Tensor, k: number, pairs?: Tensor): Found {
  const heap = gpu.heap!;
  const { size, documents } = index;
  const batch = queries.shape[0]!;
  const most = Math.min(k, documents);
  const padded = paddedSize(size);
  const best = new Int32Array(batch * most * 2);
  const wanted = pairs ? heap(pairs) : new Int32Array();
  const found = new Int32Array(wanted.length / 2);
  const scores = new Float32Array(documents);
  for (let q = 0; q < batch; q++) {
    const query = Float64Array.from(heap(queries).subarray(q * size, (q + 1) * size));
    const length = Math.hypot(...query);
    scores.fill(0);
    if (length > 0)
      for (const { vectors, first, documents: count } of index.blocks) {
        const values = heap(vectors);
        for (let place = 0; place < count; place++) {
          const at = Math.floor(place / GROUP) * padded * GROUP + (place % GROUP);
          let sum = 0;
          for (let e = 0; e < size; e++) sum += values[at + e * GROUP]! * query[e]!;
          scores[first + place] = sum / length;
        }
      }
    const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (let i = 0; i < most; i++) {
      best[(q * most + i) * 2] = keyOf(scores[order[i]!]!);
      best[(q * most + i) * 2 + 1] = ~order[i]!;
    }
    for (let p = 0; p < found.length; p++) if (wanted[2 * p] === q) found[p] = keyOf(scores[wanted[2 * p + 1]!]!);
  }
  return {
    best: tensor(best, [batch, 1, most, 2], "int32"),
    scores: pairs ? tensor(found, [found.length], "int32") : null,
  };
}
