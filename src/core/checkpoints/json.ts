/** Small JSON files of a checkpoint. */
import { LabError } from "../errors";
import type { CheckpointFiles } from "./files";

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const AGAIN = "Fetch or export the checkpoint again.";
export const badInput = (message: string, remedy = AGAIN) => new LabError("bad-input", message, remedy);

/** The files of a checkpoint, listed once. */
export interface Listing {
  files: CheckpointFiles;
  sizes: ReadonlyMap<string, number>;
}

export async function listing(files: CheckpointFiles): Promise<Listing> {
  return { files, sizes: new Map((await files.list()).map(({ path, size }) => [path, size])) };
}

/** A JSON file's value; undefined where there is no such file. @throws LabError "bad-input" where it is not JSON */
export async function readJson({ files, sizes }: Listing, path: string): Promise<unknown> {
  if (!sizes.has(path)) return undefined;
  const bytes = await files.read(path);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badInput(`${path} is not JSON: ${(cause as Error).message}.`);
  }
}

/** The same of a file that has to hold an object, where it is there. */
export async function readObject(list: Listing, path: string): Promise<Json | undefined> {
  const value = await readJson(list, path);
  if (value !== undefined && !isObject(value)) throw badInput(`${path} does not hold a JSON object.`);
  return value;
}
