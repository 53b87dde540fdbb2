/** A command's flags, with bad ones told in one line. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { LabError } from "../core/errors";

/**
 * Flags and values after node:util's parseArgs; nothing else is allowed.
 *
 * @param command its name, for where to read on
 * @throws LabError bad-setting: an unknown flag, a value that is missing, a word that belongs to no flag
 */
export function parseFlags<const T extends NonNullable<ParseArgsConfig["options"]>>(
  command: string,
  args: string[],
  options: T,
) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    // Node spreads some messages over several lines; a script wants one.
    const words = (cause instanceof Error ? cause.message : String(cause)).replace(/\s*\n\s*/g, " ");
    throw new LabError("bad-setting", /[.?!]$/.test(words) ? words : `${words}.`, seeHelp(command), { cause });
  }
}

/** Where a command's flags are explained. */
export const seeHelp = (command: string) => `See: npm run lab -- ${command} --help`;

/** A flag's whole number. @throws LabError bad-setting naming flag and range */
export function whole(command: string, name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value < least || value > most)
    throw new LabError(
      "bad-setting",
      `--${name} wants a whole number from ${least} to ${most}, not "${text.slice(0, 60)}".`,
      seeHelp(command),
    );
  return value;
}

/** A flag's size in bytes: "500MB", "2 GB". @throws LabError bad-setting naming the flag */
export function size(command: string, name: string, text: string): number {
  const found = /^(\d+(?:\.\d+)?) ?([kmg]?)b?$/i.exec(text.trim());
  if (!found)
    throw new LabError(
      "bad-setting",
      `--${name} wants a size such as 500MB or 2GB, not "${text.slice(0, 60)}".`,
      seeHelp(command),
    );
  return Number(found[1]) * { "": 1, k: 1e3, m: 1e6, g: 1e9 }[found[2]!.toLowerCase() as "" | "k" | "m" | "g"];
}
