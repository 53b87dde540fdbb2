/** For tests: a picture compared with the one that was looked at. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { type SvgNode, svgText } from "./svg";

const FOLDER = "src/charts/golden";

/** One element a line, so that a difference can be read. */
const lines = (svg: string) => `${svg.replaceAll("><", ">\n<")}\n`;

/**
 * Compares with golden/<name>.svg. A picture that differs is written beside it as <name>.failed.svg, to be looked at. With
 * GOLDEN=write in the environment the new ones are taken over.
 */
export function expectGolden(name: string, node: SvgNode): void {
  const text = lines(svgText(node));
  // Browsers drop elements with such numbers in silence.
  expect(text, name).not.toMatch(/NaN|Infinity|undefined|null/);
  expect(text.length, `${name} is too large a file`).toBeLessThan(40_000);
  const file = `${FOLDER}/${name}.svg`;
  const failed = `${FOLDER}/${name}.failed.svg`;
  if (process.env["GOLDEN"] === "write") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  const known = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (known === text) rmSync(failed, { force: true });
  else writeFileSync(failed, text);
  expect(text, `the picture differs from ${file}: see ${failed}`).toBe(known);
}
