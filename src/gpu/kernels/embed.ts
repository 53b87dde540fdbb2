/**
 * Embedding: y[r] = table[ids[r]] (+ positions[r mod tokens] + types[0]); gradient dTable[v] = sum of dy[p] over the
 * positions p that hold id v, ascending; dPositions[t] = sum over texts of dy at token t; dTypes = sum of all.
 *
 * The usual scatter adds by float atomics, in an order that changes from run to run. Ids are known on the host, which
 * sorts them; then every table row is one thread's own sum. Rows that no position names are written as zeros.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, type OutputSpec, readBinding, writeBinding } from "../dispatch";
import { mostPartials } from "../gradients";
import type { Places, TokenIds } from "../ops";
import { asTensors, currentBackend, freeIntermediates, type GradientSink, registerOp, shared, usableSink } from "./op";
import { type Binding, dispatchParts, type ShaderPart } from "./shader";
import { sumPartials } from "./sumPartials";
import { lanesOf, laneType, threadHead } from "./wgsl";

/** Reads table [vocabulary, width], ids [n] and, where there are, positions and types; writes [n, width]. */
export function embedCode(
  n: number,
  width: number,
  vocabulary: number,
  places: { tokens: number; types: boolean } | null,
): string {
  const array = `array<${laneType(lanesOf(width))}>`;
  const w = width / lanesOf(width);
  const out = 2 + (places ? (places.types ? 2 : 1) : 0);
  const added = places ? ` + b2[(i / ${w}u % ${places.tokens}u) * ${w}u + i % ${w}u]` : "";
  return `${readBinding(0, array)}${readBinding(1, "array<i32>")}
${places ? readBinding(2, array) : ""}${places?.types ? readBinding(3, array) : ""}${writeBinding(out, array)}
${threadHead(linearGrid(n * w).index, n * w)}
  let row = u32(clamp(b1[i / ${w}u], 0, ${vocabulary - 1}));
  b${out}[i] = b0[row * ${w}u + i % ${w}u]${added}${places?.types ? ` + b3[i % ${w}u]` : ""};
}`;
}

/** WGSL `tableRow(i)`: one thread a row and 4 columns of the table's gradient. */
const tablePart = (width: number, vocabulary: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "tableRow",
    threads: vocabulary * w,
    code: `fn tableRow(i: u32) {
  let v = i / ${w}u;
  let c = i % ${w}u;
  let end = offsets[v + 1u];
  var s = ${type}(0);
  for (var k = offsets[v]; k < end; k++) { s += dy[u32(order[k]) * ${w}u + c]; }
  table[i] = s;
}`,
  };
};

/** WGSL `positionRow(i)`: sums over the texts; rows past `tokens` are zero. */
const positionPart = (width: number, n: number, tokens: number, rows: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "positionRow",
    threads: rows * w,
    code: `fn positionRow(i: u32) {
  var s = ${type}(0);
  if (i < ${tokens * w}u) {
    for (var at = i; at < ${n * w}u; at += ${tokens * w}u) { s += dy[at]; }
  }
  positions[i] = s;
}`,
  };
};

/** WGSL `typeRow(i)`: partial sum number i / width over every `splits`-th row. */
const typePart = (width: number, n: number, splits: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "typeRow",
    threads: splits * w,
    code: `fn typeRow(i: u32) {
  var s = ${type}(0);
  for (var at = i; at < ${n * w}u; at += ${splits * w}u) { s += dy[at]; }
  types[i] = s;
}`,
  };
};

interface Wanted {
  table: { vocabulary: number; sink: GradientSink | null } | null;
  positions: { rows: number; tokens: number; sink: GradientSink | null } | null;
  types: { sink: GradientSink | null } | null;
}

/** All that is wanted in one dispatch; null where not, or where it went to its sink. */
function embedGradient(
  backend: WebGPUBackend,
  dy: TensorInfo,
  { order, offsets }: { order: TensorInfo; offsets: TensorInfo },
  wanted: Wanted,
): (TensorInfo | null)[] {
  const [n, width] = dy.shape as [number, number];
  const array = `array<${laneType(lanesOf(width))}>`;
  const reads: Binding<TensorInfo>[] = [{ name: "dy", type: array, to: dy }];
  const writes: Binding<OutputSpec | GPUBufferBinding>[] = [];
  const parts: ShaderPart[] = [];
  const tableSink = usableSink(wanted.table?.sink);
  const positionSink = usableSink(wanted.positions?.sink);
  const typeSink = usableSink(wanted.types?.sink);
  const splits = Math.min(32, n, typeSink?.most ?? mostPartials(width));
  if (wanted.table) {
    const { vocabulary } = wanted.table;
    reads.push({ name: "order", type: "array<i32>", to: order }, { name: "offsets", type: "array<i32>", to: offsets });
    writes.push({ name: "table", type: array, to: tableSink?.take(1) ?? { shape: [vocabulary, width] } });
    parts.push(tablePart(width, vocabulary));
  }
  if (wanted.positions) {
    const { rows, tokens } = wanted.positions;
    writes.push({ name: "positions", type: array, to: positionSink?.take(1) ?? { shape: [rows, width] } });
    parts.push(positionPart(width, n, tokens, rows));
  }
  if (wanted.types) {
    writes.push({ name: "types", type: array, to: typeSink?.take(splits) ?? { shape: [splits, width] } });
    parts.push(typePart(width, n, splits));
  }
  const made = dispatchParts(
    backend,
    `embed-grad ${n} ${width} ${parts.map((part) => `${part.name} ${part.threads}`).join(" ")} ${wanted.positions?.tokens ?? ""}`,
    reads,
    writes,
    () => parts,
    parts.map((part) => part.threads),
  );
  const table = wanted.table && !tableSink ? made.shift()! : null;
  const positions = wanted.positions && !positionSink ? made.shift()! : null;
  const partials = wanted.types && !typeSink ? made.shift()! : null;
  if (!partials) return [table, positions, null];
  const [types] = sumPartials(backend, splits, [partials], [[1, width]]);
  freeIntermediates(backend, partials);
  return [table, positions, types!];
}

/** Kernel "LabEmbedGrad": the gradient alone, for whoever gathers by other means. */
registerOp<{ dy: TensorInfo; order: TensorInfo; offsets: TensorInfo }, { vocabulary: number }>({
  name: "LabEmbedGrad",
  run: (backend, { dy, order, offsets }, { vocabulary }) =>
    embedGradient(
      backend,
      dy,
      { order, offsets },
      { table: { vocabulary, sink: null }, positions: null, types: null },
    )[0]!,
});

interface Inputs {
  table: TensorInfo;
  ids: TensorInfo;
  order: TensorInfo;
  offsets: TensorInfo;
  positions?: TensorInfo;
  types?: TensorInfo;
}
interface Attributes {
  vocabulary: number;
  tokens: number;
  /** Rows of the position table. */
  positions: number;
}

const embedOp = registerOp<Inputs, Attributes>({
  name: "LabEmbed",
  saveInputs: ["order", "offsets"],
  run(backend, { table, ids, positions, types }, { tokens }) {
    const [vocabulary, width] = table.shape as [number, number];
    const n = ids.shape[0]!;
    const places = positions ? { tokens, types: types !== undefined } : null;
    return dispatch(
      backend,
      {
        key: `embed ${n} ${width} ${vocabulary}${places ? ` at ${tokens}${types ? " typed" : ""}` : ""}`,
        workgroups: linearGrid((n * width) / lanesOf(width)).workgroups,
        code: () => embedCode(n, width, vocabulary, places),
      },
      [table, ids, ...(positions ? [positions] : []), ...(types ? [types] : [])],
      [{ shape: [n, width] }],
    )[0]!;
  },
  gradient({ dy, saved: [order, offsets], attributes: { vocabulary, tokens, positions }, pass }) {
    const compute = (only?: keyof Wanted) => {
      const wants = (name: keyof Wanted) => (pass ? pass.wants(name) : name === only);
      return asTensors(
        embedGradient(
          currentBackend(),
          dy,
          { order: order!, offsets: offsets! },
          {
            table: wants("table") ? { vocabulary, sink: pass?.sink("table") ?? null } : null,
            positions: wants("positions") ? { rows: positions, tokens, sink: pass?.sink("positions") ?? null } : null,
            types: wants("types") ? { sink: pass?.sink("types") ?? null } : null,
          },
        ),
      );
    };
    const all = pass ? shared(() => compute()) : null;
    const one = (name: keyof Wanted) => all ?? shared(() => compute(name));
    const [table, places, types] = [one("table"), one("positions"), one("types")];
    return { table: () => table(0), positions: () => places(1), types: () => types(2) };
  },
});

/**
 * Rows of table [vocabulary, width] at ids [n] -> [n, width]; with places each plus the row of its position in the text
 * and the type's. An id outside the table reads its first or last row.
 */
export function embed(table: Tensor2D, tokens: TokenIds, places?: Places): Tensor2D {
  const { ids, order, offsets } = tokens;
  const inputs: Inputs = { table, ids, order, offsets };
  if (places && places.positions.shape[0] < places.tokens)
    throw new Error(`embed: ${places.tokens} tokens, but positions for ${places.positions.shape[0]}`);
  if (places) inputs.positions = places.positions;
  if (places?.types) inputs.types = places.types;
  return embedOp(inputs, {
    vocabulary: table.shape[0],
    tokens: places?.tokens ?? 0,
    positions: places?.positions.shape[0] ?? 0,
  })[0] as Tensor2D;
}
