import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { codeVersion } from "./scripts/code-version.mjs";
import { wordnetPlugin } from "./wordnetPlugin";

// Cross-origin isolation gives wasm threads and finer timers where we serve the page ourselves; the build does not
// depend on it, so any static host will do.
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  // Relative, so that the build works under any sub-path of a static host.
  base: "./",
  plugins: [react(), wordnetPlugin()],
  define: { __CODE_VERSION__: JSON.stringify(codeVersion()) },
  worker: { format: "es" },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: { target: "es2022", sourcemap: true, chunkSizeWarningLimit: 900 },
});
