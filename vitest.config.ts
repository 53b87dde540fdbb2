import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx"],
    environment: "node",
    setupFiles: ["./vitest.setup.ts"],
    // Styles are left empty but for those that a report carries in its page.
    css: { include: [/\.css\?raw$/] },
    // tfjs' Node bundles leave the gradients out and Node cannot load its ES modules; Vite can, as it does for the page.
    server: { deps: { inline: [/@tensorflow/] } },
    // Dawn in Node is not safe in worker threads: one process a file.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
