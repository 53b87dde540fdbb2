/** What the Hugging Face hub's client throws, in words. */
import { LabError } from "./errors";

/**
 * @param what "dataset"
 * @param instead what to do with one that asks for an account
 * @param failed what could not be done: "fetched from the hub"
 */
export function hubRefusal(
  what: "dataset" | "model",
  name: string,
  cause: unknown,
  instead: string,
  failed: string,
): LabError {
  const status = (cause as { statusCode?: unknown }).statusCode;
  if (status === 401 || status === 403 || status === 404)
    return new LabError(
      "bad-input",
      `The hub has no ${what} ${name} of this revision that is open to all (it answers ${status}).`,
      `Check the name; of a ${what} that asks for an account, ${instead}.`,
      { cause },
    );
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LabError("bad-input", `${name} could not be ${failed}: ${why}.`, "Check the connection and try again.", {
    cause,
  });
}
