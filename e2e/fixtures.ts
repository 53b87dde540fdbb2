/** What every browser test shares: a page that fails its test on a console error, and the words for the usual steps. */
import { test as base, expect, type Page } from "@playwright/test";

export { expect };

interface Fixtures {
  /** Everything the page reported as an error. Checked to be empty at the end; a test that provokes errors takes them out. */
  pageErrors: string[];
}

export const test = base.extend<Fixtures>({
  pageErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await use(errors);
      expect(errors, "errors in the console").toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens the Lab view with a preset and, if given, settings that differ from it. */
export async function openLab(
  page: Page,
  preset = "tiny",
  settings: Record<string, string | number> = {},
): Promise<void> {
  const query = new URLSearchParams({ preset });
  for (const [path, value] of Object.entries(settings)) query.set(path, String(value));
  await page.goto(`./#/lab?${query.toString()}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

/** Fails where the browser offers no WebGPU adapter: the tests are about WebGPU. */
export async function expectWebGpu(page: Page): Promise<void> {
  const adapter = await page.evaluate(async () => {
    const found = await navigator.gpu?.requestAdapter();
    return found ? `${found.info.vendor} ${found.info.architecture} ${found.info.description}`.trim() : null;
  });
  expect(adapter, "the browser's WebGPU adapter").not.toBeNull();
}

/** Presses Run; the button is enabled once the GPU is open. */
export async function startRun(page: Page): Promise<void> {
  const run = page.getByRole("button", { name: "Run", exact: true });
  await expect(run).toBeEnabled({ timeout: 60_000 });
  await run.click();
}

/** Waits until the page announces the run's status, in the words that a screen reader hears. */
export async function waitForStatus(page: Page, status: RegExp, timeout = 180_000): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: status })).not.toHaveCount(0, { timeout });
}
