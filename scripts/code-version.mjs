/** Version and commit of this code, recorded with every run. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @returns {string} such as "0.1.0+1a2b3c4"; the version alone outside a git checkout */
export function codeVersion() {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  try {
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdio: ["ignore", "pipe", "ignore"],
    });
    return `${version}+${commit.toString().trim()}`;
  } catch {
    return version; // not a git checkout
  }
}
