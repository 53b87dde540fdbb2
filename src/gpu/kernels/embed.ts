/**
 * Embedding: y[r] = table[ids[r]] (+ positions[r mod tokens] + types[0]); gradient dTable[v] = sum of dy[p] over the
 * positions p that hold id v, ascending; dPositions[t] = sum over texts of dy at token t; dTypes = sum of all.
 *
 * The usual scatter adds by float atomics, in an order that changes from run to run. Ids are known on the host, which
 * sorts them; then every table row is one thread's own sum. Rows that no position names are written as zeros.
 *
 * Several models share the ids (models.ts): each has its own table, positions and types, and y is [models * n, width].
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, type OutputSpec, readBinding, writeBinding } from "../dispatch";
import { halfBinding, isHalf } from "../flat";
import { mostPartials } from "../gradients";
import type { Matrix, Places, TokenIds } from "../ops";
import { modelsOf, ofModels } from "./models";
import { asTensors, currentBackend, freeIntermediates, type GradientSink, registerOp, shared, usableSink } from "./op";
import { type Binding, dispatchParts, type ShaderPart } from "./shader";
import { sumPartials } from "./sumPartials";
import { HALF_ROWS, lanesOf, laneType, threadHead, unpackHalf } from "./wgsl";

/**
 * Reads table [models, vocabulary, width], ids [n] and, where there are, positions and types; writes [models * n, width].
 * @param half the table is of half floats
 */
export function embedCode(
  models: number,
  n: number,
  width: number,
  vocabulary: number,
  places: { tokens: number; positions: number; types: boolean } | null,
  half = false,
): string {
  const array = `array<${laneType(lanesOf(width))}>`;
  const w = width / lanesOf(width);
  const out = 2 + (places ? (places.types ? 2 : 1) : 0);
  const own = (rows: number) => (models === 1 ? "" : `model * ${rows * w}u + `);
  const added = places ? ` + b2[${own(places.positions)}(i / ${w}u % ${places.tokens}u) * ${w}u + i % ${w}u]` : "";
  const at = `${own(vocabulary)}row * ${w}u + i % ${w}u`;
  return `${readBinding(0, half ? HALF_ROWS : array)}${readBinding(1, "array<i32>")}
${places ? readBinding(2, array) : ""}${places?.types ? readBinding(3, array) : ""}${writeBinding(out, array)}
${threadHead(linearGrid(models * n * w).index, models * n * w)}
  ${models === 1 ? "" : `let model = i / ${n * w}u;`}
  let row = u32(clamp(b1[i / ${w}u${models === 1 ? "" : ` % ${n}u`}], 0, ${vocabulary - 1}));
  b${out}[i] = ${half ? unpackHalf(`b0[${at}]`) : `b0[${at}]`}${added}${places?.types ? ` + b3[${own(1)}i % ${w}u]` : ""};
}`;
}

/** WGSL: a model's first row. */
const firstRow = (models: number, model: string, n: number): string => (models === 1 ? "0u" : `(${model}) * ${n}u`);

/** WGSL `tableRow(i)`: one thread a row and 4 columns of the table's gradient. */
const tablePart = (width: number, models: number, n: number, vocabulary: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "tableRow",
    threads: models * vocabulary * w,
    code: `fn tableRow(i: u32) {
  let v = i / ${w}u${models === 1 ? "" : ` % ${vocabulary}u`};
  let first = ${firstRow(models, `i / ${vocabulary * w}u`, n)};
  let c = i % ${w}u;
  let end = offsets[v + 1u];
  var s = ${type}(0);
  for (var k = offsets[v]; k < end; k++) { s += dy[(first + u32(order[k])) * ${w}u + c]; }
  table[i] = s;
}`,
  };
};

/** WGSL `positionRow(i)`: sums over the texts; rows past `tokens` are zero. */
const positionPart = (width: number, models: number, n: number, tokens: number, rows: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "positionRow",
    threads: models * rows * w,
    code: `fn positionRow(i: u32) {
  let first = ${firstRow(models, `i / ${rows * w}u`, n)} * ${w}u;
  let own = i${models === 1 ? "" : ` % ${rows * w}u`};
  var s = ${type}(0);
  if (own < ${tokens * w}u) {
    for (var at = own; at < ${n * w}u; at += ${tokens * w}u) { s += dy[first + at]; }
  }
  positions[i] = s;
}`,
  };
};

/** WGSL `typeRow(i)`: partial sum number i / (models width) over every `splits`-th row. */
const typePart = (width: number, models: number, n: number, splits: number): ShaderPart => {
  const type = laneType(lanesOf(width));
  const w = width / lanesOf(width);
  return {
    name: "typeRow",
    threads: splits * models * w,
    code: `fn typeRow(i: u32) {
  let first = ${firstRow(models, `i / ${w}u % ${models}u`, n)} * ${w}u;
  let own = ${models === 1 ? "i" : `(i / ${models * w}u) * ${w}u + i % ${w}u`};
  var s = ${type}(0);
  for (var at = own; at < ${n * w}u; at += ${splits * w}u) { s += dy[first + at]; }
  types[i] = s;
}`,
  };
};

/** Shapes are the parameters'. */
interface Wanted {
  table: { shape: number[]; sink: GradientSink | null } | null;
  positions: { shape: number[]; tokens: number; sink: GradientSink | null } | null;
  types: { shape: number[]; sink: GradientSink | null } | null;
}

/** All that is wanted in one dispatch; null where not, or where it went to its sink. */
function embedGradient(
  backend: WebGPUBackend,
  dy: TensorInfo,
  { order, offsets }: { order: TensorInfo; offsets: TensorInfo },
  wanted: Wanted,
): (TensorInfo | null)[] {
  const n = order.shape[0]!;
  const [rows, width] = dy.shape as [number, number];
  const models = rows / n;
  const array = `array<${laneType(lanesOf(width))}>`;
  const reads: Binding<TensorInfo>[] = [{ name: "dy", type: array, to: dy }];
  const writes: Binding<OutputSpec | GPUBufferBinding>[] = [];
  const parts: ShaderPart[] = [];
  const tableSink = usableSink(wanted.table?.sink);
  const positionSink = usableSink(wanted.positions?.sink);
  const typeSink = usableSink(wanted.types?.sink);
  const splits = Math.min(32, n, typeSink?.most ?? mostPartials(width));
  if (wanted.table) {
    const { shape } = wanted.table;
    reads.push({ name: "order", type: "array<i32>", to: order }, { name: "offsets", type: "array<i32>", to: offsets });
    writes.push({ name: "table", type: array, to: tableSink?.take(1) ?? { shape } });
    parts.push(tablePart(width, models, n, shape.at(-2)!));
  }
  if (wanted.positions) {
    const { shape, tokens } = wanted.positions;
    writes.push({ name: "positions", type: array, to: positionSink?.take(1) ?? { shape } });
    parts.push(positionPart(width, models, n, tokens, shape.at(-2)!));
  }
  if (wanted.types) {
    writes.push({
      name: "types",
      type: array,
      to: typeSink?.take(splits) ?? { shape: [splits, ...wanted.types.shape] },
    });
    parts.push(typePart(width, models, n, splits));
  }
  const made = dispatchParts(
    backend,
    `embed-grad ${ofModels(models)}${n} ${width} ${parts.map((part) => `${part.name} ${part.threads}`).join(" ")} ${wanted.positions?.tokens ?? ""}`,
    reads,
    writes,
    () => parts,
    parts.map((part) => part.threads),
  );
  const table = wanted.table && !tableSink ? made.shift()! : null;
  const positions = wanted.positions && !positionSink ? made.shift()! : null;
  const partials = wanted.types && !typeSink ? made.shift()! : null;
  if (!wanted.types || !partials) return [table, positions, null];
  const [types] = sumPartials(backend, splits, [partials], [wanted.types.shape]);
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
      { table: { shape: [vocabulary, dy.shape[1]!], sink: null }, positions: null, types: null },
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
  tokens: number;
  /** The parameters' shapes. */
  table: number[];
  positions: number[];
  types: number[];
}

const embedOp = registerOp<Inputs, Attributes>({
  name: "LabEmbed",
  saveInputs: ["order", "offsets"],
  run(backend, { table, ids, positions, types }, { tokens }) {
    const models = modelsOf(table, 2);
    const [vocabulary, width] = table.shape.slice(-2) as [number, number];
    const n = ids.shape[0]!;
    const places = positions ? { tokens, positions: positions.shape.at(-2)!, types: types !== undefined } : null;
    return dispatch(
      backend,
      {
        key: `embed ${ofModels(models)}${n} ${width} ${vocabulary}${isHalf(table) ? " half" : ""}${places ? ` at ${tokens} of ${places.positions}${types ? " typed" : ""}` : ""}`,
        workgroups: linearGrid((models * n * width) / lanesOf(width)).workgroups,
        code: () => embedCode(models, n, width, vocabulary, places, isHalf(table)),
      },
      [halfBinding(table) ?? table, ids, ...(positions ? [positions] : []), ...(types ? [types] : [])],
      [{ shape: [models * n, width] }],
    )[0]!;
  },
  gradient({ dy, saved: [order, offsets], attributes: { tokens, ...shapes }, pass }) {
    const compute = (only?: keyof Wanted) => {
      const wants = (name: keyof Wanted) => (pass ? pass.wants(name) : name === only);
      return asTensors(
        embedGradient(
          currentBackend(),
          dy,
          { order: order!, offsets: offsets! },
          {
            table: wants("table") ? { shape: shapes.table, sink: pass?.sink("table") ?? null } : null,
            positions: wants("positions")
              ? { shape: shapes.positions, tokens, sink: pass?.sink("positions") ?? null }
              : null,
            types: wants("types") ? { shape: shapes.types, sink: pass?.sink("types") ?? null } : null,
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
 * and the type's. An id outside the table reads its first or last row. Of several models the parameters have a leading
 * dimension, and the result is [models * n, width].
 */
export function embed(table: Matrix, tokens: TokenIds, places?: Places): Tensor2D {
  const { ids, order, offsets } = tokens;
  const inputs: Inputs = { table, ids, order, offsets };
  if (places && places.positions.shape.at(-2)! < places.tokens)
    throw new Error(`embed: ${places.tokens} tokens, but positions for ${places.positions.shape.at(-2)}`);
  if (places) inputs.positions = places.positions;
  if (places?.types) inputs.types = places.types;
  return embedOp(inputs, {
    tokens: places?.tokens ?? 0,
    table: table.shape,
    positions: places?.positions.shape ?? [],
    types: places?.types?.shape ?? [],
  })[0] as Tensor2D;
}
