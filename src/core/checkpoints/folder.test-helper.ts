/** Checkpoints as sentence-transformers saves them, of random weights. */
import { writeSafetensors } from "../formats/safetensors";
import { trainBpe } from "../text/bpe";
import { huggingFaceConfig, initTower } from "../towers";
import type { TowerConfig } from "../towers/types";

const utf8 = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/**
 * The files of a folder.
 * @param texts what its tokenizer is learned from
 */
export function checkpointFiles(
  config: TowerConfig,
  seed: number,
  texts: readonly string[],
  prompts: Record<string, string> = {},
): Record<string, Uint8Array> {
  const { scalingnote: _, ...json } = huggingFaceConfig(config);
  const tokenizer = trainBpe(texts, config.vocabulary, { special: true });
  const parameters = initTower(config, seed);
  // Nothing is left at 0, where a fresh tower's layers do nothing.
  for (const { values } of parameters.values())
    for (let i = 0; i < values.length; i++) values[i]! += 0.05 * Math.sin(i);
  const projection = parameters.get("projection.weight");
  parameters.delete("projection.weight");
  const pooling = { mean: "mean_tokens", last: "lasttoken", cls: "cls_token" }[config.pooling];
  const module = (path: string, type: string) => ({ path, type: `sentence_transformers.models.${type}` });
  return {
    "config.json": utf8(json),
    "tokenizer.json": utf8(tokenizer),
    "model.safetensors": writeSafetensors(parameters),
    "modules.json": utf8([
      module("", "Transformer"),
      module("1_Pooling", "Pooling"),
      ...(projection ? [module("2_Dense", "Dense")] : []),
      ...(config.normalise ? [module("3_Normalize", "Normalize")] : []),
    ]),
    "1_Pooling/config.json": utf8({ [`pooling_mode_${pooling}`]: true }),
    "config_sentence_transformers.json": utf8({ prompts }),
    ...(projection
      ? {
          "2_Dense/config.json": utf8({
            in_features: config.width,
            out_features: config.embeddingSize,
            bias: false,
            activation_function: "torch.nn.modules.linear.Identity",
          }),
          "2_Dense/model.safetensors": writeSafetensors(new Map([["linear.weight", projection]])),
        }
      : {}),
  };
}
