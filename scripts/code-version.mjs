/** Version and commit of this code, recorded with every run. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @returns {string} such as "0.1.0+1a2b3c4"; with changes that are not committed "0.1.0+1a2b3c4.5d6e7f8", so that what
 * they make is not taken for what the commit makes; the version alone outside a git checkout
 */
export function codeVersion() {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  /** @param {string[]} args */
  const git = (...args) =>
    execFileSync("git", args, { cwd, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 })
      .toString()
      .trim();
  try {
    const commit = git("rev-parse", "--short", "HEAD");
    const changes = git("diff", "HEAD", "--", "src");
    const mark = changes && `.${createHash("sha256").update(changes).digest("hex").slice(0, 7)}`;
    return `${version}+${commit}${mark}`;
  } catch {
    return version; // not a git checkout
  }
}
