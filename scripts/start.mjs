/**
 * node scripts/start.mjs [--port N] [--strict-port] [--no-build]: builds the page, serves it, and says where.
 * Any static host will do as well; this one adds the headers of vite.config.ts.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4173" },
    "strict-port": { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
  },
});

if (!values["no-build"]) {
  console.error("Building the page …");
  await build({ root, logLevel: "warn" });
} else if (!existsSync(new URL("../dist/index.html", import.meta.url))) {
  console.error("There is no built page in dist: run it without --no-build.");
  process.exit(1);
}
const server = await preview({
  root,
  logLevel: "warn",
  preview: { host: "127.0.0.1", port: Number(values.port), strictPort: values["strict-port"] },
});
const address = server.httpServer.address();
const port = typeof address === "object" && address ? address.port : values.port;
// localhost, because browsers give WebGPU to secure pages and to localhost only.
console.log(`ScalingNote Lab is at http://localhost:${port}/ (Ctrl+C ends it)`);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
