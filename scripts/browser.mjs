/** Finds a full Chromium (the headless shell has no WebGPU). Run by itself it prints the path. */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PLACES = {
  linux: ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"].flatMap((folder) =>
    [...NAMES, "chrome"].map((name) => join(folder, name)),
  ),
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter(Boolean)
    .map((folder) => join(folder, "Google/Chrome/Application/chrome.exe")),
};

/** What to say where there is none. */
export const BROWSER_HELP =
  "No Chromium was found: install it (Debian: apt-get install chromium; elsewhere: npx playwright install chromium), or set CHROMIUM_PATH.";

/** WebGPU without a screen, on the processor where there is no GPU, and nothing that calls home. */
export const BROWSER_FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan,WebGPU",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function playwrightsOwn() {
  try {
    return createRequire(import.meta.url)("@playwright/test").chromium.executablePath();
  } catch {
    return ""; // not installed, or no browser of its own for this system
  }
}

/** @returns {string | null} the path of the executable */
export function findBrowser() {
  const named = process.env.CHROMIUM_PATH;
  // A path that was given and is wrong must not be passed over in silence.
  if (named) return existsSync(named) ? named : null;
  const inPath = (process.env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => NAMES.map((name) => join(folder, process.platform === "win32" ? `${name}.exe` : name)));
  const candidates = [playwrightsOwn(), ...inPath, ...(PLACES[process.platform] ?? [])];
  return candidates.find((path) => path && existsSync(path)) ?? null;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = findBrowser();
  if (found) console.log(found);
  else {
    console.error(BROWSER_HELP);
    process.exitCode = 1;
  }
}
