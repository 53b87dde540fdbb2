/** `lab encode`: texts to vectors with a checkpoint. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { inspectCheckpoint } from "../core/checkpoints";
import { documentText } from "../core/data/types";
import { LabError } from "../core/errors";
import { writeNpy } from "../core/formats/npy";
import { openModel, type Side } from "../core/pipeline/model";
import { parseFlags, seeHelp, whole } from "./arguments";
import { folderCheckpoint } from "./checkpointFolder";
import { checkOps, openNodeGpu } from "./gpu";
import { checkFolder } from "./out";

export const ENCODE_USAGE = `Usage: npm run lab -- encode --model DIR --in texts.jsonl --out vectors.npy [options]

  --model DIR        a checkpoint: this program's, sentence-transformers' or a bare model of the Hugging Face hub
  --in FILE          one JSON object a line with "text", and "title" where there is one; or, of any other ending than
                     .jsonl, one text a line
  --out FILE         float32 [texts, size], in the order of the lines
  --as SIDE          query, document or plain: whose prompt comes before each text; plain (none) unless given
  --max-tokens N     cut texts here; the model's own limit unless given
  --batch N          texts at once; 32 unless given
  --half             matrices as half floats, in half the memory
  --ops plain|fused  tfjs' own operations (the reference) or this project's kernels (default)
  -h, --help         this text`;

const FLAGS = {
  model: { type: "string" },
  in: { type: "string" },
  out: { type: "string" },
  as: { type: "string", default: "plain" },
  "max-tokens": { type: "string" },
  batch: { type: "string", default: "32" },
  half: { type: "boolean", default: false },
  ops: { type: "string", default: "fused" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const SIDES = ["query", "document", "plain"] as const;
const isSide = (name: string): name is Side => (SIDES as readonly string[]).includes(name);

/**
 * Runs the command.
 * @returns the exit code: 0 done
 * @throws LabError bad-setting for bad usage, bad-input for a checkpoint or a file that cannot be used
 */
export async function encodeCommand(args: string[]): Promise<number> {
  const values = parseFlags("encode", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${ENCODE_USAGE}\n`);
    return 0;
  }
  const needed = (name: "model" | "in" | "out"): string => {
    const value = values[name];
    if (!value) throw new LabError("bad-setting", `--${name} is missing.`, seeHelp("encode"));
    return value;
  };
  const [model, input, out] = [needed("model"), needed("in"), needed("out")];
  const side = values.as;
  if (!isSide(side)) throw new LabError("bad-setting", `--as ${side} is not possible.`, `Choose ${SIDES.join(", ")}.`);
  const batch = whole("encode", "batch", values.batch, 1, 4096);
  const cut = values["max-tokens"];
  const maxTokens = cut === undefined ? {} : { maxTokens: whole("encode", "max-tokens", cut, 1, 100_000) };
  const opsName = checkOps(values.ops);
  const texts = readTexts(await readFile(input, "utf8").catch(unreadable(input)), input);
  await checkFolder(dirname(out));
  const files = await folderCheckpoint(model);
  const inspection = await inspectCheckpoint(files);
  for (const note of inspection.notes) process.stderr.write(`note: ${note}\n`);
  const { gpu, ops } = await openNodeGpu(opsName);
  try {
    const started = performance.now();
    const opened = await openModel(gpu, ops, files, inspection, {
      batch,
      half: values.half,
      ...maxTokens,
    });
    const loaded = performance.now();
    const vectors = await opened.encode(texts, side);
    const seconds = (performance.now() - loaded) / 1000;
    opened.dispose();
    const size = inspection.config.embeddingSize;
    await mkdir(dirname(out), { recursive: true }).catch(unwritable(out));
    await writeFile(out, writeNpy([texts.length, size], vectors)).catch(unwritable(out));
    process.stderr.write(
      `${texts.length} texts to vectors of ${size} in ${seconds.toFixed(1)} s (${(texts.length / seconds).toFixed(0)} a second; loaded in ${((loaded - started) / 1000).toFixed(1)} s), written to ${out}\n`,
    );
    return 0;
  } finally {
    gpu.dispose();
  }
}

const unreadable = (path: string) => (cause: NodeJS.ErrnoException) => {
  const why = cause.code === "ENOENT" ? "there is no such file" : cause.message;
  throw new LabError("bad-input", `${path} cannot be read: ${why}.`, "Name a file of texts: --in FILE.", {
    cause,
  });
};
const unwritable = (path: string) => (cause: Error) => {
  throw new LabError("bad-input", `${path} cannot be written: ${cause.message}.`, "Name another file: --out FILE.", {
    cause,
  });
};

/** @throws LabError bad-input with file, line and field */
export function readTexts(content: string, name: string): string[] {
  // A mark of byte order, which editors put before the first line, is no part of it.
  const lines = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new LabError("bad-input", `${name} holds no texts.`, "Give one text a line.");
  if (!/\.jsonl$/i.test(name)) return lines;
  return lines.map((line, i) => {
    const bad = (what: string) =>
      new LabError("bad-input", `${name}, line ${i + 1}: ${what}`, 'Write each line as {"text": "..."}.');
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw bad("not JSON.");
    }
    const { text, title = "" } = (json ?? {}) as { text?: unknown; title?: unknown };
    if (typeof text !== "string") throw bad("text is missing or no text.");
    if (typeof title !== "string" && title !== null) throw bad("title is no text.");
    return documentText({ id: "", title: (title ?? "") as string, text });
  });
}
