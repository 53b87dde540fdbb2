import { defineConfig } from "@playwright/test";
import { BROWSER_FLAGS, BROWSER_HELP, findBrowser } from "./scripts/browser.mjs";

const executablePath = findBrowser();
if (!executablePath) throw new Error(BROWSER_HELP);

// Not the port of `npm start`, which may be running beside the tests.
const port = Number(process.env.E2E_PORT ?? 4187);
// A build that lies elsewhere than in dist.
const dist = process.env.E2E_DIST;

export default defineConfig({
  testDir: "e2e",
  outputDir: process.env.E2E_OUTPUT ?? "test-results",
  // One software GPU: tests side by side would only slow each other down.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 240_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    baseURL: `http://localhost:${port}`,
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    // `headless: false` keeps Playwright from its own headless flags; the browser is given --headless=new.
    headless: false,
    launchOptions: { executablePath, args: [...BROWSER_FLAGS] },
    // What is not there within half a minute does not come.
    actionTimeout: 30_000,
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
  webServer: {
    command: dist
      ? `npx vite preview --outDir ${dist} --host 127.0.0.1 --strictPort --port ${port}`
      : `node scripts/start.mjs --no-build --strict-port --port ${port}`,
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
    timeout: 30_000,
  },
});
