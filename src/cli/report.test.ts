/** `lab report` as a script sees it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gridTrials, recordOf, scalingTrials } from "../core/analysis/synthetic.test-helper";
import type { Trial } from "../core/analysis/trial";

let folder = "";
const file = (name: string) => join(folder, name);
const lines = (trials: Trial[]) => trials.map((t) => `${JSON.stringify(recordOf(t))}\n`).join("");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lab-report-"));
  writeFileSync(file("grid.jsonl"), lines(gridTrials({ "stage2.mseWeight": [1, 10] }, () => 0.6, [7, 8])));
  writeFileSync(file("sizes.jsonl"), lines(scalingTrials()));
  writeFileSync(file("bad.jsonl"), `${lines(scalingTrials([1e3]))}{"seed":1}\n`);
  writeFileSync(
    file("sweep.json"),
    JSON.stringify({ preset: "tiny", axes: [{ path: "stage2.mseWeight", values: [1] }] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/lab.mjs", "report", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("lab report", () => {
  it("writes one page of all trials, with the laws that they allow", () => {
    const out = file("sizes.html");
    const { status, stderr } = lab(
      "--trials",
      file("sizes.jsonl"),
      "--out",
      out,
      "--samples",
      "20",
      "--title",
      "Sizes",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: `21 trials reported in ${out}.\n` });
    const html = readFileSync(out, "utf8");
    expect(html).toContain("<title>Sizes</title>");
    expect(html).toContain("L(N) = (A/N)^α + δ");
    expect(html).not.toContain("L(D)");
  });
  it("takes what was not swept from the sweep's own file", () => {
    const out = file("grid.html");
    const { status } = lab(
      "--trials",
      file("grid.jsonl"),
      "--out",
      out,
      "--samples",
      "20",
      "--config",
      file("sweep.json"),
    );
    expect(status).toBe(0);
    expect(readFileSync(out, "utf8")).toContain("&quot;embeddingSize&quot;");
  });
  it.each([
    [["--out", "x.html"], /--trials FILE is missing/],
    [["--trials", "grid.jsonl"], /--out FILE\.html is missing/],
    [["--trials", "none.jsonl", "--out", "x.html"], /none\.jsonl does not exist/],
    [["--trials", "bad.jsonl", "--out", "x.html"], /bad\.jsonl, line 4: this is no trial/],
    [["--trials", "grid.jsonl", "--out", "x.html", "--metric", "fame"], /--metric is one of .*recall@10.*, not "fame"/],
    [["--trials", "grid.jsonl", "--out", "x.html", "--form", "N"], /no trial has a contrastive entropy/],
  ])("ends with 2 and words: %j", (args, words) => {
    const placed = args.map((a) => (/\.(jsonl|html)$/.test(a) ? file(a) : a));
    const { status, stdout, stderr } = lab(...placed);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(words);
    expect(existsSync(file("x.html"))).toBe(false);
  });
});
