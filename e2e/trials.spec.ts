/** A sweep's file in the page: charts, tables, brushes, exports, faults in words; axe and keyboard with trials shown. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { gridTrials, recordOf, scalingTrials } from "../src/core/analysis/synthetic.test-helper";
import type { Trial } from "../src/core/analysis/trial";
import { expect, goTo, openLab, test } from "./fixtures";

const lines = (trials: readonly Trial[]) => trials.map((t) => `${JSON.stringify(recordOf(t))}\n`).join("");
const grid = gridTrials(
  { "stage2.mseWeight": [0, 10, 50], "stage2.mseOn": ["raw", "normalised"] },
  (a) => (a["stage2.mseOn"] === "raw" ? 0.7 : 0.6),
  [7, 8],
).map((trial) => ({
  ...trial,
  rankings: Array.from({ length: 120 }, (_, place) => ({
    place,
    id: `q${place}`,
    text: `<b>query</b> ${place}`,
    relevant: { d1: 2 },
    top: { teacher: ["d1", "d2"], scalingnote: ["d2", "d3"] },
  })),
}));

async function give(page: Page, text: string, name = "trials.jsonl"): Promise<void> {
  await page
    .getByLabel("Trials: files")
    .setInputFiles({ name, mimeType: "application/x-ndjson", buffer: Buffer.from(text) });
}

async function expectNoViolation(page: Page, what: string): Promise<void> {
  for (const [width, colorScheme] of [
    [1440, "light"],
    [390, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map((v) => `${v.id}: ${v.help} ${v.nodes.map((n) => n.target.join(" ")).join("; ")}`);
    expect.soft(told.join("\n"), `axe, ${what}, ${width}, ${colorScheme}`).toBe("");
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${what}, ${width}`).toBeLessThanOrEqual(
      width,
    );
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("an ablation is compared, brushed, sorted, saved and applied", async ({ page }) => {
  await openLab(page);
  await goTo(page, "ablation");
  await give(page, "not JSON\n");
  await expect(page.getByRole("alert")).toContainText("trials.jsonl, line 1: this is not JSON");
  await give(page, lines(grid));
  await expect(page.getByText("6 configurations, 2 seeds")).toBeVisible();
  await expect(page.getByRole("img", { name: /^Heat map of recall@10/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Importance, main effects/ })).toBeVisible();
  await expect(page.getByText(/^Best: MSE weight/)).toBeVisible();
  const pair = page.getByRole("region", { name: /^Both rankings for <b>query<\/b> / });
  await expect(pair.getByRole("listitem").filter({ hasText: "relevant" })).toHaveText(/^1\s*Document d1/);
  // The records come without their collection: other data stands in for nothing.
  await expect(pair.getByText(/The data at hand is not what this trial was measured on/)).toBeVisible();
  await expectNoViolation(page, "ablation");

  const brush = page.getByRole("group", { name: /^Brush on MSE weight/ });
  await brush.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByText(/within the brush|No value of a setting|lie within/)).toBeVisible();
  await page.keyboard.press("Escape");

  const table = page.getByRole("region", { name: "Table of configurations" });
  await table.getByRole("button", { name: "MSE weight", exact: true }).click();
  await expect(table.getByRole("columnheader", { name: "MSE weight" })).toHaveAttribute("aria-sort", "ascending");
  await page.getByRole("button", { name: "Save: Two settings" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "CSV" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("grid.csv");

  await table.getByRole("button", { name: /^Apply to the Lab: MSE weight 0, apply MSE after norm/ }).click();
  await expect(page).toHaveURL(/#\/lab/);
  await expect(page.locator(".diff").filter({ hasText: "MSE weight" }).first()).toContainText("→ 0");
});

test("laws are fitted in the worker, with what speaks against them", async ({ page }) => {
  await openLab(page);
  await goTo(page, "scaling");
  await give(page, lines(scalingTrials(undefined, [5_000, 20_000, 80_000])));
  await expect(page.getByRole("img", { name: /with a fitted curve; held out/ })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/Held-out error/)).toBeVisible();
  await expectNoViolation(page, "scaling");
  await page.getByRole("radio", { name: "Chinchilla" }).click();
  await expect(page.getByText(/10 times the parameters and training pairs/)).toBeVisible({ timeout: 30_000 });
  await page.getByRole("textbox", { name: "Training FLOPs" }).fill("1e12");
  await page.getByRole("button", { name: "Split" }).click();
  await expect(page.getByText(/^1 TFLOP:/)).toBeVisible({ timeout: 30_000 });
  await page.getByRole("radio", { name: "L(D)" }).click();
  await expect(page.getByText(/Only 2 points/)).toBeVisible({ timeout: 30_000 });
});
