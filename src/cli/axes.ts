/** Settings to vary, as command-line words: `--axis key=a,b,c`. */
import { parseSettingText, settingEntry } from "../core/config/paths";
import { checkSetting } from "../core/config/read";
import { LabError } from "../core/errors";
import type { Axis } from "../core/pipeline/sweep/spec";
import { seeHelp } from "./arguments";

/**
 * Reads "stage2.learningRate=0.001,0.002"; of a random sweep also "stage2.learningRate=0.0001..0.01" and, for the setting's
 * whole range, "stage2.learningRate".
 * @throws LabError "bad-setting" naming the axis, the setting or the value
 */
export function parseAxis(command: string, text: string, random = false): Axis {
  const at = text.indexOf("=");
  if (at < 0 && random) return { path: settingEntry(text).path };
  if (at < 1 || at === text.length - 1)
    throw new LabError(
      "bad-setting",
      `The axis "${text.slice(0, 60)}" is not of the form key=a,b,c.`,
      seeHelp(command),
    );
  const { path, kind } = settingEntry(text.slice(0, at));
  const words = text.slice(at + 1);
  const bounds = /^([^,]+?)\.\.([^,]+)$/.exec(words);
  if (random && kind === "number" && bounds) {
    const [min, max] = [bounds[1]!, bounds[2]!].map((word) => parseSettingText(path, word) as number);
    return { path, min: min!, max: max! };
  }
  return { path, values: words.split(",").map((word) => checkSetting(path, parseSettingText(path, word))) };
}
