/** axe finds no violation: every view, light and dark, wide and narrow, before a run and after one. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { contextOptions, expect, goTo, openLab, runButton, test, VIEWS } from "./fixtures";

const WIDTHS = [1440, 390] as const;
const THEMES = ["light", "dark"] as const;

test("before a run", async ({ browser }, info) => {
  const context = await browser.newContext(contextOptions(info.project.use));
  const page = await context.newPage();
  await openLab(page);
  await expect(page.locator(".reading").filter({ hasText: "documents" })).toBeVisible({ timeout: 30_000 });
  await expectNoViolation(page);
  await context.close();
});

test("after a run, with answers in Search", async ({ run }) => {
  const { page } = run;
  await goTo(page, "search");
  const box = page.getByRole("searchbox", { name: "Query" });
  await box.fill("a soft carpet");
  await expect(page.locator(".answer")).toHaveCount(5, { timeout: 60_000 });
  await expectNoViolation(page);
});

test("with windows, menus and settings open, and with faults told", async ({ run }) => {
  const { page } = run;
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await check(page, "the list of keys");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Save the loss charts" }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  await check(page, "a menu");
  await page.keyboard.press("Escape");

  const closed = page.getByRole("complementary").locator("button[slot=trigger][aria-expanded=false]");
  for (let left = await closed.count(); left > 0; left--) {
    await closed.first().click();
    await expect(closed).toHaveCount(left - 1);
  }
  await page.getByLabel("Collection: files").setInputFiles({
    name: "corpus.jsonl",
    mimeType: "application/json",
    buffer: Buffer.from("not JSON\n"),
  });
  await expect(page.getByRole("complementary").getByRole("alert")).toBeVisible();
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await check(page, `all settings open, a fault told, ${theme}`);
  }
  await page.reload();
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
});

/** Looks at every view in every width and theme, and leaves the page as it was. */
async function expectNoViolation(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const view of VIEWS) {
      await goTo(page, view);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await check(page, `${view}, ${width} wide, ${theme}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: null });
}

async function check(page: Page, what: string): Promise<void> {
  // Colours are compared at rest, not on their way.
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((n) => `  ${n.target.join(" ")}: ${n.failureSummary}`).join("\n")}`,
  );
  expect.soft(told.join("\n"), `axe, ${what}`).toBe("");
  expect(passes.length, `rules that axe could apply, ${what}`).toBeGreaterThan(10);
}
