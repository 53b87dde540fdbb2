/**
 * Which Vulkan driver WebGPU in Node (the npm package `webgpu`) is to use on Linux. A driver that is installed may still
 * be of no use: WebGPU refuses the lavapipe of Mesa 22, for one. So each candidate is tried, best first.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBrowser } from "./browser.mjs";

const ICD_FOLDERS = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];
const SOFTWARE = /lvp|llvmpipe|lavapipe|swiftshader/i;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {{ env: Record<string, string>, words: string }} GpuChoice `env` is to be added to the environment;
 * `words` say in one line what was chosen
 * @returns {GpuChoice}
 */
export function chooseGpu() {
  const given = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;
  if (given) return { env: {}, words: `the Vulkan driver of the environment, ${given}` };
  if (process.platform !== "linux") return { env: {}, words: "the system's own" };
  const refused = [];
  for (const { name, env } of candidates()) {
    const adapter = tryOut(env);
    if (adapter !== null) return { env, words: `${name}${adapter ? ` (${adapter})` : ""}` };
    refused.push(name);
  }
  return {
    env: {},
    words: `none found${refused.length > 0 ? ` (of no use: ${refused.join(", ")})` : ""}; install chromium or a Vulkan driver`,
  };
}

function candidates() {
  const installed = ICD_FOLDERS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(folder, name)),
  );
  const hardware = installed.filter((icd) => !SOFTWARE.test(icd) && hasLibrary(icd));
  const found = [];
  if (hardware.length > 0 && hasGpuNode())
    found.push({ name: "a real GPU", env: { VK_ICD_FILENAMES: hardware.join(":") } });
  for (const icd of installed.filter((path) => SOFTWARE.test(path)))
    found.push({ name: `the software GPU ${icd}`, env: { VK_ICD_FILENAMES: icd } });
  const beside = besideBrowser();
  if (beside) found.push(beside);
  return found;
}

/** /dev/dri/renderD128 and its like are a GPU's; so is /dev/nvidia0, where NVIDIA's driver made no render node. */
function hasGpuNode() {
  const dri = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  return dri.some((name) => name.startsWith("renderD")) || existsSync("/dev/nvidia0") || existsSync("/dev/dxg");
}

/** An absolute library path in a driver file can be looked up; a bare name is the loader's to find. */
function hasLibrary(icd) {
  try {
    const library = JSON.parse(readFileSync(icd, "utf8")).ICD?.library_path ?? "";
    return !library.startsWith("/") || existsSync(library);
  } catch {
    return false; // not a driver file
  }
}

/** Chromium carries SwiftShader, and the Vulkan loader too, which a bare system lacks. */
function besideBrowser() {
  const browser = findBrowser();
  if (!browser) return null;
  const folders = [
    dirname(realpathSync(browser)),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
  ];
  const folder = folders.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (!folder) return null;
  const libraries = [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(":");
  return {
    name: `SwiftShader beside ${browser}`,
    env: { VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"), LD_LIBRARY_PATH: libraries },
  };
}

const PROBE = `
  const { create } = await import("webgpu");
  const adapter = await create([]).requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) process.exit(3);
  process.stdout.write(adapter.info.description || adapter.info.device || adapter.info.vendor);
  process.exit(0);
`;

/** The adapter's name under this environment; null where WebGPU refuses it. */
function tryOut(env) {
  try {
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", PROBE], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 30_000,
    });
    return said.toString().trim();
  } catch {
    return null;
  }
}
