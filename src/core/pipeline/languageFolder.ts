/** A language model as files of a Hugging Face folder, with its model card, and a list of several for the page. */
import { writeSafetensors } from "../formats/safetensors";
import { PAD, SEP, SEP_ID } from "../text/bpe";
import { huggingFaceConfig } from "../towers";
import type { LanguageModel, PretrainRecord } from "./pretrain";

/** What the card says that the training does not know. */
export interface CardFacts {
  name: string;
  /** A sentence or more on the text, and its licence. */
  data: string;
  licence: string;
  command: string;
  adapter: string;
  codeVersion: string;
}

const utf8 = new TextEncoder();
const json = (value: unknown) => utf8.encode(`${JSON.stringify(value, null, 2)}\n`);

/** The folder's files by name: what transformers loads with AutoModelForCausalLM, weights as F16. */
export function languageFolder(model: LanguageModel, facts: CardFacts): Map<string, Uint8Array> {
  const { config, parameters, tokenizer, record } = model;
  const ends = { bos_token_id: SEP_ID, eos_token_id: SEP_ID, pad_token_id: 0 };
  const { settings } = record;
  // It says nothing of vectors: how its states become one is for the run to say that starts from it.
  const { scalingnote: _, ...bare } = huggingFaceConfig(config);
  return new Map([
    ["config.json", json({ ...bare, ...ends, torch_dtype: "float16" })],
    ["generation_config.json", json(ends)],
    ["tokenizer.json", json(tokenizer.toJson())],
    [
      "tokenizer_config.json",
      json({
        tokenizer_class: "PreTrainedTokenizerFast",
        // As GPT-2's end of text: it stands between texts, so a text begins after one and ends with one.
        bos_token: SEP,
        eos_token: SEP,
        pad_token: PAD,
        model_max_length: config.maxTokens,
        clean_up_tokenization_spaces: false,
      }),
    ],
    [
      "model.safetensors",
      writeSafetensors(
        parameters,
        {
          format: "pt",
          seed: String(settings.seed),
          step: String(settings.steps),
          perplexity: record.perplexity.toFixed(3),
          code: facts.codeVersion,
        },
        "F16",
      ),
    ],
    ["README.md", utf8.encode(card(record, config.vocabulary, facts))],
  ]);
}

const grouped = (n: number) => Math.round(n).toLocaleString("en");

function card(record: PretrainRecord, vocabulary: number, facts: CardFacts): string {
  const { settings } = record;
  const rows = record.losses.map(({ step, loss }) => `| ${step} | ${loss.toFixed(3)} |`);
  const watched = record.validation.map(({ step, perplexity }) => `| ${step} | ${perplexity.toFixed(2)} |`);
  return `---
license: ${facts.licence}
language: en
library_name: transformers
pipeline_tag: text-generation
---

# ${facts.name}

A decoder language model (Llama's layout, tied embeddings, weights as half floats) of ${grouped(record.withoutEmbeddings)} parameters
without embeddings, ${grouped(record.parameters)} with them. It is a small start for the retrieval towers of ScalingNote Lab, which
trained it with next-token prediction on its own engine. It has seen nothing but the text described here and is of no use
for anything else.

## Data

${facts.data}

${grouped(record.texts)} texts, ${grouped(record.tokens)} tokens of a byte-level vocabulary of ${grouped(vocabulary)} that was learned from them; ${grouped(record.heldOutTexts)}
further texts (one in fifty, by seed) are held out.

## Training

| | |
| --- | --- |
| Steps | ${grouped(settings.steps)} of ${settings.batch} rows of ${settings.length} tokens: ${grouped(record.tokensSeen)} tokens |
| Learning rate | ${settings.learningRate}, of the token embeddings ${settings.embeddingRate}; 5 % warm-up, cosine; AdamW${schedules(record)} |
| Seed | ${settings.seed} |
| Adapter | ${facts.adapter} |
| Time | ${grouped(record.seconds)} s of training |
| Code | ${facts.codeVersion} |
| Command | \`${facts.command}\` |

Perplexity on ${grouped(record.heldOutTokens)} held-out tokens, with the weights as they are in the file: **${record.perplexity.toFixed(2)}**.

| Step | Held-out perplexity |
| ---: | ---: |
${watched.join("\n")}

| Up to step | Mean training loss since the row above, nats |
| ---: | ---: |
${rows.join("\n")}

## Licence

${facts.licence}
`;
}

/** Words for a training that was gone on with for another number of steps. */
const schedules = ({ schedule }: PretrainRecord): string =>
  schedule.length < 2
    ? ""
    : `; schedule ${schedule.map(({ steps, from }) => `of ${grouped(steps)} steps from step ${grouped(from)} on`).join(", ")}`;

/** An entry of the list of models, for the page. */
export interface ListedModel {
  name: string;
  parameters: number;
  withoutEmbeddings: number;
  perplexity: number;
  /** Of all files of the folder. */
  bytes: number;
}

/** The list with this model in it, in place of an earlier one of its name; smallest first. */
export function listed(
  list: readonly ListedModel[],
  name: string,
  record: PretrainRecord,
  files: ReadonlyMap<string, Uint8Array>,
): ListedModel[] {
  const entry: ListedModel = {
    name,
    parameters: record.parameters,
    withoutEmbeddings: record.withoutEmbeddings,
    perplexity: Number(record.perplexity.toFixed(3)),
    bytes: [...files.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0),
  };
  return [...list.filter((other) => other.name !== name), entry].sort((a, b) => a.parameters - b.parameters);
}
