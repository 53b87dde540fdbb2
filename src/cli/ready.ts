/** `lab sweep --ready`: the ready-made experiments from the command line. */
import { LabError } from "../core/errors";
import { READY, type ReadyForm, readyExperiment } from "../core/experiments";
import { costOfSeed } from "../core/pipeline/sweep/perSeed";
import { readSweep, type Sweep } from "../core/pipeline/sweep/spec";
import { whole } from "./arguments";
import type { SweepValues } from "./sweep";

/** What a ready-made experiment says itself. */
const ITS_OWN = ["axis", "config", "data", "preset", "random", "set", "systems"] as const;

/**
 * The sweep that `--ready KEY` asks for, with as many seeds as `--seeds` says, from `--seed` on.
 * @throws LabError "bad-setting": an unknown key, or a flag that would make another experiment of it
 */
export function readySweep(values: SweepValues): Sweep {
  const { small, full } = readyExperiment(values.ready!);
  const flag = ITS_OWN.find((name) => values[name] !== undefined && values[name].length > 0);
  if (flag)
    throw new LabError(
      "bad-setting",
      `--ready and --${flag} exclude each other.`,
      "A ready-made experiment says itself what it varies: leave one of them away.",
    );
  const { sweep } = values.full ? full : small;
  const first = values.seed === undefined ? sweep.seeds[0]! : whole("sweep", "seed", values.seed, 0, 2 ** 31 - 1000);
  const count = values.seeds === undefined ? sweep.seeds.length : whole("sweep", "seeds", values.seeds, 1, 1000);
  return readSweep({ ...sweep, seeds: Array.from({ length: count }, (_, i) => first + i) });
}

const formWords = async (name: string, { sweep, keeps }: ReadyForm) => {
  const { trials, flops } = await costOfSeed(sweep);
  const cost = `${trials} trials and ${flops.toExponential(2)} FLOPs a seed, ${sweep.seeds.length} seeds`;
  return `   ${name.padEnd(6)} ${cost}${keeps ? `. ${keeps}` : ""}`;
};

/** Prints what there is, what to expect of it, and what it takes. */
export async function printReady(): Promise<void> {
  for (const one of READY) {
    console.log(`${one.key}  ${one.title}`);
    console.log(`   ${one.question}`);
    console.log(`   Expect: ${one.expect} (${one.source})`);
    console.log(`   Read:   ${one.reading}`);
    console.log(await formWords("small", one.small));
    console.log(`${await formWords("full", one.full)}\n`);
  }
}
