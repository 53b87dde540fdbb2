/** Faults in a user's files, gathered so that one reading names the first of them all instead of stopping at each. */
import { LabError } from "../errors";

const SHOWN = 20;

/** `4 lines`, `1 line`, `12,000 lines`: a number with its noun, which takes an s (or the given plural) unless it is one. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}

const LONGEST_SHOWN = 60;

/** A piece of a user's file in quotation marks, cut where it is long: it may be anything. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 3)}...` : text);
}

/** The first few of a list in words: `"a", "b", "c" and 4 more`. */
export function firstFew(names: readonly string[], count: number): string {
  const shown = names.slice(0, 3).map(quoted);
  return count > shown.length
    ? `${shown.join(", ")} and ${(count - shown.length).toLocaleString("en-US")} more`
    : shown.join(", ");
}

/** `line 3`; a place that is in words already stays as it is. */
export const inWords = (at: number | string) => (typeof at === "number" ? `line ${at}` : at);

/** Gathers faults; the first 20 are kept in words, the others counted. */
export class Problems {
  count = 0;
  private readonly shown: string[] = [];

  /**
   * @param at a line's number, or the place in words ("row 3")
   * @param field the field or column at fault, or null where it is the whole line
   */
  add(file: string, at: number | string, field: string | null, message: string): void {
    this.count++;
    if (this.shown.length < SHOWN)
      this.shown.push(`${file}, ${inWords(at)}${field === null ? "" : `, field ${field}`}: ${message}`);
  }

  /** @throws LabError bad-input with every kept fault, where there is one */
  throwIfAny(): void {
    if (this.count === 0) return;
    const more = this.count - this.shown.length;
    const message =
      this.count === 1
        ? this.shown[0]!
        : [
            `The files have ${counted(this.count, "fault")}.`,
            ...this.shown,
            ...(more > 0 ? [`... and ${more.toLocaleString("en-US")} more.`] : []),
          ].join("\n");
    throw new LabError("bad-input", message, "Correct the named lines and load the files again.");
  }
}
