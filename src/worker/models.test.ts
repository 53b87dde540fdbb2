/** The page's checkpoints against a server that answers as the hub does. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryByteFolder } from "../core/artifacts/byteFolder";
import { inspectCheckpoint } from "../core/checkpoints";
import { checkpointLibrary } from "../core/checkpoints/library";
import { modelServer } from "../core/checkpoints/library/server.test-helper";
import { writeSafetensors } from "../core/formats/safetensors";
import { huggingFaceConfig, initTower } from "../core/towers";
import type { TowerConfig } from "../core/towers/types";
import { createModels } from "./models";
import type { FetchingReport } from "./protocol";

const config: TowerConfig = {
  kind: "lookup",
  vocabulary: 300,
  width: 8,
  layers: 0,
  heads: 1,
  kvHeads: 1,
  hidden: 1,
  maxTokens: 16,
  pooling: "mean",
  embeddingSize: 4,
};
const model = (): Record<string, Uint8Array<ArrayBuffer>> => ({
  "config.json": new TextEncoder().encode(JSON.stringify(huggingFaceConfig(config))),
  "model.safetensors": new Uint8Array(writeSafetensors(initTower(config, 1), {})),
});

let server: Awaited<ReturnType<typeof modelServer>>;
beforeEach(async () => {
  server = await modelServer({ "own/tiny": model(), "models/other": model() });
});
afterEach(() => server.close());

function make() {
  const reports: (FetchingReport | null)[] = [];
  const { fetcher } = server;
  const pause = async () => {};
  const library = checkpointLibrary({ folder: memoryByteFolder(), fetcher, now: () => new Date(0), pause });
  const base = `${server.url}/`;
  return { reports, models: createModels({ library, fetcher, onFetching: (r) => reports.push(r), base }) };
}

test("a model of the hub: looked at, kept, listed, opened, deleted", async () => {
  const { models, reports } = make();
  await expect(models.keep()).rejects.toThrow(/No checkpoint has been looked at/);
  const report = await models.look({ kind: "hub", name: "own/tiny", hubUrl: server.url });
  expect(report).toMatchObject({ name: "own/tiny", kind: "lookup", width: 8, embeddingSize: 4, tokenizer: false });
  expect(await models.list()).toEqual([]);
  const stored = await models.keep();
  expect(stored.reference).toMatch(/^hub:own\/tiny@/);
  expect(reports.at(-1)).toBeNull();
  expect(reports.at(-2)).toEqual({ name: "own/tiny", done: report.fileBytes, total: report.fileBytes });
  expect((await inspectCheckpoint(await models.open(stored.reference))).config.width).toBe(8);
  await models.remove(stored.id);
  expect(await models.list()).toEqual([]);
});

test("files of a dropped folder are copied under the folder's name", async () => {
  const { models } = make();
  const files = Object.entries(model()).map(([path, bytes]) => ({ path: `mine/${path}`, file: new Blob([bytes]) }));
  expect((await models.look({ kind: "files", files })).name).toBe("mine");
  const stored = await models.keep();
  expect(stored).toMatchObject({ name: "mine", complete: true });
  await expect(models.goOn(stored.reference)).rejects.toThrow(/copied from files/);
});

test("an address is fetched on after a broken connection", async () => {
  const { models } = make();
  const url = `${server.url}/own/tiny/resolve/main`;
  server.breakAfter("model.safetensors", [3]);
  await expect(models.look({ kind: "url", url })).rejects.toMatchObject({ kind: "bad-input" });
  await models.look({ kind: "url", url });
  server.breakAfter("model.safetensors", [100, 100]);
  const stored = await models.keep();
  expect(stored).toMatchObject({ reference: url, complete: true });
});

test("stopping is told as such, and names that are none are refused", async () => {
  const { models } = make();
  const looking = models.look({ kind: "hub", name: "own/tiny", hubUrl: server.url });
  models.stop();
  await expect(looking).rejects.toMatchObject({ kind: "stopped" });
  for (const name of ["bundled:../x", "bundled:", "bundled:a/b"])
    await expect(models.open(name)).rejects.toThrow(/no bundled model/);
});
