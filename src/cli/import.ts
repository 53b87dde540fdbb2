/** `lab import --check`: what a checkpoint is, and whether it computes here what it should. */
import { readFile } from "node:fs/promises";
import { bytesInWords } from "../core/bytes";
import { checkpointTokenizer, type Inspection, inspectCheckpoint, loadCheckpoint } from "../core/checkpoints";
import { LabError } from "../core/errors";
import { type Difference, differenceOf, type Model, openModel } from "../core/pipeline/model";
import type { Pooling } from "../core/towers/types";
import { parseFlags, seeHelp } from "./arguments";
import { folderCheckpoint } from "./checkpointFolder";
import { openNodeGpu } from "./gpu";

export const IMPORT_USAGE = `Usage: npm run lab -- import --check DIR [options]

  --check DIR        a checkpoint: config.json, model.safetensors, tokenizer.json, and modules.json where there is one
  --golden FILE      vectors that it must give: {"sentence", "embedding"} each, in a JSON list or in the fixtures of
                     {"fixtures": [{"model", "examples"}]}, of which the one whose name --model has is taken
  --model NAME       which of the fixtures; the folder's own name unless given
  --pooling NAME     mean, cls or last, for a model that does not say; mean unless given
  --dry              read the configuration and the headers alone: no weights, no GPU
  --json             the findings as JSON
  -h, --help         this text

Prints architecture, parameters, memory, what is left out, tokenizer and pooling; then encodes a few texts on this program's
kernels, on tfjs' own operations and with half floats, and prints how far they are apart. Exit code 1 where they differ by
more than 1e-3 (half floats: cosine below 0.999), or a golden vector by more than 1e-4.`;

const FLAGS = {
  check: { type: "string" },
  golden: { type: "string" },
  model: { type: "string" },
  pooling: { type: "string", default: "mean" },
  dry: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Of different lengths, scripts and kinds. */
const TEXTS = [
  "hello world",
  "How do I reset the card's PIN?",
  "Sourdough bread with roasted garlic, for two people: it took me three tries, and the second one was flat.",
  "Naïve café crème — 12 loaves of bread, 北京 2024",
  "The word is defined as a unit of language that carries meaning. It can be written, spoken or signed; it stands in a dictionary, and its form changes with its place in a sentence.",
];

// No larger than the few texts need: tfjs' own operations are slow on a CPU's Vulkan.
const BATCH = 2;

interface Check {
  name: string;
  difference: Difference;
  passed: boolean;
}

const POOLINGS = ["mean", "cls", "last"] as const;
const isPooling = (name: string): name is Pooling => (POOLINGS as readonly string[]).includes(name);

/**
 * Runs the command.
 * @returns the exit code: 0 as it should be, 1 a check has failed
 * @throws LabError bad-setting for bad usage, bad-input for a checkpoint that cannot be used
 */
export async function importCommand(args: string[]): Promise<number> {
  const values = parseFlags("import", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${IMPORT_USAGE}\n`);
    return 0;
  }
  const { check: dir, pooling } = values;
  if (dir === undefined) throw new LabError("bad-setting", "--check DIR is missing.", seeHelp("import"));
  if (!isPooling(pooling))
    throw new LabError("bad-setting", `There is no pooling "${pooling}".`, `Choose ${POOLINGS.join(", ")}.`);
  const started = performance.now();
  const files = await folderCheckpoint(dir);
  const inspection = await inspectCheckpoint(files, { pooling });
  const examples = values.golden === undefined ? null : await readGolden(values.golden, values.model ?? dir);
  if (!values.json) for (const line of describe(inspection)) console.log(line);
  let checks: Check[] = [];
  let tokens = "";
  let peak = 0;
  const times: Record<string, number> = { inspected: performance.now() - started };
  if (!values.dry) {
    const tokenizer = await checkpointTokenizer(files, inspection);
    tokens = Array.from(tokenizer.encode(TEXTS[0]!, inspection.maxTokens)).join(" ");
    const loading = performance.now();
    // Not the process's own highest mark, which a large parent passes on.
    const before = process.memoryUsage.rss();
    const parameters = await loadCheckpoint(files, inspection, {
      onProgress: (done, total) => {
        peak = Math.max(peak, process.memoryUsage.rss() - before);
        if (process.stderr.isTTY) process.stderr.write(`\rreading ${bytesInWords(done)} of ${bytesInWords(total)} `);
      },
    });
    times["loaded"] = performance.now() - loading;
    checks = await compare(files, inspection, parameters, examples);
  }
  const failed = checks.some((check) => !check.passed);
  if (values.json)
    console.log(JSON.stringify({ ...summary(inspection), checks, times, peak, passed: !failed }, null, 1));
  else if (!values.dry) {
    console.log(`"${TEXTS[0]}" is ${tokens}`);
    console.log(
      `loaded in ${(times["loaded"]! / 1000).toFixed(2)} s, the process grew by ${bytesInWords(peak)} at most`,
    );
    for (const { name, difference, passed } of checks)
      console.log(
        `${name}: largest difference ${difference.largest.toExponential(1)}, smallest cosine ${difference.cosine.toFixed(7)}: ${passed ? "as it should be" : "TOO FAR"}`,
      );
  }
  return failed ? 1 : 0;
}

type Loaded = Awaited<ReturnType<typeof loadCheckpoint>>;
type Files = Awaited<ReturnType<typeof folderCheckpoint>>;
type Example = { sentence: string; embedding: number[] };

/** The same texts on both kinds of operations and with half floats, one tower on the GPU at a time. */
async function compare(
  files: Files,
  inspection: Inspection,
  parameters: Loaded,
  examples: Example[] | null,
): Promise<Check[]> {
  const size = inspection.config.embeddingSize;
  const { gpu, ops } = await openNodeGpu("fused");
  const { plainOps } = await import("../gpu/plainOps");
  const encode = async (model: Promise<Model>, texts: readonly string[], prompted: boolean) => {
    const opened = await model;
    try {
      return await opened.encode(texts, prompted ? "query" : "plain");
    } finally {
      opened.dispose();
    }
  };
  try {
    const fused = await encode(openModel(gpu, ops, files, inspection, { parameters, batch: BATCH }), TEXTS, true);
    const plain = await encode(openModel(gpu, plainOps, files, inspection, { parameters, batch: BATCH }), TEXTS, true);
    const half = await encode(
      openModel(gpu, ops, files, inspection, { parameters, batch: BATCH, half: true }),
      TEXTS,
      true,
    );
    const scale = fused.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
    const both = differenceOf(fused, plain, size);
    const packed = differenceOf(half, fused, size);
    const checks = [
      { name: "kernels against tfjs' operations", difference: both, passed: both.largest <= 1e-3 * Math.max(1, scale) },
      { name: "half floats against 32-bit", difference: packed, passed: packed.cosine >= 0.999 },
    ];
    if (!examples) return checks;
    if (examples[0]!.embedding.length !== size)
      throw new LabError(
        "bad-input",
        `The golden vectors have ${examples[0]!.embedding.length} numbers, the model's ${size}.`,
        "Name the right fixtures: --model NAME.",
      );
    // Golden vectors are of the bare sentences.
    const found = await encode(
      openModel(gpu, ops, files, inspection, { parameters, batch: BATCH }),
      examples.map((e) => e.sentence),
      false,
    );
    const golden = differenceOf(
      found,
      examples.flatMap((e) => e.embedding),
      size,
    );
    return [
      ...checks,
      { name: `${examples.length} golden vectors`, difference: golden, passed: golden.largest <= 1e-4 },
    ];
  } finally {
    gpu.dispose();
  }
}

async function readGolden(path: string, model: string): Promise<Example[]> {
  const bad = (what: string) => new LabError("bad-input", `${path}: ${what}`, seeHelp("import"));
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new LabError("bad-input", `${path} cannot be read: ${(cause as Error).message}.`, "Name a JSON file.", {
      cause,
    });
  }
  const { fixtures } = (json ?? {}) as { fixtures?: unknown };
  let list: unknown = json;
  if (Array.isArray(fixtures)) {
    const wanted = model.replace(/\/+$/, "").split("/").at(-1)!;
    const found = (fixtures as { model?: unknown; examples?: unknown }[]).filter(
      (one) => typeof one?.model === "string" && one.model.split("/").at(-1) === wanted,
    );
    if (found.length !== 1)
      throw bad(
        `it has ${found.length} fixtures of ${wanted}, of ${(fixtures as { model?: unknown }[]).map((one) => String(one?.model)).join(", ")}. Name one: --model NAME.`,
      );
    list = found[0]!.examples;
  }
  const isExample = (one: unknown): one is Example =>
    typeof (one as Example)?.sentence === "string" &&
    Array.isArray((one as Example)?.embedding) &&
    (one as Example).embedding.every(Number.isFinite);
  if (!Array.isArray(list) || list.length === 0 || !list.every(isExample))
    throw bad('it holds no list of {"sentence", "embedding"}.');
  return list;
}

/** Without where each tensor lies. */
function summary({ tensors: _, static: __, head, ...rest }: Inspection) {
  return { ...rest, untiedHead: head !== null };
}

function describe(found: Inspection): string[] {
  const { config, parameters, bytes, ignored, tokenizer, prompts } = found;
  const { kind, layers, width, heads, kvHeads } = config;
  const shape =
    kind === "lookup"
      ? `${config.vocabulary} tokens x ${width}`
      : `${layers} ${layers === 1 ? "layer" : "layers"}, width ${width}, ${heads} heads${kvHeads === heads ? "" : ` over ${kvHeads}`}, ${config.vocabulary} tokens`;
  const dense = (config.dense ?? []).map((d) => `dense ${d.in} to ${d.out} (${d.activation})`);
  const after = [
    { mean: "mean of the tokens", cls: "first token", last: "last token" }[config.pooling],
    ...dense,
    ...(config.projection === false ? [] : [`projection to ${config.embeddingSize}`]),
    ...(config.normalise ? ["length 1"] : []),
  ];
  const dtypes = Object.entries(found.dtypes).map(([dtype, share]) =>
    share! > 0.999 ? dtype : `${dtype} ${(100 * share!).toFixed(1)} %`,
  );
  return [
    `${found.name}: ${found.modelType}, ${shape}`,
    `parameters: ${parameters.total.toLocaleString("en")} (${parameters.withoutEmbeddings.toLocaleString("en")} without embeddings), ${dtypes.join(", ")}, ${bytesInWords(bytes.file)} in the files`,
    `memory on the GPU: ${bytesInWords(bytes.gpu)} to encode, ${bytesInWords(bytes.gpuHalf)} with half floats, ${bytesInWords(bytes.training)} to train, activations not counted`,
    `vectors of ${config.embeddingSize}: ${after.join(", ")}`,
    `texts: up to ${found.maxTokens} tokens${prompts.query || prompts.document ? `, query prompt ${JSON.stringify(prompts.query)}, document prompt ${JSON.stringify(prompts.document)}` : ", no prompts"}`,
    ...(tokenizer ? [`tokenizer: ${tokenizer.path}${tokenizer.lowerCase ? ", lower-cased first" : ""}`] : []),
    ...(ignored.length > 0
      ? [`left out: ${ignored.slice(0, 8).join(", ")}${ignored.length > 8 ? ` and ${ignored.length - 8} more` : ""}`]
      : []),
    ...found.notes.map((note) => `note: ${note}`),
  ];
}
