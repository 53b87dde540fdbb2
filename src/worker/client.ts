/** The page's side of the worker: commands out, answers and events in. Knows nothing of runs or of the page. */
import { LabError } from "../core/errors";
import type { CommandName, Commands, ErrorReport, FromWorker, RunEvent } from "./protocol";

/** The part of a Worker that is used: a test hands in its own. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** An error that came from the worker, its kind and remedy kept. */
export class WorkerFailure extends Error implements ErrorReport {
  readonly kind: string;
  readonly remedy: string;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = "WorkerFailure";
    this.kind = report.kind;
    this.remedy = report.remedy;
  }
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Makes the worker at once and talks to it. A command is refused with the worker's own report (kind, message, remedy),
 * with LabError "stopped" when `restart` throws the worker away, and with kind "worker-failed" when the worker itself
 * breaks down, be it without a word: then the lock that it holds while it lives is free. After a breakdown a "device" event says so, and every further command is refused until `restart`.
 */
export function createClient(
  makeWorker: () => WorkerLike,
  locks: Pick<LockManager, "request"> | null | undefined = globalThis.navigator?.locks,
) {
  const listeners = new Set<(event: RunEvent) => void>();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let broken: ErrorReport | null = null;
  let worker = start();

  function start(): WorkerLike {
    broken = null;
    const made = makeWorker();
    made.onmessage = ({ data }) => {
      const message = data as FromWorker;
      if (made !== worker) return;
      if (message.type === "alive") void mourn(made, message.lock);
      else hear(message);
    };
    made.onerror = (event) => {
      event.preventDefault?.();
      if (made === worker) fail(event.message || "its program could not be loaded");
    };
    made.onmessageerror = () => {
      if (made === worker) fail("a message could not be read");
    };
    return made;
  }

  /** Waits for the worker's end. */
  async function mourn(made: WorkerLike, lock: string): Promise<void> {
    try {
      await locks?.request(lock, () => undefined);
    } catch {
      return; // refused: nothing can be told from it
    }
    if (locks && made === worker && !broken) fail("it was ended from outside");
  }

  function hear(message: Exclude<FromWorker, { type: "alive" }>): void {
    if (message.type === "event") {
      tell(message.event);
      return;
    }
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) waiting?.resolve(message.value);
    else waiting?.reject(new WorkerFailure(message.error));
  }

  function tell(event: RunEvent): void {
    for (const listener of [...listeners]) listener(event);
  }

  function refuseAll(error: Error): void {
    const waiting = [...pending.values()];
    pending.clear();
    for (const { reject } of waiting) reject(error);
  }

  function fail(why: string): void {
    const problem: ErrorReport = {
      kind: "worker-failed",
      message: `The part of the page that trains has broken down: ${why}.`,
      remedy: "Reload the page; stored runs are safe and an interrupted one can be resumed.",
    };
    broken = problem;
    worker.terminate();
    refuseAll(new WorkerFailure(problem));
    tell({ type: "device", report: { adapter: null, problem } });
  }

  return {
    send<K extends CommandName>(name: K, payload: Commands[K][0]): Promise<Commands[K][1]> {
      if (broken) return Promise.reject(new WorkerFailure(broken));
      return new Promise<Commands[K][1]>((resolve, reject) => {
        const id = ++lastId;
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        try {
          worker.postMessage({ type: "command", id, name, payload });
        } catch (error) {
          // Not cloneable: nothing was sent, so no answer will come.
          pending.delete(id);
          reject(error);
        }
      });
    },
    /** Hears every event until the returned function is called. */
    onEvent(listener: (event: RunEvent) => void): () => void {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    /** Throws the worker away, with all that it was doing, and makes a new one. */
    restart(): void {
      worker.terminate();
      refuseAll(new LabError("stopped", "The work was stopped.", "What was saved is kept; start again or resume."));
      worker = start();
    },
  };
}
