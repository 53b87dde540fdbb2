/** Reads concepts from compact lines, so that a domain file shows its words and little else. */

import { LabError } from "../../../errors";
import type { Concept } from "../types";

const MINIMUM_FORMS = 3;

function badLine(line: string, reason: string): LabError {
  return new LabError(
    "bad-input",
    `The concept line "${line.trim()}" ${reason}.`,
    "Write it as: name | ask; ask; ask | say; say; say | ambiguous word (the last part may be left out).",
  );
}

function formsOf(part: string | undefined, side: string, line: string): readonly string[] {
  const forms = (part ?? "").split(";").map((form) => form.trim());
  if (forms.length < MINIMUM_FORMS || forms.some((form) => form === "")) {
    throw badLine(line, `needs ${MINIMUM_FORMS} or more ${side} forms between semicolons`);
  }
  return forms;
}

/** The kebab-case key of a name: "a south-facing window" gives "a-south-facing-window". */
export function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/**
 * One concept from "name | ask; ask; ask | say; say; say" or the same with "| ambiguous word" after it.
 *
 * @throws LabError where a part is missing or empty, or a side has fewer than three forms.
 */
export function concept(line: string): Concept {
  const parts = line.split("|").map((part) => part.trim());
  const [name, ask, say, ambiguous] = parts;
  if (parts.length < 3 || parts.length > 4) throw badLine(line, "needs three or four parts between bars");
  if (name === undefined || keyOf(name) === "") throw badLine(line, "needs a name");
  if (ambiguous === "") throw badLine(line, "has an empty ambiguous word");
  return {
    key: keyOf(name),
    name,
    ask: formsOf(ask, "ask", line),
    say: formsOf(say, "say", line),
    ...(ambiguous === undefined ? {} : { ambiguous }),
  };
}

/**
 * The concepts of a block of text, one a line; blank lines are skipped.
 *
 * @throws LabError naming the first bad line.
 */
export function concepts(block: string): readonly Concept[] {
  return block
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(concept);
}
