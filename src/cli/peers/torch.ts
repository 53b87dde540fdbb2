/** The step on PyTorch, in a process of its own, where a python3 with torch is found. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { BenchSide } from "../../core/pipeline/benchProblem";
import { RMS_EPS } from "../../core/towers/config";
import { ADAM, type OpenPeer } from "./peer";
import script from "./torch_step.py?raw";

/** Batches that are written; the benchmark repeats after as many. */
const BATCHES = 4;

/** A version manager's python3 often stands before the system's, which has the system's packages. */
const PYTHONS = ["python3", "/usr/bin/python3"];

export const openTorch: OpenPeer = async (problem) => {
  const python = PYTHONS.find((name) => spawnSync(name, ["-c", "import torch"]).status === 0);
  if (!python) throw new Error("no python3 with torch was found");
  const folder = mkdtempSync(join(tmpdir(), "lab-peers-"));
  let files = 0;
  const write = (shape: number[], values: Float32Array | Int32Array) => {
    const file = `${files++}.bin`;
    writeFileSync(join(folder, file), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return { file, shape, type: values instanceof Int32Array ? "int32" : "float32" };
  };
  const side = ({ parameters, inputs, tokens }: BenchSide) => ({
    parameters: Object.fromEntries([...parameters].map(([name, { shape, values }]) => [name, write(shape, values)])),
    inputs: Array.from({ length: BATCHES }, (_, step) => {
      const { ids, mask } = inputs(step);
      return { ids: write([problem.batch, tokens], ids), mask: write([problem.batch, tokens], mask) };
    }),
  });
  const written = {
    ...problem,
    rmsEps: RMS_EPS,
    adam: ADAM,
    query: side(problem.query),
    document: side(problem.document),
  };
  writeFileSync(join(folder, "problem.json"), JSON.stringify(written));
  // Threads that spin while they wait would take the cores from whoever is measured next.
  const child = spawn(python, ["-c", script, folder], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE" },
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += String(text);
  });
  child.stdin.on("error", () => undefined); // its end is told by the lines that do not come
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", () => reject(new Error(said.trim().split("\n").at(-1) || "python3 ended")));
  });
  ended.catch(() => undefined); // asked for with each line
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await Promise.race([lines.next(), ended])).value) as Record<string, number>;
  const dispose = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { version, threads } = await line();
    return {
      name: `PyTorch ${version}`,
      where: `CPU (${threads} threads)`,
      async step(number) {
        child.stdin.write(`${number}\n`);
        const { loss, ms } = await line();
        return { loss: loss!, ms: ms! };
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
};
