import { expect, it } from "vitest";
import { droppedFiles, inputFiles } from "./picked";

const file = (name: string) => new File(["x"], name);
const fileEntry = (fullPath: string) => ({
  isFile: true,
  fullPath,
  file: (done: (f: File) => void) => done(file(fullPath.split("/").at(-1)!)),
});
const folderEntry = (children: unknown[], atOnce: number) => ({
  isFile: false,
  createReader: () => {
    const left = [...children];
    return { readEntries: (done: (part: unknown[]) => void) => done(left.splice(0, atOnce)) };
  },
});
const transfer = (entries: unknown[]) =>
  ({ items: entries.map((e) => ({ webkitGetAsEntry: () => e })), files: [] }) as unknown as DataTransfer;

it("opens dropped folders to the bottom, also those that come in parts", async () => {
  const many = Array.from({ length: 250 }, (_, i) => fileEntry(`/data/qrels/${i}.tsv`));
  const picked = await droppedFiles(
    transfer([folderEntry([fileEntry("/data/corpus.jsonl"), folderEntry(many, 100)], 1), fileEntry("/a.zip")]),
  );
  expect(picked).toHaveLength(252);
  expect(picked[0]!.path).toBe("data/corpus.jsonl");
  expect(picked[251]!.path).toBe("a.zip");
});

it("takes loose files where the browser knows no entries", async () => {
  const loose = { items: [], files: [file("queries.jsonl")] } as unknown as DataTransfer;
  expect((await droppedFiles(loose)).map((p) => p.path)).toEqual(["queries.jsonl"]);
});

it("keeps the folders of a picked folder", () => {
  const picked = Object.assign(file("test.tsv"), { webkitRelativePath: "data/qrels/test.tsv" });
  expect(inputFiles([picked, file("a.zip")] as unknown as FileList).map((p) => p.path)).toEqual([
    "data/qrels/test.tsv",
    "a.zip",
  ]);
  expect(inputFiles(null)).toEqual([]);
});
