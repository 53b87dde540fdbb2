/** Browsers without WebGPU, or without an adapter: the page says why and how to go on, and the recorded run replays. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { BROWSER_FLAGS, findBrowser } from "../scripts/browser.mjs";
import {
  contextOptions,
  errorsOf,
  expect,
  expectResultTable,
  goTo,
  runButton,
  SHORT,
  startRun,
  test,
  waitForResult,
} from "./fixtures";
import { builtPage, serveUnder } from "./static";

// The flags that bring WebGPU on a software adapter are left out.
const WITHOUT = BROWSER_FLAGS.filter((flag) => !/webgpu|vulkan/i.test(flag));

async function withBrowser(flags: string[], baseURL: string | undefined, use: (page: Page) => Promise<void>) {
  const executablePath = findBrowser();
  const browser: Browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    headless: false,
    args: [...WITHOUT, ...flags],
  });
  try {
    const page = await (await browser.newContext(contextOptions({ baseURL }))).newPage();
    const errors = errorsOf(page);
    await use(page);
    expect(errors, "errors in the console").toEqual([]);
  } finally {
    await browser.close();
  }
}

test("without WebGPU the page explains itself, and the recorded run replays in the same charts", async ({
  baseURL,
}) => {
  await withBrowser([], baseURL, async (page) => {
    await takeAwayWebGpu(page);
    await page.goto("./");
    expect(await page.evaluate(() => "gpu" in navigator)).toBe(false);
    await expect.poll(() => page.workers()[0]?.evaluate(() => "gpu" in navigator)).toBe(false);
    await expectExplanation(page, "This browser does not offer WebGPU.");
    await expectReplay(page);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual([]);
    }
  });
});

test("where the page was not opened over https, which keeps WebGPU away, the recorded run replays too", async () => {
  const server = await serveUnder(builtPage(), "/");
  await withBrowser(["--host-resolver-rules=MAP lab.test 127.0.0.1"], undefined, async (page) => {
    await page.goto(server.url.replace("localhost", "lab.test"));
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await expectExplanation(page, "This browser does not offer WebGPU.");
    await expectReplay(page);
  }).finally(() => server.close());
});

test("with WebGPU but no adapter the page says so, and looks again when asked", async ({ baseURL }) => {
  await withBrowser(["--disable-gpu", "--disable-software-rasterizer"], baseURL, async (page) => {
    await page.goto("./");
    const message = await page.evaluate(() => ("gpu" in navigator ? "no graphics adapter" : "does not offer WebGPU"));
    await expectExplanation(page, message);
    await page.getByRole("button", { name: "Look for a GPU again" }).click();
    await expectExplanation(page, message);
  });
});

test("without WebGPU, Tiny trains on the CPU to its table, under a sub-path and without isolation", async () => {
  const server = await serveUnder(builtPage(), "/some/where/lab/");
  await withBrowser([], undefined, async (page) => {
    await takeAwayWebGpu(page);
    const wasm: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith(".wasm")) wasm.push(request.url());
    });
    const query = new URLSearchParams({ preset: "tiny" });
    for (const [path, value] of Object.entries(SHORT)) query.set(path, String(value));
    await page.goto(`${server.url}#/lab?${query}`);
    await expectExplanation(page, "This browser does not offer WebGPU.");
    expect(wasm, "the CPU's program before it is asked for").toEqual([]);
    await page.getByRole("button", { name: "Compute on the CPU" }).click();
    const status = page.getByRole("contentinfo");
    await expect(status).toContainText("Ready on the CPU (WebAssembly)");
    expect(wasm).toHaveLength(1);
    expect(wasm[0]).toContain("/some/where/lab/assets/");
    await startRun(page);
    await waitForResult(page);
    await expect(status).toContainText("Times here are CPU times, not latencies");
    expect(server.missing.filter((path) => path !== "/favicon.ico")).toEqual([]);
    // What is larger is refused in words.
    await page.getByRole("button", { name: "Preset" }).click();
    await page.getByRole("option", { name: "Quick" }).click();
    await runButton(page).click();
    await expect(page.getByRole("main").getByRole("alert")).toContainText("Choose the preset Tiny");
  }).finally(() => server.close());
});

/** Chromium's own switches do not take the interface itself away. */
async function takeAwayWebGpu(page: Page): Promise<void> {
  await page.addInitScript(() => {
    delete (Navigator.prototype as { gpu?: GPU }).gpu;
  });
  await page.route(/worker[^/]*\.js$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `delete WorkerNavigator.prototype.gpu;${await answer.text()}` });
  });
}

async function expectExplanation(page: Page, why: string): Promise<void> {
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("This browser cannot train on your GPU", { timeout: 30_000 });
  await expect(alert).toContainText(why);
  await expect(alert).toContainText(/You are on Chrome \d+/);
  await expect(page.getByRole("main")).toContainText("chrome://gpu");
  await expect(page.getByRole("contentinfo")).toContainText("No GPU in this browser");
  await expect(runButton(page)).toBeDisabled();
}

/** Plays what ships with the page, and compares it with the archive itself. */
async function expectReplay(page: Page): Promise<void> {
  const archive = unzipSync(readFileSync(join(builtPage(), "recorded/default.zip")));
  const entry = Object.entries(archive).find(([path]) => path.endsWith("result.json"));
  const recorded = JSON.parse(new TextDecoder().decode(entry?.[1])) as {
    name: string;
    adapter: { description: string };
  };
  const player = page.getByRole("region", { name: "Replay", exact: true });
  await expect(player).toContainText(recorded.name);
  // Honest about where it was measured.
  await expect(player).toContainText(`recorded on ${recorded.adapter.description}`);
  const slider = player.getByRole("slider", { name: "Position in the recorded run" });
  await slider.fill("0");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(recorded.name);
  await expect(page.getByRole("region", { name: "Result table" })).toHaveCount(0);

  await player.getByText("16×").click();
  const play = player.getByRole("button", { name: "Play the replay" });
  if (await play.isVisible()) await play.click();
  await expect.poll(async () => Number(await slider.inputValue()), { timeout: 15_000 }).toBeGreaterThan(0);
  await expect(page.getByRole("region", { name: /Replaying$/ })).not.toHaveCount(0);
  await player.getByRole("button", { name: "Pause the replay" }).click();

  const length = Number(await slider.getAttribute("max"));
  await slider.fill(String(length));
  await expectResultTable(page);
  await expect(page.locator("svg.recharts-surface").first()).toBeVisible();
  await goTo(page, "runs");
  await expect(page.getByRole("main")).toContainText("No runs yet");
  await goTo(page, "search");
  await expect(page.getByRole("main")).toContainText("Search needs a finished run");
  await goTo(page, "lab");
  await expectResultTable(page);
}
