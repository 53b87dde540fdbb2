/** A checkpoint's values and its tokenizer, tensor by tensor: no file is in memory as a whole. */
import { toFloats } from "../formats/safetensors";
import { loadTokenizer, type TextTokenizer } from "../text/tokenizer";
import type { HostParameters } from "../towers/types";
import type { CheckpointFiles } from "./files";
import type { Inspection } from "./inspect";
import { badInput } from "./json";
import { staticTable } from "./static";

export interface LoadOptions {
  /** Also a language-model head that is not tied to the token embeddings, as "lm_head.weight". */
  head?: boolean;
  /** Bytes read so far, of all. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * The values of all tensors of the tower, 32-bit, by its names.
 * @throws LabError "bad-input" where a file is shorter than its header said, or a value is not finite
 */
export async function loadCheckpoint(
  files: CheckpointFiles,
  inspection: Inspection,
  options: LoadOptions = {},
): Promise<HostParameters> {
  const parameters: HostParameters = new Map();
  if (inspection.static) {
    const { vocabulary, width } = inspection.static;
    const values = await staticTable(files, inspection.static);
    return parameters.set("embeddings.word_embeddings.weight", { shape: [vocabulary, width], values });
  }
  const { head } = inspection;
  const tensors = options.head && head ? [...inspection.tensors, head] : inspection.tensors;
  const total = tensors.reduce((sum, { placed }) => sum + placed.to - placed.from, 0);
  let done = 0;
  for (const { name, shape, from, placed } of tensors) {
    const data = await files.read(placed.file, placed.from, placed.to);
    if (data.length !== placed.to - placed.from)
      throw badInput(`${placed.file} ends within tensor ${from}.`, "The file is cut off: fetch it again.");
    const values = toFloats(from, { dtype: placed.dtype, data });
    const strange = values.findIndex((x) => !Number.isFinite(x));
    if (strange >= 0)
      throw badInput(
        `Tensor ${from} holds ${values[strange]} at place ${strange}.`,
        "The file is damaged: fetch it again.",
      );
    parameters.set(name, { shape: [...shape], values });
    done += data.length;
    options.onProgress?.(done, total);
  }
  return parameters;
}

/**
 * Its tokenizer, as the model was trained with it.
 * @throws LabError "bad-input" where there is none, or where it makes ids that the model has no vector for
 */
export async function checkpointTokenizer(files: CheckpointFiles, inspection: Inspection): Promise<TextTokenizer> {
  const { tokenizer, config } = inspection;
  if (!tokenizer)
    throw badInput(
      `${inspection.name} has no tokenizer.json.`,
      "Save its fast tokenizer beside the model: AutoTokenizer.from_pretrained(...).save_pretrained(...).",
    );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await files.read(tokenizer.path)));
  } catch (cause) {
    throw badInput(`${tokenizer.path} is not JSON: ${(cause as Error).message}.`);
  }
  const made = loadTokenizer(json, tokenizer.config, {
    lowerCase: tokenizer.lowerCase,
    ...(inspection.static ? { bare: true, dropUnknown: inspection.static.dropUnknown } : {}),
  });
  if (made.vocabulary > config.vocabulary)
    throw badInput(
      `${tokenizer.path} has ids up to ${made.vocabulary - 1}, the model vectors for ${config.vocabulary} tokens.`,
      "Tokenizer and weights do not belong together: fetch both again.",
    );
  return made;
}
