/** The contrastive step: stage 1 and the baselines, where both towers learn. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Gpu } from "../../gpu/device";
import { infoNceFits, infoNceKernels } from "../../gpu/kernels/infoNce";
import type { TowerOps, Vector } from "../../gpu/ops";
import { disposeOwn, ownTensor, type TensorMap } from "../../gpu/step";
import { infoNCE } from "../objectives/infoNCE";
import { towerForward } from "../towers";
import type { Tower } from "../towers/device";
import type { DeviceParameters } from "../towers/types";
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
  stripped,
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
  hardNegatives: number;
  learnTemperature: boolean;
}

export interface ContrastiveStudent extends StudentRecipe {
  temperature: number;
}

/** InfoNCE over in-batch and hard negatives; trains both towers. Logs "temperature". */
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
  const lossOf = (q: Tensor2D, d: Tensor2D, inputs: TensorMap, scale: Tensor | null) => {
    const temperature = tf.reshape(scale ? tf.exp(tf.neg(scale)) : inputs["temperature"]!, learners.shape([]));
    const negatives = inputs["negatives"] as Tensor2D;
    const fused = ops.name === "fused" && infoNceFits(columns);
    if (fused) return { loss: infoNceKernels(q, d, negatives, temperature), terms: { temperature } };
    const [queries, documents] = [learners.split(q), learners.split(d)];
    const losses = learners.numbers(temperature).map((own, i) => infoNCE(queries[i]!, documents[i]!, negatives, own));
    return { loss: learners.join(losses), terms: { temperature } };
  };
  const built = trainingStep(gpu, recipe, learners, {
    loaded: (name) =>
      (name.startsWith("query/") && parts.query.loaded === true) ||
      (name.startsWith("document/") && parts.document.loaded === true),
    parameters: {
      ...prefixed("query", parts.query.parameters),
      ...(shared ? {} : prefixed("document", parts.document.parameters)),
      ...(logitScale ? { logit_scale: logitScale } : {}),
    },
    layout: [
      ...placed("query", parts.query),
      ...(shared ? [] : placed("document", parts.document)),
      ...(logitScale ? [{ name: "logit_scale", shape: [1], within: "logit_scale", offset: 0, size: 1 }] : []),
    ],
    // Of a batch in pieces, each tower's gradients are added up by themselves.
    uses: shared && pieces === 1 ? 2 : 1,
    specs: {
      ...query.specs,
      ...document.specs,
      negatives: { shape: [batch, columns], dtype: "float32" },
      temperature: { shape: [temperatures.length], dtype: "float32" },
    },
    termNames: ["temperature"],
    loss(parameters, inputs, counter) {
      const queryParameters = stripped("query", parameters);
      const documentParameters = shared ? queryParameters : stripped("document", parameters);
      const q = encode("query", queryParameters, inputs, counter)(0);
      const d = encode("document", documentParameters, inputs, counter)(0);
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
                  parameters: prefixed("query", parts.query.parameters),
                  forward: encode("query", parts.query.parameters, inputs, counter),
                },
                {
                  pieces: document.pieces,
                  parameters: prefixed(shared ? "query" : "document", parts.document.parameters),
                  forward: encode("document", parts.document.parameters, inputs, counter),
                },
              ],
              logitScale ? { logit_scale: logitScale } : {},
              ([q, d]) => lossOf(q!, d!, inputs, logitScale),
            ),
    values(step) {
      const pairs = parts.order(step);
      const q = query.values(pairs.queries);
      const d = document.values(pairs.documents);
      return {
        values: { ...q.values, ...d.values, negatives: pairs.mask, temperature: temperatures },
        tokens: q.tokens + d.tokens,
      };
    },
  });
  return {
    ...built,
    dispose() {
      built.dispose();
      if (logitScale) disposeOwn(gpu, logitScale);
    },
  };
}
