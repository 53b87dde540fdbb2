/**
 * Embedding: y[r] = table[ids[r]]; gradient dTable[v] = sum of dy[p] over the positions p that hold id v, ascending.
 *
 * The usual scatter adds by float atomics, in an order that changes from run to run. Ids are known on the host, which
 * sorts them; then every table row is one thread's own sum. Rows that no position names are written as zeros.
 */
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import type { TokenIds } from "../ops";
import { registerOp } from "./op";
import { lanesOf, laneType, threadHead } from "./wgsl";

/** Reads table [vocabulary, width], ids [n]; writes [n, width]. */
export function embedCode(n: number, width: number, vocabulary: number): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<i32>")}${writeBinding(2, `array<${type}>`)}
${threadHead(linearGrid(n * w).index, n * w)}
  let row = u32(clamp(b1[i / ${w}u], 0, ${vocabulary - 1}));
  b2[i] = b0[row * ${w}u + i % ${w}u];
}`;
}

/** Reads dy [n, width], order [n], offsets [vocabulary + 1]; writes [vocabulary, width]. One thread a row and 4 columns. */
export function embedGradCode(width: number, vocabulary: number): string {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return `${readBinding(0, `array<${type}>`)}${readBinding(1, "array<i32>")}${readBinding(2, "array<i32>")}
${writeBinding(3, `array<${type}>`)}
${threadHead(linearGrid(vocabulary * w).index, vocabulary * w)}
  let v = i / ${w}u;
  let c = i % ${w}u;
  let end = b2[v + 1u];
  var s = ${type}(0);
  for (var k = b2[v]; k < end; k++) { s += b0[u32(b1[k]) * ${w}u + c]; }
  b3[i] = s;
}`;
}

/** Kernel "LabEmbedGrad": the gradient alone, for whoever gathers by other means. */
const embedGrad = registerOp<{ dy: TensorInfo; order: TensorInfo; offsets: TensorInfo }, { vocabulary: number }>({
  name: "LabEmbedGrad",
  run(backend, { dy, order, offsets }, { vocabulary }) {
    const width = dy.shape[1]!;
    const grid = linearGrid((vocabulary * width) / lanesOf(width));
    return dispatch(
      backend,
      {
        key: `embed-grad ${width} ${vocabulary}`,
        workgroups: grid.workgroups,
        code: () => embedGradCode(width, vocabulary),
      },
      [dy, order, offsets],
      [{ shape: [vocabulary, width] }],
    )[0]!;
  },
});

const embedOp = registerOp<Record<"table" | "ids" | "order" | "offsets", TensorInfo>, { vocabulary: number }>({
  name: "LabEmbed",
  saveInputs: ["order", "offsets"],
  run(backend, { table, ids }) {
    const [vocabulary, width] = table.shape as [number, number];
    const n = ids.shape[0]!;
    const grid = linearGrid((n * width) / lanesOf(width));
    return dispatch(
      backend,
      {
        key: `embed ${n} ${width} ${vocabulary}`,
        workgroups: grid.workgroups,
        code: () => embedCode(n, width, vocabulary),
      },
      [table, ids],
      [{ shape: [n, width] }],
    )[0]!;
  },
  gradient: ({ dy, saved: [order, offsets], attributes }) => ({
    table: () => embedGrad({ dy, order: order!, offsets: offsets! }, attributes)[0]!,
  }),
});

/** Rows of table [vocabulary, width] at ids [n] -> [n, width]. An id outside the table reads its first or last row. */
export function embed(table: Tensor2D, tokens: TokenIds): Tensor2D {
  const { ids, order, offsets } = tokens;
  return embedOp({ table, ids, order, offsets }, { vocabulary: table.shape[0] })[0] as Tensor2D;
}
