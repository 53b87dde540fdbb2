/** The golden checkpoints as files in memory, to be changed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkpointFromBlobs } from "./index";

const GOLDEN = fileURLToPath(new URL("golden", import.meta.url));
type Files = Record<string, Uint8Array>;

/** A golden checkpoint's files, some of them changed; null: left out. */
export function goldenFiles(name: string, changes: Record<string, unknown> = {}): Files {
  const paths: Record<string, string[]> = {
    bert: [
      "config.json",
      "model.safetensors",
      "modules.json",
      "1_Pooling/config.json",
      "2_Dense/config.json",
      "2_Dense/model.safetensors",
      "3_Dense/config.json",
      "3_Dense/model.safetensors",
    ],
    "bert-relu": ["config.json", "model.safetensors"],
    llama: ["config.json", "model.safetensors"],
    qwen2: [
      "config.json",
      "model.safetensors.index.json",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "modules.json",
      "1_Pooling/config.json",
    ],
  };
  const found: Files = Object.fromEntries(
    paths[name]!.map((path) => [path, new Uint8Array(readFileSync(join(GOLDEN, name, path)))]),
  );
  for (const [path, change] of Object.entries(changes)) {
    if (change === null) delete found[path];
    else if (change instanceof Uint8Array) found[path] = change;
    else if (typeof change === "function") {
      const json: unknown = found[path] ? JSON.parse(new TextDecoder().decode(found[path])) : {};
      found[path] = new TextEncoder().encode(JSON.stringify((change as (json: unknown) => unknown)(json)));
    } else found[path] = new TextEncoder().encode(JSON.stringify(change));
  }
  return found;
}

export const blobs = (all: Files) => checkpointFromBlobs(Object.entries(all).map(([path, data]) => ({ path, data })));
