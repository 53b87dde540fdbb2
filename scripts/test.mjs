/**
 * npm test: everything that is checked, in order, to the end even where a part fails. One line a part, and last
 * "N passed, N failed" over the unit and the browser tests. Fails where anything failed or no test ran.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
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

/**
 * The unit tests. A file whose process died, which none of its tests can help, is run once more, alone, and named in the
 * summary; a second death is a failure, as is at once whatever else goes wrong.
 */
async function unitTests(env) {
  const run = async (name, more) => {
    const report = join(out, `${name}.json`);
    const died = join(out, `${name}-died.json`);
    const reporters = ["default", "json", join(root, "scripts/died-reporter.mjs")].map((r) => `--reporter=${r}`);
    const args = [withGpu, node, bin("vitest/vitest.mjs"), "run", ...more, ...reporters, `--outputFile.json=${report}`];
    const code = await runChild(node, args, { cwd: root, env: { ...env, DIED_REPORT: died } });
    return { code, count: vitestCounts(report), died: readReport(died) };
  };
  const first = await run("vitest", []);
  const { count, died } = first;
  if (!died?.files.length || died.otherErrors > 0 || count.failed > 0) return first;
  const names = died.files.map((file) => relative(root, file));
  const note = `; the process of ${names.join(" and ")} died and was run again`;
  console.log(`\nThe process of ${names.join(" and ")} died. Once more, alone:`);
  const second = await run("vitest-again", [...names, "--maxWorkers=1"]);
  count.passed += second.count.passed - died.passed;
  count.failed += second.count.failed;
  count.skipped += second.count.skipped;
  return { code: second.code, count, note };
}

/** The tests in the browser. */
async function browserTests(env) {
  const report = join(out, "playwright.json");
  const code = browser
    ? await runChild(node, [bin("@playwright/test/cli.js"), "test", "--reporter=list,json"], {
        cwd: root,
        env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
      })
    : 1;
  return { code, count: playwrightCounts(report) };
}

/** A part without counts. */
const plain =
  (...args) =>
  async (env) => ({ code: await runChild(node, args, { cwd: root, env }) });

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
const withGpu = join(root, "scripts/with-gpu.mjs");

const parts = {
  lint: plain(bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."),
  types: plain(bin("typescript/bin/tsc"), "--noEmit"),
  unit: unitTests,
  build: plain(bin("vite/bin/vite.js"), "build", "--logLevel", "warn"),
  e2e: browserTests,
};

// First, because the unit tests may use the software GPU that comes with it.
const browser = await ensureBrowser();
const lines = [];
let passed = 0;
let failed = 0;
let sound = true;
for (const [name, part] of Object.entries(parts)) {
  console.log(`\n== ${name}`);
  const from = performance.now();
  const { code, count, note = "" } = await part(process.env);
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  let words = code === 0 ? "ok" : `failed (exit code ${code})`;
  sound &&= code === 0;
  if (count) {
    // Ended badly without a failed test, such as a server that did not start: that is a failure too.
    if (code !== 0 && count.failed === 0) count.failed = 1;
    passed += count.passed;
    failed += count.failed;
    words += `: ${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ""}${note}`;
    if (count.passed + count.failed === 0) {
      sound = false;
      words = "failed: no test ran";
    }
  }
  lines.push(`${name.padEnd(6)} ${words} (${seconds} s)`);
}
console.log(`\n${lines.join("\n")}\n${passed} passed, ${failed} failed`);
process.exitCode = sound && failed === 0 && passed > 0 ? 0 : 1;
