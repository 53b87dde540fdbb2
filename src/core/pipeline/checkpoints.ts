/** Towers as Hugging Face folders in a store: config.json, model.safetensors, tokenizer.json and tokenizer_config.json. */
import type { Gpu } from "../../gpu/device";
import type { Store } from "../artifacts/store";
import { LabError } from "../errors";
import type { TrainedSystem } from "../formats/result";
import { readSafetensors, writeSafetensors } from "../formats/safetensors";
import { loadTokenizer, type TextTokenizer } from "../text/tokenizer";
import { huggingFaceConfig, towerFromHuggingFace } from "../towers";
import { downloadParameters, type Tower, uploadTower } from "../towers/device";
import type { HostParameters } from "../towers/types";

export type TowerRole = "query" | "document";

const utf8 = new TextEncoder();
const json = (value: unknown) => utf8.encode(`${JSON.stringify(value, null, 2)}\n`);
export const decodeJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

export const checkpointFolder = (system: TrainedSystem, role: TowerRole): string => `checkpoints/${system}/${role}`;

export async function saveCheckpoint(
  gpu: Gpu,
  store: Store,
  system: TrainedSystem,
  role: TowerRole,
  tower: Tower,
  tokenizer: TextTokenizer,
  metadata: Record<string, string>,
): Promise<void> {
  const folder = checkpointFolder(system, role);
  await store.write(`${folder}/config.json`, json(huggingFaceConfig(tower.config)));
  await store.write(`${folder}/tokenizer.json`, json(tokenizer.toJson()));
  await store.write(`${folder}/tokenizer_config.json`, json(tokenizer.settings()));
  await store.write(`${folder}/model.safetensors`, writeSafetensors(await downloadParameters(gpu, tower), metadata));
}

/** A tower's values alone; null where there are none. */
export async function checkpointValues(
  store: Store,
  system: TrainedSystem,
  role: TowerRole,
): Promise<HostParameters | null> {
  const model = await store.read(`${checkpointFolder(system, role)}/model.safetensors`);
  return model && readSafetensors(model).tensors;
}

/** Null where there is none. */
export async function loadCheckpoint(
  gpu: Gpu,
  store: Store,
  system: TrainedSystem,
  role: TowerRole,
): Promise<{ tower: Tower; tokenizer: TextTokenizer } | null> {
  const folder = checkpointFolder(system, role);
  const model = await store.read(`${folder}/model.safetensors`);
  if (!model) return null;
  const config = await store.read(`${folder}/config.json`);
  const tokenizer = await store.read(`${folder}/tokenizer.json`);
  if (!config || !tokenizer)
    throw new LabError(
      "bad-input",
      `${folder} lacks config.json or tokenizer.json.`,
      "Import the whole checkpoint folder.",
    );
  // Runs of earlier builds have none.
  const settings = await store.read(`${folder}/tokenizer_config.json`);
  const { tensors } = readSafetensors(model);
  return {
    tower: uploadTower(gpu, towerFromHuggingFace(decodeJson(config)), tensors),
    tokenizer: loadTokenizer(decodeJson(tokenizer), settings ? decodeJson(settings) : {}),
  };
}
