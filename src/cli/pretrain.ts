/** `lab pretrain`: a small language model from text, as a Hugging Face folder (stage 0). */
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { presetExperiment } from "../core/config/presets";
import { notesDataset } from "../core/data/notes";
import { notesThreads, plainForm } from "../core/data/notes/pretraining";
import { LabError } from "../core/errors";
import { createControl } from "../core/pipeline/control";
import { type ListedModel, languageFolder, listed } from "../core/pipeline/languageFolder";
import {
  LANGUAGE_SIZES,
  type LanguageSize,
  PRETRAIN_DEFAULTS,
  type PretrainSettings,
  pretrain,
} from "../core/pipeline/pretrain";
import { codeVersion } from "../version";
import { parseFlags, seeHelp, whole } from "./arguments";
import { settleHere } from "./cache";
import { folderStore } from "./folderStore";
import { openNodeGpu } from "./gpu";

const SIZES = Object.keys(LANGUAGE_SIZES) as LanguageSize[];
const { vocabulary, length, batch, steps, learningRate } = PRETRAIN_DEFAULTS;

export const PRETRAIN_USAGE = `Usage: npm run lab -- pretrain --size ${SIZES.join("|")} --out DIR [options]

  --size NAME          parameters without embeddings
  --out DIR            a Hugging Face folder: weights (F16), config, tokenizer, model card. A training that was stopped
                       leaves its state there, and the same command goes on with it
  --text FILE          plain text to learn from, texts parted by blank lines (or, where there are none, by line breaks);
                       unless given, threads of generated notes and queries
  --threads N          how many threads; 60000 unless given
  --vocabulary N       tokens of the byte-level vocabulary, learned from the text; ${vocabulary}
  --steps N            ${steps} unless given
  --batch N            rows of a step; ${batch}
  --length N           tokens of a row; ${length}
  --learning-rate X    peak of the learning rate; ${learningRate}
  --seed N             seed of everything random; 1
  --licence NAME       of the model, for the card; apache-2.0 for generated text, else "other"
  --list               also list the model in the index.json of the folder that DIR is in
  -h, --help           this text`;

const FLAGS = {
  size: { type: "string" },
  out: { type: "string" },
  text: { type: "string" },
  threads: { type: "string", default: "60000" },
  vocabulary: { type: "string", default: String(vocabulary) },
  steps: { type: "string", default: String(steps) },
  batch: { type: "string", default: String(batch) },
  length: { type: "string", default: String(length) },
  "learning-rate": { type: "string", default: String(learningRate) },
  seed: { type: "string", default: "1" },
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
  const size = SIZES.find((name) => name === values.size);
  if (!size) throw bad(`--size is ${SIZES.join(", ")}, not "${values.size ?? ""}".`);
  if (!values.out) throw bad("--out DIR is missing: where the model goes.");
  const rate = Number(values["learning-rate"]);
  if (!(rate > 0 && rate < 1)) throw bad(`--learning-rate wants a number above 0 and below 1.`);
  const number = (
    name: "vocabulary" | "steps" | "batch" | "length" | "seed" | "threads",
    least: number,
    most: number,
  ) => whole("pretrain", name, values[name], least, most);
  const settings: PretrainSettings = {
    size,
    vocabulary: number("vocabulary", 300, 50_000),
    steps: number("steps", 1, 1_000_000),
    batch: number("batch", 1, 4096),
    length: number("length", 8, 1024),
    learningRate: rate,
    seed: number("seed", 0, 2 ** 31 - 1),
  };
  const source =
    values.text === undefined
      ? generated(settings.seed, number("threads", 50, 2_000_000))
      : await fromFile(values.text);
  const out = folderStore(values.out);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    console.log(`adapter: ${gpu.adapter.description}${gpu.adapter.software ? " (a CPU)" : ""}`);
    await settleHere({ gpu, ops, experiment: { training: { matmul: "auto" } } });
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

interface Source {
  texts: string[];
  /** For the card. */
  words: string;
}

/** Threads of a world of its own, without the test queries of the default experiment. */
function generated(seed: number, threads: number): Source {
  const experiment = presetExperiment("standard");
  const { notes } = experiment.data;
  const { test, validation } = notesDataset(notes, experiment.seed);
  const without = new Set([...test.queries, ...validation.queries].map(({ text }) => plainForm(text)));
  return {
    texts: [...notesThreads(notes, seed, threads, without)],
    words: `${threads.toLocaleString("en")} threads that the program generated (src/core/data/notes/pretraining.ts, seed ${seed}): notes and
queries about the same things, in writers', askers' and anybody's words, so that the text says which words mean one thing. They come of a world that no
collection has, so no note, query or judgement of a collection is in it; the test and validation queries of the default
experiment do not occur by chance either. The words of the generator are the same in all worlds: this is what a model can
know of them without a label of the collection it is tried on.`,
  };
}

async function fromFile(path: string): Promise<Source> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "There is no such file" : cause instanceof TypeError ? "It is not UTF-8" : String(cause);
    throw new LabError("bad-input", `${path} cannot be read: ${why}.`, "Give a plain text file in UTF-8.", { cause });
  }
  const parted = /\n\s*\n/.test(text) ? text.split(/\n\s*\n/) : text.split("\n");
  const texts = parted.map((part) => part.trim()).filter(Boolean);
  return { texts, words: `The file ${basename(path)}: ${texts.length.toLocaleString("en")} texts.` };
}
