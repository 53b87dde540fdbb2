/**
 * The one error type that is meant for a person: what went wrong, and what to do about it.
 * The page shows `message` and `remedy`; the command line prints both and maps `kind` to an exit code.
 */
export type ErrorKind =
  | "bad-input" // a file, a line, a field, a flag
  | "bad-setting" // a value outside its range
  | "no-webgpu" // no adapter or no API
  | "device-lost" // the GPU went away
  | "gpu-refused" // validation or out-of-memory error from the GPU
  | "wrong-numbers" // the GPU computes something wrongly
  | "not-finite" // the loss left the numbers
  | "not-capturable" // a step holds something a replay would get wrong
  | "not-held" // the worker was made anew and has lost what it was given
  | "stopped"; // the user asked for it

/** A typed error with a remedy in plain words. */
export class LabError extends Error {
  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "LabError";
  }
}
