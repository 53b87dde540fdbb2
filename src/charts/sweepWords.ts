/** What of a file of trials does not stand in the pictures, in words. */
import { repeats } from "../core/analysis/groups";
import type { Trial } from "../core/analysis/trial";
import { counted } from "./words";

/** @param failed trials that failed, and are not among these */
export function leftOut(trials: readonly Trial[], failed: number): string[] {
  const { again, other } = repeats(trials);
  const was = (n: number) => (n === 1 ? "was" : "were");
  return [
    ...(failed > 0 ? [`${counted(failed, "more trial")} failed and ${failed === 1 ? "is" : "are"} left out.`] : []),
    ...(again > 0 ? [`${counted(again, "trial")} ${was(again)} measured again: the later one counts.`] : []),
    ...(other > 0
      ? [
          `${counted(other, "trial")} ${was(other)} left out for another of the same swept settings and seed, with another base, other systems or another version: open such files one by one.`,
        ]
      : []),
  ];
}
