import { count } from "../../charts/words";
import { bytesInWords } from "../../core/bytes";
import type { ModelReport } from "../../worker/protocol";
import { Facts } from "./Facts";

/** What a model is and what it costs, before it is fetched. */
export function LookedAt({ report }: { report: ModelReport }) {
  const { bytes, parameters, prompts, ignored, notes } = report;
  const facts: [string, string][] = [
    ["Architecture", `${report.modelType}: ${report.kind}, ${shape(report)}`],
    ["Parameters", `${count(parameters.total)}, ${count(parameters.withoutEmbeddings)} without token embeddings`],
    [
      "Vectors",
      `${report.embeddingSize} dimensions, ${report.pooling} pooling, texts to ${count(report.maxTokens)} tokens`,
    ],
    ["To fetch", `${bytesInWords(report.fileBytes)}, weights as ${report.dtypes.join(", ") || "numbers"}`],
    ["On the GPU", `${bytesInWords(bytes.gpu)}; trained ${bytesInWords(bytes.training)} and what a batch takes`],
  ];
  if (prompts.query || prompts.document)
    facts.push([
      "Prompts",
      [prompts.query, prompts.document]
        .filter(Boolean)
        .map((prompt) => `“${prompt}”`)
        .join(", "),
    ]);
  if (ignored.length > 0)
    facts.push([
      "Not read",
      `${ignored.slice(0, 3).join(", ")}${ignored.length > 3 ? ` and ${ignored.length - 3} more` : ""}`,
    ]);
  return (
    <>
      <h3>{report.name}</h3>
      <Facts facts={facts} />
      {notes.length > 0 ? (
        <ul className="help">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

const shape = ({ kind, width, layers, vocabulary }: ModelReport) =>
  kind === "lookup"
    ? `${count(vocabulary)} vectors of ${width}`
    : `${layers} ${layers === 1 ? "layer" : "layers"}, ${width} wide`;
