/** The library against a server of its own: whole files, broken connections, changed and damaged ones. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryByteFolder } from "../../artifacts/byteFolder";
import { writeSafetensors } from "../../formats/safetensors";
import { huggingFaceConfig, initTower } from "../../towers";
import type { TowerConfig } from "../../towers/types";
import { checkpointFromBlobs } from "../files";
import { inspectCheckpoint } from "../inspect";
import { checkpointLibrary } from "./library";
import { hubModel, hubModelName, type Remote, remoteFiles, urlModel } from "./remote";
import { modelServer } from "./server.test-helper";

const config: TowerConfig = {
  kind: "encoder",
  vocabulary: 4000,
  width: 8,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  hidden: 16,
  maxTokens: 12,
  pooling: "mean",
  embeddingSize: 6,
};
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const model = () => ({
  "config.json": text(huggingFaceConfig(config)),
  "model.safetensors": writeSafetensors(initTower(config, 1), {}),
  "README.md": text("not wanted"),
  "onnx/model.safetensors": text("not wanted either"),
});

let server: Awaited<ReturnType<typeof modelServer>>;
beforeEach(async () => {
  server = await modelServer({ "own/tiny": model() });
});
afterEach(() => server.close());

const make = (folder = memoryByteFolder(), room: number | null = null) => ({
  folder,
  library: checkpointLibrary({
    folder,
    fetcher: server.fetcher,
    now: () => new Date(0),
    pause: async () => {},
    room: async () => room,
  }),
});
const tiny = () => hubModel("own/tiny", { hubUrl: server.url });

test("looks at a model of the hub without its tensors, fetches it, lists it, opens it, deletes it", async () => {
  const remote = await tiny();
  expect(remote.files.map(({ path }) => path).toSorted()).toEqual(["config.json", "model.safetensors"]);
  const before = server.bytesSent();
  const looked = await inspectCheckpoint(remoteFiles(remote));
  expect(looked.config).toMatchObject({ kind: "encoder", width: 8 });
  // The header and the configuration, not the tensors.
  expect(server.bytesSent() - before).toBeLessThan(model()["model.safetensors"].length / 2);
  const { library } = make();
  const seen: number[] = [];
  const stored = await library.fetch(remote, { onProgress: (done) => seen.push(done) });
  expect(stored).toMatchObject({ complete: true, modelType: "bert", kind: "encoder", here: stored.bytes });
  expect(seen.at(-1)).toBe(stored.bytes);
  expect((await library.list()).map(({ id }) => id)).toEqual([stored.id]);
  // From here on without the network.
  await server.close();
  const files = await library.open(remote.reference);
  expect((await inspectCheckpoint(files)).config).toEqual(looked.config);
  expect(await files.read("model.safetensors")).toEqual(model()["model.safetensors"]);
  await library.remove(stored.id);
  expect(await library.list()).toEqual([]);
  await expect(library.open(remote.reference)).rejects.toThrow(/not kept here/);
});

test("a connection that breaks is taken up again where it broke, and no byte is fetched twice", async () => {
  const remote = await tiny();
  const whole = model()["model.safetensors"].length;
  server.breakAfter("model.safetensors", [700, 300]);
  const before = server.bytesSent();
  const { library } = make();
  const stored = await library.fetch(remote);
  expect(stored.complete).toBe(true);
  expect(server.ranges("model.safetensors")).toEqual([null, "bytes=700-", "bytes=1000-"]);
  expect(server.bytesSent() - before).toBe(whole + model()["config.json"].length);
});

test("what came is kept when it gives up, and in the next session it goes on", async () => {
  const remote = await tiny();
  server.breakAfter("model.safetensors", [500, 0, 0, 0, 0]);
  const { folder, library } = make();
  await expect(library.fetch(remote)).rejects.toThrow(/500 of \d+ bytes are kept/);
  expect(await library.list()).toMatchObject([{ complete: false }]);
  await expect(library.open(remote.reference)).rejects.toThrow(/are here/);
  const again = make(folder).library;
  expect((await again.fetch(remote)).complete).toBe(true);
  expect(server.ranges("model.safetensors").at(-1)).toBe("bytes=500-");
});

test("a damaged file is thrown away and said so", async () => {
  const remote = await tiny();
  const wrong = createHash("sha256").update("something else").digest("hex");
  const damaged: Remote = {
    ...remote,
    files: remote.files.map((file) => (file.path === "model.safetensors" ? { ...file, sha256: wrong } : file)),
  };
  const { folder, library } = make();
  await expect(library.fetch(damaged)).rejects.toThrow(/SHA-256/);
  expect((await folder.list("")).some(({ path }) => path.endsWith("model.safetensors"))).toBe(false);
});

test("an address: a file that changed since it was begun is begun again", async () => {
  const address = `${server.url}/own/tiny/resolve/main`;
  const remote = await urlModel(address);
  expect(remote.reference).toBe(address);
  server.breakAfter("model.safetensors", [600, 0, 0, 0, 0]);
  const { folder, library } = make();
  await expect(library.fetch(remote)).rejects.toThrow(/bytes are kept/);
  const other = writeSafetensors(initTower(config, 2), {});
  server.replace("own/tiny", "model.safetensors", other);
  await make(folder).library.fetch(remote);
  const files = await library.open(remote.reference);
  expect(await files.read("model.safetensors")).toEqual(other);
});

test("says in words what is not there, not open, not fetchable, or too much", async () => {
  await expect(hubModel("own/none", { hubUrl: server.url })).rejects.toThrow(/no model own\/none/);
  await expect(urlModel(`${server.url}/nothing/here`)).rejects.toThrow(/no checkpoint at/);
  await expect(urlModel("ftp://somewhere")).rejects.toThrow(/cannot be fetched/);
  await expect(urlModel("nonsense")).rejects.toThrow(/no address/);
  await expect(make(memoryByteFolder(), 100).library.fetch(await tiny())).rejects.toThrow(/has 100 B left/);
  for (const name of ["", "a b", "../x", "own/tiny@../../x"]) expect(() => hubModelName(name)).toThrow(/no name/);
  expect(hubModelName(" https://hub.example/own/tiny/tree/v2/ ")).toEqual({ name: "own/tiny", revision: "v2" });
});

test("a file that is no checkpoint is not called whole", async () => {
  server.replace("own/tiny", "config.json", text({ model_type: "gpt_bigcode" }));
  const { library } = make();
  await expect(library.fetch(await tiny())).rejects.toThrow(/gpt_bigcode/);
  expect((await library.list())[0]).toMatchObject({ complete: false });
});

test("a folder of the disk is copied once, and the same folder is the same checkpoint", async () => {
  const entries = Object.entries(model()).map(([path, data]) => ({ path: `tiny/${path}`, data }));
  const { library } = make();
  const [first, second] = [
    await library.copy(checkpointFromBlobs(entries, "tiny")),
    await library.copy(checkpointFromBlobs(entries, "tiny")),
  ];
  expect(second).toEqual(first);
  expect(await library.list()).toHaveLength(1);
  expect(await (await library.open(first.reference)).read("model.safetensors")).toEqual(model()["model.safetensors"]);
});

test("stopping ends a download and keeps what came", async () => {
  const stop = new AbortController();
  const { library } = make();
  const fetching = library.fetch(await tiny(), {
    signal: stop.signal,
    onProgress: (done) => {
      if (done > 0) stop.abort();
    },
  });
  await expect(fetching).rejects.toMatchObject({ kind: "stopped" });
});
