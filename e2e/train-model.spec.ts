/** A language model from a text of the user's, trained in the page, stopped by a reload and gone on with, and used. */
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { unzipSync } from "fflate";
import { expect, expectWebGpu, openLab, savedFile, test } from "./fixtures";

const TEXT = Array.from(
  { length: 240 },
  (_, i) => `The ${["oak", "elm", "ash"][i % 3]} by bench ${i % 7} drops its leaves in week ${i % 11}.`,
).join("\n");

test("a language model is trained on a dropped text, survives a reload, and starts the teacher", async ({ page }) => {
  await openLab(page);
  await expectWebGpu(page);
  const dialog = page.getByRole("dialog");
  const open = async (tab = page) => {
    const trigger = tab.getByRole("button", { name: /^Teacher/ });
    if ((await trigger.getAttribute("aria-expanded")) !== "true") await trigger.click();
    await tab.getByRole("button", { name: /^(Choose a model|Change)$/ }).click();
    await tab.getByRole("dialog").getByRole("radio", { name: "Train one" }).click();
  };
  const expectAccessible = async () => {
    const { violations } = await new AxeBuilder({ page }).include("[role=dialog]").analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  };
  await open();
  // What the defaults take, on notes that the page writes.
  await expect(dialog).toContainText("2,457,600 in all steps");
  await expect(dialog.getByRole("button", { name: "Train it" })).toBeEnabled();

  await dialog.getByRole("radio", { name: "your text" }).click();
  await expect(dialog.getByRole("button", { name: "Train it" })).toBeDisabled();
  const give = (name: string, text: string) =>
    dialog.getByLabel("Text: files").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  await give("bad.jsonl", '{"text":"One."}\n{"text":3}');
  await expect(dialog.getByRole("alert")).toContainText("bad.jsonl, line 2, field text: it is a number.");
  await give("trees.txt", TEXT);
  await expect(dialog).toContainText("240 texts from 1 file.");

  await dialog.getByRole("button", { name: /^0\.1M/ }).click();
  await page.getByRole("option", { name: /^Other/ }).click();
  const set = async (label: string, value: string) => {
    const field = dialog.getByRole("textbox", { name: label, exact: true });
    await field.fill(value);
    await field.press("Tab");
  };
  await set("Width", "16");
  await set("Layers", "1");
  await set("Steps", "0");
  await expect(dialog).toContainText("Steps 0 is under the least that can be had; taken is 1.");
  await set("Steps", "600");
  await dialog.getByText("Vocabulary and rows").click();
  await set("Vocabulary", "320");
  await set("Row", "16");
  await set("Rows a step", "2");
  await set("Name", "trees");
  await expect(dialog).toContainText("19,200 in all steps");
  await expectAccessible();
  await dialog.getByRole("button", { name: "Train it" }).click();

  // Paused, nothing else can begin; what was done outlives the page.
  await expect(dialog).toContainText(/Step [1-9]/, { timeout: 60_000 });
  await dialog.getByRole("button", { name: "Pause" }).click();
  await expect(dialog).toContainText("Paused. Step");
  const other = await page.context().newPage();
  await openLab(other);
  await open(other);
  await expect(other.getByRole("dialog")).toContainText("It is being trained in another tab");
  await expect(other.getByRole("dialog").getByRole("button", { name: "Go on" })).toHaveCount(0);
  await dialog.getByRole("button", { name: "Stop" }).click();
  await expect(dialog).toContainText("steps are done and kept");
  await expect(other.getByRole("dialog")).toContainText("Not finished");
  await other.close();
  await page.reload();
  await open();
  await expect(dialog).toContainText(/Not finished: [\d,]+ of 600 steps/);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog).toContainText("Trained and kept here", { timeout: 60_000 });
  await expect(dialog).toContainText("on held-out text at step 600");
  await expectAccessible();

  const zip = await savedFile(page, () => dialog.getByRole("button", { name: "Export as .zip" }).click());
  const files = unzipSync(await readFile(zip));
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json"]));
  expect(new TextDecoder().decode(files["README.md"])).toContain("trees.txt: 240 texts.");

  await dialog.getByRole("button", { name: "Start the teacher from it" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("trees: its shape")).toBeVisible();
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
});
