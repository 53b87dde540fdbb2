/** `lab pretrain`: a small language model from text, as a Hugging Face folder (stage 0). */
import { basename, dirname, resolve } from "node:path";
import {
  checkPretrain,
  LANGUAGE_SIZES,
  PRETRAIN_DEFAULTS,
  type PretrainField,
  type PretrainSettings,
  pretrainInfo,
  readSize,
  THREADS,
} from "../core/config/pretrain";
import { openFiles } from "../core/data/files";
import { readLanguageTexts } from "../core/data/languageTexts";
import { LabError } from "../core/errors";
import { createControl } from "../core/pipeline/control";
import { type ListedModel, languageFolder, listed } from "../core/pipeline/languageFolder";
import { pretrain } from "../core/pipeline/pretrain";
import { generatedTexts, type LanguageTexts } from "../core/pipeline/pretrainTexts";
import { codeVersion } from "../version";
import { parseFlags, seeHelp, whole } from "./arguments";
import { settleHere } from "./cache";
import { folderEntries } from "./folder";
import { folderStore } from "./folderStore";
import { openNodeGpu } from "./gpu";
import { checkFolder } from "./out";

const SIZES = Object.keys(LANGUAGE_SIZES);
const { vocabulary, length, batch, steps, learningRate, embeddingRate, seed } = PRETRAIN_DEFAULTS;

export const PRETRAIN_USAGE = `Usage: npm run lab -- pretrain --size ${SIZES.join("|")} --out DIR [options]

  --size NAME          parameters without embeddings; or WIDTHxLAYERS, as 96x3
  --out DIR            a Hugging Face folder: weights (F16), config, tokenizer, model card. A training that was stopped
                       leaves its state there, and the same command goes on with it (--steps
                       may then be another number)
  --text PATH          what to learn from: plain text, its texts parted by blank lines (or, where there are none, by line
                       breaks), Markdown, JSON lines with a field text; or a folder or .zip of such files.
                       Unless given, threads of generated notes and queries
  --threads N          how many threads; ${THREADS} unless given
  --vocabulary N       tokens of the byte-level vocabulary, learned from the text; ${vocabulary}
  --steps N            ${steps} unless given
  --batch N            rows of a step; ${batch}
  --length N           tokens of a row; ${length}
  --learning-rate X    peak of the learning rate of the layers; ${learningRate}
  --embedding-rate X   the same of the token embeddings; ${embeddingRate}
  --seed N             seed of everything random; ${seed}
  --licence NAME       of the model, for the card; apache-2.0 for generated text, else "other"
  --list               also list the model in the index.json of the folder that DIR is in
  -h, --help           this text`;

const FLAGS = {
  size: { type: "string" },
  out: { type: "string" },
  text: { type: "string" },
  threads: { type: "string", default: String(THREADS) },
  vocabulary: { type: "string", default: String(vocabulary) },
  steps: { type: "string", default: String(steps) },
  batch: { type: "string", default: String(batch) },
  length: { type: "string", default: String(length) },
  "learning-rate": { type: "string", default: String(learningRate) },
  "embedding-rate": { type: "string", default: String(embeddingRate) },
  seed: { type: "string", default: String(seed) },
  licence: { type: "string" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/**
 * Runs the command.
 *
 * @returns the exit code: 0 done
 * @throws LabError bad-setting or bad-input for bad usage or a text that is too short, found before anything is trained
 */
export async function pretrainCommand(args: string[]): Promise<number> {
  const values = parseFlags("pretrain", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${PRETRAIN_USAGE}\n`);
    return 0;
  }
  const size = readSize(values.size ?? "");
  if (!size) throw bad(`--size is ${SIZES.join(", ")} or WIDTHxLAYERS, not "${values.size ?? ""}".`);
  if (!values.out) throw bad("--out DIR is missing: where the model goes.");
  const number = (name: Exclude<PretrainField, "learningRate" | "embeddingRate" | "width" | "layers">) => {
    const { min, max } = pretrainInfo(name);
    return whole("pretrain", name, values[name], min, max);
  };
  const settings: PretrainSettings = {
    size,
    vocabulary: number("vocabulary"),
    steps: number("steps"),
    batch: number("batch"),
    length: number("length"),
    learningRate: Number(values["learning-rate"]),
    embeddingRate: Number(values["embedding-rate"]),
    seed: number("seed"),
  };
  checkPretrain(settings);
  const source =
    values.text === undefined ? await generatedTexts(settings.seed, number("threads")) : await fromFiles(values.text);
  await checkFolder(values.out);
  const out = folderStore(values.out);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    console.log(`adapter: ${gpu.adapter.description}${gpu.adapter.software ? " (a CPU)" : ""}`);
    await settleHere({ gpu, ops, experiment: { training: { matmul: "auto", reductions: "auto" } } });
    const control = createControl();
    // A pause saves the state; then the training ends.
    process.once("SIGINT", () => control.stop());
    let told = 0;
    const model = await pretrain({
      gpu,
      ops,
      store: out,
      texts: source.texts,
      settings,
      control,
      saveEvery: 60,
      doing: (words) => words && console.log(words),
      onPoints(losses, validation, done) {
        for (const { step, metrics } of validation)
          console.log(`step ${step}: held-out perplexity ${metrics["perplexity"]!.toFixed(2)}`);
        const last = losses.at(-1);
        if (!last || performance.now() - told < 5000) return;
        told = performance.now();
        console.log(
          `step ${done}/${settings.steps}: loss ${last.loss.toFixed(3)}, ${Math.round(last.tokensPerSecond)} tokens/s`,
        );
      },
    });
    const name = basename(resolve(values.out));
    const files = languageFolder(model, {
      name,
      data: source.words,
      licence: values.licence ?? (values.text === undefined ? "apache-2.0" : "other"),
      command: `npm run lab -- pretrain ${args.join(" ")}`,
      adapter: gpu.adapter.description,
      codeVersion,
    });
    for (const [path, bytes] of files) await out.write(path, bytes);
    if (values.list) {
      const beside = folderStore(dirname(resolve(values.out)));
      const before = await beside.read("index.json");
      const list = before ? (JSON.parse(new TextDecoder().decode(before)) as ListedModel[]) : [];
      await beside.write(
        "index.json",
        new TextEncoder().encode(`${JSON.stringify(listed(list, name, model.record, files), null, 2)}\n`),
      );
    }
    const { record } = model;
    console.log(
      `${name}: ${record.withoutEmbeddings} parameters without embeddings, perplexity ${record.perplexity.toFixed(2)} on ${record.heldOutTokens} held-out tokens, ${record.seconds.toFixed(0)} s`,
    );
    return 0;
  } finally {
    gpu.dispose();
  }
}

const bad = (message: string) => new LabError("bad-setting", message, seeHelp("pretrain"));

async function fromFiles(path: string): Promise<LanguageTexts> {
  const entries = await folderEntries(path, "Give .txt, .md or .jsonl files, a folder or a .zip of them.");
  const { texts } = await readLanguageTexts(await openFiles(entries));
  return { texts, words: `${basename(resolve(path))}: ${texts.length.toLocaleString("en")} texts.` };
}
