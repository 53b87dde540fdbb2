/** 100,000 documents: the page goes on answering while they are read, and the reading can be stopped. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { temporary } from "./beirFolder";
import { expect, openLab, test } from "./fixtures";
import { watchMainThread } from "./mainThread";

const DOCUMENTS = 100_000;
const QUERIES = 5_000;
const WORDS = "a text of some words that is long enough to take its time when it is read in a worker of the page".split(
  " ",
);

/** A folder in BEIR form, about 45 MB unpacked. */
function largeFolder(): string {
  const folder = join(temporary(), "large");
  mkdirSync(join(folder, "qrels"), { recursive: true });
  const lines = (n: number, line: (i: number) => string) =>
    gzipSync(Array.from({ length: n }, (_, i) => line(i)).join("\n"), { level: 1 });
  const text = (i: number) => Array.from({ length: 60 }, (_, j) => WORDS[(i * 7 + j * j) % WORDS.length]).join(" ");
  const write = (path: string, bytes: Uint8Array) => writeFileSync(join(folder, path), bytes);
  write(
    "corpus.jsonl.gz",
    lines(DOCUMENTS, (i) => JSON.stringify({ _id: `d${i}`, title: `Title ${i}`, text: `${i} ${text(i)}` })),
  );
  write(
    "queries.jsonl.gz",
    lines(QUERIES, (i) => JSON.stringify({ _id: `q${i}`, text: `where is ${i}` })),
  );
  write(
    "qrels/train.tsv.gz",
    lines(QUERIES, (i) => `q${i}\td${i}\t1`),
  );
  return folder;
}

test("are read without a long task, and may be stopped on the way", async ({ page }) => {
  const folder = largeFolder();
  await openLab(page);
  const summary = page.locator(".reading").filter({ hasText: "documents" });
  await expect(summary).toContainText("Notes: 300 documents");
  const before = await summary.textContent();
  const input = page.getByLabel("Collection: folder");
  await input.setInputFiles(folder);
  await page.getByRole("complementary").getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("complementary").getByRole("progressbar")).toHaveCount(0);
  expect(await summary.textContent()).toBe(before);
  await expect(page.getByRole("complementary").getByRole("alert")).toHaveCount(0);

  const trace = await watchMainThread(page);
  const began = Date.now();
  await input.setInputFiles(folder);
  await expect(summary).toContainText("large: 100,000 documents", { timeout: 60_000 });
  const seconds = (Date.now() - began) / 1000;
  const { tasks, longest } = await trace.stop();
  console.log(`${seconds.toFixed(1)} s; the longest task took ${tasks[0]?.toFixed(1)} ms of CPU: ${longest[0]}`);
  expect(tasks[0], longest.join("\n")).toBeGreaterThan(0);
  expect(tasks[0], longest.join("\n")).toBeLessThan(50);
});
