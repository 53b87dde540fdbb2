import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LabError } from "../core/errors";
import { folderEntries } from "./folder";

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "lab-folder-"));
  await mkdir(join(top, "set/qrels"), { recursive: true });
  await mkdir(join(top, "set/.cache"));
  await mkdir(join(top, "empty/inner"), { recursive: true });
  await writeFile(join(top, "set/qrels/test.tsv"), "a");
  await writeFile(join(top, "set/corpus.jsonl"), "b");
  await writeFile(join(top, "set/.cache/x.jsonl"), "?");
  await symlink(join(top, "set/corpus.jsonl"), join(top, "set/linked.jsonl"));
  await symlink(join(top, "set"), join(top, "set/round"));
  await symlink(join(top, "nowhere"), join(top, "set/broken.jsonl"));
});
afterAll(() => rm(top, { recursive: true }));

const texts = async (dir: string) => {
  const entries = await folderEntries(dir);
  return Promise.all(entries.map(async ({ path, bytes }) => [path, new TextDecoder().decode(await bytes())]));
};

it("lists the files below a folder, sorted, without hidden ones and without going in circles", async () => {
  const expected = [
    ["corpus.jsonl", "b"],
    ["linked.jsonl", "b"],
    ["qrels/test.tsv", "a"],
  ];
  expect(await texts(join(top, "set"))).toEqual(expected);
  expect(await texts(`${join(top, "set")}/`)).toEqual(expected);
});

it("takes a single file", async () => {
  expect(await texts(join(top, "set/corpus.jsonl"))).toEqual([["corpus.jsonl", "b"]]);
});

it.each([
  ["missing", /^There is no folder .*missing\.$/],
  ["empty", /^The folder .*empty holds no files\.$/],
  ["set/corpus.jsonl/x", /^The folder .* could not be read \(ENOTDIR\)\.$/],
])("refuses %s", async (name, message) => {
  const error: unknown = await folderEntries(join(top, name)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LabError);
  expect(error).toMatchObject({ kind: "bad-input", message: expect.stringMatching(message) });
});
