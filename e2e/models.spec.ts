/** Models from a hub and an address, broken connections, a run from two of them without the network, and back again. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { checkpointFiles } from "../src/core/checkpoints/folder.test-helper";
import { modelServer } from "../src/core/checkpoints/library/server.test-helper";
import type { TowerConfig } from "../src/core/towers/types";
import { expect, goTo, openLab, SHORT, savedFile, startRun, test, waitForResult } from "./fixtures";

const shape = { vocabulary: 400, maxTokens: 32, heads: 2 } as const;
const bert: TowerConfig = {
  ...shape,
  kind: "encoder",
  width: 16,
  layers: 2,
  kvHeads: 2,
  hidden: 32,
  pooling: "mean",
  embeddingSize: 12,
  typeVocabulary: 2,
};
const qwen: TowerConfig = {
  ...shape,
  kind: "decoder",
  width: 12,
  layers: 1,
  kvHeads: 1,
  hidden: 16,
  pooling: "last",
  embeddingSize: 12,
  attentionBias: "qkv",
  projection: false,
};
const TEXTS = [
  "a note about the kettle",
  "how do I plant clematis",
  "warm bread with butter",
  "my terrier sleeps well",
];

let server: Awaited<ReturnType<typeof modelServer>>;
test.beforeEach(async () => {
  server = await modelServer({
    "own/bert": checkpointFiles(bert, 1, TEXTS, { query: "ask: " }),
    "own/qwen": checkpointFiles(qwen, 2, TEXTS),
  });
});
test.afterEach(() => server.close());

const dialog = (page: Page) => page.getByRole("dialog");

async function chooseFor(page: Page, group: "Teacher" | "Student"): Promise<void> {
  const trigger = page.getByRole("button", { name: new RegExp(`^${group}`) });
  if ((await trigger.getAttribute("aria-expanded")) !== "true") await trigger.click();
  await page.getByRole("button", { name: /^(Choose a model|Change)$/ }).click();
  await expect(dialog(page)).toContainText(`The ${group.toLowerCase()} starts from`);
}

async function closeGroup(page: Page, group: "Teacher" | "Student"): Promise<void> {
  await page.getByRole("button", { name: new RegExp(`^${group}`) }).click();
}

const recalls = async (page: Page) => {
  const rows = page.getByRole("region", { name: "Result table" }).getByRole("row");
  const value = async (i: number) =>
    Number(/[\d.]+/.exec((await rows.nth(i).getByRole("cell").first().textContent()) ?? "")?.[0]);
  return { teacher: await value(1), student: await value(2) };
};

test("a small BERT of a hub and a small Qwen2 of an address: fetched over a broken line, distilled offline, exported and read back", async ({
  page,
}) => {
  test.setTimeout(240_000);
  await openLab(page, "tiny", { ...SHORT, "teacher.sharedTowers": "true", "training.loadedRate": "0.002" });

  // The line breaks and does not come back: what came is kept.
  await chooseFor(page, "Teacher");
  await dialog(page).getByRole("radio", { name: "Hub" }).click();
  await dialog(page).getByRole("textbox", { name: "Model" }).fill("own/bert");
  await dialog(page).getByText("Another hub").click();
  await dialog(page).getByLabel("Address of the hub").fill(server.url);
  await dialog(page).getByRole("button", { name: "Look at it" }).click();
  await expect(dialog(page)).toContainText("bert: encoder, 2 layers, 16 wide");
  await expect(dialog(page)).toContainText("“ask: ”");
  server.breakAfter("model.safetensors", [5000, 0, 0, 0, 0]);
  await dialog(page).getByRole("button", { name: "Fetch it" }).click();
  // The button is disabled meanwhile; the keyboard stays in the window.
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(true);
  await expect(dialog(page).getByRole("alert")).toContainText("5000 of", { timeout: 30_000 });
  await dialog(page).getByRole("button", { name: "Back" }).click();
  await dialog(page).getByRole("radio", { name: "Here" }).click();
  await expect(dialog(page).getByRole("listitem").filter({ hasText: "own/bert" })).toContainText("are here");

  // After a reload it goes on from there.
  await page.reload();
  await chooseFor(page, "Teacher");
  const kept = dialog(page).getByRole("listitem").filter({ hasText: "own/bert" });
  await kept.getByRole("button", { name: "Go on" }).click();
  await kept.getByRole("button", { name: "Use own/bert" }).click({ timeout: 30_000 });
  expect(server.ranges("model.safetensors")).toContain("bytes=5000-");
  await expect(page.getByText("own/bert: its shape")).toBeVisible();
  await closeGroup(page, "Teacher");

  await chooseFor(page, "Student");
  await dialog(page).getByRole("radio", { name: "Address" }).click();
  await dialog(page).getByRole("textbox", { name: "Address", exact: true }).fill(`${server.url}/own/qwen/resolve/main`);
  await dialog(page).getByRole("button", { name: "Look at it" }).click();
  await expect(dialog(page)).toContainText("qwen2: decoder, 1 layer, 12 wide");
  await dialog(page).getByRole("button", { name: "Fetch it" }).click();
  await dialog(page)
    .getByRole("button", { name: /^Use main/ })
    .click({ timeout: 30_000 });
  await closeGroup(page, "Student");

  // From here on there is no hub.
  await server.close();
  await page.reload();
  await startRun(page);
  await waitForResult(page);
  const first = await recalls(page);
  expect(first.teacher).toBeGreaterThan(0);

  // What it exports, where its results are shown or stored, is a folder that the page takes back, and finds as much with.
  const folders: Record<"teacher" | "student", string> = { student: "", teacher: "" };
  for (const which of ["student", "teacher"] as const) {
    if (which === "teacher") await goTo(page, "runs");
    const menu = which === "teacher" ? page : page.getByRole("region", { name: "Results" });
    await menu
      .getByRole("button", { name: which === "teacher" ? "Export" : "Save" })
      .first()
      .click();
    const item = page.getByRole("menuitem", { name: new RegExp(`^${which}.*sentence-transformers`, "i") });
    const zip = await readFile(await savedFile(page, () => item.click()));
    folders[which] = mkdtempSync(join(tmpdir(), `${which}-`));
    for (const [path, bytes] of Object.entries(unzipSync(zip))) {
      mkdirSync(dirname(join(folders[which], path)), { recursive: true });
      writeFileSync(join(folders[which], path), bytes);
    }
  }
  const still = { "stage1.steps": 1, "stage2.steps": 1, "training.loadedRate": 1e-6, "training.warmup": 0 };
  await openLab(page, "tiny", { ...SHORT, "teacher.sharedTowers": "true", ...still });
  await page.reload();
  for (const group of ["Teacher", "Student"] as const) {
    await chooseFor(page, group);
    await dialog(page).getByRole("radio", { name: "Files" }).click();
    const folder = folders[group === "Teacher" ? "teacher" : "student"];
    await dialog(page).getByLabel("Model: folder").setInputFiles(folder);
    await dialog(page).getByRole("button", { name: "Keep a copy here" }).click();
    await dialog(page)
      .getByRole("button", { name: new RegExp(`^Use .*${group}`, "i") })
      .click();
    await closeGroup(page, group);
  }
  await startRun(page);
  await waitForResult(page);
  const again = await recalls(page);
  // One step at a rate of a millionth: a document at the tenth place may change it by one of the 60 queries.
  expect(Math.abs(again.teacher - first.teacher)).toBeLessThan(0.02);
  expect(Math.abs(again.student - first.student)).toBeLessThan(0.02);
});

test("a bundled model starts the teacher by its words", async ({ page }) => {
  await openLab(page, "tiny", SHORT);
  await chooseFor(page, "Teacher");
  await dialog(page).getByRole("button", { name: "Use notes-lm-0.1m" }).click();
  await expect(page.getByText("notes-lm-0.1m: its shape")).toBeVisible();
  await expect(page.getByText("Both towers start from one checkpoint.")).toBeVisible();
  await startRun(page);
  await waitForResult(page);
});
