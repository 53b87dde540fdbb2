/** What the stores ask of the worker: the client in src/worker fits it, and so does a test's. */
import type { CommandName, Commands, ErrorReport, RunEvent } from "../worker/protocol";

export interface LabClient {
  /** Asks the worker; the promise is refused with an ErrorReport-like error. */
  send<K extends CommandName>(name: K, payload: Commands[K][0]): Promise<Commands[K][1]>;
  /** Hears every event until the returned function is called. */
  onEvent(listener: (event: RunEvent) => void): () => void;
  /** Throws the worker away and makes a new one. */
  restart(): unknown;
}

/** Whatever was thrown, as something to show: message and remedy in plain words. */
export function toReport(cause: unknown): ErrorReport {
  if (typeof cause === "object" && cause !== null && "message" in cause) {
    const { kind, message, remedy } = cause as Partial<ErrorReport>;
    return {
      kind: typeof kind === "string" ? kind : "error",
      message: String(message),
      remedy: typeof remedy === "string" ? remedy : "Try again; if it happens once more, reload the page.",
    };
  }
  return { kind: "error", message: String(cause), remedy: "Try again; if it happens once more, reload the page." };
}
