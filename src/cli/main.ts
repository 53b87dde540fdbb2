/**
 * The command line: `npm run lab -- <command> ...`. Exit codes: 0 done, 1 failed, 2 bad usage or input. What a command
 * yields goes to standard output, everything said to a person to standard error.
 */
import { LabError } from "../core/errors";

type Run = (args: string[]) => Promise<number>;

/** Each command is loaded only when it is asked for: `eval` needs no GPU. */
const COMMANDS: Record<string, { words: string; load: () => Promise<Run> }> = {
  run: {
    words: "train the towers, distil the query tower and compare the systems",
    load: async () => (await import("./run")).runCommand,
  },
  tune: {
    words: "train one system over a grid of settings, judged on validation queries",
    load: async () => (await import("./tune")).tuneCommand,
  },
  sweep: {
    words: "run an experiment over settings and seeds, on stored stages, and compare",
    load: async () => (await import("./sweep")).sweepCommand,
  },
  import: {
    words: "look at a checkpoint of the Hugging Face hub, and check what it computes here",
    load: async () => (await import("./import")).importCommand,
  },
  encode: {
    words: "turn texts to vectors with a checkpoint",
    load: async () => (await import("./encode")).encodeCommand,
  },
  export: {
    words: "write towers, vectors, rankings or the collection of a run for other programs",
    load: async () => (await import("./export")).exportCommand,
  },
  pretrain: {
    words: "train a small language model from text, as a start for the towers",
    load: async () => (await import("./pretrain")).pretrainCommand,
  },
  eval: {
    words: "measure a run file against judgements",
    load: async () => (await import("./eval")).evalCommand,
  },
  bench: {
    words: "measure what a training step, encoding and search cost",
    load: async () => (await import("./bench")).benchCommand,
  },
  fit: {
    words: "fit a scaling law to points",
    load: async () => (await import("./fit")).fitCommand,
  },
  report: {
    words: "write a sweep's trials as one HTML page",
    load: async () => (await import("./report")).reportCommand,
  },
};

const USAGE = `Usage: npm run lab -- <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { words }]) => `  ${name.padEnd(8)}  ${words}`)
  .join("\n")}

npm run lab -- <command> --help says what a command takes.
`;

async function dispatch(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (!command) {
    process.stderr.write(name === undefined ? USAGE : `There is no command "${name}".\n\n${USAGE}`);
    return 2;
  }
  return (await command.load())(rest);
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

// `| head` closes the pipe: there is nobody left to write to, and nothing went wrong.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
// The code is set, not exited with: output still on its way to a pipe would be lost.
process.exitCode = await dispatch(process.argv.slice(2)).catch(report);
