/**
 * The command line: `npm run lab -- <command> ...`. Exit codes: 0 done, 1 failed, 2 bad usage or input. What a command
 * yields goes to standard output, everything said to a person to standard error.
 */
import { LabError } from "../core/errors";

const USAGE = `Usage: npm run lab -- <command> [options]

  run       train the towers, distil the query tower and compare the systems
  tune      train one system over a grid of settings, judged on validation queries
  pretrain  train a small language model from text, as a start for the towers
  import    look at a checkpoint of the Hugging Face hub, and check what it computes here
  encode    turn texts to vectors with a checkpoint
  eval      measure a run file against judgements
  bench     measure what a training step, encoding and search cost
  fit       fit a scaling law to points

npm run lab -- <command> --help says what a command takes.
`;

/** Each command is loaded only when it is asked for: `eval` needs no GPU. */
const COMMANDS: Record<string, () => Promise<(args: string[]) => Promise<number>>> = {
  run: async () => (await import("./run")).runCommand,
  tune: async () => (await import("./tune")).tuneCommand,
  import: async () => (await import("./import")).importCommand,
  encode: async () => (await import("./encode")).encodeCommand,
  eval: async () => (await import("./eval")).evalCommand,
  pretrain: async () => (await import("./pretrain")).pretrainCommand,
  bench: async () => (await import("./bench")).benchCommand,
  fit: async () => (await import("./fit")).fitCommand,
};

async function dispatch(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  const load = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (!load) {
    process.stderr.write(name === undefined ? USAGE : `There is no command "${name}".\n\n${USAGE}`);
    return 2;
  }
  return (await load())(rest);
}

/** Says what went wrong and what to do about it. */
function report(error: unknown): number {
  if (error instanceof LabError) {
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
    return error.kind === "bad-input" || error.kind === "bad-setting" ? 2 : 1;
  }
  // Not foreseen: the trace is what a report of the fault needs.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

// The code is set, not exited with: output still on its way to a pipe would be lost.
process.exitCode = await dispatch(process.argv.slice(2)).catch(report);
