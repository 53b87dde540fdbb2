/** How a long reading is watched: what it has done, and a word to stop. */
import { LabError } from "../errors";
import type { DataFile } from "./files";

export interface Watch {
  /** Called as reading goes on: the file, and the bytes read and to read in all. */
  onProgress?: (file: string, done: number, total: number) => void;
  /** Asks the reading to end. */
  signal?: AbortSignal | undefined;
}

/** @throws LabError "stopped" once the signal says so */
export function checkStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new LabError("stopped", "Loading was stopped.", "The collection that was loaded before is still there.");
}

/** Milliseconds of work after which messages are let in. */
const WORK_MS = 30;

/** What every reader of one loading shares. */
export interface Reading {
  /** Begins a file; the function it gives takes the bytes of it that are read. */
  begin(file: DataFile): (done: number) => void;
  /** To be awaited after each piece of a file: lets messages in, and ends the reading where one asked for it. */
  breathe(): Promise<void>;
}

/** Watches the reading of these files. */
export function startReading(files: readonly DataFile[], { onProgress, signal }: Watch = {}): Reading {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  let rested = performance.now();
  return {
    begin(file) {
      const from = before;
      before += file.size;
      checkStopped(signal);
      return (done) => onProgress?.(file.path, from + done, total);
    },
    async breathe() {
      // A worker hears its messages between tasks only. Not after every piece: of ten thousand small files, each would cost
      // the four milliseconds that browsers let a timer take at least.
      if (performance.now() - rested > WORK_MS) {
        await new Promise((done) => setTimeout(done));
        rested = performance.now();
      }
      checkStopped(signal);
    },
  };
}
