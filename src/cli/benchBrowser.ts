/** Benchmarks in the installed Chromium: a small page, served to this machine alone, measures and hands its figures back. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "@playwright/test";
import { LabError } from "../core/errors";
import type { BenchRunner } from "../core/pipeline/benchRun";
import type { PageBenchmark } from "./benchPage";

// Isolated, for a clock of 5 microseconds rather than 100.
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const PAGE = '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/bench.js"></script>';

/** What scripts/lab.mjs found and made: the page's script, and Chromium with its flags. */
interface Found {
  script: string;
  executablePath: string | null;
  args: string[];
  help: string;
}

/** @throws LabError "bad-setting" where there is no Chromium, or what the page throws */
export const inBrowser: BenchRunner = async (request) => {
  const found = JSON.parse(process.env["LAB_BENCH_BROWSER"] ?? "{}") as Partial<Found>;
  if (!found.executablePath || !found.script)
    throw new LabError(
      "bad-setting",
      found.help ?? "There is no browser to measure in.",
      "Or measure in Node: leave out --browser.",
    );
  const { executablePath, args } = found;
  const script = await readFile(found.script);
  const server = createServer((asked, answer) => {
    const [type, body] = asked.url === "/bench.js" ? ["text/javascript", script] : ["text/html", PAGE];
    answer.writeHead(200, { "Content-Type": type, ...HEADERS }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let browser: Browser | null = null;
  try {
    const { chromium } = await import("@playwright/test");
    // As in playwright.config.ts: the browser gets --headless=new from the flags, the headless shell has no WebGPU.
    browser = await chromium.launch({ executablePath, headless: false, args: args ?? [] });
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => "measure" in globalThis);
    const answer = await page.evaluate(
      (asked) => (globalThis as unknown as { measure: PageBenchmark }).measure(asked),
      request,
    );
    if ("message" in answer) throw new LabError("gpu-refused", answer.message, answer.remedy);
    return answer.figures as Awaited<ReturnType<typeof inBrowser<(typeof request)["what"]>>>;
  } finally {
    await browser?.close();
    server.close();
  }
};
