/** The operations that trainings use, small: what the self-test tries before a run. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { dropoutBits, dropoutThreshold } from "../../gpu/dropoutBits";
import { infoNceKernels } from "../../gpu/kernels/infoNce";
import { qkdKernel } from "../../gpu/kernels/qkd";
import type { TowerOps } from "../../gpu/ops";
import type { Values } from "../../gpu/reference";
import * as reference from "../../gpu/reference";
import type { OpCheck } from "../../gpu/selfTest";
import { infoNCE } from "../objectives/infoNCE";
import { qkdLoss } from "../objectives/qkd";
import { TERM_REFERENCES } from "../objectives/reference";
import type { LossTerm } from "../objectives/term";
import { random } from "../random";
import { hostInputs } from "../text/batch";
import { LAYER_NORM_EPS, RMS_EPS, ROPE_THETA } from "../towers/config";
import type { TowerKind } from "../towers/types";

/** What a run uses of them. */
export interface CheckedRun {
  kinds: readonly TowerKind[];
  /** Its rates; 0: none. */
  dropouts: readonly number[];
  distillation: Pick<reference.QkdReference, "mseOn" | "mseReduce">;
  /** Its further losses. */
  terms?: readonly LossTerm[];
}

// Small, and odd where the kernels allow it; widths are multiples of 4, as nearly all towers' are.
const [BATCH, TOKENS, WIDTH, HIDDEN, VOCABULARY] = [3, 3, 8, 12, 7];
const ROWS = BATCH * TOKENS;
const HEADS = { batch: BATCH, tokens: TOKENS, heads: 2, kvHeads: 1 };
const { mask, poolWeights } = hostInputs(
  [3, 1, 2].map((n) => new Int32Array(n)),
  TOKENS,
  VOCABULARY,
  "mean",
  0,
);
// Without padding, which has an embedding but no gradient.
const FULL = [Int32Array.of(3, 1, 3), Int32Array.of(6, 0, 3), Int32Array.of(0, 3, 5)];
const { ids, order, offsets } = hostInputs(FULL, TOKENS, VOCABULARY, "mean", 0);

const of = (seed: number, shape: number[], scale = 1, shift = 0): OpCheck["inputs"][string] => {
  const r = random(seed, "self-test");
  const length = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Float32Array.from({ length }, () => shift + scale * r.normal()) };
};
const table = (x: Tensor | undefined) => x as Tensor2D;
const vector = (x: Tensor | undefined) => x as Tensor1D;
const tokens = () => ({ ids: int(ids), order: int(order), offsets: int(offsets) });
const int = (values: Int32Array) => tf.tensor1d(values, "int32");
const shares = () => tf.tensor2d(poolWeights, [BATCH, TOKENS]);

/** Queries, keys and values side by side: the columns from `from` on, `width` of them. */
const columns = (x: Values, from: number, width: number, all: number): Values =>
  Float64Array.from(
    { length: (x.length / all) * width },
    (_, i) => x[Math.floor(i / width) * all + from + (i % width)]!,
  );

function attention(ops: TowerOps, name: string, causal: boolean, kvHeads: number): OpCheck {
  const size = WIDTH / HEADS.heads;
  const all = WIDTH + 2 * kvHeads * size;
  const shape = { ...HEADS, kvHeads, causal, ...(causal ? { ropeTheta: ROPE_THETA } : {}) };
  return {
    name,
    inputs: { "queries, keys and values": of(1, [ROWS, all]) },
    op: ({ "queries, keys and values": x }) => ops.attention(table(x), tf.tensor2d(mask, [BATCH, TOKENS]), shape),
    reference: ({ "queries, keys and values": x }) =>
      reference.attention(
        columns(x!, 0, WIDTH, all),
        columns(x!, WIDTH, kvHeads * size, all),
        columns(x!, WIDTH + kvHeads * size, kvHeads * size, all),
        mask,
        shape,
      ),
  };
}

const decoder = (ops: TowerOps): OpCheck[] => [
  {
    name: "embedding",
    inputs: { table: of(2, [VOCABULARY, WIDTH]) },
    op: (x) => ops.embed(table(x["table"]), tokens()),
    reference: (x) => reference.embed(x["table"]!, ids, WIDTH),
  },
  {
    name: "RMS norm and matrix product",
    inputs: { x: of(3, [ROWS, WIDTH]), gain: of(4, [WIDTH], 0.2, 1), weight: of(5, [16, WIDTH]) },
    op: (x) => ops.rmsNormLinear(table(x["x"]), vector(x["gain"]), RMS_EPS, table(x["weight"])),
    reference: (x) => reference.linear(reference.rmsNorm(x["x"]!, x["gain"]!, RMS_EPS), x["weight"]!, WIDTH),
  },
  attention(ops, "attention, causal, with rotary positions", true, 1),
  {
    name: "matrix product and sum",
    inputs: { x: of(6, [ROWS, WIDTH]), weight: of(7, [WIDTH, WIDTH]), residual: of(8, [ROWS, WIDTH]) },
    op: (x) => ops.linear(table(x["x"]), table(x["weight"]), undefined, table(x["residual"])),
    reference: (x) => reference.add(reference.linear(x["x"]!, x["weight"]!, WIDTH), x["residual"]!),
  },
  {
    name: "feed-forward layer, gated",
    inputs: {
      x: of(9, [ROWS, WIDTH]),
      gain: of(10, [WIDTH], 0.2, 1),
      inner: of(11, [2 * HIDDEN, WIDTH], 0.5),
      outer: of(12, [WIDTH, HIDDEN], 0.5),
    },
    op: (x) =>
      ops.feedForward(
        table(x["x"]),
        {
          gated: true,
          norm: { gain: vector(x["gain"]), eps: RMS_EPS },
          inner: table(x["inner"]),
          outer: table(x["outer"]),
        },
        table(x["x"]),
      ),
    reference(x) {
      const u = reference.linear(reference.rmsNorm(x["x"]!, x["gain"]!, RMS_EPS), x["inner"]!, WIDTH);
      const h = reference.siluGate(columns(u, 0, HIDDEN, 2 * HIDDEN), columns(u, HIDDEN, HIDDEN, 2 * HIDDEN));
      return reference.add(reference.linear(h, x["outer"]!, HIDDEN), x["x"]!);
    },
  },
  {
    name: "RMS norm and pooling",
    inputs: { x: of(13, [ROWS, WIDTH]), gain: of(14, [WIDTH], 0.2, 1) },
    op: (x) => ops.rmsNormPool(table(x["x"]), vector(x["gain"]), RMS_EPS, shares()),
    reference: (x) => reference.pool(reference.rmsNorm(x["x"]!, x["gain"]!, RMS_EPS), poolWeights, BATCH, WIDTH),
  },
];

const encoder = (ops: TowerOps): OpCheck[] => [
  {
    name: "embedding with positions",
    inputs: {
      table: of(20, [VOCABULARY, WIDTH]),
      positions: of(21, [TOKENS, WIDTH]),
      types: of(22, [1, WIDTH]),
    },
    op: (x) =>
      ops.embed(table(x["table"]), tokens(), {
        positions: table(x["positions"]),
        types: table(x["types"]),
        tokens: TOKENS,
      }),
    reference: (x) =>
      reference
        .embed(x["table"]!, ids, WIDTH)
        .map((v, i) => v + x["positions"]![i % (TOKENS * WIDTH)]! + x["types"]![i % WIDTH]!),
  },
  {
    name: "layer norm",
    inputs: { x: of(23, [ROWS, WIDTH]), gain: of(24, [WIDTH], 0.2, 1), bias: of(25, [WIDTH]) },
    op: (x) => ops.layerNorm(table(x["x"]), vector(x["gain"]), vector(x["bias"]), LAYER_NORM_EPS),
    reference: (x) => reference.layerNorm(x["x"]!, x["gain"]!, x["bias"]!, LAYER_NORM_EPS),
  },
  {
    name: "matrix product with bias, and sum",
    inputs: {
      x: of(26, [ROWS, WIDTH]),
      weight: of(27, [WIDTH, WIDTH]),
      bias: of(28, [WIDTH]),
      residual: of(29, [ROWS, WIDTH]),
    },
    op: (x) => ops.linear(table(x["x"]), table(x["weight"]), vector(x["bias"]), table(x["residual"])),
    reference: (x) => reference.add(reference.linear(x["x"]!, x["weight"]!, WIDTH, x["bias"]!), x["residual"]!),
  },
  attention(ops, "attention", false, 2),
  {
    name: "feed-forward layer",
    inputs: {
      x: of(30, [ROWS, WIDTH]),
      inner: of(31, [HIDDEN, WIDTH], 0.5),
      innerBias: of(32, [HIDDEN]),
      outer: of(33, [WIDTH, HIDDEN], 0.5),
      outerBias: of(34, [WIDTH]),
    },
    op: (x) =>
      ops.feedForward(
        table(x["x"]),
        {
          gated: false,
          inner: table(x["inner"]),
          innerBias: vector(x["innerBias"]),
          outer: table(x["outer"]),
          outerBias: vector(x["outerBias"]),
        },
        table(x["x"]),
      ),
    reference(x) {
      const h = reference.gelu(reference.linear(x["x"]!, x["inner"]!, WIDTH, x["innerBias"]!));
      return reference.add(reference.linear(h, x["outer"]!, HIDDEN, x["outerBias"]!), x["x"]!);
    },
  },
  {
    name: "layer norm and pooling",
    inputs: { x: of(35, [ROWS, WIDTH]), gain: of(36, [WIDTH], 0.2, 1), bias: of(37, [WIDTH]) },
    op: (x) => ops.layerNormPool(table(x["x"]), vector(x["gain"]), vector(x["bias"]), LAYER_NORM_EPS, shares()),
    reference: (x) =>
      reference.pool(reference.layerNorm(x["x"]!, x["gain"]!, x["bias"]!, LAYER_NORM_EPS), poolWeights, BATCH, WIDTH),
  },
];

const lookup = (ops: TowerOps): OpCheck[] => [
  decoder(ops)[0]!,
  {
    name: "pooling",
    inputs: { x: of(40, [ROWS, WIDTH]) },
    op: (x) => ops.pool(table(x["x"]), shares()),
    reference: (x) => reference.pool(x["x"]!, poolWeights, BATCH, WIDTH),
  },
];

const DROPOUT = { seed: 11, step: 5, site: 3 };

function dropout(ops: TowerOps, rate: number): OpCheck {
  const { seed, step, site } = DROPOUT;
  const kept = (i: number) => dropoutBits(seed, step, site, i) >= dropoutThreshold(rate);
  return {
    name: `dropout of ${rate}`,
    inputs: { x: of(41, [ROWS, WIDTH]) },
    op: (x) => ops.dropout(table(x["x"]), { rate, counter: int(Int32Array.of(seed, step)), site }),
    reference: (x) => x["x"]!.map((v, i) => (kept(i) ? v / (1 - rate) : 0)),
  };
}

// The third query's second document does not count for it.
const COUNTS = Float32Array.from({ length: 3 * 5 }, (_, i) => (i === 11 ? 0 : 1));

const contrastive = (ops: TowerOps): OpCheck => ({
  name: "InfoNCE loss",
  inputs: {
    queries: of(42, [3, WIDTH]),
    documents: of(43, [5, WIDTH]),
    temperature: { shape: [], values: Float32Array.of(0.2) },
  },
  op(x) {
    const [queries, documents, counts] = [table(x["queries"]), table(x["documents"]), tf.tensor2d(COUNTS, [3, 5])];
    const temperature = x["temperature"] as Scalar;
    return ops.name === "fused"
      ? infoNceKernels(queries, documents, counts, temperature)
      : infoNCE(queries, documents, counts, temperature);
  },
  reference: (x) =>
    Float64Array.of(
      reference.infoNce(x["queries"]!, x["documents"]!, {
        size: WIDTH,
        counts: COUNTS,
        temperature: x["temperature"]![0]!,
      }),
    ),
});

function distillation(ops: TowerOps, { mseOn, mseReduce }: CheckedRun["distillation"]): OpCheck {
  const teacher = of(44, [3, WIDTH]);
  const options = { mseOn, mseReduce };
  return {
    name: `distillation loss, MSE of ${mseOn} vectors, ${mseReduce}`,
    inputs: { student: of(45, [3, WIDTH]) },
    op(x) {
      const [student, raw] = [table(x["student"]), tf.tensor2d(teacher.values, [3, WIDTH])];
      return ops.name === "fused"
        ? qkdKernel(student, raw, tf.tensor1d([0.7, 1.3]), options).loss
        : qkdLoss(student, raw, { ...options, mseWeight: tf.scalar(0.7), cosineWeight: tf.scalar(1.3) }).loss;
    },
    reference: (x) =>
      Float64Array.of(
        reference.qkd(x["student"]!, Float64Array.from(teacher.values), {
          ...options,
          size: WIDTH,
          mseWeight: 0.7,
          cosineWeight: 1.3,
        }),
      ),
  };
}

/** A further loss, of texts that all have an answer. */
function lossTerm(term: LossTerm): OpCheck[] {
  const own = TERM_REFERENCES[term.name];
  if (!own) return [];
  const numbers = term.numbers.map((_, k) => 0.3 + 0.1 * k);
  const [teacher, documents] = [of(46, [3, WIDTH]), of(47, [5, WIDTH])];
  const scored = { distributionFrom: 0, distribution: 5 };
  return [
    {
      name: `${term.name} loss`,
      inputs: { student: of(45, [3, WIDTH]) },
      op: (x) =>
        term.rows(
          {
            student: table(x["student"]),
            teacher: tf.tensor2d(teacher.values, [3, WIDTH]),
            scored: {
              ...scored,
              documents: tf.tensor2d(documents.values, [5, WIDTH]),
              first: 0,
              counts: tf.tensor2d(COUNTS, [3, 5]),
              labelled: tf.ones([3]),
            },
          },
          numbers.map((x) => tf.scalar(x)),
        ),
      reference: (x) =>
        Float64Array.from(
          own(x["student"]!, numbers, {
            ...scored,
            ...{ size: WIDTH, teacher: teacher.values, documents: documents.values },
            ...{ counts: COUNTS, labelled: [1, 1, 1] },
          }),
        ),
    },
  ];
}

const OF_KIND: Partial<Record<TowerKind, (ops: TowerOps) => OpCheck[]>> = { decoder, encoder, lookup };

/** The checks that a run asks for, each with a name of its own; those that several towers share once. */
export function checksFor(ops: TowerOps, run: CheckedRun): OpCheck[] {
  const all = [
    ...run.kinds.flatMap((kind) => OF_KIND[kind]?.(ops) ?? []),
    ...run.dropouts.filter((rate) => rate > 0).map((rate) => dropout(ops, rate)),
    contrastive(ops),
    distillation(ops, run.distillation),
    ...(run.terms ?? []).flatMap(lossTerm),
  ];
  return [...new Map(all.map((check) => [check.name, check])).values()];
}
