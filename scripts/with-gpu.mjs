/** node scripts/with-gpu.mjs COMMAND ...: runs the command with a Vulkan driver that WebGPU in Node can use. */
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.mjs";
import { chooseGpu } from "./gpu.mjs";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("Usage: node scripts/with-gpu.mjs COMMAND ...");
  process.exitCode = 2;
} else {
  const gpu = chooseGpu();
  console.error(`GPU: ${gpu.words}`);
  // So that it also finds the project's own commands when npm did not start it.
  const bin = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
  const env = { ...process.env, ...gpu.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
  process.exitCode = await runChild(command, args, { env, shell: process.platform === "win32" });
}
