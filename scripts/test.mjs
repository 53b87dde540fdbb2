/**
 * npm test: everything that is checked, in order, to the end even where a part fails. One line a part, and last
 * "N passed, N failed" over the unit and the browser tests. Fails where anything failed or no test ran.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BROWSER_HELP, findBrowser } from "./browser.mjs";
import { runChild } from "./child.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "out");
const node = process.execPath;
const bin = (name) => join(root, "node_modules", name);

/** What a reporter wrote; null where it did not get that far. */
function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

/** @returns counts of vitest's JSON report; a file that could not be loaded counts as one failure */
function vitestCounts(file) {
  const report = readReport(file);
  if (!report) return { passed: 0, failed: 0, skipped: 0 };
  const unloaded = report.testResults.filter((r) => r.status === "failed" && r.assertionResults.length === 0).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @returns counts of Playwright's JSON report; there are no retries, so a flaky test cannot hide */
function playwrightCounts(file) {
  const report = readReport(file);
  if (!report) return { passed: 0, failed: 0, skipped: 0 };
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected, failed: unexpected + flaky, skipped };
}

async function ensureBrowser() {
  if (findBrowser()) return true;
  if (!process.env.CHROMIUM_PATH) {
    console.error("No Chromium here: Playwright is asked for one.");
    await runChild("npx", ["playwright", "install", "chromium"], { cwd: root, shell: process.platform === "win32" });
  }
  if (findBrowser()) return true;
  console.error(BROWSER_HELP);
  return false;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const vitestReport = join(out, "vitest.json");
const playwrightReport = join(out, "playwright.json");
const withGpu = join(root, "scripts/with-gpu.mjs");
const vitestArgs = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`];

const parts = [
  { name: "lint", args: [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."] },
  { name: "types", args: [bin("typescript/bin/tsc"), "--noEmit"] },
  {
    name: "unit",
    args: [withGpu, node, bin("vitest/vitest.mjs"), ...vitestArgs],
    counts: () => vitestCounts(vitestReport),
  },
  { name: "build", args: [bin("vite/bin/vite.js"), "build", "--logLevel", "warn"] },
  {
    name: "e2e",
    args: [bin("@playwright/test/cli.js"), "test", "--reporter=list,json"],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: playwrightReport },
    counts: () => playwrightCounts(playwrightReport),
  },
];

// First, because the unit tests may use the software GPU that comes with it.
const browser = await ensureBrowser();
const lines = [];
let passed = 0;
let failed = 0;
let sound = true;
for (const { name, args, env, counts } of parts) {
  console.log(`\n== ${name}`);
  const from = performance.now();
  const code =
    name === "e2e" && !browser ? 1 : await runChild(node, args, { cwd: root, env: { ...process.env, ...env } });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  let words = code === 0 ? "ok" : `failed (exit code ${code})`;
  sound &&= code === 0;
  if (counts) {
    const count = counts();
    // Ended badly without a failed test, such as a server that did not start: that is a failure too.
    if (code !== 0 && count.failed === 0) count.failed = 1;
    passed += count.passed;
    failed += count.failed;
    words += `: ${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ""}`;
    if (count.passed + count.failed === 0) {
      sound = false;
      words = "failed: no test ran";
    }
  }
  lines.push(`${name.padEnd(6)} ${words} (${seconds} s)`);
}
console.log(`\n${lines.join("\n")}\n${passed} passed, ${failed} failed`);
process.exitCode = sound && failed === 0 && passed > 0 ? 0 : 1;
