/** Serves the WordNet collection beside the page, and writes it into the build. src/cli/wordnetServed.ts makes it. */
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Made once, when first asked for. */
let files;
const servedFiles = () => {
  files ??= runnerImport("/src/cli/wordnetServed.ts", { root, configFile: false, logLevel: "error" }).then(
    ({ module }) => module.servedFiles(root),
  );
  return files;
};

export const wordnetPlugin = () => ({
  name: "wordnet",
  configureServer(server) {
    server.middlewares.use("/wordnet", (request, response, next) => {
      servedFiles().then((all) => {
        const content = all.get(`wordnet${(request.url ?? "").split("?")[0]}`);
        if (content) response.end(content);
        else next();
      }, next);
    });
  },
  async generateBundle() {
    for (const [fileName, source] of await servedFiles()) this.emitFile({ type: "asset", fileName, source });
  },
});
