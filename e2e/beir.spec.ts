/** Collections in BEIR form: a folder, a .zip, loose and gzipped files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  asFolder,
  asZip,
  filesUnder,
  INTENTS,
  needBanking77,
  smallBanking77,
  TEST_QUERIES,
  TRAIN_QUERIES,
  temporary,
  zipBytes,
} from "./beirFolder";
import { expect, goTo, openLab, runButton, SHORT, startRun, test, waitForResult } from "./fixtures";

test.beforeEach(needBanking77);

// A tenth of the train queries is set apart for validation.
const COUNTS = `${INTENTS} documents, ${TRAIN_QUERIES * 0.9} training, ${TRAIN_QUERIES * 0.1} validation and ${TEST_QUERIES} test queries`;

test("a folder trains to the result table, and after a reload Search still knows its texts", async ({ page }) => {
  await openLab(page, "tiny", SHORT);
  await page.getByLabel("Collection: folder").setInputFiles(asFolder("banking", smallBanking77()));
  const summary = page.locator(".reading").filter({ hasText: "documents" });
  await expect(summary).toContainText(`banking: ${COUNTS}`);
  await expect(summary, "says where validation comes from").toContainText(/validation/i);
  await expect(page.getByRole("radio", { name: "your data" })).toBeChecked();
  await startRun(page);
  await waitForResult(page);
  await expect(page.getByText(`${TEST_QUERIES} test queries`).first()).toBeVisible();

  await page.reload();
  await goTo(page, "runs");
  await page.getByRole("region", { name: "Stored runs" }).getByRole("row").nth(1).getByRole("button").first().click();
  await goTo(page, "search");
  await page.getByRole("searchbox", { name: "Query" }).fill("card arrival date");
  const bm25 = page.locator(".answer").last();
  await expect(bm25.getByRole("listitem").first()).toContainText("card arrival", { timeout: 60_000 });
});

test("a dropped .zip trains to the result table", async ({ page }) => {
  await openLab(page, "tiny", SHORT);
  const bytes = Buffer.from(zipBytes("zipped", smallBanking77())).toString("base64");
  const transfer = await page.evaluateHandle((base64) => {
    const data = new DataTransfer();
    const content = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    data.items.add(new File([content], "zipped.zip", { type: "application/zip" }));
    return data;
  }, bytes);
  await page.getByText("Drop files, a folder").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(page.locator(".reading").filter({ hasText: "documents" })).toContainText(`zipped: ${COUNTS}`);
  await startRun(page);
  await waitForResult(page);
});

test("a .zip that is chosen, loose files and gzipped files give the same collection", async ({ page }) => {
  await openLab(page);
  const input = page.getByLabel("Collection: files");
  const summary = page.locator(".reading").filter({ hasText: "documents" });
  const files = smallBanking77();

  await input.setInputFiles(asZip("chosen", files));
  await expect(summary).toContainText(`chosen: ${COUNTS}`);

  await input.setInputFiles(filesUnder(asFolder("loose", files)));
  await expect(summary).toContainText(`collection: ${COUNTS}`);

  const packed = temporary();
  mkdirSync(join(packed, "packed/qrels"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(packed, "packed", `${path}.gz`), gzipSync(text));
  await page.getByLabel("Collection: folder").setInputFiles(join(packed, "packed"));
  await expect(summary).toContainText(`packed: ${COUNTS}`);
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
});
