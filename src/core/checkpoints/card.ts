/** The model card of an exported tower: README.md as model hubs show it. */
import type { Figure } from "../evaluation/types";
import type { RunResult, TrainedSystem } from "../formats/result";
import { countParameters } from "../towers/parameters";
import type { TowerConfig } from "../towers/types";

export interface CardSubject {
  system: TrainedSystem;
  /** "both": query and document tower are one. */
  role: "query" | "document" | "both";
  config: TowerConfig;
  prompts: { query: string; document: string };
  maxTokens: number;
  half: boolean;
  /** A folder of sentence-transformers, or an ONNX graph. */
  form: "folder" | "onnx";
}

const NAMES: Readonly<Record<TrainedSystem, string>> = {
  teacher: "Teacher",
  scalingnote: "Distilled student",
  scalingdoc: "ScalingDoc baseline",
  twinbert: "TwinBERT baseline",
};

const ROLES = { query: "query tower", document: "document tower", both: "query and document tower" } as const;

/** Text from elsewhere, as code, so that nothing in it is markup. */
const code = (text: string) => `\`${text.replaceAll("`", "'").replace(/\s+/g, " ")}\``;
const grouped = (n: number) => Math.round(n).toLocaleString("en");
const figure = ({ value, low, high }: Figure) =>
  value === null
    ? "not measured"
    : `${value.toFixed(3)}${low === null || high === null ? "" : ` (${low.toFixed(3)} to ${high.toFixed(3)})`}`;

function purpose({ system, role }: CardSubject): string {
  if (role === "both") return "It turns queries and documents into vectors.";
  if (role === "document")
    return "It turns documents into vectors, which are computed once and searched by query vectors.";
  if (system === "scalingnote")
    return "It turns queries into vectors. It was distilled from the teacher's query tower, so that its vectors are compared with those of the **teacher's document tower**, not with its own of documents.";
  return "It turns queries into vectors, to be compared with those of the document tower of the same system.";
}

function shape({ config, half }: CardSubject): string {
  const { total, withoutEmbeddings } = countParameters(config);
  const kinds = {
    encoder: "BERT encoder",
    decoder: "decoder (Llama's layout)",
    lookup: "table of one vector a token",
    bench: "",
  };
  const layers = config.kind === "lookup" ? "" : `, ${config.layers} ${config.layers === 1 ? "layer" : "layers"}`;
  return `A ${kinds[config.kind]}${layers}, ${config.width} wide; ${config.pooling} pooling; vectors of ${config.embeddingSize} numbers. ${grouped(withoutEmbeddings)} parameters without token and position embeddings, ${grouped(total)} with them, as ${half ? "half floats (F16)" : "32-bit floats (F32)"}.`;
}

const FOLDER_CODE = (example: string) => `from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/of/this/folder")
vectors = ${example}  # of length 1: scores are inner products`;

const ONNX_CODE = (text: string) => `import numpy, onnxruntime
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file("tokenizer.json")  # cuts texts by itself
tokenizer.enable_padding()
session = onnxruntime.InferenceSession("model.onnx")
batch = tokenizer.encode_batch([${text}])
vectors = session.run(None, {  # of length 1: scores are inner products
    "input_ids": numpy.array([text.ids for text in batch]),
    "attention_mask": numpy.array([text.attention_mask for text in batch]),
})[0]`;

function usage({ role, prompts, form }: CardSubject): string {
  const document = role === "document";
  const python =
    form === "onnx"
      ? ONNX_CODE(JSON.stringify(document ? `${prompts.document}Title. Text of a document` : `${prompts.query}a query`))
      : FOLDER_CODE(
          document
            ? 'model.encode(["Title. Text of a document"], prompt_name="document")'
            : 'model.encode(["a query"], prompt_name="query")',
        );
  const needs =
    form === "onnx"
      ? "`input_ids` and `attention_mask` are int64 [batch, tokens], `sentence_embedding` float32 [batch, size]; opset 17."
      : "Needs sentence-transformers 3 or later and transformers 4.40 or later.";
  const said = (prompt: string, kind: string) => (prompt === "" ? "" : ` Before a ${kind} stands ${code(prompt)}.`);
  const prompt = `${document ? "" : said(prompts.query, "query")}${role === "query" ? "" : said(prompts.document, "document")}`;
  return `\`\`\`python
${python}
\`\`\`

${needs}${prompt || " There is no prompt."} A document is read as its title, a full stop, a blank and its text.`;
}

function measured(result: RunResult): string {
  const rows = result.systems.map(
    ({ name, metrics, retention }) =>
      `| ${name} | ${figure(metrics["recall@10"])} | ${figure(metrics["ndcg@10"])} | ${figure(retention)} |`,
  );
  return `On ${grouped(result.collection.testQueries)} test queries and ${grouped(result.collection.documents)} documents of ${code(result.collection.name)}, with 95 % intervals over queries. The student is \`scalingnote\`; retention is a system's recall@10 over the teacher's.

| System | Recall@10 | nDCG@10 | Retention |
| --- | --- | --- | --- |
${rows.join("\n")}`;
}

function training({ config, stages, adapter, codeVersion, createdAt, stoppedEarly }: RunResult): string {
  const steps = stages
    .filter(({ name }) => name !== "data" && name !== "index" && name !== "evaluation")
    .map(({ name, done, total }) => `${name} ${grouped(done)} of ${grouped(total)}`);
  return `Trained by ScalingNote Lab ${code(codeVersion)} on ${code(adapter.description)}, ${createdAt.slice(0, 10)}, seed ${config.seed}. Steps: ${steps.join(", ")}${stoppedEarly ? "; ended early" : ""}. The header of \`model.safetensors\` holds all settings.`;
}

/**
 * The card as Markdown.
 * @param result the run that made the tower; null where it came from elsewhere
 */
export function modelCard(subject: CardSubject, result: RunResult | null): string {
  const title = `${NAMES[subject.system]}: ${ROLES[subject.role]}`;
  return `---
library_name: ${subject.form === "onnx" ? "onnx" : "sentence-transformers"}
pipeline_tag: sentence-similarity
tags:
  - sentence-transformers
  - feature-extraction
  - dense-retrieval
---

# ${title}

${purpose(subject)} ${shape(subject)}

## Use

${usage(subject)}

Texts longer than ${subject.maxTokens} tokens are cut.${subject.form === "onnx" ? " An empty text needs one token, the padding one." : " sentence-transformers removes blanks around a text and gives an empty text no token; ScalingNote Lab keeps the blanks and gives it the padding token."}
${result === null ? "" : `\n## Measured\n\n${measured(result)}\n\n## Training\n\n${training(result)}\n`}`;
}
