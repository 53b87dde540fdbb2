/** Where a checkpoint's files come from: a folder of the disk, a dropped one, an address. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderCheckpoint } from "../../cli/checkpointFolder";
import { blobs, goldenFiles } from "./golden.test-helper";
import { checkpointFromUrl, inspectCheckpoint, loadCheckpoint } from "./index";

describe("files of a checkpoint", () => {
  it("may lie below one folder, as a dropped folder gives them", async () => {
    const nested = Object.fromEntries(
      Object.entries(goldenFiles("bert")).map(([path, data]) => [`models/own/${path}`, data]),
    );
    expect((await inspectCheckpoint(blobs(nested))).modelType).toBe("bert");
  });

  it("come from an address in ranges: of the weights, the header and then each tensor", async () => {
    const all = goldenFiles("qwen2");
    const asked: string[] = [];
    const server = (ranges: boolean) =>
      checkpointFromUrl("https://host/some model/", async (url, { method, headers }) => {
        const path = decodeURIComponent(url.slice("https://host/some model/".length));
        const bytes = all[path];
        const range = /^bytes=(\d+)-(\d*)$/.exec(headers?.["Range"] ?? "");
        asked.push(`${method ?? "GET"} ${path}${range ? ` ${range[1]}-${range[2]}` : ""}`);
        const part = bytes && range && ranges ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes;
        return {
          status: !bytes ? 404 : range && ranges ? 206 : 200,
          ok: Boolean(bytes),
          headers: { get: (name) => (name === "content-length" && bytes ? String(bytes.length) : null) },
          arrayBuffer: async () => new Uint8Array(part!).buffer,
        };
      });
    const local = blobs(all);
    const expected = await loadCheckpoint(local, await inspectCheckpoint(local));
    for (const ranges of [true, false]) {
      const remote = server(ranges);
      const inspection = await inspectCheckpoint(remote);
      expect(await loadCheckpoint(remote, inspection)).toEqual(expected);
    }
    expect(asked.filter((one) => one === "GET model-00001-of-00002.safetensors")).toEqual([]);
  });

  it("come from a server that knows no HEAD, packs small files, or is asked to look above the folder", async () => {
    const all = goldenFiles("bert", {
      "modules.json": (json: object[]) => [...json.slice(0, 2), { type: "models.Dense", path: "../../else" }],
    });
    const asked: string[] = [];
    const remote = checkpointFromUrl("https://host/m", async (url, { method, headers }) => {
      const path = decodeURIComponent(url.slice("https://host/m/".length));
      asked.push(path);
      const bytes = method === "HEAD" ? undefined : all[path];
      const range = /^bytes=(\d+)-(\d*)$/.exec(headers?.["Range"] ?? "");
      const total = bytes && path.endsWith(".safetensors") && range ? `bytes 0-0/${bytes.length}` : null;
      const part = range ? bytes?.slice(Number(range[1]), Number(range[2]) + 1) : bytes;
      return {
        status: method === "HEAD" ? 405 : bytes ? 206 : 404,
        ok: Boolean(bytes),
        headers: { get: (name) => (name === "content-range" ? total : null) },
        arrayBuffer: async () => new Uint8Array(part!).buffer,
      };
    });
    const sizes = new Map((await remote.list()).map(({ path, size }) => [path, size]));
    expect(sizes.get("model.safetensors")).toBe(all["model.safetensors"]!.length);
    expect(sizes.get("config.json")).toBe(0);
    await expect(inspectCheckpoint(remote)).rejects.toThrow(/..\/..\/else leads out of the folder/);
    expect(asked.filter((path) => path.includes(".."))).toEqual([]);
  });

  it("are not the start page that a host answers every address with", async () => {
    const page = "<!doctype html>";
    const host = checkpointFromUrl("https://host/m", async () => ({
      status: 200,
      ok: true,
      headers: { get: (name) => (name === "content-type" ? "text/html; charset=utf-8" : String(page.length)) },
      arrayBuffer: async () => new TextEncoder().encode(page).buffer,
    }));
    expect(await host.list()).toEqual([]);
  });

  it("tell of an address that does not answer or breaks off", async () => {
    const broken = checkpointFromUrl("https://host/m", async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(inspectCheckpoint(broken)).rejects.toThrow(
      /https:\/\/host\/m\/config.json could not be reached: Failed to fetch/,
    );
    const short = checkpointFromUrl("https://host/m", async () => ({
      status: 206,
      ok: true,
      headers: { get: () => "10" },
      arrayBuffer: async () => new ArrayBuffer(3),
    }));
    await expect(short.read("a", 0, 5)).rejects.toThrow(/3 bytes came where 5 were asked for/);
  });

  it("lie in a folder, within which a path stays, and may be cut off meanwhile", async () => {
    const folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
    try {
      for (const [path, data] of Object.entries(goldenFiles("bert-relu"))) writeFileSync(join(folder, path), data);
      const there = await folderCheckpoint(folder);
      const inspection = await inspectCheckpoint(there);
      await expect(there.read("../x")).rejects.toThrow(/no path within/);
      await expect(there.read("nothing")).rejects.toThrow(/no file nothing/);
      writeFileSync(
        join(folder, "model.safetensors"),
        goldenFiles("bert-relu")["model.safetensors"]!.subarray(0, 9000),
      );
      await expect(loadCheckpoint(there, inspection)).rejects.toThrow(/ends at 9000 bytes|ends at/);
      await expect(inspectCheckpoint(await folderCheckpoint(folder))).rejects.toThrow(
        /does not end where the file ends/,
      );
      await expect(folderCheckpoint(join(folder, "none"))).rejects.toThrow(/There is no folder/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
