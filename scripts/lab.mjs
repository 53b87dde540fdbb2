/**
 * The command line. TensorFlow.js' ES modules cannot be loaded by Node as they are, so src/cli is bundled first (a third
 * of a second) and then run in a process of its own. Nothing here writes to standard output: that is the command's.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { BROWSER_FLAGS, BROWSER_HELP, findBrowser } from "./browser.mjs";
import { runChild } from "./child.mjs";
import { codeVersion } from "./code-version.mjs";
import { chooseGpu } from "./gpu.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
const readyList = args[args.indexOf("--ready") + 1] === "list";
// All but what only reads files, plans or prints help; a command not known yet is more likely to train.
const needsGpu =
  !readyList &&
  !["eval", "fit", "report", "help", "-h", "--help", undefined].includes(args[0]) &&
  !["--help", "-h", "--plan", "--browser"].some((flag) => args.includes(flag));
const cache = join(root, "node_modules/.cache/scalingnote-lab");
mkdirSync(cache, { recursive: true });
// One a call: two may run at once. Below the project, so that Node finds the packages left out of the bundle.
const outDir = mkdtempSync(join(cache, "cli-"));

/** Vite's words go to standard error. */
const logger = (() => {
  const said = new Set();
  const say = (message) => {
    if (!said.has(message)) console.error(message);
    said.add(message);
  };
  return {
    info: () => undefined,
    warn: say,
    warnOnce: say,
    error: say,
    clearScreen: () => undefined,
    hasErrorLogged: () => false,
    hasWarned: false,
  };
})();

/** What both bundles have in common. */
const common = { configFile: false, root, logLevel: "warn", customLogger: logger, publicDir: false };

/** The page that measures in a browser, bundled, and the browser: what src/cli/benchBrowser.ts needs, as JSON. */
async function benchBrowser() {
  await build({
    ...common,
    build: {
      lib: { entry: "src/cli/benchPage.ts", formats: ["es"], fileName: () => "bench.js" },
      outDir: join(outDir, "page"),
      target: "es2022",
      reportCompressedSize: false,
    },
  });
  return JSON.stringify({
    script: join(outDir, "page", "bench.js"),
    executablePath: findBrowser(),
    args: BROWSER_FLAGS,
    help: BROWSER_HELP,
  });
}

try {
  await build({
    ...common,
    define: { __CODE_VERSION__: JSON.stringify(codeVersion()) },
    ssr: { noExternal: true, external: ["webgpu", "@playwright/test"] },
    build: {
      ssr: "src/cli/main.ts",
      outDir,
      target: "node20",
      emptyOutDir: true,
      sourcemap: true,
      reportCompressedSize: false,
      rollupOptions: { output: { entryFileNames: "main.mjs", codeSplitting: false } },
    },
  });
  const env = { ...process.env };
  if (args[0] === "bench" && args.includes("--browser")) env.LAB_BENCH_BROWSER = await benchBrowser();
  if (needsGpu && !args.includes("--dry")) {
    const gpu = chooseGpu();
    console.error(`GPU: ${gpu.words}`);
    Object.assign(env, gpu.env);
  }
  process.exitCode = await runChild(process.execPath, ["--enable-source-maps", join(outDir, "main.mjs"), ...args], {
    env,
  });
} catch (error) {
  // The bundler's own words name file and line; this script's stack would add nothing.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
