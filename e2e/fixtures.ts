/**
 * What every browser test shares: pages that fail their test on a console error, one finished run of the tiny experiment
 * that many tests look at, and the words for the usual steps.
 */
import { readFileSync } from "node:fs";
import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  type Download,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import { type MainThread, watchMainThread } from "./mainThread";

export { expect };

export const VIEWS = ["lab", "scaling", "ablation", "search", "runs"] as const;

/** The five systems in the words of the page, in the order of its tables. */
export const SYSTEM_NAMES = ["Teacher", "ScalingNote", "ScalingDoc", "TwinBERT", "BM25"] as const;

/** The tiny experiment in about ten seconds: for tests of the way, not of what is learnt. */
export const SHORT = {
  "stage1.steps": 6,
  "stage2.steps": 6,
  "training.validateEvery": 3,
  "training.saveEvery": 1,
  "evaluation.bootstrap": 100,
} as const;

/** A run of the tiny experiment, done, on a page that stays open for all tests of a Playwright worker. */
export interface FinishedRun {
  page: Page;
  context: BrowserContext;
  name: string;
  curves: Curves;
  mainThread: MainThread;
  /** What the page reported as errors since the last look. */
  errors: string[];
}

interface WorkerFixtures {
  finished: FinishedRun;
}

interface Fixtures {
  /** The finished run, shown in the Lab at 1440 x 900. */
  run: FinishedRun;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  page: async ({ page }, use) => {
    const errors = errorsOf(page);
    await use(page);
    expect(errors, "errors in the console").toEqual([]);
  },
  finished: [
    async ({ browser }, use, info) => {
      const context = await browser.newContext(contextOptions(info.project.use));
      const page = await context.newPage();
      const errors = errorsOf(page);
      await openLab(page);
      await expectWebGpu(page);
      await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
      const trace = await watchMainThread(page);
      await startRun(page);
      await waitForStatus(page, /The run is done/);
      const mainThread = await trace.stop();
      const name = (await page.getByRole("heading", { level: 1 }).textContent()) ?? "";
      const curves = await saveCurves(page);
      await use({ page, context, name, curves, mainThread, errors });
      await context.close();
    },
    { scope: "worker", timeout: 240_000 },
  ],
  run: async ({ finished }, use) => {
    const { page, errors } = finished;
    await page.setViewportSize({ width: 1440, height: 900 });
    await goTo(page, "lab");
    await use(finished);
    expect(errors.splice(0), "errors in the console").toEqual([]);
  },
});

/** Options of the project for contexts that a test makes itself; `browser.newContext()` knows nothing of them. */
export function contextOptions(use: { baseURL?: string | undefined }): BrowserContextOptions {
  return { viewport: { width: 1440, height: 900 }, ...(use.baseURL ? { baseURL: use.baseURL } : {}) };
}

/** Everything that a page reports as an error from now on. */
export function errorsOf(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return errors;
}

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

/** Goes to a view by the navigation. */
export async function goTo(page: Page, view: (typeof VIEWS)[number]): Promise<void> {
  const link = page
    .getByRole("navigation", { name: "Views" })
    .getByRole("link", { name: new RegExp(`^${view}$`, "i") });
  await link.click();
  await expect(link).toHaveAttribute("aria-current", "page");
  await expect(page.locator("main[aria-busy=true]")).toHaveCount(0);
}

/** Fails where the browser offers no WebGPU adapter: the tests are about WebGPU. */
export async function expectWebGpu(page: Page): Promise<void> {
  const adapter = await page.evaluate(async () => {
    const found = await navigator.gpu?.requestAdapter();
    return found ? `${found.info.vendor} ${found.info.architecture} ${found.info.description}`.trim() : null;
  });
  expect(adapter, "the browser's WebGPU adapter").not.toBeNull();
}

/** The Run button of the settings panel (a small screen has its own). */
export function runButton(page: Page): Locator {
  return page.getByRole("button", { name: "Run", exact: true });
}

/** Presses Run; the button is enabled once the GPU is open. */
export async function startRun(page: Page): Promise<void> {
  await expect(runButton(page)).toBeEnabled({ timeout: 60_000 });
  await runButton(page).click();
}

/** Waits until the page announces the run's status, in the words that a screen reader hears. */
export async function waitForStatus(page: Page, status: RegExp, timeout = 180_000): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: status })).not.toHaveCount(0, { timeout });
}

/** Waits until a stage is done to so many percent, by what the page's header says of it. */
export async function reached(page: Page, stage: string, least: number): Promise<void> {
  const chip = page.getByRole("banner").locator(".livechip");
  const percent = async () => Number(new RegExp(`${stage}, (\\d+) %`).exec((await chip.textContent()) ?? "")?.[1] ?? 0);
  await expect.poll(percent, { timeout: 90_000, intervals: [50] }).toBeGreaterThanOrEqual(least);
}

/** Waits for the end of a run: its table. What goes wrong before that is told at once, not after the time is up. */
export async function waitForResult(page: Page, timeout = 180_000): Promise<void> {
  const problem = page.getByRole("main").getByRole("alert");
  await expect(resultTable(page).or(problem).first()).toBeVisible({ timeout });
  expect(await problem.allTextContents(), "problems of the run").toEqual([]);
  await expectResultTable(page);
}

const resultTable = (page: Page) => page.getByRole("region", { name: "Result table" }).getByRole("table");

/** The result table names the five systems, each with a recall, an interval around it, and a retention. */
export async function expectResultTable(page: Page): Promise<void> {
  const table = resultTable(page);
  await expect(table).toBeVisible();
  await expect(table.getByRole("rowheader")).toHaveCount(SYSTEM_NAMES.length);
  for (const [i, name] of SYSTEM_NAMES.entries()) {
    const row = table.getByRole("row").nth(i + 1);
    await expect(row.getByRole("rowheader")).toContainText(name);
    const [recall = "", retention = ""] = await row.getByRole("cell").allTextContents();
    expect(recall, `${name}'s recall@10`).toMatch(/^(0|1|0?\.\d+|1\.0+)\s*\[.+, .+\]$/);
    expect(retention, `${name}'s retention`).toMatch(/^\d+(\.\d+)?\s?%$/);
  }
}

/** Curves as the page saves them: system -> measure -> values in the order of the steps. */
export type Curves = Record<string, Record<string, { step: number; value: number }[]>>;

/** Saves the curves by the menu of the loss card, and reads them. */
export async function saveCurves(page: Page): Promise<Curves> {
  await page.getByRole("button", { name: "Save the loss charts" }).click();
  const text = await saved(page, () => page.getByRole("menuitem", { name: "Curves as CSV" }).click());
  const curves: Curves = {};
  for (const line of text.trim().split("\n").slice(1)) {
    const [system = "", step = "", measure = "", value = ""] = line.split(",");
    curves[system] ??= {};
    curves[system][measure] ??= [];
    curves[system][measure].push({ step: Number(step), value: Number(value) });
  }
  return curves;
}

/** The text of the file that a click saves. */
export async function saved(page: Page, click: () => Promise<void>): Promise<string> {
  return readFileSync(await savedFile(page, click), "utf8");
}

/** Where the file lies that a click saves. */
export async function savedFile(page: Page, click: () => Promise<void>): Promise<string> {
  const download: Promise<Download> = page.waitForEvent("download");
  await click();
  return (await download).path();
}
