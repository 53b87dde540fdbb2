/** Runs a command with this terminal's input and output and takes over how it ended. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<number>} the exit code; 127 where the command could not be started, 128 + number of the signal that ended it
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    // Ctrl+C reaches the child as well; it decides how to end, and its ending ends this process.
    const pass = (signal) => child.kill(signal);
    const hold = () => undefined;
    process.on("SIGTERM", pass).on("SIGHUP", pass).on("SIGINT", hold);
    const done = (code) => {
      process.off("SIGTERM", pass).off("SIGHUP", pass).off("SIGINT", hold);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      done(127);
    });
    child.on("exit", (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
