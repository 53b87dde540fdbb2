/** `lab export`: what a run made, in the forms that other programs load. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { memoryStore, type Store } from "../core/artifacts/store";
import { bytesInWords } from "../core/bytes";
import { LabError } from "../core/errors";
import { readArchive, writeArchive } from "../core/formats/archive";
import {
  dataExport,
  EXPORTS,
  type ExportFiles,
  type ExportForm,
  type ExportSource,
  type ExportWhat,
  rankingsExport,
  towerExport,
} from "../core/pipeline/exports";
import { parseFlags, seeHelp } from "./arguments";
import { folderEntries } from "./folder";
import { folderStore } from "./folderStore";
import { checkOps, openNodeGpu } from "./gpu";
import { collection } from "./settings";

export const EXPORT_USAGE = `Usage: npm run lab -- export RUN --what WHAT --out PATH [options]

RUN is the folder that lab run --out wrote, or a run's .zip. Towers and vectors need its checkpoints (lab run --checkpoints).

  --what student     the distilled query tower
         teacher     its query and document towers
         vectors     of the documents, and of the test queries by teacher and student, of length 1; computed on the GPU
         rankings    every system's rankings and the judgements, as trec_eval reads them
         data        the collection in BEIR form
  --format folder    a tower as sentence-transformers and transformers load it (usual); --out *.zip packs it
           onnx      a tower as an ONNX graph with its tokenizer; --out *.onnx writes the graph alone
           npy       vectors for NumPy (usual)
           safetensors   vectors in one file
           zip       the usual form of anything, packed
  --out PATH         a folder, or a file that ends in .zip or .onnx
  --half             weights as half floats: half the size, 3 to 4 digits
  --data DIR         the collection of a run on files of your own, for vectors and data
  --ops plain|fused  vectors: tfjs' own operations or this project's kernels (default)
  -h, --help         this text`;

const FLAGS = {
  what: { type: "string" },
  format: { type: "string" },
  out: { type: "string" },
  half: { type: "boolean", default: false },
  data: { type: "string" },
  ops: { type: "string", default: "fused" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const usage = (message: string) => new LabError("bad-setting", message, seeHelp("export"));

interface ExportArgs {
  run: string;
  what: ExportWhat;
  form: ExportForm;
  out: string;
  packed: boolean;
  half: boolean;
  data: string | undefined;
  ops: string;
}

function parse(args: string[]): ExportArgs | null {
  const [first, ...others] = args;
  const named = first !== undefined && !first.startsWith("-");
  const values = parseFlags("export", named ? others : args, FLAGS);
  if (values.help) return null;
  if (!named) throw usage("The run is missing: its folder or .zip comes first.");
  const { what, format, out } = values;
  if (what === undefined || !Object.hasOwn(EXPORTS, what))
    throw usage(
      `--what is ${what === undefined ? "missing" : `"${what}"`}; it is one of ${Object.keys(EXPORTS).join(", ")}.`,
    );
  if (!out) throw usage("--out PATH is missing: where the files go.");
  const forms: readonly ExportForm[] = EXPORTS[what as ExportWhat];
  const form = format === undefined || format === "zip" || format === "folder" ? forms[0]! : (format as ExportForm);
  if (!forms.includes(form))
    throw usage(
      `--what ${what} has no format "${format}"; it has ${[...new Set(["folder", ...forms, "zip"])].join(", ")}.`,
    );
  if (out.endsWith(".onnx") && form !== "onnx") throw usage("--out *.onnx wants --format onnx.");
  if (values.half && what !== "student" && what !== "teacher")
    throw usage("--half is for towers: --what student or teacher.");
  const packed = format === "zip" || out.endsWith(".zip");
  if (packed && out.endsWith(".onnx"))
    throw usage("One .onnx file is not packed: leave --format zip away, or name a .zip.");
  return {
    run: first,
    what: what as ExportWhat,
    form,
    out,
    packed,
    half: values.half,
    data: values.data,
    ops: values.ops,
  };
}

/** The run's files in memory; what is written beside them stays out of its folder. */
async function openRun(path: string): Promise<ExportSource> {
  const entries = await folderEntries(path, "Give the folder that lab run --out wrote, or a run's .zip.");
  const read = await Promise.all(entries.map(async ({ path, bytes }) => ({ path, bytes: await bytes() })));
  const { files, result } = await readArchive(read);
  const store: Store = memoryStore();
  for (const [file, bytes] of files) await store.write(file, bytes);
  return { store, result };
}

async function datasetOf({ result }: ExportSource, data: string | undefined) {
  const { source } = result.config.data;
  if (source === "files" && data === undefined)
    throw usage("This run was made with files of your own: name their folder or .zip with --data DIR.");
  if (source !== "files" && data !== undefined) throw usage("This run made its own collection: leave --data away.");
  return collection(result.config, data);
}

async function exported(source: ExportSource, args: ExportArgs): Promise<ExportFiles> {
  const { what, form, half } = args;
  if (what === "rankings") return rankingsExport(source);
  if (what === "data") return dataExport(await datasetOf(source, args.data));
  if (what === "vectors") {
    const opsName = checkOps(args.ops);
    const dataset = await datasetOf(source, args.data);
    const { gpu, ops } = await openNodeGpu(opsName);
    try {
      const { vectorsExport } = await import("../core/pipeline/exportVectors");
      return await vectorsExport({ gpu, ops }, source, dataset, form as "npy" | "safetensors");
    } finally {
      gpu.dispose();
    }
  }
  return towerExport(source, what, form as "folder" | "onnx", half);
}

/**
 * Runs the command.
 * @returns the exit code: 0 done
 * @throws LabError bad-setting for bad usage, bad-input for a run that lacks what is asked for or a place that cannot be
 * written to
 */
export async function exportCommand(args: string[]): Promise<number> {
  const parsed = parse(args);
  if (!parsed) {
    process.stdout.write(`${EXPORT_USAGE}\n`);
    return 0;
  }
  const { out } = parsed;
  const all = await exported(await openRun(parsed.run), parsed);
  const files = out.endsWith(".onnx") ? new Map([[out, theGraph(all)]]) : all;
  if (files !== all) await writeOne(out, files.get(out)!);
  else if (parsed.packed) await writeOne(out, writeArchive(files));
  else await writeFolder(out, files);
  const bytes = [...files.values()].reduce((sum, file) => sum + file.byteLength, 0);
  for (const path of [...files.keys()].sort()) console.log(path);
  const count = files.size === 1 ? "1 file" : `${files.size} files`;
  process.stderr.write(`${count}, ${bytesInWords(bytes)}, in ${out}\n`);
  return 0;
}

function theGraph(files: ExportFiles): Uint8Array {
  const graph = files.get("model.onnx");
  if (!graph) throw usage("The teacher has two towers: name a folder or a .zip with --out.");
  return graph;
}

async function writeOne(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LabError("bad-input", `${path} could not be written: ${why}.`, "Name another place: --out PATH.", {
      cause,
    });
  }
}

/** Writes the files of a folder, which may hold an earlier export but nothing else. */
async function writeFolder(dir: string, files: ExportFiles): Promise<void> {
  for (const path of await filesBelow(dir))
    if (!files.has(path))
      throw new LabError(
        "bad-input",
        `${dir} holds ${path}, which is not part of this export.`,
        "Name an empty folder: --out DIR.",
      );
  const store = folderStore(dir);
  for (const [path, bytes] of files) await store.write(path, bytes);
}

async function filesBelow(dir: string): Promise<string[]> {
  if (!(await stat(dir).catch(() => null))?.isDirectory()) return [];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
