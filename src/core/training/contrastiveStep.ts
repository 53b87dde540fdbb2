/** The contrastive step: stage 1 and the baselines, where both towers learn. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Gpu } from "../../gpu/device";
import { infoNceFits, infoNceKernels } from "../../gpu/kernels/infoNce";
import type { TowerOps, Vector } from "../../gpu/ops";
import { copyValues, disposeOwn, ownTensor, readTensors, type TensorMap, writeValues } from "../../gpu/step";
import { infoNCE } from "../objectives/infoNCE";
import { prefix, prefixSizes } from "../objectives/term";
import { towerForward } from "../towers";
import { type Tower, trainedOf } from "../towers/device";
import type { DeviceParameters, HostParameters } from "../towers/types";
import type { TokenTable } from "./inputs";
import { alone, type Learners, sideBySide } from "./learners";
import type { PairBatch } from "./pairs";
import { cachedWalk, pieceDropout, piecedInputs, piecesOf } from "./pieces";
import {
  placed,
  prefixed,
  type Recipe,
  type SharedRecipe,
  type StudentRecipe,
  type TrainingStep,
  trainingStep,
} from "./trainingStep";

export interface ContrastiveParts extends SharedContrastiveParts {
  temperature: number;
}

/** What several students of a contrastive step share; the towers are theirs side by side. */
export interface SharedContrastiveParts {
  query: Tower;
  /** The same object as `query` where the towers are shared. */
  document: Tower;
  queryTokens: TokenTable;
  documentTokens: TokenTable;
  queryLength: number;
  documentLength: number;
  order: (step: number) => PairBatch;
  /** Further documents a query: known near misses and mined ones. */
  hardNegatives: number;
  learnTemperature: boolean;
  /** Documents have to find their queries too. */
  symmetric?: boolean;
  /** Halvings of the vectors that the loss is taken of too; 0 unless given. */
  matryoshka?: number;
  /** Earlier batches whose positives stay as negatives; 0 unless given. `order` has a mask for them. */
  queuedBatches?: number;
}

export interface ContrastiveStudent extends StudentRecipe {
  temperature: number;
}

/** InfoNCE over in-batch, hard and queued negatives; trains both towers. Logs "temperature". */
export const contrastiveStep = (gpu: Gpu, ops: TowerOps, recipe: Recipe, parts: ContrastiveParts): TrainingStep =>
  contrastiveStepOf(gpu, ops, recipe, parts, alone({ ...recipe, temperature: parts.temperature }));

/** `contrastiveStep` of pairs of towers that `uploadStudents` put side by side, each as it would be alone. */
export const stackedContrastiveStep = (
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedContrastiveParts,
  students: readonly ContrastiveStudent[],
): TrainingStep => contrastiveStepOf(gpu, ops, recipe, parts, sideBySide(students, [parts.query, parts.document]));

function contrastiveStepOf(
  gpu: Gpu,
  ops: TowerOps,
  recipe: SharedRecipe,
  parts: SharedContrastiveParts,
  learners: Learners<ContrastiveStudent>,
): TrainingStep {
  const { batch } = recipe;
  const temperatures = Float32Array.from(learners.each, (student) => student.temperature);
  const columns = batch * (1 + parts.hardNegatives);
  const shared = parts.query === parts.document;
  const trained = { query: trainedOf(parts.query), document: trainedOf(parts.document) };
  const { embeddingSize } = parts.query.config;
  const sizes = prefixSizes(embeddingSize, parts.matryoshka ?? 0);
  const queued = batch * (parts.queuedBatches ?? 0);
  if (queued > 0 && learners.each.length > 1)
    throw new Error("a queue of negatives is of one student, not of several side by side");
  const queue = queued > 0 ? ownTensor(gpu, { shape: [queued, embeddingSize], dtype: "float32" }) : null;
  // CLIP's name and form: the logarithm of the inverse temperature.
  const logitScale = parts.learnTemperature
    ? ownTensor(
        gpu,
        { shape: learners.shape([1]), dtype: "float32" },
        temperatures.map((temperature) => Math.log(1 / temperature)),
      )
    : null;
  const pieces = recipe.pieces ?? 1;
  const query = piecedInputs(
    "query",
    parts.query.config,
    parts.queryTokens,
    piecesOf(batch, pieces),
    parts.queryLength,
  );
  const document = piecedInputs(
    "document",
    parts.document.config,
    parts.documentTokens,
    piecesOf(columns, pieces),
    parts.documentLength,
  );
  const encode = (side: "query" | "document", parameters: DeviceParameters, inputs: TensorMap, counter: Vector) => {
    const texts = side === "query" ? query : document;
    const firstSite = side === "query" ? 0 : 1000;
    return (p: number) =>
      towerForward(
        ops,
        parts[side].config,
        parameters,
        texts.of(inputs, p),
        pieceDropout(recipe.dropout, counter, firstSite, texts.pieces[p]!),
      );
  };
  const infoNce = (q: Tensor2D, d: Tensor2D, counts: Tensor2D, temperature: Tensor): Tensor => {
    if (ops.name === "fused" && infoNceFits(counts.shape[1])) return infoNceKernels(q, d, counts, temperature);
    const [queries, documents] = [learners.split(q), learners.split(d)];
    return learners.join(
      learners.numbers(temperature).map((own, i) => infoNCE(queries[i]!, documents[i]!, counts, own)),
    );
  };
  /** Each student's documents that have a query of their own in the batch. */
  const positivesOf = (d: Tensor2D): Tensor2D => {
    if (columns === batch) return d;
    const [students, size] = [learners.each.length, d.shape[1]];
    const each = tf.reshape(d, [students, columns, size]);
    return tf.reshape(tf.slice(each, [0, 0, 0], [students, batch, size]), [students * batch, size]);
  };
  const lossOf = (q: Tensor2D, d: Tensor2D, inputs: TensorMap, scale: Tensor | null) => {
    const temperature = tf.reshape(scale ? tf.exp(tf.neg(scale)) : inputs["temperature"]!, learners.shape([]));
    const counts = inputs["negatives"] as Tensor2D;
    const all = queue ? tf.concat<Tensor2D>([d, queue as Tensor2D]) : d;
    const losses = sizes.map((size) => {
      const forth = infoNce(prefix(q, size), prefix(all, size), counts, temperature);
      if (!parts.symmetric) return forth;
      // The other way: documents ask, queries answer; who counts for whom is the same.
      const back = tf.transpose(tf.slice(counts, [0, 0], [batch, batch])) as Tensor2D;
      const backward = infoNce(prefix(positivesOf(d), size), prefix(q, size), back, temperature);
      return tf.mul(tf.add(forth, backward), 0.5);
    });
    return {
      loss: losses.reduce((a, b) => tf.add(a, b)),
      terms: { temperature, ...(queue ? { positives: positivesOf(d) } : {}) },
    };
  };
  const built = trainingStep(gpu, recipe, learners, {
    loaded: (name) =>
      (name.startsWith("query/") && parts.query.loaded === true) ||
      (name.startsWith("document/") && parts.document.loaded === true),
    parameters: {
      ...prefixed("query", trained.query.parameters),
      ...(shared ? {} : prefixed("document", trained.document.parameters)),
      ...(logitScale ? { logit_scale: logitScale } : {}),
    },
    layout: [
      ...placed("query", trained.query),
      ...(shared ? [] : placed("document", trained.document)),
      ...(logitScale ? [{ name: "logit_scale", shape: [1], within: "logit_scale", offset: 0, size: 1 }] : []),
    ],
    // Of a batch in pieces, each tower's gradients are added up by themselves.
    uses: shared && pieces === 1 ? 2 : 1,
    specs: {
      ...query.specs,
      ...document.specs,
      negatives: { shape: [batch, columns + queued], dtype: "float32" },
      temperature: { shape: [temperatures.length], dtype: "float32" },
    },
    termNames: ["temperature"],
    outputNames: queue ? ["positives"] : [],
    loss(parameters, inputs, counter) {
      const q = encode("query", parts.query.parameters, inputs, counter)(0);
      const d = encode("document", parts.document.parameters, inputs, counter)(0);
      return lossOf(q, d, inputs, parameters["logit_scale"] ?? null);
    },
    walk:
      pieces === 1
        ? undefined
        : (optimizer, inputs, counter) =>
            cachedWalk(
              optimizer,
              [
                {
                  pieces: query.pieces,
                  parameters: prefixed("query", trained.query.parameters),
                  forward: encode("query", parts.query.parameters, inputs, counter),
                },
                {
                  pieces: document.pieces,
                  parameters: prefixed(shared ? "query" : "document", trained.document.parameters),
                  forward: encode("document", parts.document.parameters, inputs, counter),
                },
              ],
              logitScale ? { logit_scale: logitScale } : {},
              ([q, d]) => lossOf(q!, d!, inputs, logitScale),
            ),
    values(step, into) {
      const pairs = parts.order(step);
      const q = query.values(pairs.queries, into);
      const d = document.values(pairs.documents, into);
      return {
        values: { ...q.values, ...d.values, negatives: pairs.mask, temperature: temperatures },
        tokens: q.tokens + d.tokens,
      };
    },
  });
  return {
    ...built,
    ...(queue
      ? {
          run(step: number) {
            const tokens = built.run(step);
            // Where `order` says that this step's documents are, for as long as the queue is.
            const place = (step - 1) % parts.queuedBatches!;
            copyValues(gpu, built.step.outputs["positives"]!, queue, place * batch * embeddingSize);
            return tokens;
          },
          carried: {
            async read(): Promise<HostParameters> {
              const [values] = await readTensors(gpu, [queue]);
              return new Map([["queue", { shape: [...queue.shape], values: values! }]]);
            },
            write(values: HostParameters) {
              const kept = values.get("queue");
              if (kept) writeValues(gpu, queue, kept.values);
            },
          },
        }
      : {}),
    dispose() {
      built.dispose();
      if (logitScale) disposeOwn(gpu, logitScale);
      if (queue) disposeOwn(gpu, queue);
    },
  };
}
